/* SPDX-License-Identifier: Apache-2.0 */
#include "store/group.h"

#include "store/sql.h"

/* 4 is DEVICE_REMOVED. */
#define MEMBERS                                                            \
    "SELECT count(*) FROM group_member m JOIN device d ON d.id = m.device" \
    " WHERE d.state <> 4 AND m.device_group = "

static enum err read_list(struct arena *a, sqlite3_stmt *rows, struct group **out) {
    enum err e;
    *out = NULL;
    SQL_EACH_ROW (rows, e, a, out)
        **out = (struct group){
            .id = sqlite3_column_int64(rows, 0),
            .name = sql_text(a, rows, 1),
            .created = sqlite3_column_int64(rows, 2),
            .members = sqlite3_column_int64(rows, 3),
        };
    sql_end(rows);
    return e;
}

enum err group_get(struct tx *tx, struct arena *a, const char *name, struct group *out) {
    sqlite3_stmt *rows;
    struct group *found;
    TRY(sql_query(tx, &rows, "SELECT id, name, created, 0 FROM device_group WHERE name = $1", "s",
                  name));
    TRY(read_list(a, rows, &found));
    if (!found)
        return err_set(ERR_NOT_FOUND, "there is no group '%s'; signet group list shows them", name);
    *out = *found;
    return OK;
}

enum err group_count(struct tx *tx, struct group *g) {
    return sql_number(tx, &g->members, MEMBERS "$1", "i", g->id);
}

enum err group_make(struct tx *tx, struct arena *a, const char *name, int64_t now,
                    struct group *out, bool *made) {
    TRY(sql_run(tx, "INSERT INTO device_group(name, created) VALUES($1, $2) ON CONFLICT DO NOTHING",
                "si", name, now));
    *made = sql_changes(tx) > 0;
    return group_get(tx, a, name, out);
}

enum err group_list(struct tx *tx, struct arena *a, int64_t device, struct group **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  "SELECT g.id, g.name, g.created, (" MEMBERS "g.id)"
                  " FROM device_group g WHERE $1 = 0 OR g.id IN"
                  " (SELECT device_group FROM group_member WHERE device = $1) ORDER BY g.name",
                  "i", device));
    return read_list(a, rows, out);
}

enum err group_delete(struct tx *tx, int64_t id) {
    TRY(sql_run(tx, "DELETE FROM group_member WHERE device_group = $1", "i", id));
    return sql_run(tx, "DELETE FROM device_group WHERE id = $1", "i", id);
}

enum err group_add_member(struct tx *tx, int64_t id, int64_t device, bool *changed) {
    TRY(sql_run(tx,
                "INSERT INTO group_member(device_group, device) VALUES($1, $2)"
                " ON CONFLICT DO NOTHING",
                "ii", id, device));
    *changed = sql_changes(tx) > 0;
    return OK;
}

enum err group_remove_member(struct tx *tx, int64_t id, int64_t device, bool *changed) {
    TRY(sql_run(tx, "DELETE FROM group_member WHERE device_group = $1 AND device = $2", "ii", id,
                device));
    *changed = sql_changes(tx) > 0;
    return OK;
}

enum err group_remove_everywhere(struct tx *tx, int64_t device) {
    return sql_run(tx, "DELETE FROM group_member WHERE device = $1", "i", device);
}
