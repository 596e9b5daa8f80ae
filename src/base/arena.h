/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An arena: memory that lives as long as one request. Nothing in it is freed singly; arena_free
 * gives everything back. Not thread-safe: one arena, one thread at a time.
 */
#ifndef SIGNET_BASE_ARENA_H
#define SIGNET_BASE_ARENA_H

#include "base/span.h"

struct arena_chunk;
struct arena_deferred;

struct arena { /* zero-initialise */
    struct arena_chunk *chunks;
    struct arena_deferred *deferred;
};

/* Zeroed memory, aligned for any type; never NULL. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((returns_nonnull));

/* A copy of the bytes, followed by a NUL that the span does not count. */
struct span arena_copy(struct arena *a, struct span s);

/* A NUL-terminated copy of the text `s`. */
char *arena_str(struct arena *a, struct span s) __attribute__((returns_nonnull));

char *arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull));

/* Has fn(p) called when the arena is freed: for what a library has allocated. The last comes first.
 */
void arena_defer(struct arena *a, void (*fn)(void *), void *p);

/* Wipes and frees everything; the arena can be used again. NULL is allowed. */
void arena_free(struct arena *a);

/* Declares an arena that frees itself at the end of the scope. */
#define ARENA_AUTO(name) struct arena name __attribute__((cleanup(arena_free))) = {0}

#endif
