/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CRL of the device CA: which identities of hosts are good no more. signet itself asks its
 * store; this is for a proxy that ends TLS before it.
 */
#ifndef SIGNET_CA_DEVICE_CRL_H
#define SIGNET_CA_DEVICE_CRL_H

#include "ca/revocation.h"

/* In `a`; as revocation_crl: always fresh, numbered and committed. */
enum err device_crl(struct revocation *r, const struct authority *auth, struct arena *a,
                    struct published_crl *out) ERR_MUST_USE;

#endif
