/* SPDX-License-Identifier: Apache-2.0 */
/* A peer: a copy of the options, and the handles that were made of them. */
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "fetch/loop.h"

/* Shorter than any server known to us keeps an idle connection (Apache: 5 s). */
enum { IDLE_MAX_S = 3 };

struct fetch_peer {
    struct loop *loop;
    struct fetch_options options;
    pthread_mutex_t lock; /* of idle: who frees the peer is not the loop */
    struct transfer *idle;
};

static struct span copy(struct span s) {
    if (!s.n)
        return SPAN_NONE;
    return span_of(memcpy(mem_alloc(s.n), s.p, s.n), s.n);
}

static const char *copy_text(const char *s) {
    return s ? mem_strdup(s) : NULL;
}

struct fetch_peer *fetch_peer_new(struct fetch_pool *pool, const struct fetch_options *o) {
    struct fetch_peer *p = mem_alloc(sizeof *p);
    p->loop = pool_loop(pool, o);
    p->options = *o;
    p->options.trust = copy(o->trust);
    p->options.client_cert = copy(o->client_cert);
    p->options.client_key = copy(o->client_key);
    p->options.connect_to = copy_text(o->connect_to);
    p->options.user = copy_text(o->user);
    p->options.password = copy_text(o->password);
    pthread_mutex_init(&p->lock, NULL);
    return p;
}

static void wipe(const void *p, size_t n) {
    void *copied = (void *)(uintptr_t)p;
    if (copied)
        OPENSSL_cleanse(copied, n);
    free(copied);
}

static void wipe_text(const char *s) {
    wipe(s, s ? strlen(s) : 0);
}

void fetch_peer_free(struct fetch_peer *p) {
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    for (struct transfer *t = p->idle, *next; t; t = next) {
        next = t->next;
        easy_close(&t->easy);
        free(t);
    }
    pthread_mutex_unlock(&p->lock);
    pthread_mutex_destroy(&p->lock);
    wipe(p->options.trust.p, p->options.trust.n);
    wipe(p->options.client_cert.p, p->options.client_cert.n);
    wipe(p->options.client_key.p, p->options.client_key.n);
    wipe_text(p->options.connect_to);
    wipe_text(p->options.user);
    wipe_text(p->options.password);
    free(p);
}

struct loop *peer_loop(const struct fetch_peer *p) {
    return p->loop;
}

/*
 * curl keeps connections for all handles of a loop, and would give one on which somebody has logged
 * in by Negotiate to somebody else: those are closed.
 */
static struct transfer *make(const struct fetch_options *o) {
    struct transfer *t = mem_alloc(sizeof *t);
    easy_open(&t->easy, o);
    easy_send_once(&t->easy);
    curl_easy_setopt(t->easy.curl, CURLOPT_PRIVATE, t);
    curl_easy_setopt(t->easy.curl, CURLOPT_MAXAGE_CONN, (long)IDLE_MAX_S);
    curl_easy_setopt(t->easy.curl, CURLOPT_FORBID_REUSE, o->auth != FETCH_AUTH_NONE ? 1L : 0L);
    return t;
}

struct transfer *peer_take(struct fetch_peer *p) {
    pthread_mutex_lock(&p->lock);
    struct transfer *t = p->idle;
    if (t)
        p->idle = t->next;
    pthread_mutex_unlock(&p->lock);
    return t ? t : make(&p->options);
}

void peer_give(struct fetch_peer *p, struct transfer *t) {
    pthread_mutex_lock(&p->lock);
    t->next = p->idle;
    p->idle = t;
    pthread_mutex_unlock(&p->lock);
}
