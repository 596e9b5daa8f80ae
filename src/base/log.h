/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per operation, in logfmt, on standard error:
 *
 *     2026-11-22T14:43:00.123Z info scep op=PKIOperation txid=252e27f8 status=SUCCESS
 *
 * Values that come from outside pass through log_q, which quotes and escapes them, so that nobody
 * can write a line of his own. Secrets (challenges, passwords, keys) are never logged. Thread-safe.
 */
#ifndef SIGNET_BASE_LOG_H
#define SIGNET_BASE_LOG_H

#include "base/span.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Lines above `level` are dropped. The default is LOG_INFO. */
void log_set_level(enum log_level level);

/* `topic` is one word (scep, mdm, mde, admin, store ...); `fmt` gives the key=value pairs. */
void log_write(enum log_level level, const char *topic, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Lines that are there at once, with few system calls: zero-initialise, add, flush. Written in
 * pieces of whole lines, none longer than what a pipe takes without mixing it with others'.
 */
enum { LOG_BLOCK = 4096 };
struct log_block {
    size_t n;
    char text[LOG_BLOCK];
};
void log_add(struct log_block *b, enum log_level level, const char *topic, const char *text);
void log_flush(struct log_block *b);

/*
 * `s` as a logfmt value: as it is when it needs no quotes, else in double quotes with escapes; cut
 * at 200 bytes. The result is one of eight buffers of this thread, used in turn.
 */
const char *log_q(struct span s) __attribute__((returns_nonnull));

#endif
