/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates issued by SCEP, and what was published of their revocation. */
#ifndef SIGNET_STORE_CERTIFICATE_H
#define SIGNET_STORE_CERTIFICATE_H

#include "store/store.h"

struct certificate {
    int64_t id;
    struct span serial;
    const char *ca;         /* SHA-1 of the issuing CA's certificate, upper-case hex */
    const char *endpoint;   /* its name */
    const char *enrollment; /* or NULL */
    const char *subject;    /* for people */
    const char *sha1;       /* 40 upper-case hex digits, as Windows writes CertThumbprint */
    struct span der;
    int64_t not_before, not_after, issued;
    int64_t revoked;    /* ms; 0: live */
    const char *reason; /* of the revocation: a name of x509/crl.h, such as "superseded"; or NULL */
    struct certificate *next;
};

/* Sets c->id. */
enum err certificate_add(struct tx *tx, struct certificate *c) ERR_MUST_USE;
/* All of an enrollment, oldest first. */
enum err certificate_list(struct tx *tx, struct arena *a, const char *enrollment,
                          struct certificate **out) ERR_MUST_USE;
/*
 * Revokes a live one, or one that was superseded while its enrollment is open, which is told to
 * nobody. ERR_CONFLICT when it is revoked already.
 */
enum err certificate_revoke(struct tx *tx, int64_t id, int64_t at, const char *reason) ERR_MUST_USE;

/* One that is nobody's, or was that of an enrollment that has ended, is this enrollment's. */
enum err certificate_assign(struct tx *tx, int64_t id, const char *enrollment) ERR_MUST_USE;

/* Makes a revoked one live again. */
enum err certificate_reinstate(struct tx *tx, int64_t id) ERR_MUST_USE;

/* ERR_NOT_FOUND. */
enum err certificate_by_id(struct tx *tx, struct arena *a, int64_t id,
                           struct certificate *out) ERR_MUST_USE;
enum err certificate_by_serial(struct tx *tx, struct arena *a, struct span serial,
                               struct certificate *out) ERR_MUST_USE;
/*
 * By the beginning of its serial in hex, or by its whole thumbprint: what an administrator types.
 * A thumbprint is looked for in the whole table: an index over random keys would cost each issuance
 * more than the rare question is worth. ERR_NOT_FOUND; ERR_CONFLICT when several begin so.
 */
enum err certificate_find(struct tx *tx, struct arena *a, const char *text,
                          struct certificate *out) ERR_MUST_USE;

/* Which ones; a NULL or false member does not narrow; `live` is neither revoked nor expired. Newest
 * first, at most `max`, from below id `before` on (0: from the newest). */
struct certificate_filter {
    const char *endpoint;
    bool live, revoked;
    const char *subject; /* a part of it, any case */
    int64_t before, max;
};
enum err certificate_search(struct tx *tx, struct arena *a, const struct certificate_filter *filter,
                            struct certificate **out) ERR_MUST_USE;

/*
 * Certificates of before signet had several CAs name none: they belong to the one that it had then.
 * To be adopted once the default CA is known.
 */
enum err certificate_has_orphans(struct tx *tx, bool *out) ERR_MUST_USE;
enum err certificate_adopt(struct tx *tx, const char *ca) ERR_MUST_USE;

/*
 * Whether the certificate's revocation is to be told to the world: not while it is superseded and
 * its enrollment still open, for its host may hold it (see enroll/observe.c).
 */
enum err certificate_revocation_is_public(struct tx *tx, const struct certificate *c,
                                          bool *out) ERR_MUST_USE;

/*
 * The revoked ones of a CA that a CRL must name at `now`: not expired, and only those
 * whose revocation is public. Only id, serial, revoked and reason are set.
 */
enum err certificate_list_revoked(struct tx *tx, struct arena *a, const char *ca, int64_t now,
                                  struct certificate **out) ERR_MUST_USE;

/* The CRL that a CA has published last. */
struct published_crl {
    int64_t number; /* 0: none yet */
    struct span der;
    int64_t this_update, next_update; /* ms */
};
enum err crl_get(struct tx *tx, struct arena *a, const char *ca,
                 struct published_crl *out) ERR_MUST_USE;
/* ERR_CONFLICT unless the number is above that of the one before. */
enum err crl_put(struct tx *tx, const char *ca, const struct published_crl *crl) ERR_MUST_USE;

#endif
