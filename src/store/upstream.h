/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Upstreams of the gateway: what the administrator said of them, and what was learnt; the tokens
 * that name a relayed enrollment; and certificates that an upstream issued. See store/store.h for
 * struct tx.
 */
#ifndef SIGNET_STORE_UPSTREAM_H
#define SIGNET_STORE_UPSTREAM_H

#include "store/store.h"

enum upstream_mode { UPSTREAM_RELAY = 1, UPSTREAM_RA = 2 }; /* numbers are kept in the database */

enum upstream_auth { /* numbers are kept in the database */
                     UPSTREAM_AUTH_ANY =
                         0, /* what is offered: Negotiate, NTLM, Basic (https only) */
                     UPSTREAM_AUTH_NEGOTIATE,
                     UPSTREAM_AUTH_NTLM,
                     UPSTREAM_AUTH_BASIC
};

/* NULL strings: not set. */
struct upstream {
    const char *name; /* letters, digits, . - _; part of URLs, lower-case */
    const char *url;
    int mode;
    const char *message;        /* `message` of GetCACaps and GetCACert; NULL: the query has none */
    const char *trust;          /* PEM: roots of its https; NULL: the system's */
    const char *chain;          /* PEM: CA certificates that its GetCACert lacks */
    const char *challenge_file; /* relay: path of a file with its static challenge */
    const char *ndes_url,
        *ndes_credentials; /* relay: mscep_admin page; path of a file USER:PASSWORD */
    int ndes_auth;
    const char *webhook_secret;    /* RA: path of a file with step-ca's base64 secret */
    const char *ca;                /* RA: the CA of ours under which hosts meet the gateway */
    int64_t timeout, max_requests; /* ms; at once */
    int64_t created;
    /* Learnt: */
    const char *thumbprint; /* SHA-1 of the CA that is pinned, upper-case hex */
    const char *offered;    /* SHA-1 of another CA that it offers now: an alarm, nothing more */
    struct span ca_certs;   /* its answer to GetCACert that fits the pin */
    const char *capabilities;
    int64_t learnt; /* when both were read last; 0: never */
    struct upstream *next;
};

/* ERR_EXISTS; ERR_CONFLICT while requests of that name are pending. */
enum err upstream_add(struct tx *tx, const struct upstream *u) ERR_MUST_USE;
/* Writes all but name and created. */
enum err upstream_update(struct tx *tx, const struct upstream *u) ERR_MUST_USE;
/* ERR_NOT_FOUND. */
enum err upstream_get(struct tx *tx, struct arena *a, const char *name,
                      struct upstream *out) ERR_MUST_USE;
enum err upstream_list(struct tx *tx, struct arena *a, struct upstream **out) ERR_MUST_USE;
/* ERR_NOT_FOUND; ERR_CONFLICT, which tells the first, while a profile names it, an enrollment that
 * is assigned or open, or a pending request. */
enum err upstream_remove(struct tx *tx, const char *name) ERR_MUST_USE;
/* How many of its enrollments are reported: without it none of them can be confirmed any more. */
enum err upstream_count_reported(struct tx *tx, const char *name, int64_t *count) ERR_MUST_USE;

/* ---- tokens: a path that names a relayed enrollment ---- */

/* Gives the enrollment a token (its keyed hash) in place of its earlier one, until `expires` (ms).
 */
enum err relay_token_set(struct tx *tx, struct span hash, const char *upstream,
                         const char *enrollment, int64_t expires) ERR_MUST_USE;
/* Whose it is, and its last moment. ERR_NOT_FOUND. That it is good is for the caller to see. */
enum err relay_token_get(struct tx *tx, struct arena *a, struct span hash, const char *upstream,
                         const char **enrollment, int64_t *expires) ERR_MUST_USE;

/* ---- certificates that an upstream issued ---- */

enum foreign_source {                     /* how we know it; numbers are kept in the database */
                      FOREIGN_RA = 1,     /* it was issued to our RA for this enrollment */
                      FOREIGN_IMPORT = 2, /* the administrator brought it */
};

struct foreign_certificate {
    int64_t id;
    const char *upstream;
    const char *enrollment; /* or NULL */
    int source;
    struct span serial;
    const char *subject;
    const char *sha1; /* 40 upper-case hex digits */
    struct span der;
    int64_t not_before, not_after, seen; /* ms */
    struct foreign_certificate *next;
};

/* Sets c->id. ERR_EXISTS when the upstream's very certificate is known already: c->id is its own.
 */
enum err foreign_add(struct tx *tx, struct foreign_certificate *c) ERR_MUST_USE;
/* Gives it to another enrollment. */
enum err foreign_bind(struct tx *tx, int64_t id, const char *enrollment) ERR_MUST_USE;
/* ERR_NOT_FOUND. */
enum err foreign_by_id(struct tx *tx, struct arena *a, int64_t id,
                       struct foreign_certificate *out) ERR_MUST_USE;
/* All of an enrollment, oldest first. */
enum err foreign_list(struct tx *tx, struct arena *a, const char *enrollment,
                      struct foreign_certificate **out) ERR_MUST_USE;

#endif
