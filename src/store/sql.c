/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/wal_vfs.h"

static enum err failed(struct tx *tx, int code, const char *what) {
    enum err e = (code & 0xff) == SQLITE_CONSTRAINT ? ERR_EXISTS : ERR_STORE;
    return err_set(e, "%s: %s", what, sqlite3_errmsg(tx->db));
}

/*
 * hint(x): 64 bits of a random key (FNV-1a). An index over it is a third of one over the key, and
 * who looks something up compares the key itself too.
 */
static void hint(sqlite3_context *context, int count, sqlite3_value **values) {
    const uint8_t *p = sqlite3_value_blob(values[0]);
    uint64_t h = 0xcbf29ce484222325;
    (void)count;
    for (int n = sqlite3_value_bytes(values[0]); n > 0; n--)
        h = (h ^ *p++) * 0x100000001b3;
    sqlite3_result_int64(context, (int64_t)h);
}

/* SQLite else counts each allocation under a lock that all connections share. And the journals of
 * savepoints are files at once: those of the writer are in memory (store/memory_file.h). */
static void configure(void) {
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, 0);
}

enum err sql_connect(const char *path, bool writer, struct tx *out) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, configure);
    *out = (struct tx){0};
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE | (writer ? SQLITE_OPEN_CREATE : 0);
    int code = sqlite3_open_v2(path, &out->db, flags, writer ? wal_vfs() : NULL);
    if (code != SQLITE_OK) {
        enum err e = err_set(ERR_STORE, "cannot open the database '%s': %s", path,
                             out->db ? sqlite3_errmsg(out->db) : sqlite3_errstr(code));
        sql_disconnect(out);
        return e;
    }
    sqlite3_busy_timeout(out->db, 10000);
    /* Else each new value for a column of a partial index has the statement compiled anew. */
    sqlite3_db_config(out->db, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
    sqlite3_create_function(out->db, "hint", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, hint,
                            NULL, NULL);
    char *message = NULL;
    /* What is freed may have been a secret, also where a row is only replaced: it is overwritten,
     * whatever SQLite was built with. */
    const char *settings = writer ? "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                    "PRAGMA foreign_keys=ON; PRAGMA cache_size=-2000;"
                                    "PRAGMA temp_store=FILE; PRAGMA secure_delete=ON;"
                                  : "PRAGMA query_only=ON; PRAGMA cache_size=-500;";
    if (sqlite3_exec(out->db, settings, NULL, NULL, &message) != SQLITE_OK) {
        enum err e = err_set(ERR_STORE, "cannot set up '%s': %s", path, message ? message : "");
        sqlite3_free(message);
        sql_disconnect(out);
        return e;
    }
    return OK;
}

void sql_disconnect(struct tx *tx) {
    for (unsigned i = 0; i < SQL_PLACES; i++)
        sqlite3_finalize(tx->cache[i].stmt);
    sqlite3_close(tx->db);
    *tx = (struct tx){0};
}

/* SQLite takes $2 for a name, which would have to be looked up at each use; ?2 is its number. */
static char *numbered_parameters(const char *sql) {
    char *copy = mem_strdup(sql);
    for (char *p = copy; (p = strchr(p, '$')); p++)
        if (p[1] >= '1' && p[1] <= '9')
            *p = '?';
    return copy;
}

/* Where the statement lies, or the free place for it: at least a quarter are free. */
static struct cached_sql *place_of(struct tx *tx, const char *sql) {
    uintptr_t hash = (uintptr_t)sql * UINT64_C(0x9e3779b97f4a7c15) >> 32;
    unsigned at = (unsigned)(hash % SQL_PLACES);
    while (tx->cache[at].sql && tx->cache[at].sql != sql)
        at = (at + 1) % SQL_PLACES;
    return &tx->cache[at];
}

static enum err prepare(struct tx *tx, const char *sql, sqlite3_stmt **out) {
    struct cached_sql *place = place_of(tx, sql);
    *out = place->stmt;
    if (place->sql)
        return OK;
    if (tx->cached == SQL_CACHE)
        return err_set(ERR_INTERNAL, "more than %d SQL statements", SQL_CACHE);
    char *numbered = numbered_parameters(sql);
    int code = sqlite3_prepare_v3(tx->db, numbered, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
    free(numbered);
    if (code != SQLITE_OK)
        return failed(tx, code, sql);
    *place = (struct cached_sql){sql, *out};
    tx->cached++;
    return OK;
}

static int bind(sqlite3_stmt *stmt, int at, char type, va_list *ap) {
    if (type == 'i')
        return sqlite3_bind_int64(stmt, at, va_arg(*ap, int64_t));
    if (type == 's') {
        const char *s = va_arg(*ap, const char *);
        return sqlite3_bind_text(stmt, at, s, -1, SQLITE_STATIC);
    }
    struct span s = va_arg(*ap, struct span);
    const void *p = s.p ? s.p : (const uint8_t *)"";
    if (type == 't')
        return sqlite3_bind_text(stmt, at, p, (int)s.n, SQLITE_STATIC);
    return sqlite3_bind_blob(stmt, at, p, (int)s.n, SQLITE_STATIC);
}

static enum err start(struct tx *tx, sqlite3_stmt **stmt, const char *sql, const char *types,
                      va_list *ap) {
    TRY(prepare(tx, sql, stmt));
    for (int i = 0; types[i]; i++) {
        int code = bind(*stmt, i + 1, types[i], ap);
        if (code != SQLITE_OK)
            return failed(tx, code, sql);
    }
    return OK;
}

enum err sql_run(struct tx *tx, const char *sql, const char *types, ...) {
    sqlite3_stmt *stmt;
    va_list ap;
    va_start(ap, types);
    enum err e = start(tx, &stmt, sql, types, &ap);
    va_end(ap);
    TRY(e);
    int code = sqlite3_step(stmt);
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        e = failed(tx, code, sql);
    sql_end(stmt);
    return e;
}

int sql_changes(struct tx *tx) {
    return sqlite3_changes(tx->db);
}

enum err sql_query(struct tx *tx, sqlite3_stmt **rows, const char *sql, const char *types, ...) {
    va_list ap;
    va_start(ap, types);
    enum err e = start(tx, rows, sql, types, &ap);
    va_end(ap);
    return e;
}

bool sql_next(sqlite3_stmt *rows, enum err *e) {
    int code = sqlite3_step(rows);
    *e = OK;
    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE)
        *e = err_set(ERR_STORE, "cannot read a row: %s", sqlite3_errmsg(sqlite3_db_handle(rows)));
    return false;
}

void sql_end(sqlite3_stmt *rows) {
    sqlite3_reset(rows);
    sqlite3_clear_bindings(rows);
}

enum err sql_number(struct tx *tx, int64_t *out, const char *sql, const char *types, ...) {
    sqlite3_stmt *rows;
    va_list ap;
    va_start(ap, types);
    enum err e = start(tx, &rows, sql, types, &ap);
    va_end(ap);
    TRY(e);
    *out = sql_next(rows, &e) ? sqlite3_column_int64(rows, 0) : 0;
    sql_end(rows);
    return e;
}

struct span sql_blob(struct arena *a, sqlite3_stmt *rows, int column) {
    const void *p = sqlite3_column_blob(rows, column);
    return arena_copy(a, span_of(p, (size_t)sqlite3_column_bytes(rows, column)));
}

const char *sql_text(struct arena *a, sqlite3_stmt *rows, int column) {
    const unsigned char *p = sqlite3_column_text(rows, column);
    return p ? arena_str(a, span_of(p, (size_t)sqlite3_column_bytes(rows, column))) : NULL;
}
