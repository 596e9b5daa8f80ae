/* SPDX-License-Identifier: Apache-2.0 */
#include "store/session.h"

#include "store/sql.h"

enum err session_start(struct tx *tx, int64_t device, const struct session *s) {
    TRY(sql_run(tx, "DELETE FROM command WHERE device = $1", "i", device));
    return sql_run(tx,
                   "INSERT INTO session(device, session_id, msg_id, started)"
                   " VALUES($1, $2, $3, $4) ON CONFLICT(device) DO UPDATE SET session_id = $2,"
                   " msg_id = $3, started = $4",
                   "isii", device, s->session_id, s->msg_id, s->started);
}

enum err session_get(struct tx *tx, struct arena *a, int64_t device, struct session *out) {
    sqlite3_stmt *rows;
    enum err e;
    TRY(sql_query(tx, &rows, "SELECT session_id, msg_id, started FROM session WHERE device = $1",
                  "i", device));
    if (sql_next(rows, &e))
        *out = (struct session){
            .session_id = sql_text(a, rows, 0),
            .msg_id = sqlite3_column_int64(rows, 1),
            .started = sqlite3_column_int64(rows, 2),
        };
    else if (e == OK)
        e = err_set(ERR_NOT_FOUND, "the device is in no session");
    sql_end(rows);
    return e;
}

enum err session_advance(struct tx *tx, int64_t device, int64_t msg_id) {
    return sql_run(tx, "UPDATE session SET msg_id = $2 WHERE device = $1", "ii", device, msg_id);
}

enum err command_add(struct tx *tx, int64_t device, const struct sent_command *c) {
    return sql_run(
        tx,
        "INSERT INTO command(device, msg_id, cmd_id, purpose, enrollment, loc_uri, queue)"
        " VALUES($1, $2, $3, $4, $5, $6, NULLIF($7, 0))",
        "iiiissi", device, c->msg_id, c->cmd_id, (int64_t)c->purpose, c->enrollment, c->loc_uri,
        c->queue);
}

enum err command_get(struct tx *tx, struct arena *a, int64_t device, int64_t msg_id, int64_t cmd_id,
                     struct sent_command *out) {
    sqlite3_stmt *rows;
    enum err e;
    TRY(sql_query(tx, &rows,
                  "SELECT msg_id, cmd_id, purpose, enrollment, loc_uri, queue FROM command"
                  " WHERE device = $1 AND msg_id = $2 AND cmd_id = $3",
                  "iii", device, msg_id, cmd_id));
    if (sql_next(rows, &e))
        *out = (struct sent_command){
            .msg_id = sqlite3_column_int64(rows, 0),
            .cmd_id = sqlite3_column_int64(rows, 1),
            .purpose = sqlite3_column_int(rows, 2),
            .enrollment = sql_text(a, rows, 3),
            .loc_uri = sql_text(a, rows, 4),
            .queue = sqlite3_column_int64(rows, 5),
        };
    else if (e == OK)
        e = err_set(ERR_NOT_FOUND, "no such command in this session");
    sql_end(rows);
    return e;
}
