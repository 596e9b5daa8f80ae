/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Challenges: each kept as its keyed hash, with what it was promised for. Those of enrollments are
 * minted by mdm/ and take their promise from the enrollment. See store/store.h for struct tx.
 */
#ifndef SIGNET_STORE_CHALLENGE_H
#define SIGNET_STORE_CHALLENGE_H

#include "store/store.h"

enum challenge_kind { /* numbers are kept in the database */
                      CHALLENGE_ENROLLMENT = 1,
                      CHALLENGE_ONE_TIME = 2, /* signet challenge new */
                      CHALLENGE_NDES = 3,     /* the mscep_admin page */
};

struct challenge {
    int64_t id;
    struct span hash; /* keyed; unique */
    int kind;
    const char *endpoint;
    const char *enrollment;                  /* of CHALLENGE_ENROLLMENT; else NULL */
    const char *account;                     /* of CHALLENGE_NDES: who fetched it; else NULL */
    const char *subject, *san, *eku;         /* the promise of a one-time one; NULL: not bound */
    int64_t created, expires, used, revoked; /* ms; 0: never */
    struct challenge *next;
};

/* Sets c->id. */
enum err challenge_add(struct tx *tx, struct challenge *c) ERR_MUST_USE;
/* Adds an enrollment's challenge and takes back the one before. ERR_NOT_FOUND. */
enum err challenge_replace(struct tx *tx, struct challenge *c) ERR_MUST_USE;
/* ERR_NOT_FOUND. */
enum err challenge_get(struct tx *tx, struct arena *a, struct span hash,
                       struct challenge *out) ERR_MUST_USE;
/* Marks the first use. *first tells whether this was it: of those who try, one gets true. */
enum err challenge_use(struct tx *tx, int64_t id, int64_t at, bool *first) ERR_MUST_USE;
/* ERR_NOT_FOUND; ERR_CONFLICT when it is used or revoked already. */
enum err challenge_revoke(struct tx *tx, int64_t id, int64_t at) ERR_MUST_USE;
/* Those that are not of enrollments, newest first, at most `max`. */
enum err challenge_list(struct tx *tx, struct arena *a, int64_t max,
                        struct challenge **out) ERR_MUST_USE;
/* How many of the account's challenges could still be used at `now`. */
enum err challenge_count_open(struct tx *tx, const char *endpoint, const char *account, int64_t now,
                              int64_t *count) ERR_MUST_USE;
/* Deletes those that are not of enrollments and ended before `before`, at most 1,000 at a time. */
enum err challenge_purge(struct tx *tx, int64_t before) ERR_MUST_USE;

#endif
