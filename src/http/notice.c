/* SPDX-License-Identifier: Apache-2.0 */
#include "http/notice.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"

enum { LEVELS = LOG_DEBUG + 1, LINE_MAX = 1536 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct meter {
    int64_t second; /* the one that `written` counts in */
    unsigned written, left_out;
} meters[LEVELS]; /* under the lock */

static bool may_write(struct meter *m) {
    int64_t second = clock_monotonic_ms() / 1000;
    pthread_mutex_lock(&lock);
    if (second != m->second)
        m->written = 0;
    m->second = second;
    bool may = m->written < HTTP_NOTICES_A_SECOND;
    if (may)
        m->written++;
    else
        m->left_out++;
    pthread_mutex_unlock(&lock);
    return may;
}

bool http_notice(enum log_level level, const char *fmt, ...) {
    char line[LINE_MAX];
    if (!may_write(&meters[level]))
        return false;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    log_write(level, "http", "%s", line);
    return true;
}

void http_notice_tell(void) {
    for (int level = 0; level < LEVELS; level++) {
        pthread_mutex_lock(&lock);
        unsigned left_out = meters[level].left_out;
        meters[level].left_out = 0;
        pthread_mutex_unlock(&lock);
        if (left_out)
            log_write((enum log_level)level, "http", "event=left_out lines=%u", left_out);
    }
}
