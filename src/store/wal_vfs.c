/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A frame is a header of 24 bytes, then the page. Bytes 4 to 7 of the header are 0 but in the frame
 * that commits (https://www.sqlite.org/fileformat2.html#walformat).
 *
 * Whatever is asked of the file other than the next write has what is held written first. After a
 * spill SQLite also writes headers alone, with new checksums. It reads the frame before; so a
 * header that commits and has no page to come finds nothing held, and is not held either.
 */
#include "store/wal_vfs.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/memory_file.h"

enum { FRAME_HEADER = 24, HELD_MAX = 16 * (FRAME_HEADER + 4096), NOWHERE = -1 };

struct wal {
    sqlite3_file base;  /* first */
    sqlite3_file *real; /* behind this struct */
    unsigned char *held;
    sqlite3_int64 at;   /* where the first held byte belongs */
    int n;              /* bytes held */
    bool page_follows;  /* of the held header */
    bool commits;       /* that header says so */
    sqlite3_int64 lost; /* where held bytes could not be written; else NOWHERE */
};

static sqlite3_vfs *below;

static struct wal *wal_of(sqlite3_file *f) {
    return (struct wal *)f;
}

/* What cannot be written is given up: the transaction fails, and SQLite begins anew at or before
 * the place. Until then nothing may be added, nor read from there on. */
static int flush(struct wal *w) {
    int n = w->n;
    w->n = 0;
    w->page_follows = false;
    if (n == 0)
        return SQLITE_OK;
    int code = w->real->pMethods->xWrite(w->real, w->held, n, w->at);
    if (code != SQLITE_OK)
        w->lost = w->at;
    return code;
}

static bool is_commit(const unsigned char *header) {
    static const unsigned char zero[4];
    return memcmp(header + 4, zero, sizeof zero) != 0;
}

static void hold(struct wal *w, const void *bytes, int n, sqlite3_int64 at) {
    if (w->n == 0)
        w->at = at;
    memcpy(w->held + w->n, bytes, (size_t)n);
    w->n += n;
}

/* Whether the write is part of a frame, so that the next one comes at once. */
static bool may_wait(struct wal *w, const void *bytes, int n) {
    if (w->page_follows) {
        w->page_follows = false;
        return !w->commits;
    }
    w->commits = n == FRAME_HEADER && is_commit(bytes);
    w->page_follows = n == FRAME_HEADER && !(w->commits && w->n == 0);
    return w->page_follows;
}

static int w_write(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at) {
    struct wal *w = wal_of(f);
    int code = SQLITE_OK;
    if (w->n && (at != w->at + w->n || n > HELD_MAX - w->n))
        code = flush(w);
    if (code != SQLITE_OK)
        return code;
    if (w->lost != NOWHERE && at > w->lost)
        return SQLITE_IOERR_WRITE;
    if (at + n > w->lost) /* only what lies there again makes it good */
        w->lost = NOWHERE;
    if (n > HELD_MAX)
        return w->real->pMethods->xWrite(w->real, bytes, n, at);
    bool waits = may_wait(w, bytes, n);
    hold(w, bytes, n, at);
    return waits ? SQLITE_OK : flush(w);
}

/* A read that says SQLITE_FULL would fail its statement alone, and the transaction would go on
 * without what it had written. */
static int w_read(sqlite3_file *f, void *out, int n, sqlite3_int64 at) {
    struct wal *w = wal_of(f);
    if (flush(w) != SQLITE_OK || (w->lost != NOWHERE && at + n > w->lost))
        return SQLITE_IOERR_READ;
    return w->real->pMethods->xRead(w->real, out, n, at);
}

static int w_truncate(sqlite3_file *f, sqlite3_int64 size) {
    struct wal *w = wal_of(f);
    int code = flush(w);
    return code == SQLITE_OK ? w->real->pMethods->xTruncate(w->real, size) : code;
}

static int w_sync(sqlite3_file *f, int flags) {
    struct wal *w = wal_of(f);
    int code = flush(w);
    return code == SQLITE_OK ? w->real->pMethods->xSync(w->real, flags) : code;
}

static int w_file_size(sqlite3_file *f, sqlite3_int64 *size) {
    struct wal *w = wal_of(f);
    int code = flush(w);
    return code == SQLITE_OK ? w->real->pMethods->xFileSize(w->real, size) : code;
}

/* What is still held was rolled back. */
static int w_close(sqlite3_file *f) {
    struct wal *w = wal_of(f);
    explicit_bzero(w->held, HELD_MAX);
    free(w->held);
    return w->real->pMethods->xClose(w->real);
}

/* ---- methods that pass through ---- */

static int w_lock(sqlite3_file *f, int level) {
    struct wal *w = wal_of(f);
    return w->real->pMethods->xLock(w->real, level);
}

static int w_unlock(sqlite3_file *f, int level) {
    struct wal *w = wal_of(f);
    return w->real->pMethods->xUnlock(w->real, level);
}

static int w_check_reserved_lock(sqlite3_file *f, int *out) {
    struct wal *w = wal_of(f);
    return w->real->pMethods->xCheckReservedLock(w->real, out);
}

static int w_file_control(sqlite3_file *f, int op, void *arg) {
    struct wal *w = wal_of(f);
    return w->real->pMethods->xFileControl(w->real, op, arg);
}

static int w_sector_size(sqlite3_file *f) {
    struct wal *w = wal_of(f);
    return w->real->pMethods->xSectorSize(w->real);
}

static int w_device_characteristics(sqlite3_file *f) {
    struct wal *w = wal_of(f);
    return w->real->pMethods->xDeviceCharacteristics(w->real);
}

/* Version 1: shared memory and memory maps are asked of the database's own file. */
static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = w_close,
    .xRead = w_read,
    .xWrite = w_write,
    .xTruncate = w_truncate,
    .xSync = w_sync,
    .xFileSize = w_file_size,
    .xLock = w_lock,
    .xUnlock = w_unlock,
    .xCheckReservedLock = w_check_reserved_lock,
    .xFileControl = w_file_control,
    .xSectorSize = w_sector_size,
    .xDeviceCharacteristics = w_device_characteristics,
};

/* ---- the VFS ---- */

static int v_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *out, int flags, int *got) {
    (void)vfs;
    if (!path) {
        memory_file_open(out);
        return SQLITE_OK;
    }
    if (!(flags & SQLITE_OPEN_WAL))
        return below->xOpen(below, path, out, flags, got);
    struct wal *w = (struct wal *)out;
    *w = (struct wal){.real = (sqlite3_file *)(w + 1), .lost = NOWHERE};
    int code = below->xOpen(below, path, w->real, flags, got);
    if (code != SQLITE_OK)
        return code;
    w->held = mem_alloc(HELD_MAX);
    w->base.pMethods = &methods;
    return SQLITE_OK;
}

const char *wal_vfs(void) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static sqlite3_vfs vfs;
    pthread_mutex_lock(&lock);
    sqlite3_vfs *now = sqlite3_vfs_find(NULL);
    if (now && now != below) {
        below = now;
        vfs = *below;
        vfs.pNext = NULL;
        vfs.zName = "signet-wal";
        vfs.szOsFile = (int)sizeof(struct wal) + below->szOsFile;
        vfs.xOpen = v_open;
        sqlite3_vfs_register(&vfs, 0);
    }
    pthread_mutex_unlock(&lock);
    return below ? vfs.zName : NULL;
}
