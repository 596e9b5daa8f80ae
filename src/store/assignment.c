/* SPDX-License-Identifier: Apache-2.0 */
#include "store/assignment.h"

#include "store/sql.h"

#define COLUMNS "id, profile, device, device_group, created"

static void read_row(struct arena *a, sqlite3_stmt *rows, struct assignment *out) {
    *out = (struct assignment){
        .id = sqlite3_column_int64(rows, 0),
        .profile = sql_text(a, rows, 1),
        .device = sqlite3_column_int64(rows, 2),
        .device_group = sqlite3_column_int64(rows, 3),
        .created = sqlite3_column_int64(rows, 4),
    };
}

static enum err read_list(struct arena *a, sqlite3_stmt *rows, struct assignment **out) {
    enum err e;
    *out = NULL;
    SQL_EACH_ROW (rows, e, a, out)
        read_row(a, rows, *out);
    sql_end(rows);
    return e;
}

enum err assignment_find(struct tx *tx, struct arena *a, const char *profile, int64_t device,
                         int64_t device_group, struct assignment *out) {
    sqlite3_stmt *rows;
    struct assignment *found;
    TRY(sql_query(tx, &rows,
                  device ? "SELECT " COLUMNS " FROM assignment"
                           " WHERE profile = $1 AND device = $2 AND removed IS NULL LIMIT 1"
                         : "SELECT " COLUMNS " FROM assignment"
                           " WHERE profile = $1 AND device_group = $2 AND removed IS NULL LIMIT 1",
                  "si", profile, device ? device : device_group));
    TRY(read_list(a, rows, &found));
    if (!found)
        return err_set(ERR_NOT_FOUND, "the profile '%s' is not assigned to it", profile);
    *out = *found;
    return OK;
}

enum err assignment_put(struct tx *tx, struct assignment *out, bool *added) {
    ARENA_AUTO(a);
    struct assignment known;
    enum err e = assignment_find(tx, &a, out->profile, out->device, out->device_group, &known);
    *added = e == ERR_NOT_FOUND;
    if (e == OK)
        out->id = known.id;
    if (e != ERR_NOT_FOUND)
        return e;
    TRY(sql_run(tx,
                "INSERT INTO assignment(profile, device, device_group, created)"
                " VALUES($1, NULLIF($2, 0), NULLIF($3, 0), $4)",
                "siii", out->profile, out->device, out->device_group, out->created));
    out->id = sqlite3_last_insert_rowid(tx->db);
    return OK;
}

enum err assignment_list(struct tx *tx, struct arena *a, const char *profile, int64_t device_group,
                         struct assignment **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  "SELECT " COLUMNS " FROM assignment WHERE removed IS NULL"
                  " AND ($1 IS NULL OR profile = $1) AND ($2 = 0 OR device_group = $2) ORDER BY id",
                  "si", profile, device_group));
    return read_list(a, rows, out);
}

enum err assignment_list_for(struct tx *tx, struct arena *a, int64_t device,
                             struct assignment **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  "SELECT " COLUMNS " FROM assignment WHERE removed IS NULL AND device = $1"
                  " UNION ALL SELECT s.id, s.profile, s.device, s.device_group, s.created"
                  " FROM group_member g CROSS JOIN assignment s"
                  " ON s.device_group = g.device_group AND s.removed IS NULL WHERE g.device = $1",
                  "i", device));
    return read_list(a, rows, out);
}

enum err assignment_end(struct tx *tx, int64_t id, int64_t at) {
    return sql_run(tx, "UPDATE assignment SET removed = $2 WHERE id = $1 AND removed IS NULL", "ii",
                   id, at);
}

enum err assignment_end_profile(struct tx *tx, const char *profile, int64_t at) {
    return sql_run(tx, "UPDATE assignment SET removed = $2 WHERE profile = $1 AND removed IS NULL",
                   "si", profile, at);
}

enum err assignment_end_device(struct tx *tx, int64_t device, int64_t at) {
    return sql_run(tx, "UPDATE assignment SET removed = $2 WHERE device = $1 AND removed IS NULL",
                   "ii", device, at);
}
