/* SPDX-License-Identifier: Apache-2.0 */
#include "store/queue.h"

#include "store/sql.h"

#define COLUMNS "id, device, batch, body, state, created, sent, done"

static const char *const names[QUEUE__MAX] = {
    [QUEUE_WAITING] = "waiting", [QUEUE_SENT] = "sent",       [QUEUE_DONE] = "done",
    [QUEUE_FAILED] = "failed",   [QUEUE_UNKNOWN] = "unknown", [QUEUE_CANCELLED] = "cancelled",
};

const char *queue_state_name(int state) {
    return state > 0 && state < QUEUE__MAX ? names[state] : "none";
}

int queue_state_parse(const char *name) {
    for (int i = 1; i < QUEUE__MAX; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return 0;
}

enum err queue_add(struct tx *tx, struct queued *q) {
    sqlite3_stmt *rows;
    enum err e;
    TRY(sql_query(tx, &rows,
                  "INSERT INTO queue(device, batch, body, state, created)"
                  " VALUES($1, NULLIF($2, 0), $3, 1, $4) RETURNING id",
                  "iisi", q->device, q->batch, q->body, q->created));
    while (sql_next(rows, &e))
        q->id = sqlite3_column_int64(rows, 0);
    sql_end(rows);
    TRY(e);
    q->state = QUEUE_WAITING;
    if (q->batch)
        return OK;
    q->batch = q->id;
    return sql_run(tx, "UPDATE queue SET batch = id WHERE id = $1", "i", q->id);
}

/* 1 is DEVICE_ENROLLED. One statement, since a group may be the whole fleet. */
enum err queue_add_for_group(struct tx *tx, int64_t group, struct queued *q, int64_t *hosts) {
    TRY(sql_number(tx, &q->id, "SELECT seq FROM sqlite_sequence WHERE name = 'queue'", ""));
    q->id++;
    q->batch = q->batch ? q->batch : q->id;
    TRY(sql_run(tx,
                "INSERT INTO queue(device, batch, body, state, created)"
                " SELECT d.id, $2, $3, 1, $4 FROM group_member m JOIN device d ON d.id = m.device"
                " WHERE m.device_group = $1 AND d.state = 1 ORDER BY d.id",
                "iisi", group, q->batch, q->body, q->created));
    *hosts = sql_changes(tx);
    return OK;
}

enum err queue_group_is_busy(struct tx *tx, int64_t group, int64_t most, bool *out) {
    int64_t found;
    TRY(sql_number(tx, &found,
                   "SELECT EXISTS(SELECT 1 FROM queue q JOIN group_member m ON m.device = q.device"
                   " WHERE m.device_group = $1 AND q.state <= 2"
                   " GROUP BY q.device HAVING count(*) > $2)",
                   "ii", group, most));
    *out = found;
    return OK;
}

static void read_row(struct arena *a, sqlite3_stmt *rows, struct queued *out) {
    *out = (struct queued){
        .id = sqlite3_column_int64(rows, 0),
        .device = sqlite3_column_int64(rows, 1),
        .batch = sqlite3_column_int64(rows, 2),
        .body = sql_text(a, rows, 3),
        .state = sqlite3_column_int(rows, 4),
        .created = sqlite3_column_int64(rows, 5),
        .sent = sqlite3_column_int64(rows, 6),
        .done = sqlite3_column_int64(rows, 7),
    };
}

enum err queue_get(struct tx *tx, struct arena *a, int64_t id, struct queued *out) {
    sqlite3_stmt *rows;
    enum err e;
    TRY(sql_query(tx, &rows, "SELECT " COLUMNS " FROM queue WHERE id = $1", "i", id));
    if (sql_next(rows, &e))
        read_row(a, rows, out);
    else if (e == OK)
        e = err_set(ERR_NOT_FOUND, "there is no command %lld; signet command list shows them",
                    (long long)id);
    sql_end(rows);
    return e;
}

/* `state <= 2` lets SQLite take the index queue_open. */
enum err queue_next(struct tx *tx, struct arena *a, int64_t device, int state, int64_t max,
                    size_t bytes, struct queued **out) {
    sqlite3_stmt *rows;
    enum err e;
    size_t total = 0;
    *out = NULL;
    TRY(sql_query(tx, &rows,
                  "SELECT " COLUMNS " FROM queue WHERE device = $1 AND state <= 2 AND state = $2"
                  " ORDER BY id LIMIT $3",
                  "iii", device, (int64_t)state, max));
    while (sql_next(rows, &e)) {
        size_t n = (size_t)sqlite3_column_bytes(rows, 3);
        if (total && total + n > bytes)
            break;
        total += n;
        *out = arena_alloc(a, sizeof **out);
        read_row(a, rows, *out);
        out = &(*out)->next;
    }
    sql_end(rows);
    return e;
}

enum err queue_count_open(struct tx *tx, int64_t device, int64_t *count) {
    return sql_number(tx, count, "SELECT count(*) FROM queue WHERE device = $1 AND state <= 2", "i",
                      device);
}

/* A literal for each index that a list can go by. */
static const char *page_query(const struct queue_filter *f) {
#define PAGE(condition)                                                               \
    "SELECT " COLUMNS " FROM queue WHERE " condition " AND ($3 = 0 OR state = $3)"    \
    " AND ($4 = 0 OR id < $4) AND ($1 = 0 OR device = $1) AND ($2 = 0 OR batch = $2)" \
    " ORDER BY id DESC LIMIT $5"
    if (f->batch)
        return PAGE("batch = $2");
    return f->device ? PAGE("device = $1") : PAGE("1");
#undef PAGE
}

enum err queue_page(struct tx *tx, struct arena *a, const struct queue_filter *f,
                    struct queued **out) {
    sqlite3_stmt *rows;
    enum err e;
    *out = NULL;
    TRY(sql_query(tx, &rows, page_query(f), "iiiii", f->device, f->batch, (int64_t)f->state,
                  f->before, f->max));
    SQL_EACH_ROW (rows, e, a, out)
        read_row(a, rows, *out);
    sql_end(rows);
    return e;
}

enum err queue_move(struct tx *tx, int64_t id, int state, int64_t now) {
    return sql_run(tx,
                   "UPDATE queue SET state = $2, sent = iif($2 = 2, $3, sent),"
                   " done = iif($2 = 2, NULL, $3) WHERE id = $1",
                   "iii", id, (int64_t)state, now);
}

enum err queue_forget(struct tx *tx, int64_t device, int64_t now) {
    return sql_run(tx,
                   "UPDATE queue SET state = 5, done = $2"
                   " WHERE device = $1 AND state <= 2 AND state = 2",
                   "ii", device, now);
}

enum err queue_cancel_all(struct tx *tx, int64_t device, int64_t now) {
    TRY(queue_forget(tx, device, now));
    return sql_run(tx, "UPDATE queue SET state = 6, done = $2 WHERE device = $1 AND state <= 2",
                   "ii", device, now);
}
