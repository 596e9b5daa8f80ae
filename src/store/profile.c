/* SPDX-License-Identifier: Apache-2.0 */
#include "store/profile.h"

#include "store/sql.h"

#define COLUMNS "name, body, trust_device_name, created, endpoint, send_anyway"

enum err profile_put(struct tx *tx, const struct stored_profile *p) {
    return sql_run(
        tx,
        "INSERT INTO profile(name, body, trust_device_name, created, endpoint, send_anyway)"
        " VALUES($1, $2, $3, $4, COALESCE($5, 'default'), $6) ON CONFLICT(name) DO UPDATE"
        " SET body = $2, trust_device_name = $3, created = $4, endpoint = excluded.endpoint,"
        " send_anyway = $6",
        "ssiisi", p->name, p->body, (int64_t)p->trust_device_name, p->created, p->endpoint,
        (int64_t)p->send_anyway);
}

static void read_profile(struct arena *a, sqlite3_stmt *rows, struct stored_profile *out) {
    *out = (struct stored_profile){
        .name = sql_text(a, rows, 0),
        .body = sql_text(a, rows, 1),
        .trust_device_name = sqlite3_column_int(rows, 2) != 0,
        .created = sqlite3_column_int64(rows, 3),
        .endpoint = sql_text(a, rows, 4),
        .send_anyway = sqlite3_column_int(rows, 5) != 0,
    };
}

enum err profile_get(struct tx *tx, struct arena *a, const char *name, struct stored_profile *out) {
    sqlite3_stmt *rows;
    enum err e;
    TRY(sql_query(tx, &rows, "SELECT " COLUMNS " FROM profile WHERE name = $1", "s", name));
    if (sql_next(rows, &e))
        read_profile(a, rows, out);
    else if (e == OK)
        e = err_set(ERR_NOT_FOUND, "there is no profile '%s'; signet profile list shows them",
                    name);
    sql_end(rows);
    return e;
}

enum err profile_delete(struct tx *tx, const char *name) {
    TRY(sql_run(tx, "DELETE FROM profile WHERE name = $1", "s", name));
    return sql_changes(tx)
               ? OK
               : err_set(ERR_NOT_FOUND, "there is no profile '%s'; signet profile list shows them",
                         name);
}

enum err profile_list(struct tx *tx, struct arena *a, struct stored_profile **out) {
    sqlite3_stmt *rows;
    enum err e;
    *out = NULL;
    TRY(sql_query(tx, &rows, "SELECT " COLUMNS " FROM profile ORDER BY name", ""));
    SQL_EACH_ROW (rows, e, a, out)
        read_profile(a, rows, *out);
    sql_end(rows);
    return e;
}
