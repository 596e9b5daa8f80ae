/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A span: bytes that somebody else owns. Parsers return spans into their input, so that a message
 * is never copied. A span is not NUL-terminated.
 */
#ifndef SIGNET_BASE_SPAN_H
#define SIGNET_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

struct span {
    const uint8_t *p; /* may be NULL only when n is 0 */
    size_t n;
};

#define SPAN_NONE ((struct span){NULL, 0})

/* For printf("%.*s", SPAN_FMT(s)): text spans only. */
#define SPAN_FMT(s) (int)(s).n, (const char *)(s).p

static inline struct span span_of(const void *p, size_t n) {
    return (struct span){p, n};
}

static inline struct span span_str(const char *s) {
    return (struct span){(const uint8_t *)s, s ? strlen(s) : 0};
}

static inline bool span_eq(struct span a, struct span b) {
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool span_is(struct span a, const char *s) {
    return span_eq(a, span_str(s));
}

/* Equality of ASCII text without regard to case. */
static inline bool span_is_nocase(struct span a, const char *s) {
    return a.n == strlen(s) && (a.n == 0 || strncasecmp((const char *)a.p, s, a.n) == 0);
}

static inline bool span_starts(struct span a, const char *prefix) {
    size_t n = strlen(prefix);
    return a.n >= n && memcmp(a.p, prefix, n) == 0;
}

/* The bytes from offset `at` on; empty when `at` is beyond the end. */
static inline struct span span_from(struct span a, size_t at) {
    return at >= a.n ? (struct span){a.p ? a.p + a.n : NULL, 0} : (struct span){a.p + at, a.n - at};
}

/* Position of byte `c` in `a`, or -1. */
static inline ptrdiff_t span_find(struct span a, char c) {
    const uint8_t *hit = a.n ? memchr(a.p, c, a.n) : NULL;
    return hit ? hit - a.p : -1;
}

/* `a` without ASCII white space at both ends. */
struct span span_trim(struct span a);

/*
 * A decimal number, optionally negative, that fills the whole of `a`; false for anything else
 * or for a value beyond int64_t.
 */
bool span_int(struct span a, int64_t *out) __attribute__((nonnull));

#endif
