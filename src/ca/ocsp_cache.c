/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/ocsp_cache.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"

struct place {
    uint8_t key[32];
    struct ocsp_cached entry; /* der.p on the heap; NULL: empty */
};

struct ocsp_cache {
    pthread_mutex_t lock;
    struct place places[OCSP_CACHE_PLACES];
};

struct ocsp_cache *ocsp_cache_new(void) {
    struct ocsp_cache *c = mem_alloc(sizeof *c);
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

static void empty(struct place *p) {
    free((void *)(uintptr_t)p->entry.der.p);
    *p = (struct place){0};
}

void ocsp_cache_free(struct ocsp_cache *c) {
    if (!c)
        return;
    for (size_t i = 0; i < OCSP_CACHE_PLACES; i++)
        empty(&c->places[i]);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* The key is a digest: any of its bits will do. */
static struct place *place_of(struct ocsp_cache *c, const uint8_t key[32]) {
    return &c->places[((size_t)key[0] << 8 | key[1]) % OCSP_CACHE_PLACES];
}

bool ocsp_cache_get(struct ocsp_cache *c, const uint8_t key[32], struct arena *a,
                    struct ocsp_cached *out) {
    pthread_mutex_lock(&c->lock);
    const struct place *p = place_of(c, key);
    bool found = p->entry.der.p && memcmp(p->key, key, sizeof p->key) == 0;
    if (found) {
        *out = p->entry;
        out->der = arena_copy(a, p->entry.der);
    }
    pthread_mutex_unlock(&c->lock);
    return found;
}

void ocsp_cache_put(struct ocsp_cache *c, const uint8_t key[32], const struct ocsp_cached *entry) {
    uint8_t *der = mem_alloc(entry->der.n);
    memcpy(der, entry->der.p, entry->der.n);
    pthread_mutex_lock(&c->lock);
    struct place *p = place_of(c, key);
    empty(p);
    memcpy(p->key, key, sizeof p->key);
    p->entry = *entry;
    p->entry.der.p = der;
    pthread_mutex_unlock(&c->lock);
}
