/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickets: what stands for an account's password when a host enrolls. Each is kept as its keyed
 * hash. See store/store.h for struct tx.
 */
#ifndef SIGNET_STORE_TICKET_H
#define SIGNET_STORE_TICKET_H

#include "store/store.h"

enum ticket_kind {                  /* numbers are kept in the database */
                   TICKET_CODE = 1, /* signet user code */
                   TICKET_SIGN_IN,  /* of the sign-in page, for the enrollment that follows */
};

struct ticket {
    struct span hash; /* keyed; unique */
    int kind;
    const char *account;
    int64_t created, expires; /* ms */
    int64_t uses;             /* that are left */
    int64_t used, revoked;    /* ms, the last use; 0: never */
    struct span code; /* of a sign-in with a code: that code's hash; empty: with a password */
};

/* Adds it, and forgets those that ended long ago. */
enum err ticket_add(struct tx *tx, const struct ticket *t) ERR_MUST_USE;
/* ERR_NOT_FOUND. */
enum err ticket_get(struct tx *tx, struct arena *a, struct span hash,
                    struct ticket *out) ERR_MUST_USE;
/* Takes one of its uses. *spent tells whether there was one: of those who try, so many get true. */
enum err ticket_spend(struct tx *tx, struct span hash, int64_t at, bool *spent) ERR_MUST_USE;
/* Codes that can still be used. */
struct open_codes {
    int64_t count;
    int64_t until; /* ms, when the last of them expires; 0: there are none */
};
/* Those of the account at `now`. ERR_STORE. */
enum err ticket_open_codes(struct tx *tx, const char *account, int64_t now,
                           struct open_codes *out) ERR_MUST_USE;
/* Takes these back, and sign-ins that were not used yet. */
enum err ticket_revoke(struct tx *tx, const char *account, int64_t now) ERR_MUST_USE;

#endif
