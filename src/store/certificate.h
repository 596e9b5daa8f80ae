/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates issued by SCEP, and the transactions that led to them. */
#ifndef SIGNET_STORE_CERTIFICATE_H
#define SIGNET_STORE_CERTIFICATE_H

#include "store/store.h"

struct certificate {
    int64_t id;
    struct span serial;
    const char *enrollment;
    const char *sha1; /* 40 upper-case hex digits, as Windows writes CertThumbprint */
    struct span der;
    int64_t not_before, not_after, issued;
    int64_t revoked;    /* ms; 0: live */
    const char *reason; /* of the revocation, such as "superseded"; or NULL */
    struct certificate *next;
};

/* Sets c->id. */
enum err certificate_add(struct tx *tx, struct certificate *c) ERR_MUST_USE;
/* All of an enrollment, oldest first. */
enum err certificate_list(struct tx *tx, struct arena *a, const char *enrollment,
                          struct certificate **out) ERR_MUST_USE;
/* Revokes a live one. */
enum err certificate_revoke(struct tx *tx, int64_t id, int64_t at, const char *reason) ERR_MUST_USE;

/*
 * A transaction that ended in a certificate: what makes a repeat of the same request recognisable
 * (RFC 8894, 4.3: the same request gets the same answer).
 */
struct scep_transaction {
    struct span id;
    struct span signer_sha256, csr_sha256;
    int64_t at;
    struct certificate certificate;
};

enum err transaction_put(struct tx *tx, const struct scep_transaction *t) ERR_MUST_USE;
/* ERR_NOT_FOUND. */
enum err transaction_get(struct tx *tx, struct arena *a, struct span id,
                         struct scep_transaction *out) ERR_MUST_USE;

#endif
