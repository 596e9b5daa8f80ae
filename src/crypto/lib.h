/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL as this room uses it: a library context of our own with the default provider only, so
 * that no system configuration or engine changes what we compute (costs-and-traps.md, trap 7), and
 * algorithms that are fetched once. A second context, with the legacy provider, is made when the
 * first message in single DES comes, and for nothing else. Thread-safe.
 */
#ifndef SIGNET_CRYPTO_LIB_H
#define SIGNET_CRYPTO_LIB_H

#include <openssl/bn.h>
#include <openssl/evp.h>

#include "crypto/cipher.h"

OSSL_LIB_CTX *crypto_lib(void) __attribute__((returns_nonnull));
const EVP_MD *crypto_md(enum digest d) __attribute__((returns_nonnull));

const EVP_CIPHER *crypto_aes256_gcm(void) __attribute__((returns_nonnull));

/* HMAC with SHA-256, without a key yet: the caller's, to be freed. NULL: no memory. */
EVP_MAC_CTX *crypto_hmac_sha256(void);

/* Scratch numbers of the calling thread, freed when it ends: what is secret is cleared after use.
 */
BN_CTX *crypto_numbers(void) __attribute__((returns_nonnull));

/* NULL only for CIPHER_DES_CBC, where the legacy provider does not load. */
const EVP_CIPHER *crypto_cipher(enum cipher c);

/* ERR_CRYPTO with OpenSSL's reason; empties its error queue. */
enum err crypto_error(const char *what);

#endif
