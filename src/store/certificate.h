/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates issued by SCEP, each with the transaction that led to it. */
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
    int64_t revoked;                       /* ms; 0: live */
    const char *reason;                    /* of the revocation, such as "superseded"; or NULL */
    struct span transaction_id;            /* of the SCEP transaction */
    struct span signer_sha256, csr_sha256; /* of the request's signer certificate and CSR */
    struct certificate *next;
};

/* Sets c->id. */
enum err certificate_add(struct tx *tx, struct certificate *c) ERR_MUST_USE;
/* All of an enrollment, oldest first. */
enum err certificate_list(struct tx *tx, struct arena *a, const char *enrollment,
                          struct certificate **out) ERR_MUST_USE;
/* Revokes a live one. */
enum err certificate_revoke(struct tx *tx, int64_t id, int64_t at, const char *reason) ERR_MUST_USE;

/* Makes a revoked one live again. */
enum err certificate_reinstate(struct tx *tx, int64_t id) ERR_MUST_USE;

/*
 * The certificate that was issued for that very CSR (SHA-256 of its DER), live or not: what makes a
 * repeat of a request recognisable. ERR_NOT_FOUND.
 */
enum err certificate_by_csr(struct tx *tx, struct arena *a, struct span csr_sha256,
                            struct certificate *out) ERR_MUST_USE;

#endif
