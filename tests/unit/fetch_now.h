/* SPDX-License-Identifier: Apache-2.0 */
/* A job of a pool, and this thread waits for it. */
#ifndef SIGNET_TESTS_FETCH_NOW_H
#define SIGNET_TESTS_FETCH_NOW_H

#include <semaphore.h>

#include "fetch/pool.h"

static inline void fetch_is_done(struct fetch_job *job) {
    sem_post(job->user);
}

static inline void fetch_now(struct fetch_pool *pool, struct fetch_job *job) {
    sem_t done;
    sem_init(&done, 0, 0);
    job->done = fetch_is_done;
    job->user = &done;
    fetch_start(pool, job);
    while (sem_wait(&done) != 0)
        ;
    sem_destroy(&done);
}

#endif
