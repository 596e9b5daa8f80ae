/* SPDX-License-Identifier: Apache-2.0 */
/* A guess, for which this thread waits; NULL: there is nothing to judge. */
#ifndef SIGNET_TESTS_GUESS_NOW_H
#define SIGNET_TESTS_GUESS_NOW_H

#include <semaphore.h>

#include "mdm/guesses.h"

static inline void guess_is_done(struct guess *g) {
    sem_post(g->user);
}

static inline void guess_now(struct guesses *guesses, struct guess *g) {
    sem_t done;
    if (!g)
        return;
    sem_init(&done, 0, 0);
    g->done = guess_is_done;
    g->user = &done;
    guess_start(guesses, g);
    while (sem_wait(&done) != 0)
        ;
    sem_destroy(&done);
}

#endif
