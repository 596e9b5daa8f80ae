/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pfx.h"

#include "store/sql.h"

enum err pfx_add(struct tx *tx, const struct pfx *p) {
    return sql_run(tx,
                   "INSERT INTO pfx(enrollment, made, sha1, cert, key_location, exportable, secret)"
                   " VALUES($1, $2, $3, $4, $5, $6, $7)",
                   "sisbiib", p->enrollment, (int64_t)p->made, p->sha1, p->cert, p->key_location,
                   (int64_t)p->exportable, p->secret);
}

enum err pfx_get(struct tx *tx, struct arena *a, const char *enrollment, struct pfx *out) {
    sqlite3_stmt *rows;
    enum err e;
    TRY(sql_query(tx, &rows,
                  "SELECT enrollment, made, sha1, cert, key_location, exportable, secret"
                  " FROM pfx WHERE enrollment = $1",
                  "s", enrollment));
    if (sql_next(rows, &e))
        *out = (struct pfx){
            .enrollment = sql_text(a, rows, 0),
            .made = sqlite3_column_int64(rows, 1) != 0,
            .sha1 = sql_text(a, rows, 2),
            .cert = sql_blob(a, rows, 3),
            .key_location = sqlite3_column_int64(rows, 4),
            .exportable = sqlite3_column_int64(rows, 5) != 0,
            .secret = sql_blob(a, rows, 6),
        };
    else if (e == OK)
        e = err_set(ERR_NOT_FOUND, "the enrollment '%s' has no PKCS#12", enrollment);
    sql_end(rows);
    return e;
}

enum err pfx_wipe(struct tx *tx, const char *enrollment) {
    TRY(sql_run(tx, "UPDATE pfx SET secret = NULL WHERE enrollment = $1", "s", enrollment));
    return sql_run(tx,
                   "UPDATE session SET kept = 0"
                   " WHERE device = (SELECT device FROM enrollment WHERE id = $1)",
                   "s", enrollment);
}
