/* SPDX-License-Identifier: Apache-2.0 */
#include "store/timeline.h"

enum err timeline_insert(struct tx *tx, const char *enrollment, const struct event *event) {
    TRY(sql_run(tx,
                "INSERT INTO event(enrollment, previous, at, kind, text, evidence)"
                " SELECT id, last_event, $2, $3, $4, $5 FROM enrollment WHERE id = $1",
                "siiss", enrollment, event->at, (int64_t)event->kind, event->text,
                event->evidence ? event->evidence : "{}"));
    return sql_changes(tx) ? OK : err_set(ERR_NOT_FOUND, "there is no enrollment '%s'", enrollment);
}

enum err enrollment_add_event(struct tx *tx, const char *enrollment, const struct event *event) {
    TRY(timeline_insert(tx, enrollment, event));
    return sql_run(tx, "UPDATE enrollment SET " SET_LAST_EVENT " WHERE id = $1", "s", enrollment);
}

enum err enrollment_list_events(struct tx *tx, struct arena *a, const char *enrollment,
                                struct event **out) {
    sqlite3_stmt *rows;
    enum err e;
    *out = NULL;
    TRY(sql_query(tx, &rows,
                  SQL_ON_TIMELINE("e.id = $1", "SELECT at, kind, text, evidence"
                                               " FROM timeline JOIN event USING (id) ORDER BY id"),
                  "s", enrollment));
    SQL_EACH_ROW (rows, e, a, out)
        **out = (struct event){
            .at = sqlite3_column_int64(rows, 0),
            .kind = sqlite3_column_int(rows, 1),
            .text = sql_text(a, rows, 2),
            .evidence = sql_text(a, rows, 3),
        };
    sql_end(rows);
    return e;
}

enum err enrollment_count_events(struct tx *tx, const char *enrollment, int kind, int64_t *count) {
    return sql_number(tx, count,
                      SQL_ON_TIMELINE("e.id = $1", "SELECT count(*) FROM timeline JOIN event"
                                                   " USING (id) WHERE kind = $2"),
                      "si", enrollment, (int64_t)kind);
}

/* 17 is EVENT_GONE. */
enum err enrollment_count_gone(struct tx *tx, const struct enrollment *like, int64_t since,
                               int64_t *count) {
    return sql_number(tx, count,
                      SQL_ON_TIMELINE("e.device = $1 AND e.profile = $2 AND e.kind = $3"
                                      " AND (e.kind = 1 OR e.id = $5)",
                                      "SELECT count(*) FROM timeline JOIN event USING (id)"
                                      " WHERE kind = 17 AND at >= $4"),
                      "isiis", like->device, like->profile, (int64_t)like->kind, since, like->id);
}
