/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each file has one log of the writes and truncations since its last sync, shared by all of its
 * handles. A read takes what the real file has and replays the log over it; a sync replays the log
 * to the real file and empties it. Slow for long logs, and plainly right.
 *
 * One lock guards all logs. It is never held while SQLite waits for a file lock.
 */
#include "forgetful_vfs.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

struct change {
    struct change *next;
    sqlite3_int64 at; /* offset of the write, or the new size */
    int n;            /* bytes written; -1: a truncation */
    unsigned char bytes[];
};

struct log {
    struct log *next;
    unsigned handles;
    sqlite3_int64 size; /* of the file with the changes; means nothing while there are none */
    struct change *first, **last;
    char path[];
};

struct file {
    sqlite3_file base;
    struct log *log;
    sqlite3_file *real; /* behind this struct */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct log *logs; /* by path; under the lock, as all they hold */
static sqlite3_vfs *below;

static struct log *log_of(sqlite3_file *f) {
    return ((struct file *)f)->log;
}

static sqlite3_file *real_of(sqlite3_file *f) {
    return ((struct file *)f)->real;
}

/* ---- the log ---- */

static struct log *find_log(const char *path) {
    struct log *l = logs;
    while (l && strcmp(l->path, path) != 0)
        l = l->next;
    return l;
}

static struct log *open_log(const char *path) {
    struct log *l = find_log(path);
    if (!l) {
        size_t n = strlen(path) + 1;
        l = calloc(1, sizeof *l + n);
        if (!l)
            abort();
        memcpy(l->path, path, n);
        l->last = &l->first;
        l->next = logs;
        logs = l;
    }
    l->handles++;
    return l;
}

static void empty_log(struct log *l) {
    while (l->first) {
        struct change *c = l->first;
        l->first = c->next;
        free(c);
    }
    l->last = &l->first;
}

/* Removes the log from the list; a deleted file's path may be used for a new one. */
static void unlink_log(struct log *l) {
    for (struct log **p = &logs; *p; p = &(*p)->next)
        if (*p == l) {
            *p = l->next;
            return;
        }
}

/* A log with changes stays: who opens the file again must see them. */
static void close_log(struct log *l) {
    if (--l->handles || (l->first && find_log(l->path) == l))
        return;
    unlink_log(l);
    empty_log(l);
    free(l);
}

static int add_change(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at) {
    struct log *l = log_of(f);
    if (!l->first) {
        int rc = real_of(f)->pMethods->xFileSize(real_of(f), &l->size);
        if (rc != SQLITE_OK)
            return rc;
    }
    struct change *c = malloc(sizeof *c + (n > 0 ? (size_t)n : 0));
    if (!c)
        abort();
    *c = (struct change){.at = at, .n = n};
    if (n > 0)
        memcpy(c->bytes, bytes, (size_t)n);
    *l->last = c;
    l->last = &c->next;
    if (n < 0)
        l->size = at;
    else if (at + n > l->size)
        l->size = at + n;
    return SQLITE_OK;
}

/* The effect of `c` on the window of `n` bytes from `at` on. */
static void replay(const struct change *c, unsigned char *window, int n, sqlite3_int64 at) {
    sqlite3_int64 from = c->at > at ? c->at : at;
    sqlite3_int64 to = c->n < 0 || c->at + c->n > at + n ? at + n : c->at + c->n;
    if (from >= to)
        return;
    if (c->n < 0)
        memset(window + (from - at), 0, (size_t)(to - from));
    else
        memcpy(window + (from - at), c->bytes + (from - c->at), (size_t)(to - from));
}

static int flush_log(sqlite3_file *f) {
    sqlite3_file *real = real_of(f);
    int rc = SQLITE_OK;
    for (struct change *c = log_of(f)->first; c && rc == SQLITE_OK; c = c->next)
        rc = c->n < 0 ? real->pMethods->xTruncate(real, c->at)
                      : real->pMethods->xWrite(real, c->bytes, c->n, c->at);
    if (rc == SQLITE_OK)
        empty_log(log_of(f));
    return rc;
}

/* ---- methods that the log changes ---- */

static int f_close(sqlite3_file *f) {
    pthread_mutex_lock(&lock);
    close_log(log_of(f));
    pthread_mutex_unlock(&lock);
    return real_of(f)->pMethods->xClose(real_of(f));
}

static int f_read(sqlite3_file *f, void *out, int n, sqlite3_int64 at) {
    struct log *l = log_of(f);
    pthread_mutex_lock(&lock);
    int rc = real_of(f)->pMethods->xRead(real_of(f), out, n, at);
    if (l->first && (rc == SQLITE_OK || rc == SQLITE_IOERR_SHORT_READ)) {
        for (const struct change *c = l->first; c; c = c->next)
            replay(c, out, n, at);
        rc = at + n > l->size ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

static int f_write(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at) {
    pthread_mutex_lock(&lock);
    int rc = add_change(f, bytes, n, at);
    pthread_mutex_unlock(&lock);
    return rc;
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 size) {
    pthread_mutex_lock(&lock);
    int rc = add_change(f, NULL, -1, size);
    pthread_mutex_unlock(&lock);
    return rc;
}

static int f_sync(sqlite3_file *f, int flags) {
    pthread_mutex_lock(&lock);
    int rc = flush_log(f);
    pthread_mutex_unlock(&lock);
    return rc == SQLITE_OK ? real_of(f)->pMethods->xSync(real_of(f), flags) : rc;
}

static int f_file_size(sqlite3_file *f, sqlite3_int64 *size) {
    struct log *l = log_of(f);
    int rc = SQLITE_OK;
    pthread_mutex_lock(&lock);
    if (l->first)
        *size = l->size;
    else
        rc = real_of(f)->pMethods->xFileSize(real_of(f), size);
    pthread_mutex_unlock(&lock);
    return rc;
}

/* A hint would let the real file grow behind the log's back. */
static int f_file_control(sqlite3_file *f, int op, void *arg) {
    if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE)
        return SQLITE_OK;
    return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

/* ---- methods that pass through ---- */

static int f_lock(sqlite3_file *f, int level) {
    return real_of(f)->pMethods->xLock(real_of(f), level);
}

static int f_unlock(sqlite3_file *f, int level) {
    return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static int f_check_reserved_lock(sqlite3_file *f, int *out) {
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}

static int f_sector_size(sqlite3_file *f) {
    return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int f_device_characteristics(sqlite3_file *f) {
    return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int f_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out) {
    return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, out);
}

static int f_shm_lock(sqlite3_file *f, int offset, int n, int flags) {
    return real_of(f)->pMethods->xShmLock(real_of(f), offset, n, flags);
}

static void f_shm_barrier(sqlite3_file *f) {
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int f_shm_unmap(sqlite3_file *f, int delete) {
    return real_of(f)->pMethods->xShmUnmap(real_of(f), delete);
}

/* Version 2: without xFetch, since a memory map would show the real file only. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = f_close,
    .xRead = f_read,
    .xWrite = f_write,
    .xTruncate = f_truncate,
    .xSync = f_sync,
    .xFileSize = f_file_size,
    .xLock = f_lock,
    .xUnlock = f_unlock,
    .xCheckReservedLock = f_check_reserved_lock,
    .xFileControl = f_file_control,
    .xSectorSize = f_sector_size,
    .xDeviceCharacteristics = f_device_characteristics,
    .xShmMap = f_shm_map,
    .xShmLock = f_shm_lock,
    .xShmBarrier = f_shm_barrier,
    .xShmUnmap = f_shm_unmap,
};

/* ---- the VFS ---- */

enum {
    DURABLE =
        SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL
};

static int v_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *out, int flags, int *got) {
    (void)vfs;
    if (!path || !(flags & DURABLE) || (flags & SQLITE_OPEN_DELETEONCLOSE))
        return below->xOpen(below, path, out, flags, got);
    struct file *f = (struct file *)out;
    *f = (struct file){.real = (sqlite3_file *)(f + 1)};
    int rc = below->xOpen(below, path, f->real, flags, got);
    if (rc != SQLITE_OK)
        return rc;
    pthread_mutex_lock(&lock);
    f->log = open_log(path);
    pthread_mutex_unlock(&lock);
    f->base.pMethods = &methods;
    return SQLITE_OK;
}

static int v_delete(sqlite3_vfs *vfs, const char *path, int sync_dir) {
    (void)vfs;
    pthread_mutex_lock(&lock);
    struct log *l = find_log(path);
    if (l)
        unlink_log(l);
    if (l && l->handles == 0) {
        empty_log(l);
        free(l);
    }
    pthread_mutex_unlock(&lock);
    return below->xDelete(below, path, sync_dir);
}

/* The default VFS says that an empty file does not exist; pending writes make it exist. */
static int v_access(sqlite3_vfs *vfs, const char *path, int flags, int *out) {
    (void)vfs;
    int rc = below->xAccess(below, path, flags, out);
    if (rc != SQLITE_OK || flags != SQLITE_ACCESS_EXISTS)
        return rc;
    pthread_mutex_lock(&lock);
    struct log *l = find_log(path);
    if (l && l->first)
        *out = l->size > 0;
    pthread_mutex_unlock(&lock);
    return SQLITE_OK;
}

int forgetful_vfs_register(void) {
    static sqlite3_vfs vfs;
    if (below)
        return SQLITE_OK;
    below = sqlite3_vfs_find(NULL);
    if (!below)
        return SQLITE_ERROR;
    vfs = *below;
    vfs.pNext = NULL;
    vfs.zName = "forgetful";
    vfs.szOsFile = (int)sizeof(struct file) + below->szOsFile;
    vfs.xOpen = v_open;
    vfs.xDelete = v_delete;
    vfs.xAccess = v_access;
    return sqlite3_vfs_register(&vfs, 1);
}
