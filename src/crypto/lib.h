/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL as this room uses it: a library context of our own with the default provider only, so
 * that no system configuration or engine changes what we compute (costs-and-traps.md, trap 7), and
 * algorithms that are fetched once. Thread-safe.
 */
#ifndef SIGNET_CRYPTO_LIB_H
#define SIGNET_CRYPTO_LIB_H

#include <openssl/evp.h>

#include "crypto/key.h"

OSSL_LIB_CTX *crypto_lib(void) __attribute__((returns_nonnull));
const EVP_MD *crypto_md(enum digest d) __attribute__((returns_nonnull));

/* AES-CBC with a key of 16 or 32 bytes. */
const EVP_CIPHER *crypto_aes_cbc(size_t key_size) __attribute__((returns_nonnull));

/* ERR_CRYPTO with OpenSSL's reason; empties its error queue. */
enum err crypto_error(const char *what);

#endif
