/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

enum { CHUNK = 8192, MAX_CHUNK = 65536 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t used;
    size_t cap;
    max_align_t data[];
};

struct arena_deferred {
    struct arena_deferred *next;
    void (*fn)(void *);
    void *p;
};

/* Twice as large as the last one; what is never handed out is never touched. */
static struct arena_chunk *add_chunk(struct arena *a, size_t size) {
    size_t cap = a->chunks ? 2 * a->chunks->cap : CHUNK;
    if (cap > MAX_CHUNK)
        cap = MAX_CHUNK;
    if (cap < size)
        cap = size;
    struct arena_chunk *c = mem_realloc(NULL, sizeof *c + cap);
    *c = (struct arena_chunk){.next = a->chunks, .cap = cap};
    a->chunks = c;
    return c;
}

void *arena_alloc(struct arena *a, size_t size) {
    size_t align = sizeof(max_align_t);
    size = (size + align - 1) / align * align;
    struct arena_chunk *c = a->chunks;
    if (!c || c->cap - c->used < size)
        c = add_chunk(a, size);
    void *p = (char *)c->data + c->used;
    c->used += size;
    return memset(p, 0, size);
}

struct span arena_copy(struct arena *a, struct span s) {
    uint8_t *p = arena_alloc(a, s.n + 1);
    if (s.n)
        memcpy(p, s.p, s.n);
    return (struct span){p, s.n};
}

char *arena_str(struct arena *a, struct span s) {
    return (char *)(uintptr_t)arena_copy(a, s).p;
}

/* Most texts are short, and formatted once. */
char *arena_printf(struct arena *a, const char *fmt, ...) {
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n < (int)sizeof text)
        return arena_str(a, span_str(n < 0 ? "" : text));
    char *p = arena_alloc(a, (size_t)n + 1);
    va_start(ap, fmt);
    vsnprintf(p, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return p;
}

void arena_defer(struct arena *a, void (*fn)(void *), void *p) {
    struct arena_deferred *d = arena_alloc(a, sizeof *d);
    *d = (struct arena_deferred){a->deferred, fn, p};
    a->deferred = d;
}

void arena_free(struct arena *a) {
    if (!a)
        return;
    for (struct arena_deferred *d = a->deferred; d; d = d->next)
        d->fn(d->p);
    a->deferred = NULL;
    for (struct arena_chunk *c = a->chunks, *next; c; c = next) {
        next = c->next;
        explicit_bzero(c->data, c->used);
        free(c);
    }
    a->chunks = NULL;
}
