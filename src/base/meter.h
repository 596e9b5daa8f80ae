/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For log lines that any stranger can cause, as often as he likes: at most METER_LINES_A_SECOND of
 * each level, and a count of those left out. Thread-safe.
 */
#ifndef SIGNET_BASE_METER_H
#define SIGNET_BASE_METER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"

enum { METER_LINES_A_SECOND = 10, METER_LEVELS = LOG_DEBUG + 1 };

struct meter { /* a static one needs only METER_INITIALIZER */
    pthread_mutex_t lock;
    struct meter_level {
        int64_t second; /* the one that `written` counts in */
        unsigned written, left_out;
    } levels[METER_LEVELS];
};

#define METER_INITIALIZER \
    { .lock = PTHREAD_MUTEX_INITIALIZER }

/* Whether a line may be written now. False: it counts as left out. */
bool meter_take(struct meter *m, enum log_level level);

/* Tells under `topic` how many lines were left out since it was told last, if any were. */
void meter_tell(struct meter *m, const char *topic);

#endif
