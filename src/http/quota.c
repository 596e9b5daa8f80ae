/* SPDX-License-Identifier: Apache-2.0 */
/* The memory is one counter; the addresses are a hash table of those that have a connection. */
#include "http/quota.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"

/* Crafted collisions cost a walk over at most all connections, some microseconds an accept. */
enum { SLOT_BITS = 10, SLOTS = 1 << SLOT_BITS };

/* Of all peers of Unix sockets: ff00::/8 is multicast, from where nobody connects. */
#define UNIX_KEY UINT64_MAX

struct http_peer {
    struct http_peer *next;
    uint64_t key;
    unsigned connections;
};

struct http_quota {
    size_t max_memory;
    unsigned max_connections, max_peer_connections;
    atomic_size_t memory;
    pthread_mutex_t lock;
    unsigned connections; /* under the lock, as the next */
    struct http_peer *slots[SLOTS];
};

struct http_quota *http_quota_new(const struct http_limits *limits) {
    struct http_quota *q = mem_alloc(sizeof *q);
    q->max_memory = limits->memory;
    q->max_connections = limits->connections;
    q->max_peer_connections = limits->peer_connections;
    pthread_mutex_init(&q->lock, NULL);
    return q;
}

void http_quota_free(struct http_quota *q) {
    if (!q)
        return;
    pthread_mutex_destroy(&q->lock);
    free(q);
}

/* ---- connections ---- */

static uint64_t big_endian(const uint8_t *p, size_t n) {
    uint64_t value = 0;
    while (n--)
        value = value << 8 | *p++;
    return value;
}

/* An IPv4 address also where a socket on "::" shows it as IPv6; no /64 looks like one. */
static uint64_t key_of(const struct sockaddr *from) {
    const struct sockaddr_in *v4 = (const void *)from;
    const struct sockaddr_in6 *v6 = (const void *)from;
    if (from->sa_family == AF_UNIX)
        return UNIX_KEY;
    if (from->sa_family != AF_INET6)
        return ntohl(v4->sin_addr.s_addr);
    if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        return big_endian(v6->sin6_addr.s6_addr + 12, 4);
    return big_endian(v6->sin6_addr.s6_addr, 8);
}

/* Where the pointer to the peer is, or belongs. */
static struct http_peer **find(struct http_quota *q, uint64_t key) {
    uint64_t mixed = key * UINT64_C(0x9e3779b97f4a7c15); /* Fibonacci hashing */
    struct http_peer **p = &q->slots[mixed >> (64 - SLOT_BITS)];
    while (*p && (*p)->key != key)
        p = &(*p)->next;
    return p;
}

static struct http_peer *enter(struct http_quota *q, uint64_t key, const char **why) {
    struct http_peer **at = find(q, key), *peer = *at;
    if (q->connections >= q->max_connections)
        *why = "too many connections";
    else if (peer && key != UNIX_KEY && peer->connections >= q->max_peer_connections)
        *why = "too many connections from this address";
    else
        *why = NULL;
    if (*why)
        return NULL;
    if (!peer) {
        peer = *at = mem_alloc(sizeof *peer);
        peer->key = key;
    }
    peer->connections++;
    q->connections++;
    return peer;
}

struct http_peer *http_quota_enter(struct http_quota *q, const struct sockaddr *from,
                                   const char **why) {
    pthread_mutex_lock(&q->lock);
    struct http_peer *peer = enter(q, key_of(from), why);
    pthread_mutex_unlock(&q->lock);
    return peer;
}

void http_quota_leave(struct http_quota *q, struct http_peer *peer) {
    pthread_mutex_lock(&q->lock);
    q->connections--;
    if (--peer->connections == 0) {
        *find(q, peer->key) = peer->next;
        free(peer);
    }
    pthread_mutex_unlock(&q->lock);
}

/* ---- memory ---- */

static bool take(struct http_quota *q, size_t bytes) {
    size_t held = atomic_load(&q->memory);
    do {
        if (bytes > q->max_memory - held)
            return false;
    } while (!atomic_compare_exchange_weak(&q->memory, &held, held + bytes));
    return true;
}

bool http_quota_hold(struct http_quota *q, size_t *held, size_t bytes) {
    size_t need = bytes > HTTP_OWN_BYTES ? bytes - HTTP_OWN_BYTES : 0;
    if (need > *held && !take(q, need - *held))
        return false;
    if (need < *held)
        atomic_fetch_sub(&q->memory, *held - need);
    *held = need;
    return true;
}

bool http_quota_has_room(struct http_quota *q, size_t bytes) {
    return bytes <= HTTP_OWN_BYTES ||
           bytes - HTTP_OWN_BYTES <= q->max_memory - atomic_load(&q->memory);
}

struct http_usage http_quota_usage(struct http_quota *q) {
    pthread_mutex_lock(&q->lock);
    struct http_usage usage = {.memory = atomic_load(&q->memory), .connections = q->connections};
    pthread_mutex_unlock(&q->lock);
    return usage;
}
