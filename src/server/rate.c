/* SPDX-License-Identifier: Apache-2.0 */
#include "server/rate.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

/* A row of the table holds a few buckets: those whose keys have the same hash. */
enum { ROWS = 1024, WAYS = 8, KEY_SIZE = 48 };

/* One request costs MINUTE_MS units; `per_minute` units come back in each ms. */

struct bucket {
    char key[KEY_SIZE]; /* endpoint and address; "": free */
    int64_t units, seen;
};

struct rate {
    pthread_mutex_t lock;
    struct bucket rows[ROWS][WAYS];
};

struct rate *rate_new(void) {
    struct rate *rate = mem_alloc(sizeof *rate);
    pthread_mutex_init(&rate->lock, NULL);
    return rate;
}

void rate_free(struct rate *rate) {
    if (!rate)
        return;
    pthread_mutex_destroy(&rate->lock);
    free(rate);
}

static void make_key(const char *endpoint, const char *peer, char key[KEY_SIZE]) {
    struct in6_addr address;
    size_t n = strlen(endpoint) < 32 ? strlen(endpoint) : 32; /* the longest NAME there is */
    memset(key, 0, KEY_SIZE);
    memcpy(key, endpoint, n);
    if (inet_pton(AF_INET6, peer, &address) == 1)
        memcpy(key + 32, &address, 8);
    else
        strncpy(key + 32, peer, KEY_SIZE - 33);
}

static unsigned row_of(const char key[KEY_SIZE]) { /* FNV-1a */
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < KEY_SIZE; i++)
        hash = (hash ^ (unsigned char)key[i]) * 16777619u;
    return hash % ROWS;
}

/* The bucket of the key; a full one in the place of the oldest of the row when it is new. */
static struct bucket *find(struct rate *rate, const char key[KEY_SIZE], int64_t full, int64_t now) {
    struct bucket *row = rate->rows[row_of(key)], *oldest = row;
    for (size_t i = 0; i < WAYS; i++) {
        if (memcmp(row[i].key, key, KEY_SIZE) == 0)
            return &row[i];
        if (row[i].seen < oldest->seen)
            oldest = &row[i];
    }
    memcpy(oldest->key, key, KEY_SIZE);
    oldest->units = full;
    oldest->seen = now;
    return oldest;
}

static bool ask(struct rate *rate, const char *endpoint, const char *peer, unsigned per_minute,
                int64_t now, bool take, unsigned *wait) {
    char key[KEY_SIZE];
    int64_t full = per_minute * MINUTE_MS;
    make_key(endpoint, peer, key);
    pthread_mutex_lock(&rate->lock);
    struct bucket *b = find(rate, key, full, now);
    int64_t elapsed = now - b->seen;
    b->units = elapsed >= MINUTE_MS ? full : b->units + elapsed * per_minute;
    b->units = b->units > full ? full : b->units;
    b->seen = now;
    bool allowed = b->units >= MINUTE_MS;
    if (allowed && take)
        b->units -= MINUTE_MS;
    if (!allowed)
        *wait = (unsigned)((MINUTE_MS - b->units + 1000 * (int64_t)per_minute - 1) /
                           (1000 * (int64_t)per_minute));
    pthread_mutex_unlock(&rate->lock);
    return allowed;
}

bool rate_take(struct rate *rate, const char *endpoint, const char *peer, unsigned per_minute,
               int64_t now, unsigned *wait) {
    return ask(rate, endpoint, peer, per_minute, now, true, wait);
}

bool rate_would_allow(struct rate *rate, const char *endpoint, const char *peer,
                      unsigned per_minute, int64_t now, unsigned *wait) {
    return ask(rate, endpoint, peer, per_minute, now, false, wait);
}
