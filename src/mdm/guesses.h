/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords that somebody shows, judged on threads of their own, one for two cores: whoever waits
 * for a slow hash keeps no worker, and a flood of guesses takes neither the memory nor the cores
 * that SCEP and sessions need. GUESSES_WAITING wait for each thread, the next is turned away with
 * ERR_BUSY.
 *
 * What is wrong counts, and who guessed too often is not listened to (lockout.h): of however many
 * come at once, no more than LOCKOUT_FAILURES learn that they were wrong.
 */
#ifndef SIGNET_MDM_GUESSES_H
#define SIGNET_MDM_GUESSES_H

#include "base/err.h"
#include "mdm/lockout.h"

enum { GUESSES_WAITING = 32 };

struct guesses;

/* Starts the threads. ERR_INTERNAL: no more threads. */
enum err guesses_new(struct guesses **out) ERR_MUST_USE;

/*
 * Ends those that wait, and from now on each new one, with ERR_BUSY: so that nobody who stops the
 * server waits for guesses. Does not wait itself. NULL is allowed. Thread-safe.
 */
void guesses_refuse(struct guesses *s);

/* The same, and ends the threads: every guess is told before this returns. NULL is allowed. */
void guesses_free(struct guesses *s);

struct guess { /* lives until `done`, with all that it points to */
    struct lockout *lockout;
    struct lockout_asker who;
    struct span password;
    const char *hash;                  /* of the account (password.h); NULL: there is no such one */
    void (*done)(struct guess *guess); /* takes no time, blocks not */
    void *user;
    /* Set before `done`: */
    enum err result;
    int64_t wait;       /* ms until the asker is listened to; 0: he was */
    bool shut_out;      /* this was the failure after which he will not be */
    char detail[128];   /* of the result */
    struct guess *next; /* the queue's */
};

/* Whether there is nothing to compute: `result` is set, and the guess is not to be started. */
bool guess_known(struct guess *g);

/* `done` is called once, in a thread of `s`; or from within, where too many wait. Thread-safe. */
void guess_start(struct guesses *s, struct guess *g);

/*
 * OK: the password is right. ERR_AUTH: it is wrong, or the asker is not listened to. ERR_BUSY: too
 * many wait. With its detail line.
 */
enum err guess_result(const struct guess *g) ERR_MUST_USE;

#endif
