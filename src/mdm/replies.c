/* SPDX-License-Identifier: Apache-2.0 */
#include "mdm/replies.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/mem.h"

enum { LISTS = 1024 };

struct kept {
    TAILQ_ENTRY(kept) by_age;
    LIST_ENTRY(kept) in_list;
    int64_t device, at;
    int64_t number;
    size_t size;
    uint8_t reply[];
};

struct replies {
    pthread_mutex_t lock;
    int64_t number; /* of the last one */
    size_t bytes;
    TAILQ_HEAD(kept_all, kept) all;          /* the oldest first */
    LIST_HEAD(kept_list, kept) lists[LISTS]; /* by device */
};

struct replies *replies_new(void) {
    struct replies *r = mem_alloc(sizeof *r);
    pthread_mutex_init(&r->lock, NULL);
    r->number = clock_ms() << 20; /* above those of the servers before it */
    TAILQ_INIT(&r->all);
    return r;
}

static void forget(struct replies *r, struct kept *k) {
    TAILQ_REMOVE(&r->all, k, by_age);
    LIST_REMOVE(k, in_list);
    r->bytes -= k->size;
    explicit_bzero(k->reply, k->size); /* a challenge may be in it */
    free(k);
}

void replies_free(struct replies *r) {
    if (!r)
        return;
    while (!TAILQ_EMPTY(&r->all))
        forget(r, TAILQ_FIRST(&r->all));
    pthread_mutex_destroy(&r->lock);
    free(r);
}

static struct kept_list *list_of(struct replies *r, int64_t device) {
    return &r->lists[(uint64_t)device % LISTS];
}

static struct kept *find(struct replies *r, int64_t device) {
    struct kept *k = LIST_FIRST(list_of(r, device));
    while (k && k->device != device)
        k = LIST_NEXT(k, in_list);
    return k;
}

static void drop(struct replies *r, int64_t device) {
    struct kept *k = find(r, device);
    if (k)
        forget(r, k);
}

static void make_room(struct replies *r, int64_t now) {
    struct kept *oldest;
    while ((oldest = TAILQ_FIRST(&r->all)) &&
           (r->bytes > REPLIES_BYTES || now - oldest->at >= REPLIES_MS))
        forget(r, oldest);
}

int64_t replies_keep(struct replies *r, int64_t device, struct span reply, int64_t now) {
    struct kept *k = mem_alloc(sizeof *k + reply.n);
    *k = (struct kept){.device = device, .at = now, .size = reply.n};
    memcpy(k->reply, reply.p, reply.n);
    pthread_mutex_lock(&r->lock);
    int64_t number = k->number = ++r->number;
    drop(r, device);
    TAILQ_INSERT_TAIL(&r->all, k, by_age);
    LIST_INSERT_HEAD(list_of(r, device), k, in_list);
    r->bytes += k->size;
    make_room(r, now);
    pthread_mutex_unlock(&r->lock);
    return number;
}

void replies_drop(struct replies *r, int64_t device) {
    pthread_mutex_lock(&r->lock);
    drop(r, device);
    pthread_mutex_unlock(&r->lock);
}

void replies_expire(struct replies *r, int64_t now) {
    pthread_mutex_lock(&r->lock);
    make_room(r, now);
    pthread_mutex_unlock(&r->lock);
}

bool replies_find(struct replies *r, int64_t device, int64_t number, int64_t now, struct arena *a,
                  struct span *out) {
    pthread_mutex_lock(&r->lock);
    const struct kept *k = find(r, device);
    bool found = k && k->number == number && now - k->at < REPLIES_MS;
    if (found)
        *out = arena_copy(a, span_of(k->reply, k->size));
    pthread_mutex_unlock(&r->lock);
    return found;
}
