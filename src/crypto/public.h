/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public keys. A SubjectPublicKeyInfo is read by our own DER reader: OpenSSL 3.0's decoders cost
 * four public operations (costs-and-traps.md, trap 1). RSA is OpenSSL's BIGNUM, EC its EVP_PKEY.
 * Taken are RSA from 512 to 8192 bits with an exponent below 2^32, and EC on P-256, P-384, P-521;
 * what length is good enough is the policy of who asks.
 */
#ifndef SIGNET_CRYPTO_PUBLIC_H
#define SIGNET_CRYPTO_PUBLIC_H

#include "crypto/key.h"

struct spki {
    bool rsa;
    struct span n, e;  /* RSA: big-endian without a leading zero */
    const char *curve; /* EC: OpenSSL's name of the group */
    struct span bits;  /* content of the BIT STRING: what a key identifier is the SHA-1 of */
};

/* Parses the structure. ERR_PARSE, ERR_ALGORITHM. */
enum err spki_parse(struct span der, struct spki *out) ERR_MUST_USE;

/* Length of the modulus, or of the curve's field, in bits: what people call the key's size. */
unsigned spki_bits(const struct spki *spki);

/* SHA-1 of the key's bits: RFC 5280, 4.2.1.2, method 1. */
enum err spki_key_id(struct span der, uint8_t out[20]) ERR_MUST_USE;

/* Read-only: thread-safe. */
struct public_key;

/* The key lives as long as the arena. ERR_PARSE, ERR_ALGORITHM, ERR_CRYPTO. */
enum err public_load(struct arena *a, struct span spki, struct public_key **out) ERR_MUST_USE;
bool public_is_rsa(const struct public_key *k);

/*
 * RSASSA-PKCS1-v1_5 or ECDSA over a digest. For RSA the padding is rebuilt and compared as a
 * whole, with and without the NULL in the DigestInfo and nothing else (trap 5). ERR_REFUSED.
 */
enum err public_verify(const struct public_key *k, enum digest d, const uint8_t *hash,
                       struct span signature) ERR_MUST_USE;

/*
 * RSAES-PKCS1-v1_5, or RSAES-OAEP with SHA-1, MGF1-SHA-1 and no label. ERR_ALGORITHM: the key is
 * not RSA. ERR_CRYPTO.
 */
enum err public_encrypt(const struct public_key *k, bool oaep, struct span in, struct arena *a,
                        struct span *out) ERR_MUST_USE;

#endif
