/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Padding a content key for an RSA public operation: the other side of unpad.h. `em` has the length
 * of the modulus. ERR_CRYPTO when the key is too long for it, or OpenSSL fails.
 */
#ifndef SIGNET_CRYPTO_PAD_H
#define SIGNET_CRYPTO_PAD_H

#include "crypto/key.h"

/* EME-PKCS1-v1_5 (RFC 8017, 7.2.1). */
enum err pad_pkcs1(struct span key, uint8_t *em, size_t em_n) ERR_MUST_USE;

/* EME-OAEP (RFC 8017, 7.1.1) with SHA-1, MGF1-SHA-1 and no label. */
enum err pad_oaep(struct span key, uint8_t *em, size_t em_n) ERR_MUST_USE;

/* MGF1 with SHA-1 (RFC 8017, B.2.1), xored onto `out`; false when OpenSSL fails. */
bool mgf1_xor(uint8_t *out, size_t n, struct span seed);

#endif
