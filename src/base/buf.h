/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte buffer on the heap. Zero-initialise it, free it with buf_free. The bytes are
 * always followed by a NUL that is not counted, so that text can be used as a C string.
 */
#ifndef SIGNET_BASE_BUF_H
#define SIGNET_BASE_BUF_H

#include "base/span.h"

struct buf {
    uint8_t *p;
    size_t n;
    size_t cap;
};

void buf_add(struct buf *b, const void *p, size_t n);
void buf_span(struct buf *b, struct span s);
void buf_str(struct buf *b, const char *s);
void buf_number(struct buf *b, int64_t n); /* in decimal digits */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Appends `n` bytes and gives their place, for the caller to write before the next change. */
uint8_t *buf_more(struct buf *b, size_t n) __attribute__((returns_nonnull));

static inline void buf_char(struct buf *b, char c) {
    if (b->cap - b->n < 2) { /* the byte and the NUL */
        buf_add(b, &c, 1);
        return;
    }
    b->p[b->n++] = (uint8_t)c;
    b->p[b->n] = 0;
}

/* The content as a C string; "" when nothing was added. Valid until the next change. */
const char *buf_cstr(struct buf *b) __attribute__((returns_nonnull));

static inline struct span buf_view(const struct buf *b) {
    return (struct span){b->p, b->n};
}

/* Empties the buffer and keeps its memory. */
static inline void buf_clear(struct buf *b) {
    b->n = 0;
}

/* Wipes (the content may be secret) and frees; the buffer can be used again. NULL is allowed. */
void buf_free(struct buf *b);

/* Declares a buffer that frees itself at the end of the scope. */
#define BUF_AUTO(name) struct buf name __attribute__((cleanup(buf_free))) = {0}

#endif
