/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The committer and the pool of reading connections.
 *
 * The committer takes all jobs that wait, runs them in one transaction and wakes their callers
 * after the COMMIT. While it syncs, the next jobs gather. Up to BATCH it also waits for more while
 * each core has work whose write is expected, as to sync at once would then only take CPU from
 * that. A single job on an idle machine is never kept waiting for company. A batch of which no job
 * wants a sync is synced later, with all that came until then.
 *
 * A job that wants none, and comes while nobody commits and no sync is due, is done by its own
 * thread: to wake another for it would take as long as the commit. Who does so has no time for
 * more: syncs and checkpoints are the committer's.
 */
#include "store/store.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/cores.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/sql.h"

/* A checkpoint every 16 MiB of WAL costs a quarter of one every 4. */
enum { BATCH = 32, GATHER_MS = 5, CHECKPOINT_PAGES = 4000 };

struct reader {
    struct tx tx;
    struct reader *next;
};

struct store {
    char *path;
    struct tx writer; /* this and the next four: of whoever has set `committing` */
    bool syncs;       /* as the writer's connection is set */
    bool wrote;       /* the last batch */
    int wal_pages;    /* since the last checkpoint */
    int64_t unsynced; /* monotonic ms, when the first commit was told that is not yet synced; 0 */
    pthread_t committer;
    pthread_mutex_t lock; /* guards everything below */
    bool committing;
    bool timed;            /* the committer waits no longer than until a sync is due */
    pthread_cond_t queued; /* there is a first job, or no reason to wait for more */
    struct store_job *first, **last;
    unsigned waiting, expected, cores;
    struct reader *idle;
    bool closing;
};

static void keep_detail(struct store_job *j, enum err e) {
    j->result = e;
    if (e != OK)
        snprintf(j->detail, sizeof j->detail, "%s", err_detail());
}

/* The first job has the whole transaction to roll back, those after it a savepoint each, for which
 * SQLite copies what they change. False: nothing of the transaction is to be kept. */
static bool run_job(struct tx *tx, struct store_job *j) {
    struct pending_line *mark = tx->pending.last;
    bool first = sqlite3_get_autocommit(tx->db);
    if (sql_run(tx, first ? "BEGIN IMMEDIATE" : "SAVEPOINT job", "") != OK)
        return false;
    keep_detail(j, j->work(tx, j->user));
    if (sqlite3_get_autocommit(tx->db)) /* SQLite itself has rolled back: disk full, I/O */
        return false;
    if (j->result == OK)
        return first || sql_run(tx, "RELEASE job", "") == OK;
    pending_drop(&tx->pending, mark);
    if (first)
        return sql_run(tx, "ROLLBACK", "") == OK;
    return sql_run(tx, "ROLLBACK TO job", "") == OK && sql_run(tx, "RELEASE job", "") == OK;
}

/* Whatever goes wrong with the transaction as a whole has gone wrong for each job in it. */
static void fail_all(struct tx *tx, struct store_job *jobs) {
    enum err e = ERR_STORE;
    pending_drop(&tx->pending, NULL);
    for (struct store_job *j = jobs; j; j = j->next)
        keep_detail(j, e);
    log_write(LOG_ERROR, "store", "commit=failed reason=%s", log_q(span_str(err_detail())));
    if (!sqlite3_get_autocommit(tx->db))
        sqlite3_exec(tx->db, "ROLLBACK", NULL, NULL, NULL);
}

/* One job that wants a sync has it for all of the batch. What was not synced before is then, too:
 * it lies in the same file (WAL). */
static bool set_sync(struct store *s, const struct store_job *jobs) {
    bool sync = false;
    for (; jobs; jobs = jobs->next)
        sync = sync || !jobs->unsynced;
    if (s->syncs != sync &&
        sqlite3_exec(s->writer.db, sync ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL",
                     NULL, NULL, NULL) != SQLITE_OK) {
        err_set(ERR_STORE, "cannot choose whether to sync: %s", sqlite3_errmsg(s->writer.db));
        return false;
    }
    s->syncs = sync;
    return true;
}

