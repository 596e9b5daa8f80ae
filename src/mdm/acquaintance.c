/* SPDX-License-Identifier: Apache-2.0 */
#include "mdm/acquaintance.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"

enum { PLACES = 1024 };

struct acquaintance {
    uint8_t cert[ACQUAINTANCE_HASH];
    int64_t device; /* 0: free */
    int64_t since;
};

struct acquaintances {
    pthread_mutex_t lock;
    struct acquaintance places[PLACES];
};

struct acquaintances *acquaintances_new(void) {
    struct acquaintances *all = mem_alloc(sizeof *all);
    pthread_mutex_init(&all->lock, NULL);
    return all;
}

void acquaintances_free(struct acquaintances *all) {
    if (!all)
        return;
    pthread_mutex_destroy(&all->lock);
    free(all);
}

static struct acquaintance *place_of(struct acquaintances *all, const uint8_t *cert) {
    return &all->places[(cert[0] << 8 | cert[1]) % PLACES];
}

int64_t acquaintance_find(struct acquaintances *all, const uint8_t cert[ACQUAINTANCE_HASH],
                          int64_t now) {
    pthread_mutex_lock(&all->lock);
    const struct acquaintance *a = place_of(all, cert);
    bool known = memcmp(a->cert, cert, ACQUAINTANCE_HASH) == 0 && now - a->since < ACQUAINTANCE_MS;
    int64_t device = known ? a->device : 0;
    pthread_mutex_unlock(&all->lock);
    return device;
}

void acquaintance_keep(struct acquaintances *all, const uint8_t cert[ACQUAINTANCE_HASH],
                       int64_t device, int64_t now) {
    pthread_mutex_lock(&all->lock);
    struct acquaintance *a = place_of(all, cert);
    memcpy(a->cert, cert, ACQUAINTANCE_HASH);
    a->device = device;
    a->since = now;
    pthread_mutex_unlock(&all->lock);
}
