/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

static void reserve(struct buf *b, size_t more) {
    size_t need = b->n + more + 1;
    if (need <= b->cap)
        return;
    size_t cap = b->cap ? b->cap : 128;
    while (cap < need)
        cap *= 2;
    b->p = mem_realloc(b->p, cap);
    b->cap = cap;
}

uint8_t *buf_more(struct buf *b, size_t n) {
    reserve(b, n);
    uint8_t *place = b->p + b->n;
    b->n += n;
    b->p[b->n] = 0;
    return place;
}

void buf_add(struct buf *b, const void *p, size_t n) {
    uint8_t *place = buf_more(b, n);
    if (n)
        memcpy(place, p, n);
}

void buf_span(struct buf *b, struct span s) {
    buf_add(b, s.p, s.n);
}

void buf_str(struct buf *b, const char *s) {
    buf_add(b, s, strlen(s));
}

void buf_number(struct buf *b, int64_t n) {
    char digits[20], *p = digits + sizeof digits;
    uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    do
        *--p = (char)('0' + rest % 10);
    while (rest /= 10);
    if (n < 0)
        *--p = '-';
    buf_add(b, p, (size_t)(digits + sizeof digits - p));
}

/* Most texts fit into the room that is there: those are formatted once. */
void buf_printf(struct buf *b, const char *fmt, ...) {
    va_list ap;
    size_t room = b->cap - b->n;
    va_start(ap, fmt);
    int n = vsnprintf(b->p ? (char *)b->p + b->n : NULL, b->p ? room : 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        return;
    if ((size_t)n < room) {
        b->n += (size_t)n;
        return;
    }
    reserve(b, (size_t)n);
    va_start(ap, fmt);
    vsnprintf((char *)b->p + b->n, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->n += (size_t)n;
}

const char *buf_cstr(struct buf *b) {
    reserve(b, 0);
    b->p[b->n] = 0;
    return (const char *)b->p;
}

void buf_free(struct buf *b) {
    if (!b)
        return;
    if (b->p)
        explicit_bzero(b->p, b->cap);
    free(b->p);
    *b = (struct buf){0};
}