/* Called for a COMMIT that has written something. */
static int on_wal(void *user, sqlite3 *db, const char *schema, int pages) {
    struct store *s = user;
    (void)db, (void)schema;
    s->wrote = true;
    s->wal_pages = pages;
    return SQLITE_OK;
}

/* The WAL is all that a commit has written. False: it will be tried again. */
static bool sync_wal(struct store *s) {
    sqlite3_file *wal = NULL;
    int code = sqlite3_file_control(s->writer.db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
    if (code == SQLITE_OK && wal && wal->pMethods)
        code = wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
    bool good = code == SQLITE_OK;
    s->unsynced = good ? 0 : clock_monotonic_ms();
    if (!good) {
        err_set(ERR_STORE, "cannot sync the database: %s", sqlite3_errstr(code));
        log_write(LOG_ERROR, "store", "sync=failed reason=%s", log_q(span_str(err_detail())));
    }
    return good;
}

/* SQLite syncs only what it writes: a batch that wants a sync and has written nothing may rest on
 * what was told before. False: on what is not there for sure. */
static bool note_sync(struct store *s) {
    if (s->syncs && s->unsynced && !s->wrote)
        return sync_wal(s);
    if (s->syncs)
        s->unsynced = 0;
    else if (s->wrote && !s->unsynced)
        s->unsynced = clock_monotonic_ms();
    return true;
}

static bool run_jobs(struct tx *tx, struct store_job *jobs) {
    for (struct store_job *j = jobs; j; j = j->next)
        if (!run_job(tx, j))
            return false;
    /* There is no transaction where each of them has failed. */
    return sqlite3_get_autocommit(tx->db) || sql_run(tx, "COMMIT", "") == OK;
}

static void run_batch(struct store *s, struct store_job *jobs) {
    s->wrote = false;
    if (!set_sync(s, jobs) || !run_jobs(&s->writer, jobs) || !note_sync(s)) {
        fail_all(&s->writer, jobs);
        return;
    }
    pending_write(&s->writer.pending);
}

/* ---- what was told before it was synced ---- */

static int64_t ms_to_sync(const struct store *s) {
    return s->unsynced + STORE_SYNC_MS - clock_monotonic_ms();
}

static bool sync_is_due(const struct store *s) {
    return s->unsynced && ms_to_sync(s) <= 0;
}

/* It takes long, and nobody waits for it. Where a reader is in the way, the next one has more. */
static void checkpoint_if_due(struct store *s) {
    if (s->wal_pages < CHECKPOINT_PAGES)
        return;
    s->wal_pages = 0;
    int code =
        sqlite3_wal_checkpoint_v2(s->writer.db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (code != SQLITE_OK && code != SQLITE_BUSY)
        log_write(LOG_ERROR, "store", "checkpoint=failed reason=%s",
                  log_q(span_str(sqlite3_errstr(code))));
}

/* ---- the committer ---- */

static struct store_job *take_batch(struct store *s) {
    struct store_job *batch = s->first;
    s->first = NULL;
    s->last = &s->first;
    s->waiting = 0;
    return batch;
}

static bool batch_is_ready(const struct store *s) {
    return s->waiting >= BATCH || s->expected < s->cores || s->closing;
}

static struct timespec in_ms(int64_t ms) {
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_nsec += (long)ms * 1000000;
    end.tv_sec += end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    return end;
}

static bool has_work(const struct store *s) {
    return !s->committing && (s->first || s->closing || sync_is_due(s));
}

/* Until there is a job, or a sync is due. */
static void await_work(struct store *s) {
    while (!has_work(s)) {
        s->timed = !s->committing && s->unsynced;
        if (s->timed) {
            struct timespec end = in_ms(ms_to_sync(s));
            pthread_cond_timedwait(&s->queued, &s->lock, &end);
        } else {
            pthread_cond_wait(&s->queued, &s->lock);
        }
        s->timed = false;
    }
}

static void gather(struct store *s) {
    struct timespec end = in_ms(GATHER_MS);
    while (!batch_is_ready(s) && pthread_cond_timedwait(&s->queued, &s->lock, &end) == 0)
        ;
}

static void commit(struct store *s, struct store_job *batch) {
    if (batch)
        run_batch(s, batch);
    for (struct store_job *j = batch, *next; j; j = next) {
        next = j->next; /* once done, the job's memory is its caller's again */
        j->done(j);
    }
    if (sync_is_due(s))
        sync_wal(s);
    checkpoint_if_due(s);
}

static void *commit_loop(void *user) {
    struct store *s = user;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        await_work(s);
        if (!s->first && s->closing)
            break;
        if (s->first)
            gather(s);
        struct store_job *batch = take_batch(s);
        s->committing = true;
        pthread_mutex_unlock(&s->lock);
        commit(s, batch);
        pthread_mutex_lock(&s->lock);
        s->committing = false;
    }
    pthread_mutex_unlock(&s->lock);
    if (s->unsynced)
        sync_wal(s);
    return NULL;
}

void store_expect(struct store *s) {
    pthread_mutex_lock(&s->lock);
    s->expected++;
    pthread_mutex_unlock(&s->lock);
}

/* The committer sleeps; whoever makes its batch ready has to wake it. Who commits looks again. */
static void wake_committer(struct store *s) {
    if (s->first && !s->committing && batch_is_ready(s))
        pthread_cond_signal(&s->queued);
}

void store_withdraw(struct store *s) {
    pthread_mutex_lock(&s->lock);
    s->expected--;
    wake_committer(s);
    pthread_mutex_unlock(&s->lock);
}

/* With the lock. */
static void enqueue(struct store *s, struct store_job *j) {
    bool first = !s->first;
    *s->last = j;
    s->last = &j->next;
    s->waiting++;
    if (!s->committing && (first || batch_is_ready(s)))
        pthread_cond_signal(&s->queued);
}

/* In the job's own thread. The committer has what came meanwhile, and the sync. */
static void commit_here(struct store *s, struct store_job *j) {
    run_batch(s, j);
    j->done(j);
    pthread_mutex_lock(&s->lock);
    s->committing = false;
    if (s->first || s->closing || (s->unsynced && !s->timed))
        pthread_cond_signal(&s->queued);
    pthread_mutex_unlock(&s->lock);
}

void store_submit(struct store *s, struct store_job *j) {
    j->next = NULL;
    pthread_mutex_lock(&s->lock);
    bool here = j->unsynced && !s->committing && !s->first && !sync_is_due(s);
    if (here)
        s->committing = true;
    else
        enqueue(s, j);
    pthread_mutex_unlock(&s->lock);
    if (here)
        commit_here(s, j);
}

enum err store_result(const struct store_job *j) {
    return j->result == OK ? OK : err_set(j->result, "%s", j->detail);
}

struct waiting_job {
    struct store_job job; /* first */
    sem_t done;
};

static void wake(struct store_job *j) {
    sem_post(&((struct waiting_job *)j)->done);
}

enum err store_write(struct store *s, store_work *work, void *user) {
    struct waiting_job w = {.job = {.work = work, .user = user, .done = wake}};
    sem_init(&w.done, 0, 0);
    store_submit(s, &w.job);
    while (sem_wait(&w.done) != 0) /* EINTR */
        ;
    sem_destroy(&w.done);
    return store_result(&w.job);
}

static enum err no_work(struct tx *tx, void *user) {
    (void)tx, (void)user;
    return OK;
}

void store_drain(struct store *s) {
    if (s && store_write(s, no_work, NULL) != OK)
        log_write(LOG_ERROR, "store", "drain=failed reason=%s", log_q(span_str(err_detail())));
}

/* ---- opening and closing ---- */

enum err store_open(const char *path, struct store **out) {
    struct store *s = mem_alloc(sizeof *s);
    s->path = mem_strdup(path);
    s->last = &s->first;
    pthread_mutex_init(&s->lock, NULL);
    s->cores = cores();
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->queued, &monotonic);
    pthread_condattr_destroy(&monotonic);
    s->syncs = true; /* sql_connect */
    enum err e = sql_connect(path, true, &s->writer);
    if (e == OK)
        e = schema_upgrade(&s->writer);
    if (e == OK)
        sqlite3_wal_hook(s->writer.db, on_wal, s); /* instead of SQLite's own checkpoints */
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
    pthread_cond_destroy(&s->queued);
    pthread_mutex_destroy(&s->lock);
    free(s->path);
    free(s);
}

/* ---- reading ---- */

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
