/* SPDX-License-Identifier: Apache-2.0 */
/* The thread of a loop: takes what was added, lets curl work, tells what is done. */
#include "fetch/loop.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "fetch/wait.h"

/* Not a code that curl ends with here. */
#define STOPPED CURLE_OBSOLETE20

enum loop_mode { LOOP_WORKS, LOOP_REFUSES, LOOP_STOPS };

struct loop {
    struct wait wait;
    pthread_t thread;
    struct transfer *running;
    pthread_mutex_t lock; /* of what follows */
    struct fetch_job *first, **end;
    enum loop_mode mode;
};

/* ---- what others call ---- */

/* Only the first of a batch wakes: the thread takes all that there is before it waits again. */
void loop_add(struct loop *l, struct fetch_job *job) {
    job->next = NULL;
    pthread_mutex_lock(&l->lock);
    bool wake = !l->first;
    *l->end = job;
    l->end = &job->next;
    pthread_mutex_unlock(&l->lock);
    if (wake)
        wait_wake(&l->wait);
}

static struct fetch_job *take_all(struct loop *l, enum loop_mode *mode) {
    pthread_mutex_lock(&l->lock);
    struct fetch_job *first = l->first;
    l->first = NULL;
    l->end = &l->first;
    *mode = l->mode;
    pthread_mutex_unlock(&l->lock);
    return first;
}

/* ---- one job ---- */

static void tell(struct fetch_job *job, enum err result) {
    job->result = result;
    snprintf(job->detail, sizeof job->detail, "%s", result == OK ? "" : err_detail());
    job->done(job);
}

static void tell_busy(struct fetch_job *job) {
    job->reply.cause = FETCH_RESET;
    tell(job, err_set(ERR_BUSY, "not asked, or not to the end: signet stops"));
}

static void link_running(struct loop *l, struct transfer *t) {
    t->prev = NULL;
    t->next = l->running;
    if (t->next)
        t->next->prev = t;
    l->running = t;
}

static void unlink_running(struct loop *l, struct transfer *t) {
    if (t->prev)
        t->prev->next = t->next;
    else
        l->running = t->next;
    if (t->next)
        t->next->prev = t->prev;
}

/* Nothing of the peer is touched once the job is told: its owner may free both. */
static void finish(struct loop *l, struct transfer *t, CURLcode code) {
    struct fetch_job *job = t->job;
    curl_multi_remove_handle(l->wait.multi, t->easy.curl);
    unlink_running(l, t);
    enum err e = easy_end(&t->easy, &job->request, code);
    peer_give(job->peer, t);
    if (code == STOPPED)
        tell_busy(job);
    else
        tell(job, e);
}

static void start(struct loop *l, struct fetch_job *job) {
    struct transfer *t = peer_take(job->peer);
    enum err e = easy_begin(&t->easy, &job->request, &job->reply);
    if (e != OK) {
        peer_give(job->peer, t);
        tell(job, e);
        return;
    }
    t->job = job;
    link_running(l, t);
    if (curl_multi_add_handle(l->wait.multi, t->easy.curl) != CURLM_OK)
        finish(l, t, CURLE_FAILED_INIT);
}

static void start_all(struct loop *l, struct fetch_job *waiting) {
    for (struct fetch_job *job = waiting, *next; job; job = next) {
        next = job->next;
        start(l, job);
    }
}

/* ---- the thread ---- */

static void finish_done(struct loop *l) {
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(l->wait.multi, &left));) {
        struct transfer *t = NULL;
        CURLcode code = m->data.result; /* `m` does not outlive the handle's stay */
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
        finish(l, t, code);
    }
}

static void end_all(struct loop *l, struct fetch_job *waiting) {
    while (l->running)
        finish(l, l->running, STOPPED);
    for (struct fetch_job *job = waiting, *next; job; job = next) {
        next = job->next;
        job->reply.unsent = true;
        tell_busy(job);
    }
}

static void *run(void *arg) {
    struct loop *l = arg;
    enum loop_mode mode;
    for (;;) {
        struct fetch_job *waiting = take_all(l, &mode);
        if (mode == LOOP_WORKS)
            start_all(l, waiting);
        else
            end_all(l, waiting);
        if (mode == LOOP_STOPS)
            return NULL;
        wait_work(&l->wait);
        finish_done(l);
    }
}

/* ---- beginning and end ---- */

static int start_thread(struct loop *l) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int failed = pthread_create(&l->thread, NULL, run, l);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

enum err loop_new(struct loop **out) {
    struct loop *l = mem_alloc(sizeof *l);
    easy_init();
    l->end = &l->first;
    pthread_mutex_init(&l->lock, NULL);
    enum err e = wait_open(&l->wait);
    if (e == OK && start_thread(l) != 0)
        e = err_set(ERR_INTERNAL, "no thread can be started to ask other servers");
    if (e == OK)
        *out = l;
    else
        loop_free(l);
    return e;
}

static void set_mode(struct loop *l, enum loop_mode mode) {
    pthread_mutex_lock(&l->lock);
    l->mode = mode;
    pthread_mutex_unlock(&l->lock);
    wait_wake(&l->wait);
}

void loop_refuse(struct loop *l) {
    set_mode(l, LOOP_REFUSES);
}

void loop_stop(struct loop *l) {
    set_mode(l, LOOP_STOPS);
    pthread_join(l->thread, NULL);
}

bool loop_drop(struct loop *l) {
    enum loop_mode mode;
    struct fetch_job *waiting = take_all(l, &mode);
    end_all(l, waiting);
    return waiting;
}

void loop_free(struct loop *l) {
    if (!l)
        return;
    wait_close(&l->wait);
    pthread_mutex_destroy(&l->lock);
    free(l);
}
