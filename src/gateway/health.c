/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether an upstream can be reached, and how much it is asked at once. A failure of transport is
 * that no HTTP answer came: its name, the connection, TLS, silence, no HTTP. After FAILURES of them
 * in a row the breaker opens: nobody waits for a dead server, until one request in TRIAL_MS, or the
 * minute's learning, gets an answer again.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "gateway/internal.h"

enum { FAILURES = 5, TRIAL_MS = 10000 };

struct upstream_health {
    atomic_uint users;
    char *name;
    unsigned max_requests;
    pthread_mutex_t lock; /* of what follows */
    enum gateway_health state;
    int64_t since; /* ms */
    unsigned running, failures;
    int64_t next_try;  /* monotonic ms, while it is down */
    char reason[300];  /* of the last failure of transport; cleared by an answer */
    char trouble[300]; /* with what it offers */
};

struct upstream_health *health_new(const char *name, unsigned max_requests) {
    struct upstream_health *h = mem_alloc(sizeof *h);
    atomic_init(&h->users, 1);
    h->name = mem_strdup(name);
    h->max_requests = max_requests;
    h->state = GATEWAY_UNKNOWN;
    pthread_mutex_init(&h->lock, NULL);
    return h;
}

struct upstream_health *health_share(struct upstream_health *h) {
    atomic_fetch_add_explicit(&h->users, 1, memory_order_relaxed);
    return h;
}

void health_release(struct upstream_health *h) {
    if (atomic_fetch_sub_explicit(&h->users, 1, memory_order_acq_rel) != 1)
        return;
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

/* A body beyond the limit is an answer, too; a job that the pool has ended tells nothing. */
static void note(struct upstream_health *h, const struct fetch_job *job) {
    if (job->result == ERR_BUSY || job->reply.cause == FETCH_URL)
        return;
    if (job->reply.cause != FETCH_OK && job->reply.cause != FETCH_LIMIT) {
        has_failed(h, job);
        return;
    }
    h->failures = 0;
    h->reason[0] = '\0';
    set_state(h, GATEWAY_UP);
}

void health_note(struct upstream_health *h, const struct fetch_job *job) {
    pthread_mutex_lock(&h->lock);
    note(h, job);
    pthread_mutex_unlock(&h->lock);
}

void health_offers(struct upstream_health *h, const char *trouble) {
    pthread_mutex_lock(&h->lock);
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

enum err gateway_enter(const struct gateway_upstream *u) {
    struct upstream_health *h = u->health;
    pthread_mutex_lock(&h->lock);
    enum err e = take_leave(h, clock_monotonic_ms());
    pthread_mutex_unlock(&h->lock);
    return e;
}

void gateway_leave(const struct gateway_upstream *u, const struct fetch_job *job) {
    struct upstream_health *h = u->health;
    pthread_mutex_lock(&h->lock);
    h->running--;
    note(h, job);
    pthread_mutex_unlock(&h->lock);
}

void health_status(struct upstream_health *h, struct arena *a, struct gateway_status *out) {
    pthread_mutex_lock(&h->lock);
    const char *reason = *h->reason ? h->reason : h->trouble;
    *out = (struct gateway_status){
        .health = h->state,
        .reason = *reason ? arena_str(a, span_str(reason)) : NULL,
        .since = h->since,
        .running = h->running,
    };
    pthread_mutex_unlock(&h->lock);
}
