/* SPDX-License-Identifier: Apache-2.0 */
#include "base/meter.h"

#include "base/clock.h"

bool meter_take(struct meter *m, enum log_level level) {
    struct meter_level *of = &m->levels[level];
    int64_t second = clock_monotonic_ms() / 1000;
    pthread_mutex_lock(&m->lock);
    if (second != of->second)
        of->written = 0;
    of->second = second;
    bool may = of->written < METER_LINES_A_SECOND;
    if (may)
        of->written++;
    else
        of->left_out++;
    pthread_mutex_unlock(&m->lock);
    return may;
}

void meter_tell(struct meter *m, const char *topic) {
    for (int level = 0; level < METER_LEVELS; level++) {
        pthread_mutex_lock(&m->lock);
        unsigned left_out = m->levels[level].left_out;
        m->levels[level].left_out = 0;
        pthread_mutex_unlock(&m->lock);
        if (left_out)
            log_write((enum log_level)level, topic, "event=left_out lines=%u", left_out);
    }
}
