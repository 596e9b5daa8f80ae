/* SPDX-License-Identifier: Apache-2.0 */
#include "store/device.h"
#include "store/sql.h"

enum err identity_add(struct tx *tx, const struct identity *i) {
    return sql_run(tx,
                   "INSERT INTO identity(sha256, device, der, serial, issued, not_after)"
                   " VALUES($1, $2, $3, NULLIF($4, x''), $5, $6)",
                   "bibbii", i->sha256, i->device, i->der, i->serial, i->issued, i->not_after);
}

enum err identity_replace(struct tx *tx, const struct identity *i) {
    TRY(sql_run(tx, "UPDATE identity SET revoked = $2 WHERE device = $1 AND revoked IS NULL", "ii",
                i->device, i->issued));
    return identity_add(tx, i);
}

#define COLUMNS "sha256, device, der, serial, issued, not_after, revoked, used, reason"

static enum err one_identity(struct arena *a, sqlite3_stmt *rows, struct identity *out) {
    enum err e;
    if (sql_next(rows, &e))
        *out = (struct identity){
            .sha256 = sql_blob(a, rows, 0),
            .device = sqlite3_column_int64(rows, 1),
            .der = sql_blob(a, rows, 2),
            .serial = sql_blob(a, rows, 3),
            .issued = sqlite3_column_int64(rows, 4),
            .not_after = sqlite3_column_int64(rows, 5),
            .revoked = sqlite3_column_int64(rows, 6),
            .used = sqlite3_column_int64(rows, 7),
            .reason = sql_text(a, rows, 8),
        };
    else if (e == OK)
        e = err_set(ERR_NOT_FOUND, "no such identity");
    sql_end(rows);
    return e;
}

enum err identity_get(struct tx *tx, struct arena *a, struct span sha256, struct identity *out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows, "SELECT " COLUMNS " FROM identity WHERE sha256 = $1", "b", sha256));
    return one_identity(a, rows, out);
}

enum err identity_latest(struct tx *tx, struct arena *a, int64_t device, struct identity *out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  "SELECT " COLUMNS " FROM identity WHERE device = $1 AND revoked IS NULL"
                  " ORDER BY issued DESC, rowid DESC LIMIT 1",
                  "i", device));
    return one_identity(a, rows, out);
}

enum err identity_first_used(struct tx *tx, const struct identity *i, int64_t at) {
    return sql_run(tx, "UPDATE identity SET used = $2 WHERE sha256 = $1 AND used IS NULL", "bi",
                   i->sha256, at);
}

enum err identity_supersede(struct tx *tx, const struct identity *i, int64_t at, bool *changed) {
    TRY(sql_run(tx,
                "UPDATE identity SET revoked = $2, reason = 'superseded'"
                " WHERE device = $1 AND revoked IS NULL AND issued < $3 AND sha256 <> $4",
                "iiib", i->device, at, i->issued, i->sha256));
    *changed |= sql_changes(tx) > 0;
    return OK;
}

enum err identity_count(struct tx *tx, const struct device *d, const char *hw_dev_id, int64_t since,
                        int64_t *count, int64_t *first) {
    sqlite3_stmt *rows;
    enum err e;
    *count = *first = 0;
    TRY(sql_query(tx, &rows,
                  "SELECT count(*), min(issued) FROM identity WHERE issued > $3 AND device IN"
                  " (SELECT id FROM device WHERE device_id = $1"
                  "  UNION SELECT id FROM device WHERE hw_dev_id = $2 AND account = $4)",
                  "ssis", d->device_id, hw_dev_id, since, d->account));
    if (sql_next(rows, &e)) {
        *count = sqlite3_column_int64(rows, 0);
        *first = sqlite3_column_int64(rows, 1);
    }
    sql_end(rows);
    return e;
}

enum err identity_revoke(struct tx *tx, int64_t device, int64_t at, const char *reason) {
    return sql_run(tx,
                   "UPDATE identity SET revoked = $2, reason = $3"
                   " WHERE device = $1 AND revoked IS NULL",
                   "iis", device, at, reason);
}

enum err identity_list_revoked(struct tx *tx, struct arena *a, int64_t now, struct identity **out) {
    sqlite3_stmt *rows;
    enum err e;
    *out = NULL;
    TRY(sql_query(tx, &rows,
                  "SELECT serial, CASE WHEN serial IS NULL THEN der END, revoked, reason"
                  " FROM identity WHERE revoked IS NOT NULL AND not_after > $1 ORDER BY revoked",
                  "i", now));
    SQL_EACH_ROW (rows, e, a, out)
        **out = (struct identity){.serial = sql_blob(a, rows, 0),
                                  .der = sql_blob(a, rows, 1),
                                  .revoked = sqlite3_column_int64(rows, 2),
                                  .reason = sql_text(a, rows, 3)};
    sql_end(rows);
    return e;
}
