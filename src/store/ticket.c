/* SPDX-License-Identifier: Apache-2.0 */
#include "store/ticket.h"

#include "base/clock.h"
#include "store/sql.h"

enum err ticket_add(struct tx *tx, const struct ticket *t) {
    TRY(sql_run(tx, "DELETE FROM ticket WHERE expires < $1", "i", t->created - DAY_MS));
    return sql_run(tx,
                   "INSERT INTO ticket(hash, kind, account, created, expires, uses, code)"
                   " VALUES($1, $2, $3, $4, $5, $6, NULLIF($7, x''))",
                   "bisiiib", t->hash, (int64_t)t->kind, t->account, t->created, t->expires,
                   t->uses, t->code);
}

enum err ticket_get(struct tx *tx, struct arena *a, struct span hash, struct ticket *out) {
    sqlite3_stmt *rows;
    enum err e;
    TRY(sql_query(tx, &rows,
                  "SELECT hash, kind, account, created, expires, uses, used, revoked, code"
                  " FROM ticket WHERE hash = $1",
                  "b", hash));
    if (sql_next(rows, &e))
        *out = (struct ticket){
            .hash = sql_blob(a, rows, 0),
            .kind = sqlite3_column_int(rows, 1),
            .account = sql_text(a, rows, 2),
            .created = sqlite3_column_int64(rows, 3),
            .expires = sqlite3_column_int64(rows, 4),
            .uses = sqlite3_column_int64(rows, 5),
            .used = sqlite3_column_int64(rows, 6),
            .revoked = sqlite3_column_int64(rows, 7),
            .code = sql_blob(a, rows, 8),
        };
    else if (e == OK)
        e = err_set(ERR_NOT_FOUND, "the ticket is not known");
    sql_end(rows);
    return e;
}

enum err ticket_spend(struct tx *tx, struct span hash, int64_t at, bool *spent) {
    TRY(sql_run(tx,
                "UPDATE ticket SET uses = uses - 1, used = $2"
                " WHERE hash = $1 AND uses > 0 AND revoked IS NULL AND expires > $2",
                "bi", hash, at));
    *spent = sql_changes(tx) > 0;
    return OK;
}

enum err ticket_open_codes(struct tx *tx, const char *account, int64_t now,
                           struct open_codes *out) {
    sqlite3_stmt *rows;
    enum err e;
    *out = (struct open_codes){.count = 0};
    TRY(sql_query(tx, &rows,
                  "SELECT count(*), max(expires) FROM ticket WHERE account = $1 AND kind = 1"
                  " AND uses > 0 AND revoked IS NULL AND expires > $2",
                  "si", account, now));
    if (sql_next(rows, &e)) {
        out->count = sqlite3_column_int64(rows, 0);
        out->until = sqlite3_column_int64(rows, 1); /* NULL, of none, is 0 */
    }
    sql_end(rows);
    return e;
}

enum err ticket_revoke(struct tx *tx, const char *account, int64_t now) {
    return sql_run(tx,
                   "UPDATE ticket SET revoked = $2 WHERE account = $1 AND uses > 0"
                   " AND revoked IS NULL",
                   "si", account, now);
}
