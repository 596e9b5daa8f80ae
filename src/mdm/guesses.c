/* SPDX-License-Identifier: Apache-2.0 */
#include "mdm/guesses.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/cores.h"
#include "base/mem.h"
#include "mdm/password.h"

struct guesses {
    pthread_mutex_t lock;
    pthread_cond_t ready;
    struct guess *first, **last; /* under the lock, as the next three */
    unsigned waiting;
    bool refusing, ending;
    pthread_mutex_t judging; /* one looks at the lockout and counts, then the next */
    pthread_t *threads;
    unsigned count;
};

/* ---- judging ---- */

static void settle(struct guess *g, enum err e) {
    g->result = e;
    if (e != OK)
        snprintf(g->detail, sizeof g->detail, "%s", err_detail());
}

static enum err listen_to(struct guess *g) {
    g->wait = lockout_wait(g->lockout, &g->who, clock_monotonic_ms());
    return g->wait ? err_set(ERR_AUTH, "too many wrong passwords; try again in %lld seconds",
                             (long long)((g->wait + 999) / 1000))
                   : OK;
}

/* Others of the asker may have been found wrong meanwhile: then he is not told of this one. */
static enum err count(struct guess *g, enum err e) {
    TRY(listen_to(g));
    if (e == OK)
        lockout_passed(g->lockout, &g->who, clock_monotonic_ms());
    else
        g->shut_out = lockout_failed(g->lockout, &g->who, clock_monotonic_ms());
    return e;
}

static enum err judge(struct guesses *s, struct guess *g) {
    TRY(listen_to(g));
    enum err e = password_check(g->password, g->hash);
    if (e != OK && e != ERR_AUTH)
        return e;
    pthread_mutex_lock(&s->judging);
    e = count(g, e);
    pthread_mutex_unlock(&s->judging);
    return e;
}

bool guess_known(struct guess *g) {
    enum err e = listen_to(g);
    if (e == OK && !password_was_right(g->password, g->hash))
        return false;
    if (e == OK)
        lockout_passed(g->lockout, &g->who, clock_monotonic_ms());
    settle(g, e);
    return true;
}

enum err guess_result(const struct guess *g) {
    return g->result == OK ? OK : err_set(g->result, "%s", g->detail);
}

/* ---- the queue ---- */

static void turn_away(struct guess *g) {
    settle(g, err_set(ERR_BUSY, "too many passwords are being checked; try again in a moment"));
    g->done(g);
}

void guess_start(struct guesses *s, struct guess *g) {
    pthread_mutex_lock(&s->lock);
    bool room = !s->refusing && s->waiting < s->count * GUESSES_WAITING;
    if (room) {
        g->next = NULL;
        *s->last = g;
        s->last = &g->next;
        s->waiting++;
        pthread_cond_signal(&s->ready);
    }
    pthread_mutex_unlock(&s->lock);
    if (!room)
        turn_away(g);
}

/* The next one, or NULL when there will be none. */
static struct guess *take(struct guesses *s) {
    pthread_mutex_lock(&s->lock);
    while (!s->first && !s->ending)
        pthread_cond_wait(&s->ready, &s->lock);
    struct guess *g = s->first;
    if (g) {
        s->first = g->next;
        s->waiting--;
    }
    if (!s->first)
        s->last = &s->first;
    pthread_mutex_unlock(&s->lock);
    return g;
}

static void *work(void *user) {
    struct guesses *s = user;
    struct guess *g;
    while ((g = take(s))) {
        settle(g, judge(s, g));
        g->done(g);
    }
    return NULL;
}

/* ---- begin and end ---- */

enum err guesses_new(struct guesses **out) {
    struct guesses *s = mem_alloc(sizeof *s);
    unsigned wanted = (cores() + 1) / 2;
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->judging, NULL);
    pthread_cond_init(&s->ready, NULL);
    s->last = &s->first;
    s->threads = mem_alloc(wanted * sizeof *s->threads);
    while (s->count < wanted && pthread_create(&s->threads[s->count], NULL, work, s) == 0)
        s->count++;
    if (s->count < wanted) {
        guesses_free(s);
        return err_set(ERR_INTERNAL, "cannot start the threads that check passwords");
    }
    *out = s;
    return OK;
}

void guesses_refuse(struct guesses *s) {
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    struct guess *g = s->first;
    s->refusing = true;
    s->first = NULL;
    s->last = &s->first;
    s->waiting = 0;
    pthread_mutex_unlock(&s->lock);
    while (g) {
        struct guess *next = g->next; /* it is gone after `done` */
        turn_away(g);
        g = next;
    }
}

void guesses_free(struct guesses *s) {
    if (!s)
        return;
    guesses_refuse(s);
    pthread_mutex_lock(&s->lock);
    s->ending = true;
    pthread_cond_broadcast(&s->ready);
    pthread_mutex_unlock(&s->lock);
    for (unsigned i = 0; i < s->count; i++)
        pthread_join(s->threads[i], NULL);
    pthread_cond_destroy(&s->ready);
    pthread_mutex_destroy(&s->judging);
    pthread_mutex_destroy(&s->lock);
    free(s->threads);
    free(s);
}
