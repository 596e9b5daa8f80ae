/* SPDX-License-Identifier: Apache-2.0 */
/* What hosts said to the administrator's commands. */
#include "store/queue.h"
#include "store/sql.h"

enum err queue_expect(struct tx *tx, const struct queue_result *r) {
    return sql_run(tx,
                   "INSERT INTO queue_result(command, cmd_id, cmd, loc_uri, at)"
                   " VALUES($1, $2, $3, $4, $5)",
                   "iissi", r->command, r->cmd_id, r->cmd, r->loc_uri, r->at);
}

/* A Get of several nodes has a row for each, and one Status. */
enum err queue_keep_status(struct tx *tx, const struct queue_result *r) {
    return sql_run(tx,
                   "UPDATE queue_result SET status = $3, original_error = $4, at = $5"
                   " WHERE command = $1 AND cmd_id = $2 AND status IS NULL",
                   "iiisi", r->command, r->cmd_id, r->status, r->original_error, r->at);
}

/* Cut between characters. */
static struct span cut(struct span data) {
    size_t n = data.n < QUEUE_MAX_DATA ? data.n : QUEUE_MAX_DATA;
    while (n && n < data.n && (data.p[n] & 0xc0) == 0x80)
        n--;
    return span_of(data.p, n);
}

/* The row that waits for these Results: of that LocURI, or the only one of the command. */
static enum err find_row(struct tx *tx, const struct queue_result *r, int64_t *row) {
    return sql_number(tx, row,
                      "SELECT id FROM queue_result WHERE command = $1 AND cmd_id = $2"
                      " AND format IS NULL AND (loc_uri = $3 OR NOT EXISTS(SELECT 1"
                      "  FROM queue_result o WHERE o.command = $1 AND o.cmd_id = $2"
                      "  AND o.id <> queue_result.id))"
                      " ORDER BY loc_uri <> $3, id LIMIT 1",
                      "iis", r->command, r->cmd_id, r->loc_uri);
}

enum err queue_keep_data(struct tx *tx, const struct queue_result *r) {
    int64_t row, rows;
    struct span kept = cut(r->data);
    TRY(find_row(tx, r, &row));
    if (row)
        return sql_run(tx,
                       "UPDATE queue_result SET format = $2, data = $3, size = $4, at = $5"
                       " WHERE id = $1",
                       "isbii", row, r->format, kept, (int64_t)r->data.n, r->at);
    TRY(sql_number(tx, &rows,
                   "SELECT count(*) FROM queue_result WHERE command = $1 AND cmd = 'Results'", "i",
                   r->command));
    if (rows >= QUEUE_MAX_MORE)
        return OK;
    return sql_run(tx,
                   "INSERT INTO queue_result(command, cmd_id, cmd, loc_uri, format, data, size, at)"
                   " VALUES($1, $2, 'Results', $3, $4, $5, $6, $7)",
                   "iissbii", r->command, r->cmd_id, r->loc_uri, r->format, kept,
                   (int64_t)r->data.n, r->at);
}

enum err queue_results(struct tx *tx, struct arena *a, int64_t command, bool with_data,
                       struct queue_result **out) {
    sqlite3_stmt *rows;
    enum err e;
    *out = NULL;
    TRY(sql_query(
        tx, &rows,
        "SELECT id, command, cmd_id, cmd, loc_uri, status, original_error, format,"
        " iif($2, data, NULL), size, at FROM queue_result WHERE command = $1 ORDER BY cmd_id, id",
        "ii", command, (int64_t)with_data));
    SQL_EACH_ROW (rows, e, a, out)
        **out = (struct queue_result){
            .id = sqlite3_column_int64(rows, 0),
            .command = sqlite3_column_int64(rows, 1),
            .cmd_id = sqlite3_column_int64(rows, 2),
            .cmd = sql_text(a, rows, 3),
            .loc_uri = sql_text(a, rows, 4),
            .status = sqlite3_column_int64(rows, 5),
            .original_error = sql_text(a, rows, 6),
            .format = sql_text(a, rows, 7),
            .data = sql_blob(a, rows, 8),
            .size = sqlite3_column_int64(rows, 9),
            .at = sqlite3_column_int64(rows, 10),
        };
    sql_end(rows);
    return e;
}

enum err queue_status(struct tx *tx, int64_t command, int64_t *out) {
    return sql_number(tx, out,
                      "SELECT status FROM queue_result WHERE command = $1 ORDER BY cmd_id, id"
                      " LIMIT 1",
                      "i", command);
}
