/* SPDX-License-Identifier: Apache-2.0 */
/* AlgorithmIdentifiers (RFC 5280, 4.1.1.2): what they mean, and the form their parameters have. */
#ifndef SIGNET_CRYPTO_ALGORITHM_H
#define SIGNET_CRYPTO_ALGORITHM_H

#include "crypto/cipher.h"
#include "der/writer.h"
#include "wire/oid.h"

/* Peers write "no parameters" in three ways; scep decode shows which. */
enum params { PARAMS_ABSENT, PARAMS_NULL, PARAMS_EMPTY_SEQUENCE, PARAMS_OTHER };

struct algorithm {
    struct span oid;
    enum params form;
    struct span params; /* the item, whole; empty when absent */
};

enum err algorithm_read(struct der *d, struct algorithm *out) ERR_MUST_USE;

/* Writes one with the parameters absent or NULL. */
void algorithm_put(struct der_writer *w, const char *oid, enum params form);

/* DigestInfo (RFC 8017, 9.2), in `a`: what PKCS#1 v1.5 pads and signs. */
struct span digest_info(struct arena *a, enum digest d, const uint8_t *hash);

/* A digest with its parameters absent or NULL. ERR_ALGORITHM. */
enum err algorithm_digest(const struct algorithm *alg, enum digest *out) ERR_MUST_USE;

/* A signature algorithm that names its digest, over RSA (PKCS#1 v1.5) or EC. ERR_ALGORITHM. */
enum err algorithm_signature(const struct algorithm *alg, bool *ec, enum digest *out) ERR_MUST_USE;

/* A content cipher and its IV. ERR_ALGORITHM for one that is unknown; ERR_PARSE for a bad IV. */
enum err algorithm_cipher(const struct algorithm *alg, enum cipher *out,
                          struct span *iv) ERR_MUST_USE;

/* Dotted OIDs to write. */
const char *cipher_oid(enum cipher c) __attribute__((returns_nonnull));
const char *digest_oid(enum digest d) __attribute__((returns_nonnull));
const char *signature_oid(bool ec, enum digest d) __attribute__((returns_nonnull));

/* The usual name of an algorithm, such as "sha256WithRSAEncryption"; NULL when unknown. */
const char *algorithm_name(struct span oid);

#endif
