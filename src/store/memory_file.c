/* SPDX-License-Identifier: Apache-2.0 */
#include "store/memory_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST_CAPACITY = 64 * 1024 };

static struct memory_file *memory_of(sqlite3_file *f) {
    return (struct memory_file *)f;
}

static int m_close(sqlite3_file *f) {
    free(memory_of(f)->p);
    return SQLITE_OK;
}

static int m_read(sqlite3_file *f, void *out, int n, sqlite3_int64 at) {
    const struct memory_file *m = memory_of(f);
    sqlite3_int64 there = at >= m->n ? 0 : m->n - at < n ? m->n - at : n;
    if (there)
        memcpy(out, m->p + at, (size_t)there);
    memset((unsigned char *)out + there, 0, (size_t)(n - there));
    return there < n ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

static void reserve(struct memory_file *m, sqlite3_int64 need) {
    if (need <= m->capacity)
        return;
    sqlite3_int64 capacity = m->capacity ? m->capacity : FIRST_CAPACITY;
    while (capacity < need)
        capacity *= 2;
    m->p = mem_realloc(m->p, (size_t)capacity);
    m->capacity = capacity;
}

static int m_write(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at) {
    struct memory_file *m = memory_of(f);
    reserve(m, at + n);
    if (at > m->n)
        memset(m->p + m->n, 0, (size_t)(at - m->n));
    memcpy(m->p + at, bytes, (size_t)n);
    if (at + n > m->n)
        m->n = at + n;
    return SQLITE_OK;
}

static int m_truncate(sqlite3_file *f, sqlite3_int64 size) {
    if (size < memory_of(f)->n)
        memory_of(f)->n = size;
    return SQLITE_OK;
}

static int m_file_size(sqlite3_file *f, sqlite3_int64 *size) {
    *size = memory_of(f)->n;
    return SQLITE_OK;
}

/* ---- what means nothing in memory ---- */

static int m_sync(sqlite3_file *f, int flags) {
    (void)f, (void)flags;
    return SQLITE_OK;
}

static int m_lock(sqlite3_file *f, int level) {
    (void)f, (void)level;
    return SQLITE_OK;
}

static int m_check_reserved_lock(sqlite3_file *f, int *out) {
    (void)f;
    *out = 0;
    return SQLITE_OK;
}

static int m_file_control(sqlite3_file *f, int op, void *arg) {
    (void)f, (void)op, (void)arg;
    return SQLITE_NOTFOUND;
}

static int m_zero(sqlite3_file *f) {
    (void)f;
    return 0;
}

void memory_file_open(sqlite3_file *out) {
    static const sqlite3_io_methods methods = {
        .iVersion = 1,
        .xClose = m_close,
        .xRead = m_read,
        .xWrite = m_write,
        .xTruncate = m_truncate,
        .xSync = m_sync,
        .xFileSize = m_file_size,
        .xLock = m_lock,
        .xUnlock = m_lock,
        .xCheckReservedLock = m_check_reserved_lock,
        .xFileControl = m_file_control,
        .xSectorSize = m_zero,
        .xDeviceCharacteristics = m_zero,
    };
    *(struct memory_file *)out = (struct memory_file){.base.pMethods = &methods};
}
