/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that an upstream issued. */
#include "store/enrollment.h"
#include "store/sql.h"
#include "store/upstream.h"

#define COLUMNS \
    "id, upstream, enrollment, source, serial, subject, sha1, not_before, not_after, seen, der"

static void read_row(struct arena *a, sqlite3_stmt *rows, struct foreign_certificate *out) {
    *out = (struct foreign_certificate){
        .id = sqlite3_column_int64(rows, 0),
        .upstream = sql_text(a, rows, 1),
        .enrollment = sql_text(a, rows, 2),
        .source = sqlite3_column_int(rows, 3),
        .serial = sql_blob(a, rows, 4),
        .subject = sql_text(a, rows, 5),
        .sha1 = sql_text(a, rows, 6),
        .not_before = sqlite3_column_int64(rows, 7),
        .not_after = sqlite3_column_int64(rows, 8),
        .seen = sqlite3_column_int64(rows, 9),
        .der = sql_blob(a, rows, 10),
    };
}

enum err foreign_add(struct tx *tx, struct foreign_certificate *c) {
    TRY(sql_run(tx,
                "INSERT INTO foreign_certificate(upstream, enrollment, source, serial, subject,"
                " sha1, not_before, not_after, seen, der)"
                " VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
                " ON CONFLICT(sha1, upstream) DO NOTHING",
                "ssibssiiib", c->upstream, c->enrollment, (int64_t)c->source, c->serial, c->subject,
                c->sha1, c->not_before, c->not_after, c->seen, c->der));
    if (sql_changes(tx)) {
        c->id = sqlite3_last_insert_rowid(tx->db);
        return c->enrollment ? enrollment_keep(tx, c->enrollment, c->not_after) : OK;
    }
    TRY(sql_number(tx, &c->id,
                   "SELECT id FROM foreign_certificate WHERE sha1 = $1 AND upstream = $2", "ss",
                   c->sha1, c->upstream));
    return err_set(ERR_EXISTS, "the certificate %s of the upstream '%s' is known already", c->sha1,
                   c->upstream);
}

enum err foreign_bind(struct tx *tx, int64_t id, const char *enrollment) {
    int64_t end;
    TRY(sql_run(tx, "UPDATE foreign_certificate SET enrollment = $2 WHERE id = $1", "is", id,
                enrollment));
    TRY(sql_number(tx, &end, "SELECT not_after FROM foreign_certificate WHERE id = $1", "i", id));
    return enrollment_keep(tx, enrollment, end);
}

enum err foreign_by_id(struct tx *tx, struct arena *a, int64_t id,
                       struct foreign_certificate *out) {
    sqlite3_stmt *rows;
    enum err e;
    TRY(sql_query(tx, &rows, "SELECT " COLUMNS " FROM foreign_certificate WHERE id = $1", "i", id));
    if (sql_next(rows, &e))
        read_row(a, rows, out);
    else if (e == OK)
        e = err_set(ERR_NOT_FOUND, "no such certificate of an upstream");
    sql_end(rows);
    return e;
}

enum err foreign_list(struct tx *tx, struct arena *a, const char *enrollment,
                      struct foreign_certificate **out) {
    sqlite3_stmt *rows;
    enum err e;
    *out = NULL;
    TRY(sql_query(tx, &rows,
                  "SELECT " COLUMNS " FROM foreign_certificate WHERE enrollment = $1 ORDER BY id",
                  "s", enrollment));
    SQL_EACH_ROW (rows, e, a, out)
        read_row(a, rows, *out);
    sql_end(rows);
    return e;
}
