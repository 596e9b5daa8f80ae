/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kill points, for test builds. SIGNET_KILL=before:N ends the process as kill -9 does just before
 * its N-th write to the store: the work was done, and none of it is known. SIGNET_KILL=after:N does
 * it when that write is durable, and its caller, with the reply to the host in its hands, has not
 * heard of it yet.
 *
 * The linker puts these in the place of store_write and store_submit (-Wl,--wrap).
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"

enum err __wrap_store_write(struct store *s, store_work *work, void *user);
enum err __real_store_write(struct store *s, store_work *work, void *user);
void __wrap_store_submit(struct store *s, struct store_job *job);
void __real_store_submit(struct store *s, struct store_job *job);

/* Ends the process if the environment asks for it at the n-th write, on this side of it. */
static void end_here(const char *side, int n) {
    const char *wanted = getenv("SIGNET_KILL");
    char here[32];
    snprintf(here, sizeof here, "%s:%d", side, n);
    if (wanted && strcmp(wanted, here) == 0)
        raise(SIGKILL);
}

static int next_write(void) {
    static atomic_int writes;
    int n = atomic_fetch_add(&writes, 1) + 1;
    end_here("before", n);
    return n;
}

enum err __wrap_store_write(struct store *s, store_work *work, void *user) {
    int n = next_write();
    enum err e = __real_store_write(s, work, user);
    end_here("after", n);
    return e;
}

/* Jobs on their way, with what is to be called when they are done. */
struct submitted {
    struct store_job *job;
    void (*done)(struct store_job *job);
    int n;
    struct submitted *next;
};
static struct submitted *submitted;
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

static void done(struct store_job *job) {
    pthread_mutex_lock(&guard);
    struct submitted **at = &submitted;
    while ((*at)->job != job)
        at = &(*at)->next;
    struct submitted *found = *at;
    *at = found->next;
    pthread_mutex_unlock(&guard);
    end_here("after", found->n);
    found->done(job);
    free(found);
}

void __wrap_store_submit(struct store *s, struct store_job *job) {
    int n = next_write();
    struct submitted *mine = malloc(sizeof *mine);
    if (!mine)
        abort();
    pthread_mutex_lock(&guard);
    *mine = (struct submitted){job, job->done, n, submitted};
    submitted = mine;
    pthread_mutex_unlock(&guard);
    job->done = done;
    __real_store_submit(s, job);
}
