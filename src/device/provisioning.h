/* SPDX-License-Identifier: Apache-2.0 */
/* The wap-provisioningdoc that ends an enrollment (windows-mdm.md, C.6). */
#ifndef SIGNET_DEVICE_PROVISIONING_H
#define SIGNET_DEVICE_PROVISIONING_H

#include "device/host.h"
#include "device/ossl.h"

/*
 * Applies the document in memory: certificates into their stores, `key` beside the one it belongs
 * to, the w7 account and the poll schedule as the host's enrollment. ERR_REFUSED with the HRESULT
 * that Windows shows; then the host must not be saved.
 */
enum err provisioning_apply(struct host *h, struct span document, EVP_PKEY *key,
                            const char *user) ERR_MUST_USE;

/*
 * The document of a renewal: an identity for `key` in the place of the present one, whose
 * certificate and key go. Errors and memory as above.
 */
enum err provisioning_renew(struct host *h, struct span document, EVP_PKEY *key) ERR_MUST_USE;

#endif
