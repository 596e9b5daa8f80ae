/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside ca/: OCSP responses by the CertID that they answer. A fixed number of places, each for the
 * last that fell into it, so that no stranger can make it grow. Thread-safe.
 */
#ifndef SIGNET_CA_OCSP_CACHE_H
#define SIGNET_CA_OCSP_CACHE_H

#include "base/arena.h"

enum { OCSP_CACHE_PLACES = 4096 };

struct ocsp_cache;

struct ocsp_cached {
    struct span der;
    uint64_t generation; /* of what is known of revocations when it was made */
    int64_t made, next_update;
};

struct ocsp_cache *ocsp_cache_new(void) __attribute__((returns_nonnull));
void ocsp_cache_free(struct ocsp_cache *c);

/* Copies what is kept for the key (a SHA-256) to `a`; false when there is nothing. */
bool ocsp_cache_get(struct ocsp_cache *c, const uint8_t key[32], struct arena *a,
                    struct ocsp_cached *out);

void ocsp_cache_put(struct ocsp_cache *c, const uint8_t key[32], const struct ocsp_cached *entry);

#endif
