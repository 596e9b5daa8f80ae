/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block ciphers in CBC mode, as SCEP's envelopes use them. Single DES is only ever opened, and from
 * a second library context with OpenSSL's legacy provider that is loaded for nothing else
 * (costs-and-traps.md, trap 6).
 */
#ifndef SIGNET_CRYPTO_CIPHER_H
#define SIGNET_CRYPTO_CIPHER_H

#include "crypto/key.h"

enum cipher {
    CIPHER_AES128_CBC,
    CIPHER_AES192_CBC,
    CIPHER_AES256_CBC,
    CIPHER_DES3_CBC,
    CIPHER_DES_CBC,
    CIPHER__MAX
};

enum { CIPHER_MAX_KEY = 32, CIPHER_MAX_BLOCK = 16 };

size_t cipher_key_size(enum cipher c);
size_t cipher_block(enum cipher c); /* also the length of the IV: 16 or 8 */

/* The usual name, such as "AES-128-CBC". */
const char *cipher_name(enum cipher c) __attribute__((returns_nonnull));

/* Pads (PKCS#7) and encrypts. ERR_CRYPTO; ERR_ALGORITHM for CIPHER_DES_CBC, which is never made. */
enum err cipher_encrypt(struct arena *a, enum cipher c, const uint8_t *key, const uint8_t *iv,
                        struct span in, struct span *out) ERR_MUST_USE;

/*
 * Decrypts and leaves the padding where it is (unpad_cbc). ERR_CRYPTO unless whole blocks, and for
 * CIPHER_DES_CBC where OpenSSL's legacy provider is not installed.
 */
enum err cipher_decrypt(struct arena *a, enum cipher c, const uint8_t *key, const uint8_t *iv,
                        struct span in, struct span *out) ERR_MUST_USE;

#endif
