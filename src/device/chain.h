/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the host trusts a certificate: from its stores, by its clock. */
#ifndef SIGNET_DEVICE_CHAIN_H
#define SIGNET_DEVICE_CHAIN_H

#include "device/certstore.h"
#include "device/ossl.h"

/*
 * Whether `cert` chains to a certificate of the store Root. Intermediates come from the store CA,
 * with `user` from the user's, too, and from `extra` (NULL: none). `now_ms` is the host's clock.
 * HR_OK, HR_CERT_EXPIRED or HR_CERT_UNTRUSTEDROOT.
 */
uint32_t chain_check(const struct certstore *stores, bool user, STACK_OF(X509) * extra, X509 *cert,
                     int64_t now_ms);

/* Puts the intermediate CAs of `certs` into the store CA of the machine or the user. */
void chain_keep_intermediates(struct certstore *stores, struct arena *a, bool user,
                              STACK_OF(X509) * certs);

#endif
