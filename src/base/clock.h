/* SPDX-License-Identifier: Apache-2.0 */
/* The only source of time in signet, so that tests can move it. Thread-safe. */
#ifndef SIGNET_BASE_CLOCK_H
#define SIGNET_BASE_CLOCK_H

#include <stdint.h>

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

/* Milliseconds since 1970-01-01 UTC, with clock_shift applied. */
int64_t clock_ms(void);

/* Milliseconds of a clock that never jumps; only differences mean something. */
int64_t clock_monotonic_ms(void);

/* Moves clock_ms by `ms` from now on. For tests. */
void clock_shift(int64_t ms);

/* "2026-11-22T14:43:00.123Z": 24 characters and a NUL. Returns `out`. */
enum { CLOCK_ISO_SIZE = 25 };
char *clock_iso(int64_t ms, char out[CLOCK_ISO_SIZE]);

#endif
