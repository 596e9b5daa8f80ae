/* SPDX-License-Identifier: Apache-2.0 */
#include "store/device_secret.h"

#include "store/sql.h"

/* An empty blob is not NULL to SQLite. */
enum err device_secret_put(struct tx *tx, const struct device_secret *s) {
    return sql_run(tx,
                   "INSERT INTO device_secret(device, name, host, server, next, taken, logins,"
                   " changed) VALUES($1, $2, $3, $4, NULLIF($5, x''), $6, $7, $8)"
                   " ON CONFLICT(device) DO UPDATE SET name = $2, host = $3, server = $4,"
                   " next = NULLIF($5, x''), taken = $6, logins = $7, changed = $8",
                   "isbbbiii", s->device, s->name, s->host, s->server, s->next, s->taken, s->logins,
                   s->changed);
}

enum err device_secret_get(struct tx *tx, struct arena *a, int64_t device,
                           struct device_secret *out) {
    sqlite3_stmt *rows;
    enum err e;
    TRY(sql_query(tx, &rows,
                  "SELECT device, name, host, server, next, taken, logins, changed"
                  " FROM device_secret WHERE device = $1",
                  "i", device));
    if (sql_next(rows, &e))
        *out = (struct device_secret){
            .device = sqlite3_column_int64(rows, 0),
            .name = sql_text(a, rows, 1),
            .host = sql_blob(a, rows, 2),
            .server = sql_blob(a, rows, 3),
            .next = sql_blob(a, rows, 4),
            .taken = sqlite3_column_int64(rows, 5),
            .logins = sqlite3_column_int64(rows, 6),
            .changed = sqlite3_column_int64(rows, 7),
        };
    else if (e == OK)
        e = err_set(ERR_NOT_FOUND, "the host has no secret");
    sql_end(rows);
    return e;
}

enum err device_secret_remove(struct tx *tx, int64_t device) {
    return sql_run(tx, "DELETE FROM device_secret WHERE device = $1", "i", device);
}
