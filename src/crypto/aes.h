/* SPDX-License-Identifier: Apache-2.0 */
/* AES in CBC mode with PKCS#7's padding; the key's length, 16 or 32, chooses the cipher. */
#ifndef SIGNET_CRYPTO_AES_H
#define SIGNET_CRYPTO_AES_H

#include "crypto/key.h"

enum { AES_BLOCK = 16, AES_MAX_KEY = 32 };

/* ERR_CRYPTO. */
enum err aes_cbc_encrypt(struct arena *a, struct span key, const uint8_t iv[AES_BLOCK],
                         struct span in, struct span *out) ERR_MUST_USE;

/* Decrypts and leaves the padding where it is (unpad_cbc). ERR_CRYPTO unless whole blocks. */
enum err aes_cbc_decrypt(struct arena *a, struct span key, const uint8_t iv[AES_BLOCK],
                         struct span in, struct span *out) ERR_MUST_USE;

#endif
