/* SPDX-License-Identifier: Apache-2.0 */
#include "store/challenge.h"

#include "store/sql.h"

#define COLUMNS                                                                           \
    "id, hash, kind, endpoint, enrollment, account, subject, san, eku, created, expires," \
    " used, revoked"

static void read_row(struct arena *a, sqlite3_stmt *rows, struct challenge *out) {
    *out = (struct challenge){
        .id = sqlite3_column_int64(rows, 0),
        .hash = sql_blob(a, rows, 1),
        .kind = sqlite3_column_int(rows, 2),
        .endpoint = sql_text(a, rows, 3),
        .enrollment = sql_text(a, rows, 4),
        .account = sql_text(a, rows, 5),
        .subject = sql_text(a, rows, 6),
        .san = sql_text(a, rows, 7),
        .eku = sql_text(a, rows, 8),
        .created = sqlite3_column_int64(rows, 9),
        .expires = sqlite3_column_int64(rows, 10),
        .used = sqlite3_column_int64(rows, 11),
        .revoked = sqlite3_column_int64(rows, 12),
    };
}

enum err challenge_add(struct tx *tx, struct challenge *c) {
    TRY(sql_run(tx,
                "INSERT INTO challenge(hash, kind, endpoint, enrollment, account, subject, san,"
                " eku, created, expires) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                "bissssssii", c->hash, (int64_t)c->kind, c->endpoint, c->enrollment, c->account,
                c->subject, c->san, c->eku, c->created, c->expires));
    c->id = sqlite3_last_insert_rowid(tx->db);
    return OK;
}

enum err challenge_replace(struct tx *tx, struct challenge *c) {
    TRY(sql_run(tx,
                "DELETE FROM challenge WHERE id = (SELECT challenge FROM enrollment WHERE id = $1)",
                "s", c->enrollment));
    TRY(challenge_add(tx, c));
    TRY(sql_run(tx, "UPDATE enrollment SET challenge = $2 WHERE id = $1", "si", c->enrollment,
                c->id));
    return sql_changes(tx) ? OK
                           : err_set(ERR_NOT_FOUND, "there is no enrollment '%s'", c->enrollment);
}

enum err challenge_get(struct tx *tx, struct arena *a, struct span hash, struct challenge *out) {
    sqlite3_stmt *rows;
    enum err e;
    TRY(sql_query(tx, &rows, "SELECT " COLUMNS " FROM challenge WHERE hash = $1", "b", hash));
    if (sql_next(rows, &e))
        read_row(a, rows, out);
    else if (e == OK)
        e = err_set(ERR_NOT_FOUND, "the challenge is not known");
    sql_end(rows);
    return e;
}

enum err challenge_use(struct tx *tx, int64_t id, int64_t at, bool *first) {
    TRY(sql_run(tx, "UPDATE challenge SET used = $2 WHERE id = $1 AND used IS NULL", "ii", id, at));
    *first = sql_changes(tx) > 0;
    return OK;
}

static enum err why_not_revoked(struct tx *tx, int64_t id) {
    sqlite3_stmt *rows;
    enum err e;
    TRY(sql_query(tx, &rows, "SELECT used IS NOT NULL FROM challenge WHERE id = $1", "i", id));
    if (sql_next(rows, &e))
        e = err_set(ERR_CONFLICT, "the challenge %lld is %s already", (long long)id,
                    sqlite3_column_int(rows, 0) ? "used" : "revoked");
    else if (e == OK)
        e = err_set(ERR_NOT_FOUND, "there is no challenge %lld; signet challenge list shows them",
                    (long long)id);
    sql_end(rows);
    return e;
}

enum err challenge_revoke(struct tx *tx, int64_t id, int64_t at) {
    TRY(sql_run(tx,
                "UPDATE challenge SET revoked = $2"
                " WHERE id = $1 AND used IS NULL AND revoked IS NULL",
                "ii", id, at));
    return sql_changes(tx) ? OK : why_not_revoked(tx, id);
}

enum err challenge_list(struct tx *tx, struct arena *a, int64_t max, struct challenge **out) {
    sqlite3_stmt *rows;
    enum err e;
    *out = NULL;
    TRY(sql_query(tx, &rows,
                  "SELECT " COLUMNS " FROM challenge WHERE enrollment IS NULL"
                  " ORDER BY id DESC LIMIT $1",
                  "i", max));
    SQL_EACH_ROW (rows, e, a, out)
        read_row(a, rows, *out);
    sql_end(rows);
    return e;
}

enum err challenge_count_open(struct tx *tx, const char *endpoint, const char *account, int64_t now,
                              int64_t *count) {
    return sql_number(tx, count,
                      "SELECT count(*) FROM challenge WHERE endpoint = $1 AND account = $2"
                      " AND used IS NULL AND revoked IS NULL AND expires > $3",
                      "ssi", endpoint, account, now);
}

/* Looks at the oldest thousand: whatever is not ended among them ends by itself. */
enum err challenge_purge(struct tx *tx, int64_t before) {
    return sql_run(tx,
                   "DELETE FROM challenge WHERE MIN(COALESCE(used, expires),"
                   " COALESCE(revoked, expires), expires) < $1 AND id IN"
                   " (SELECT id FROM challenge WHERE enrollment IS NULL ORDER BY id LIMIT 1000)",
                   "i", before);
}
