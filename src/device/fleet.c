/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One lock guards the members' states, times and `busy`, and the troubles. A step runs without it:
 * the thread that has set `busy` owns the host.
 */
#include "device/fleet.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "device/fleet_member.h"

struct fleet {
    struct fleet_settings settings;
    struct fleet_member *members;
    struct key_pool keys;
    pthread_t threads[FLEET_THREADS_MAX];
    unsigned started;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a host came back, or all is over */
    struct fleet_trouble troubles[FLEET_TROUBLES];
    size_t trouble_count;
    bool stop;
};

/* ---- troubles ---- */

static bool is_same(const struct fleet_trouble *a, const struct fleet_trouble *b) {
    return a->kind == b->kind && a->hresult == b->hresult &&
           (a->hresult || strcmp(a->text, b->text) == 0);
}

static void note(struct fleet *f, const struct fleet_trouble *t) {
    size_t i = 0;
    while (i < f->trouble_count && !is_same(&f->troubles[i], t))
        i++;
    if (i == FLEET_TROUBLES)
        i--;
    if (i == f->trouble_count)
        f->troubles[f->trouble_count++] = *t;
    else
        f->troubles[i].count += t->count;
}

/* ---- who is next ---- */

static bool is_done(const struct fleet_member *m) {
    return m->state == FLEET_SETTLED || m->state == FLEET_FAILED;
}

/*
 * Of those that are due, who has come farthest: a host that has begun is not held up by those that
 * have not, so that their waiting for a thread is in nobody's time to the certificate.
 */
static bool goes_before(const struct fleet_member *a, const struct fleet_member *b, int64_t now) {
    bool both_due = a->due_ms <= now && b->due_ms <= now;
    return both_due && a->state != b->state ? a->state > b->state : a->due_ms < b->due_ms;
}

/* Who is next, due or not; NULL when all are done or at work. A step takes so much longer than a
 * look at each host that a better order would not be noticed. */
static struct fleet_member *next_member(struct fleet *f) {
    struct fleet_member *next = NULL;
    int64_t now = clock_monotonic_ms();
    for (int64_t i = 0; i < f->settings.hosts; i++) {
        struct fleet_member *m = &f->members[i];
        if (!m->busy && !is_done(m) && (!next || goes_before(m, next, now)))
            next = m;
    }
    return next;
}

static bool is_over(const struct fleet *f) {
    for (int64_t i = 0; i < f->settings.hosts; i++)
        if (!is_done(&f->members[i]))
            return false;
    return true;
}

/* Until the time comes, or something changes. */
static void wait_until(struct fleet *f, int64_t ms) {
    struct timespec at = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    pthread_cond_timedwait(&f->changed, &f->lock, &at);
}

/* Waits for a host that is due, and takes it; NULL when there is no more work. */
static struct fleet_member *take(struct fleet *f) {
    while (!f->stop && !is_over(f)) {
        struct fleet_member *m = next_member(f);
        if (!m)
            pthread_cond_wait(&f->changed, &f->lock);
        else if (m->due_ms > clock_monotonic_ms())
            wait_until(f, m->due_ms);
        else {
            m->busy = true;
            return m;
        }
    }
    return NULL;
}

static void put_back(struct fleet *f, struct fleet_member *m, const struct fleet_member *now,
                     const struct fleet_trouble *trouble) {
    *m = *now;
    m->busy = false;
    if (trouble->count)
        note(f, trouble);
    pthread_cond_broadcast(&f->changed);
}

static void *work(void *fleet) {
    struct fleet *f = fleet;
    struct fleet_member *m;
    pthread_mutex_lock(&f->lock);
    while ((m = take(f))) {
        struct fleet_member now = *m;
        struct fleet_trouble trouble;
        pthread_mutex_unlock(&f->lock);
        fleet_member_step(&now, &f->settings, &trouble);
        pthread_mutex_lock(&f->lock);
        put_back(f, m, &now, &trouble);
    }
    pthread_mutex_unlock(&f->lock);
    return NULL;
}

/* ---- the fleet ---- */

static enum err check(const struct fleet_settings *s) {
    if (s->hosts < 1 || s->hosts > FLEET_HOSTS_MAX)
        return err_set(ERR_USAGE, "a fleet has 1 to %d hosts", FLEET_HOSTS_MAX);
    if (s->threads < 1 || s->threads > FLEET_THREADS_MAX)
        return err_set(ERR_USAGE, "a fleet has 1 to %d threads", FLEET_THREADS_MAX);
    return OK;
}

static void init_lock(struct fleet *f) {
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&f->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&f->lock, NULL);
}

enum err fleet_open(const struct fleet_settings *s, struct fleet **out) {
    TRY(check(s));
    struct fleet *f = mem_alloc(sizeof *f);
    enum err e = key_pool_make(&f->keys, (size_t)s->shared_keys);
    f->settings = *s;
    f->members = mem_alloc((size_t)s->hosts * sizeof *f->members);
    init_lock(f);
    for (int64_t i = 0; e == OK && i < s->hosts; i++)
        e = fleet_member_open(&f->members[i], s, &f->keys, i);
    if (e == OK)
        *out = f;
    else
        fleet_close(f);
    return e;
}

void fleet_start(struct fleet *f) {
    for (; f->started < f->settings.threads; f->started++)
        if (pthread_create(&f->threads[f->started], NULL, work, f) != 0)
            abort(); /* as for memory */
}

void fleet_count(struct fleet *f, struct fleet_counts *out) {
    *out = (struct fleet_counts){0};
    pthread_mutex_lock(&f->lock);
    for (int64_t i = 0; i < f->settings.hosts; i++)
        out->states[f->members[i].state]++;
    out->over = is_over(f);
    pthread_mutex_unlock(&f->lock);
}

void fleet_stop(struct fleet *f) {
    pthread_mutex_lock(&f->lock);
    f->stop = true;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    while (f->started)
        pthread_join(f->threads[--f->started], NULL);
}

enum err fleet_save(struct fleet *f) {
    enum err first = OK;
    char why[512] = "";
    long long lost = 0;
    for (int64_t i = 0; f->settings.dir && i < f->settings.hosts; i++) {
        enum err e = fleet_member_save(&f->members[i]);
        if (e != OK && first == OK)
            snprintf(why, sizeof why, "%s", err_detail());
        first = first == OK ? e : first;
        lost += e != OK;
    }
    return first == OK ? OK
                       : err_set(first, "%s (%lld of %lld hosts are not kept)", why, lost,
                                 (long long)f->settings.hosts);
}

const struct fleet_member *fleet_members(const struct fleet *f) {
    return f->members;
}

const struct fleet_trouble *fleet_troubles(const struct fleet *f, size_t *count) {
    *count = f->trouble_count;
    return f->troubles;
}

void fleet_close(struct fleet *f) {
    if (!f)
        return;
    for (int64_t i = 0; i < f->settings.hosts; i++)
        host_close(f->members[i].host);
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    key_pool_free(&f->keys);
    free(f->members);
    free(f);
}
