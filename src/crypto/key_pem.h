/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys in PEM files; crypto/key.h shows them to the rest of signet. */
#ifndef SIGNET_CRYPTO_KEY_PEM_H
#define SIGNET_CRYPTO_KEY_PEM_H

#include <openssl/evp.h>

#include "crypto/key.h"

/* PKCS#8 or the older forms, encrypted or not. ERR_NOT_FOUND, ERR_IO, ERR_PARSE, ERR_AUTH. */
enum err key_pem_read(const char *path, struct span secret, EVP_PKEY **out) ERR_MUST_USE;

/* PKCS#8, encrypted when `secret` is not empty. ERR_IO, ERR_CRYPTO. */
enum err key_pem_write(EVP_PKEY *pkey, struct span secret, const char *path) ERR_MUST_USE;

#endif
