/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The committer and the pool of reading connections.
 *
 * The committer takes all jobs that wait, up to BATCH, runs them in one transaction and wakes their
 * callers after the COMMIT. While it syncs, the next jobs gather: under load batches grow by
 * themselves, and a single job is never kept waiting for company.
 */
#include "store/store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/sql.h"

enum { BATCH = 32, DETAIL = 512 };

struct job {
    store_work *work;
    void *user;
    enum err result;
    char detail[DETAIL];
    bool done;
    struct job *next;
};

struct reader {
    struct tx tx;
    struct reader *next;
};

struct store {
    char *path;
    struct tx writer; /* the committer's own */
    pthread_t committer;
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t queued, finished;
    struct job *first, **last;
    struct reader *idle;
    bool closing;
};

static void keep_detail(struct job *j, enum err e) {
    j->result = e;
    if (e != OK)
        snprintf(j->detail, sizeof j->detail, "%s", err_detail());
}

static void run_job(struct tx *tx, struct job *j) {
    struct pending_line *mark = tx->pending.last;
    enum err e = sql_run(tx, "SAVEPOINT job", "");
    if (e == OK) {
        e = j->work(tx, j->user);
        if (e != OK) {
            keep_detail(j, e);
            pending_drop(&tx->pending, mark);
            if (sql_run(tx, "ROLLBACK TO job", "") != OK || sql_run(tx, "RELEASE job", "") != OK)
                log_write(LOG_ERROR, "store", "rollback=failed reason=%s",
                          log_q(span_str(err_detail())));
            return;
        }
        e = sql_run(tx, "RELEASE job", "");
    }
    keep_detail(j, e);
}

/* Whatever goes wrong with the transaction as a whole has gone wrong for each job in it. */
static void fail_all(struct tx *tx, struct job *jobs) {
    enum err e = ERR_STORE;
    pending_drop(&tx->pending, NULL);
    for (struct job *j = jobs; j; j = j->next)
        keep_detail(j, e);
    log_write(LOG_ERROR, "store", "commit=failed reason=%s", log_q(span_str(err_detail())));
    if (!sqlite3_get_autocommit(tx->db))
        sqlite3_exec(tx->db, "ROLLBACK", NULL, NULL, NULL);
}

static void run_batch(struct tx *tx, struct job *jobs) {
    if (sql_run(tx, "BEGIN IMMEDIATE", "") != OK) {
        fail_all(tx, jobs);
        return;
    }
    for (struct job *j = jobs; j; j = j->next) {
        run_job(tx, j);
        if (sqlite3_get_autocommit(tx->db)) { /* SQLite itself has rolled back: disk full, I/O */
            fail_all(tx, jobs);
            return;
        }
    }
    if (sql_run(tx, "COMMIT", "") != OK)
        fail_all(tx, jobs);
    else
        pending_write(&tx->pending);
}

static struct job *take_batch(struct store *s) {
    struct job *batch = s->first, **end = &s->first;
    for (int n = 0; *end && n < BATCH; n++)
        end = &(*end)->next;
    s->first = *end;
    if (!s->first)
        s->last = &s->first;
    *end = NULL;
    return batch;
}

static void *commit_loop(void *user) {
    struct store *s = user;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        while (!s->first && !s->closing)
            pthread_cond_wait(&s->queued, &s->lock);
        if (!s->first)
            break;
        struct job *batch = take_batch(s);
        pthread_mutex_unlock(&s->lock);
        run_batch(&s->writer, batch);
        pthread_mutex_lock(&s->lock);
        for (struct job *j = batch, *next; j; j = next) {
            next = j->next; /* once done, the job's memory is its caller's again */
            j->done = true;
        }
        pthread_cond_broadcast(&s->finished);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

enum err store_open(const char *path, struct store **out) {
    struct store *s = mem_alloc(sizeof *s);
    s->path = mem_strdup(path);
    s->last = &s->first;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->queued, NULL);
    pthread_cond_init(&s->finished, NULL);
    enum err e = sql_connect(path, true, &s->writer);
    if (e == OK)
        e = schema_upgrade(&s->writer);
    if (e == OK && pthread_create(&s->committer, NULL, commit_loop, s) != 0)
        e = err_set(ERR_INTERNAL, "cannot start the committer's thread");
    if (e != OK) {
        sql_disconnect(&s->writer);
        free(s->path);
        free(s);
        return e;
    }
    *out = s;
    return OK;
}

void store_close(struct store *s) {
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->closing = true;
    pthread_cond_signal(&s->queued);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->committer, NULL);
    for (struct reader *r = s->idle, *next; r; r = next) {
        next = r->next;
        sql_disconnect(&r->tx);
        free(r);
    }
    sql_disconnect(&s->writer);
    pthread_cond_destroy(&s->finished);
    pthread_cond_destroy(&s->queued);
    pthread_mutex_destroy(&s->lock);
    free(s->path);
    free(s);
}

enum err store_write(struct store *s, store_work *work, void *user) {
    struct job j = {.work = work, .user = user};
    pthread_mutex_lock(&s->lock);
    *s->last = &j;
    s->last = &j.next;
    pthread_cond_signal(&s->queued);
    while (!j.done)
        pthread_cond_wait(&s->finished, &s->lock);
    pthread_mutex_unlock(&s->lock);
    return j.result == OK ? OK : err_set(j.result, "%s", j.detail);
}

static enum err take_reader(struct store *s, struct reader **out) {
    pthread_mutex_lock(&s->lock);
    struct reader *r = s->idle;
    if (r)
        s->idle = r->next;
    pthread_mutex_unlock(&s->lock);
    if (!r) {
        r = mem_alloc(sizeof *r);
        enum err e = sql_connect(s->path, false, &r->tx);
        if (e != OK) {
            free(r);
            return e;
        }
    }
    *out = r;
    return OK;
}

/* Keeps the detail of the work's error; ending what only read cannot fail in a way that matters. */
static void end_reading(struct tx *tx) {
    sqlite3_stmt *rows;
    enum err e;
    if (sql_query(tx, &rows, "COMMIT", "") == OK && !sql_next(rows, &e))
        sql_end(rows);
}

enum err store_read(struct store *s, store_work *work, void *user) {
    struct reader *r;
    TRY(take_reader(s, &r));
    enum err e = sql_run(&r->tx, "BEGIN", "");
    if (e == OK) {
        e = work(&r->tx, user);
        end_reading(&r->tx);
    }
    pthread_mutex_lock(&s->lock);
    r->next = s->idle;
    s->idle = r;
    pthread_mutex_unlock(&s->lock);
    return e;
}
