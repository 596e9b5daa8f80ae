/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines that any stranger can cause, as often as he likes: so there are at most
 * HTTP_NOTICES_A_SECOND of each level, in the whole process, and then a count of those left out.
 * Thread-safe.
 */
#ifndef SIGNET_HTTP_NOTICE_H
#define SIGNET_HTTP_NOTICE_H

#include <stdbool.h>

#include "base/log.h"

enum { HTTP_NOTICES_A_SECOND = 10 };

/* Like log_write, with the topic "http". False: left out; see that the count is told in a while. */
bool http_notice(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Tells how many lines were left out since it was told last, if any were. */
void http_notice_tell(void);

#endif
