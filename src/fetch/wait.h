/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Internal to fetch/: waits for curl's sockets and timers. epoll, because curl_multi_poll looks at
 * every request that waits for a slow server whenever another one moves.
 */
#ifndef SIGNET_FETCH_WAIT_H
#define SIGNET_FETCH_WAIT_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct wait {
    CURLM *multi;
    int epoll;
    int event;    /* an eventfd: somebody wakes us */
    bool *wanted; /* by file number: whether curl waits for it */
    size_t n_wanted;
    int64_t deadline; /* of curl's timer, by clock_monotonic_ms; -1: none */
};

/* Stays where it is until wait_close. ERR_INTERNAL: no more files. */
enum err wait_open(struct wait *w) ERR_MUST_USE;

/* Frees the multi handle, too. */
void wait_close(struct wait *w);

/* Waits until something is to do, or wait_wake, and lets curl do it. */
void wait_work(struct wait *w);

/* Thread-safe; holds for the next wait_work when none is under way. */
void wait_wake(struct wait *w);

#endif
