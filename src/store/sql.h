/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the store: SQL by prepared statements that each connection keeps.
 *
 * `types` has one letter per argument: i int64_t, s const char * (NULL is NULL), t struct span as
 * text, b struct span as blob. SQL knows one function more, hint(x): see sql.c.
 */
#ifndef SIGNET_STORE_SQL_H
#define SIGNET_STORE_SQL_H

#include <sqlite3.h>

#include "store/pending.h"
#include "store/store.h"

/* More than there are statements in the store; places for them. */
enum { SQL_CACHE = 240, SQL_PLACES = 320 };

/*
 * Whether the enrollment `e` is open, as enroll_state_open has it: sent, accepted, requested,
 * issued, refused, failed (enroll/state.c asserts the numbers). One that failed and whose time is
 * over is asked no more.
 */
#define SQL_IS_OPEN "(e.state IN (2, 3, 5, 6, 7) OR (e.state = 9 AND e.deadline IS NOT NULL))"

struct tx {
    sqlite3 *db;
    struct cached_sql {
        const char *sql; /* compared by address: statements are literals */
        sqlite3_stmt *stmt;
    } cache[SQL_PLACES];
    unsigned cached;
    struct pending pending; /* of the writer */
};

enum err sql_connect(const char *path, bool writer, struct tx *out) ERR_MUST_USE;
void sql_disconnect(struct tx *tx);

/* Runs a statement that gives no rows. ERR_EXISTS for a constraint, ERR_STORE. */
enum err sql_run(struct tx *tx, const char *sql, const char *types, ...) ERR_MUST_USE;

/* Asks for one number: the first column of the first row, 0 when there is none. ERR_STORE. */
enum err sql_number(struct tx *tx, int64_t *out, const char *sql, const char *types,
                    ...) ERR_MUST_USE;

/* Rows that the last sql_run changed. */
int sql_changes(struct tx *tx);

/* Starts a query: then sql_next until it says false. */
enum err sql_query(struct tx *tx, sqlite3_stmt **rows, const char *sql, const char *types,
                   ...) ERR_MUST_USE;

/* The next row; false at the end, and when reading fails: *e tells which. */
bool sql_next(sqlite3_stmt *rows, enum err *e);

/* Ends a query early, or after its last row. */
void sql_end(sqlite3_stmt *rows);

/*
 * A loop over all rows that makes a list of them, in the arena `a` and in their order: its body
 * reads the row into **out. `out` points to where the list begins, which is NULL until then.
 */
#define SQL_EACH_ROW(rows, e, a, out)                                               \
    for (; sql_next(rows, &(e)) && (*(out) = arena_alloc(a, sizeof **(out)), true); \
         (out) = &(*(out))->next)

/* Columns of the current row, copied into the arena; NULL columns give NULL, 0 or an empty span. */
const char *sql_text(struct arena *a, sqlite3_stmt *rows, int column);
struct span sql_blob(struct arena *a, sqlite3_stmt *rows, int column);

/* schema.c: creates or migrates. */
enum err schema_upgrade(struct tx *tx) ERR_MUST_USE;

#endif
