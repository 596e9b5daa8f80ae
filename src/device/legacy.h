/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library context of its own, with OpenSSL's legacy provider: for single DES and RC2, which old
 * servers still use. Nothing of it may outlive it: keys and certificates are read again outside.
 */
#ifndef SIGNET_DEVICE_LEGACY_H
#define SIGNET_DEVICE_LEGACY_H

#include <openssl/crypto.h>
#include <openssl/provider.h>
#include <stdbool.h>

struct legacy { /* zero-initialise */
    OSSL_LIB_CTX *ctx;
    OSSL_PROVIDER *old, *standard;
};

/* False when this OpenSSL has no such provider. The caller closes `l` in either case. */
bool legacy_open(struct legacy *l) __attribute__((nonnull));
void legacy_close(struct legacy *l) __attribute__((nonnull));

#define LEGACY_AUTO(name) struct legacy name __attribute__((cleanup(legacy_close))) = {0}

#endif
