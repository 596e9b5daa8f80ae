/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether an upstream can be reached, and how much it is asked at once. A failure of transport is
 * that no HTTP answer came: its name, the connection, TLS, silence, no HTTP. After FAILURES of them
 * in a row the breaker opens: nobody waits for a dead server, until one request in TRIAL_MS, or the
 * minute's learning, gets an answer again.
 *
 * What broke after the connection stood may be the fault of what was asked: a host can send what
 * makes its upstream hang up or hang. So such a failure counts once for each asker until an answer
 * comes; a single host does not close the upstream for all.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "gateway/internal.h"

enum { FAILURES = 5, TRIAL_MS = 10000, ASKER_SIZE = 64, PAGE_REQUESTS = 3 };

struct upstream_health {
    atomic_uint users;
    char *name;
    struct upstream_health *page; /* of its mscep_admin page; NULL: this is one */
    unsigned max_requests;
    pthread_mutex_t lock; /* of what follows */
    enum gateway_health state;
    int64_t since; /* ms */
    unsigned running, failures;
    char askers[FAILURES][ASKER_SIZE]; /* whose failures count already; "": free */
    int64_t next_try;                  /* monotonic ms, while it is down */
    char reason[300];                  /* of the last failure of transport; cleared by an answer */
    char trouble[300];                 /* with what it offers; "": none */
    int64_t troubled;                  /* since when, ms */
};

static struct upstream_health *make(const char *name, unsigned max_requests) {
    struct upstream_health *h = mem_alloc(sizeof *h);
    atomic_init(&h->users, 1);
    h->name = mem_strdup(name);
    h->max_requests = max_requests;
    h->state = GATEWAY_UNKNOWN;
    pthread_mutex_init(&h->lock, NULL);
    return h;
}

/* The page is another server as far as it matters here, and each answer of it costs a password. */
struct upstream_health *health_new(const char *name, unsigned max_requests) {
    ARENA_AUTO(a);
    struct upstream_health *h = make(name, max_requests);
    h->page = make(arena_printf(&a, "%s/mscep_admin", name), PAGE_REQUESTS);
    return h;
}

struct upstream_health *health_page(struct upstream_health *h) {
    return h->page;
}

struct upstream_health *health_share(struct upstream_health *h) {
    atomic_fetch_add_explicit(&h->users, 1, memory_order_relaxed);
    return h;
}

void health_release(struct upstream_health *h) {
    if (atomic_fetch_sub_explicit(&h->users, 1, memory_order_acq_rel) != 1)
        return;
    if (h->page)
        health_release(h->page);
    pthread_mutex_destroy(&h->lock);
    free(h->name);
    free(h);
}

/* ---- what came ---- */

static void set_state(struct upstream_health *h, enum gateway_health state) {
    if (h->state == state)
        return;
    if (state == GATEWAY_DOWN)
        log_write(LOG_WARN, "gateway", "upstream=%s health=down failures=%u reason=%s", h->name,
                  h->failures, log_q(span_str(h->reason)));
    else if (h->state == GATEWAY_DOWN)
        log_write(LOG_INFO, "gateway", "upstream=%s health=up", h->name);
    h->state = state;
    h->since = clock_ms();
}

static void has_failed(struct upstream_health *h, const struct fetch_job *job) {
    ARENA_AUTO(a);
    snprintf(h->reason, sizeof h->reason, "%s", text_claim(&a, span_str(job->detail), 250));
    if (++h->failures >= FAILURES) {
        set_state(h, GATEWAY_DOWN);
        h->next_try = clock_monotonic_ms() + TRIAL_MS;
    }
}

/* Whether the asker's failure is his first since the last answer. */
static bool is_first_of(struct upstream_health *h, const char *asker) {
    char key[ASKER_SIZE];
    snprintf(key, sizeof key, "%s", asker);
    for (size_t i = 0; i < FAILURES; i++) {
        if (strcmp(h->askers[i], key) == 0)
            return false;
        if (!*h->askers[i]) {
            memcpy(h->askers[i], key, sizeof key);
            return true;
        }
    }
    return true; /* more than FAILURES: the breaker is open */
}

/* A body beyond the limit is an answer, too; a job that the pool has ended tells nothing, nor does
 * what failed on our side. */
static void note(struct upstream_health *h, const struct fetch_job *job, const char *asker) {
    enum fetch_cause cause = job->reply.cause;
    if (job->result == ERR_BUSY || cause == FETCH_URL || cause == FETCH_LOCAL)
        return;
    if (cause != FETCH_OK && cause != FETCH_LIMIT) {
        if (!asker || fetch_was_unsent(&job->reply) || is_first_of(h, asker))
            has_failed(h, job);
        return;
    }
    h->failures = 0;
    memset(h->askers, 0, sizeof h->askers);
    h->reason[0] = '\0';
    set_state(h, GATEWAY_UP);
}

void health_note(struct upstream_health *h, const struct fetch_job *job) {
    pthread_mutex_lock(&h->lock);
    note(h, job, NULL);
    pthread_mutex_unlock(&h->lock);
}

void health_offers(struct upstream_health *h, const char *trouble) {
    pthread_mutex_lock(&h->lock);
    if (!trouble || !*h->trouble || *h->reason) /* who is not reached cannot be understood */
        h->troubled = trouble ? clock_ms() : 0;
    snprintf(h->trouble, sizeof h->trouble, "%s", trouble ? trouble : "");
    pthread_mutex_unlock(&h->lock);
}

/* ---- leave to ask ---- */

static enum err take_leave(struct upstream_health *h, int64_t now) {
    if (h->running >= h->max_requests)
        return err_set(ERR_BUSY, "%u requests to the upstream '%s' are under way already",
                       h->running, h->name);
    if (h->state == GATEWAY_DOWN && now < h->next_try)
        return err_set(ERR_BUSY, "the upstream '%s' is down (%s): it is tried again in %d s",
                       h->name, h->reason, (int)((h->next_try - now + 999) / 1000));
    h->next_try = now + TRIAL_MS; /* means something only while it is down */
    h->running++;
    return OK;
}

enum err health_enter(struct upstream_health *h) {
    pthread_mutex_lock(&h->lock);
    enum err e = take_leave(h, clock_monotonic_ms());
    pthread_mutex_unlock(&h->lock);
    return e;
}

void health_leave(struct upstream_health *h, const struct fetch_job *job, const char *asker) {
    pthread_mutex_lock(&h->lock);
    h->running--;
    note(h, job, asker);
    pthread_mutex_unlock(&h->lock);
}

enum err gateway_enter(const struct gateway_upstream *u) {
    return health_enter(u->health);
}

void gateway_leave(const struct gateway_upstream *u, const struct fetch_job *job,
                   const char *asker) {
    health_leave(u->health, job, asker);
}

void health_status(struct upstream_health *h, struct arena *a, struct gateway_status *out) {
    pthread_mutex_lock(&h->lock);
    *out = (struct gateway_status){
        .health = h->state,
        .reason = *h->reason ? arena_str(a, span_str(h->reason)) : NULL,
        .trouble = *h->trouble ? arena_str(a, span_str(h->trouble)) : NULL,
        .troubled = h->troubled,
        .since = h->since,
        .running = h->running,
    };
    pthread_mutex_unlock(&h->lock);
}
