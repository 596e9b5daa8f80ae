/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heap memory that cannot fail.
 *
 * Every size that a stranger can influence is bounded before it reaches these functions (bodies by
 * the HTTP layer, counts by the parsers), so running out of memory means that the machine is out
 * of memory: the process says so and ends. The database is crash-safe; a half-handled NULL is not.
 */
#ifndef SIGNET_BASE_MEM_H
#define SIGNET_BASE_MEM_H

#include <stddef.h>

/* Zeroed memory of `size` bytes; never NULL. The caller frees it with free(). Thread-safe. */
void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull));

/* realloc() that ends the process instead of returning NULL. */
void *mem_realloc(void *old, size_t size) __attribute__((returns_nonnull));

/* A copy of the string `s`, for free(). */
char *mem_strdup(const char *s) __attribute__((malloc, returns_nonnull, nonnull));

#endif
