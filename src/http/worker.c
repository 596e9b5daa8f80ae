/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers sleep on one condition. Whoever has the answer sends it, for until then the connection is
 * his (http_conn_answer).
 */
#include "http/worker.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/mem.h"
#include "http/conn.h"
#include "http/notice.h"

enum { STACK = 1024 * 1024 }; /* address space only; OpenSSL and SQLite need some of it */

struct line {
    struct http_exchange *first, **last;
};

struct http_workers {
    pthread_mutex_t lock;
    pthread_cond_t ready;
    struct line fresh;   /* under the lock, as the next six */
    struct line resumed; /* they have waited already, and come first */
    unsigned waiting;
    unsigned later; /* whose handlers wait for something */
    unsigned idle;  /* workers without a request */
    unsigned limit;
    bool stopping;
    pthread_t *threads;
    unsigned count;
};

struct http_workers *http_workers_new(unsigned limit) {
    struct http_workers *w = mem_alloc(sizeof *w);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->ready, NULL);
    w->fresh.last = &w->fresh.first;
    w->resumed.last = &w->resumed.first;
    w->limit = limit;
    return w;
}

static void append(struct line *l, struct http_exchange *x) {
    x->next = NULL;
    *l->last = x;
    l->last = &x->next;
}

/* NULL when there is none. */
static struct http_exchange *take_first(struct line *l) {
    struct http_exchange *x = l->first;
    if (x)
        l->first = x->next;
    if (!l->first)
        l->last = &l->first;
    return x;
}

bool http_workers_push(struct http_workers *w, struct http_exchange *x) {
    x->workers = w;
    pthread_mutex_lock(&w->lock);
    bool room = w->waiting + w->later < w->limit && !w->stopping;
    if (room) {
        append(&w->fresh, x);
        w->waiting++;
    }
    bool wake = room && w->idle;
    pthread_mutex_unlock(&w->lock);
    if (wake) /* not under the lock, where the woken thread would only wait again */
        pthread_cond_signal(&w->ready);
    return room;
}

bool http_workers_full(struct http_workers *w) {
    pthread_mutex_lock(&w->lock);
    bool full = w->waiting + w->later >= w->limit;
    pthread_mutex_unlock(&w->lock);
    return full;
}

static struct http_exchange *exchange_of(const struct http_request *r) {
    return (struct http_exchange *)((uintptr_t)r - offsetof(struct http_exchange, request));
}

void http_later(const struct http_request *r, struct http_reply *reply, http_handler *then,
                void *user) {
    struct http_exchange *x = exchange_of(r);
    reply->later = true;
    x->handler = then;
    x->user = user;
    pthread_mutex_lock(&x->workers->lock);
    x->workers->later++;
    pthread_mutex_unlock(&x->workers->lock);
}

void http_resume(const struct http_request *r) {
    struct http_exchange *x = exchange_of(r);
    struct http_workers *w = x->workers;
    pthread_mutex_lock(&w->lock);
    append(&w->resumed, x);
    w->later--;
    if (w->stopping)
        pthread_cond_broadcast(&w->ready);
    else if (w->idle)
        pthread_cond_signal(&w->ready);
    pthread_mutex_unlock(&w->lock);
}

/* The workers may end once nobody is late any more, and their loops after them: so this comes last.
 */
void http_finish(const struct http_request *r, struct http_reply *reply) {
    struct http_exchange *x = exchange_of(r);
    struct http_workers *w = x->workers;
    http_exchange_reply(x, reply);
    http_conn_answer(x);
    pthread_mutex_lock(&w->lock);
    w->later--;
    if (w->stopping)
        pthread_cond_broadcast(&w->ready);
    pthread_mutex_unlock(&w->lock);
}

/* The next request, or NULL when there will be none; `refuse` those that come while stopping. */
static struct http_exchange *pop(struct http_workers *w, bool *refuse) {
    pthread_mutex_lock(&w->lock);
    w->idle++;
    while (!w->fresh.first && !w->resumed.first && (!w->stopping || w->later))
        pthread_cond_wait(&w->ready, &w->lock);
    w->idle--;
    struct http_exchange *x = take_first(&w->resumed);
    *refuse = !x && w->stopping;
    if (!x && (x = take_first(&w->fresh)))
        w->waiting--;
    pthread_mutex_unlock(&w->lock);
    return x;
}

static void refuse(struct http_exchange *x) {
    http_notice(LOG_WARN, "event=refused status=503 listener=%s peer=%s reason=%s",
                x->listener->name, x->request.peer, log_q(span_str("shutting down")));
    http_exchange_text(x, 503, "shutting down", true);
    http_conn_answer(x);
}

static void handle(struct http_exchange *x) {
    struct http_reply reply = {0};
    x->handler(x->user, &x->request, &reply);
    if (reply.later) /* and perhaps done already, in another thread */
        return;
    http_exchange_reply(x, &reply);
    http_conn_answer(x);
}

static void *work(void *arg) {
    struct http_workers *w = arg;
    struct http_exchange *x;
    bool stopping;
    while ((x = pop(w, &stopping))) {
        if (stopping)
            refuse(x);
        else
            handle(x);
    }
    return NULL;
}

enum err http_workers_start(struct http_workers *w, unsigned count) {
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK);
    w->threads = mem_alloc(count * sizeof *w->threads);
    while (w->count < count && pthread_create(&w->threads[w->count], &attr, work, w) == 0)
        w->count++;
    pthread_attr_destroy(&attr);
    return w->count == count ? OK : err_set(ERR_INTERNAL, "no thread for worker %u", w->count);
}

void http_workers_stop(struct http_workers *w) {
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_broadcast(&w->ready);
    pthread_mutex_unlock(&w->lock);
    for (unsigned i = 0; i < w->count; i++)
        pthread_join(w->threads[i], NULL);
    w->count = 0;
}

void http_workers_free(struct http_workers *w) {
    if (!w)
        return;
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->ready);
    free(w->threads);
    free(w);
}
