/* SPDX-License-Identifier: Apache-2.0 */
#include "server/upstream_poll.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "gateway/ask.h"
#include "server/housekeeping.h"

enum { RUNS_A_MINUTE = 60 / HOUSEKEEPING_SECONDS };

struct poll {
    struct arena arena;
    struct ask ask;
    int64_t request; /* id */
    bool answered;
    struct poll *next;
};

static struct {
    pthread_mutex_t lock; /* guards `answered` */
    pthread_cond_t moved;
    struct poll *first;
    unsigned run;
} polls = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

static void drop(struct poll *p) {
    const struct gateway_upstream *u = p->ask.upstream;
    ask_free(&p->ask);
    gateway_release(u);
    arena_free(&p->arena);
    free(p);
}

/* ---- what came ---- */

static void answered(struct ask *ask) {
    struct poll *p = ask->user;
    pthread_mutex_lock(&polls.lock);
    p->answered = true;
    pthread_cond_signal(&polls.moved);
    pthread_mutex_unlock(&polls.lock);
}

/* The first that is answered, out of the list; or NULL. */
static struct poll *take_answered(void) {
    pthread_mutex_lock(&polls.lock);
    struct poll **at = &polls.first, *found;
    while (*at && !(*at)->answered)
        at = &(*at)->next;
    found = *at;
    if (found)
        *at = found->next;
    pthread_mutex_unlock(&polls.lock);
    return found;
}

static void log_poll(const struct poll *p, const char *status, const char *reason) {
    log_write(*status == 'f' ? LOG_WARN : LOG_INFO, "gateway",
              "op=CertPoll upstream=%s request=%lld txid=%s status=%s reason=%s",
              p->ask.upstream->settings->name, (long long)p->request,
              p->ask.answer.transaction ? p->ask.answer.transaction : "-", status,
              reason ? log_q(span_str(reason)) : "-");
}

static void read_answer(const struct services *s, struct poll *p) {
    static const char *const names[] = {
        [UPSTREAM_SUCCESS] = "SUCCESS", [UPSTREAM_REFUSED] = "FAILURE",
        [UPSTREAM_PENDING] = "PENDING", [UPSTREAM_SILENT] = "failed",
        [UPSTREAM_WRONG] = "failed",    [UPSTREAM_NO_CERTREP] = "failed",
        [UPSTREAM_UNASKED] = "failed",
    };
    ask_read(&p->ask);
    const struct scep_upstream_answer *answer = &p->ask.answer;
    const struct pki *pki = pki_acquire(s->pki);
    enum err e = request_upstream_said(&s->scep, pki, &p->arena, p->request, answer);
    pki_release(pki);
    if (e == OK)
        log_poll(p, names[answer->outcome], answer->reason);
    else
        log_poll(p, "failed", err_detail());
}

/* ---- asking ---- */

static bool start(const struct services *s, const char *upstream,
                  const struct upstream_pended *pended) {
    const struct gateway_upstream *u = gateway_acquire(s->gateway, upstream);
    if (!u)
        return false;
    struct poll *p = mem_alloc(sizeof *p);
    *p = (struct poll){.request = pended->id};
    p->ask = (struct ask){
        .upstream = u,
        .arena = &p->arena,
        .csr = arena_copy(&p->arena, pended->csr),
        .poll = true,
        .done = answered,
        .user = p,
    };
    enum ask_begun begun = ask_begin(s->gateway, &p->ask);
    if (begun != ASK_BEGUN) { /* a twin is a poll of before that is under way still */
        drop(p);
        return begun == ASK_TWIN;
    }
    pthread_mutex_lock(&polls.lock);
    p->next = polls.first;
    polls.first = p;
    pthread_mutex_unlock(&polls.lock);
    ask_send(&p->ask);
    return true;
}

/* At most so many of an upstream's places at once that hosts find some. */
static size_t places_of(const struct services *s, const char *upstream) {
    const struct gateway_upstream *u = gateway_acquire(s->gateway, upstream);
    int64_t max = u ? u->settings->max_requests / 4 : 0;
    if (u)
        gateway_release(u);
    return max > 1 ? (size_t)max : 1;
}

/*
 * Each has its run of a minute by its number. When there are more than places, another part of them
 * is polled each minute.
 */
static void poll_endpoint(const struct services *s, const struct endpoint *e) {
    ARENA_AUTO(a);
    struct upstream_pended *all;
    size_t due = 0, i = 0, places = places_of(s, e->upstream);
    if (request_list_upstream(&s->scep, &a, e->name, &all) != OK) {
        log_write(LOG_ERROR, "gateway", "op=CertPoll upstream=%s status=failed reason=%s",
                  e->upstream, log_q(span_str(err_detail())));
        return;
    }
    for (const struct upstream_pended *p = all; p; p = p->next)
        due += p->id % RUNS_A_MINUTE == polls.run % RUNS_A_MINUTE;
    if (!due)
        return;
    size_t first = polls.run / RUNS_A_MINUTE * places % due;
    for (const struct upstream_pended *p = all; p; p = p->next) {
        if (p->id % RUNS_A_MINUTE != polls.run % RUNS_A_MINUTE)
            continue;
        if ((i++ + due - first) % due < places && !start(s, e->upstream, p))
            return;
    }
}

void upstream_poll_run(const struct services *s) {
    if (!s->gateway)
        return;
    for (struct poll *p; (p = take_answered());) {
        read_answer(s, p);
        drop(p);
    }
    const struct pki *pki = pki_acquire(s->pki);
    for (size_t i = 0; i < pki->endpoint_count; i++)
        if (pki->endpoints[i].upstream)
            poll_endpoint(s, &pki->endpoints[i]);
    pki_release(pki);
    polls.run++;
}

void upstream_poll_end(void) {
    for (;;) {
        for (struct poll *p; (p = take_answered());)
            drop(p);
        pthread_mutex_lock(&polls.lock);
        if (!polls.first) {
            pthread_mutex_unlock(&polls.lock);
            return;
        }
        while (!polls.first->answered)
            pthread_cond_wait(&polls.moved, &polls.lock);
        pthread_mutex_unlock(&polls.lock);
    }
}
