/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database: SQLite in WAL mode with synchronous=FULL.
 *
 * One thread writes at a time: the committer, which joins those that wait into one transaction, or
 * the thread of an unsynced job while nobody else commits and no sync is due. Each job has a
 * savepoint of its own, so that one that fails takes nothing with it. Syncs and checkpoints are the
 * committer's. store_write returns when its work is durable, with all that was committed before:
 * what it promises may then leave the house. Reads run beside it on connections of their own and
 * see one snapshot.
 *
 * The functions on objects (store/device.h and its neighbours) take the struct tx that the work
 * gets. Strings that they return live in the arena given to them.
 */
#ifndef SIGNET_STORE_STORE_H
#define SIGNET_STORE_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"

struct store;
struct tx;

/*
 * Opens or makes the database and brings its schema up to date. ERR_STORE; ERR_CONFLICT when a
 * newer signet has written it.
 */
enum err store_open(const char *path, struct store **out) ERR_MUST_USE;

/* Finishes what is queued and says so to its owners, checkpoints, closes. NULL is allowed. */
void store_close(struct store *s);

/*
 * Work on the database. An error rolls back what this work wrote and is returned to its caller,
 * with the detail line. Runs in the committer's thread for store_write and store_submit, in the
 * caller's for store_read and perhaps for an unsynced job; it must not call any of them. No two
 * works run at once but those of store_read.
 */
typedef enum err store_work(struct tx *tx, void *user);

/* Blocks until the work is committed durably, or has failed. Thread-safe. */
enum err store_write(struct store *s, store_work *work, void *user) ERR_MUST_USE;

enum { STORE_SYNC_MS = 50 };

/* store_write for those who do not wait. The job is its owner's again when `done` is called. */
struct store_job {
    store_work *work;
    void *user;
    void (*done)(struct store_job *job); /* in the thread that committed: takes no time */
    /*
     * Told before it is synced: when `done` is called it survives an end of this process, and
     * within STORE_SYNC_MS an end of the machine. For what nobody should wait for. It may be
     * committed, and `done` called, from within store_submit.
     */
    bool unsynced;
    enum err result;
    char detail[512];
    struct store_job *next;
};
void store_submit(struct store *s, struct store_job *job);

/* Waits until all that was submitted before is done and told. NULL is allowed. */
void store_drain(struct store *s);

/* The job's result, with its detail line. */
enum err store_result(const struct store_job *job) ERR_MUST_USE;

/*
 * Says that this thread computes something that will be written, until store_withdraw. While every
 * core is busy so, the committer waits a few ms for more to sync at once. Thread-safe.
 */
void store_expect(struct store *s);
void store_withdraw(struct store *s);

/*
 * A log line (base/log.h) that is written when, and only when, the work that it tells of is
 * committed. `topic` is a literal. For works of store_write.
 */
void store_log(struct tx *tx, enum log_level level, const char *topic, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Runs the work on a consistent snapshot; it must not write. Thread-safe. */
enum err store_read(struct store *s, store_work *work, void *user) ERR_MUST_USE;

/*
 * A copy of the database at `path` in a new file `out` (0600), as it is at one moment; also while a
 * server writes to it, and without keeping it from that. ERR_EXISTS, ERR_NOT_FOUND, ERR_STORE.
 */
enum err store_backup(const char *path, const char *out) ERR_MUST_USE;

#endif
