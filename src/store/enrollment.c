/* SPDX-License-Identifier: Apache-2.0 */
#include "store/enrollment.h"

#include "store/sql.h"

#define COLUMNS                                                                                   \
    "id, device, profile, body, state, created, deadline, sessions, asked, next_ask, user_scope," \
    " subject, san, eku, key_usage, key_length, host_status, host_error, host_thumbprint,"        \
    " respondent, endpoint, asks, answers, successes, assignment, replaces, not_after,"           \
    " renew_at, next_check"

static void read_row(struct arena *a, sqlite3_stmt *rows, struct enrollment *out) {
    *out = (struct enrollment){
        .id = sql_text(a, rows, 0),
        .device = sqlite3_column_int64(rows, 1),
        .profile = sql_text(a, rows, 2),
        .body = sql_text(a, rows, 3),
        .state = sqlite3_column_int(rows, 4),
        .created = sqlite3_column_int64(rows, 5),
        .deadline = sqlite3_column_int64(rows, 6),
        .sessions = sqlite3_column_int64(rows, 7),
        .asked = sqlite3_column_int64(rows, 8),
        .next_ask = sqlite3_column_int64(rows, 9),
        .user_scope = sqlite3_column_int(rows, 10) != 0,
        .subject = sql_text(a, rows, 11),
        .san = sql_text(a, rows, 12),
        .eku = sql_text(a, rows, 13),
        .key_usage = sqlite3_column_int64(rows, 14),
        .key_length = sqlite3_column_int64(rows, 15),
        .host_status = sql_text(a, rows, 16),
        .host_error = sql_text(a, rows, 17),
        .host_thumbprint = sql_text(a, rows, 18),
        .respondent = sql_text(a, rows, 19),
        .endpoint = sql_text(a, rows, 20),
        .asks = sqlite3_column_int64(rows, 21),
        .answers = sqlite3_column_int64(rows, 22),
        .successes = sqlite3_column_int64(rows, 23),
        .assignment = sqlite3_column_int64(rows, 24),
        .replaces = sql_text(a, rows, 25),
        .not_after = sqlite3_column_int64(rows, 26),
        .renew_at = sqlite3_column_int64(rows, 27),
        .next_check = sqlite3_column_int64(rows, 28),
    };
}

enum err enrollment_add(struct tx *tx, const struct enrollment *e) {
    return sql_run(tx,
                   "INSERT INTO enrollment(id, device, profile, body, state, created, endpoint,"
                   " assignment, replaces)"
                   " VALUES($1, $2, $3, $4, $5, $6, COALESCE($7, 'default'), NULLIF($8, 0), $9)",
                   "sissiisis", e->id, e->device, e->profile, e->body, (int64_t)e->state,
                   e->created, e->endpoint, e->assignment, e->replaces);
}

enum err enrollment_update(struct tx *tx, const struct enrollment *e) {
    return sql_run(tx,
                   "UPDATE enrollment SET state = $2, deadline = NULLIF($3, 0), sessions = $4,"
                   " asked = $5, next_ask = $6, user_scope = $7, subject = $8, san = $9, eku = $10,"
                   " key_usage = $11, key_length = $12, host_status = $13, host_error = $14,"
                   " host_thumbprint = $15, respondent = $16, asks = $17, answers = $18,"
                   " successes = $19, not_after = NULLIF($20, 0), renew_at = NULLIF($21, 0),"
                   " next_check = $22 WHERE id = $1",
                   "siiiiiisssiissssiiiiii", e->id, (int64_t)e->state, e->deadline, e->sessions,
                   e->asked, e->next_ask, (int64_t)e->user_scope, e->subject, e->san, e->eku,
                   e->key_usage, e->key_length, e->host_status, e->host_error, e->host_thumbprint,
                   e->respondent, e->asks, e->answers, e->successes, e->not_after, e->renew_at,
                   e->next_check);
}

enum err enrollment_get(struct tx *tx, struct arena *a, const char *id, struct enrollment *out) {
    sqlite3_stmt *rows;
    enum err e;
    TRY(sql_query(tx, &rows, "SELECT " COLUMNS " FROM enrollment WHERE id = $1", "s", id));
    if (sql_next(rows, &e))
        read_row(a, rows, out);
    else if (e == OK)
        e = err_set(ERR_NOT_FOUND, "there is no enrollment '%s'; signet enrollment list shows them",
                    id);
    sql_end(rows);
    return e;
}

static enum err read_list(struct arena *a, sqlite3_stmt *rows, struct enrollment **out) {
    enum err e;
    *out = NULL;
    while (sql_next(rows, &e)) {
        *out = arena_alloc(a, sizeof **out);
        read_row(a, rows, *out);
        out = &(*out)->next;
    }
    sql_end(rows);
    return e;
}

enum err enrollment_list(struct tx *tx, struct arena *a, int64_t device, struct enrollment **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  device ? "SELECT " COLUMNS " FROM enrollment WHERE device = $1 ORDER BY rowid"
                         : "SELECT " COLUMNS " FROM enrollment ORDER BY rowid",
                  device ? "i" : "", device));
    return read_list(a, rows, out);
}

enum err enrollment_list_by_thumbprint(struct tx *tx, struct arena *a, const char *endpoint,
                                       const char *sha1, struct enrollment **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  "SELECT " COLUMNS " FROM enrollment WHERE endpoint = $1"
                  " AND upper(host_thumbprint) = $2 ORDER BY rowid",
                  "ss", endpoint, sha1));
    return read_list(a, rows, out);
}

enum err enrollment_list_due(struct tx *tx, struct arena *a, int64_t now, struct enrollment **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  "SELECT " COLUMNS
                  " FROM enrollment WHERE deadline IS NOT NULL AND deadline <= $1",
                  "i", now));
    return read_list(a, rows, out);
}

enum err enrollment_add_event(struct tx *tx, const char *enrollment, const struct event *event) {
    return sql_run(tx,
                   "INSERT INTO event(enrollment, at, kind, text, evidence)"
                   " VALUES($1, $2, $3, $4, $5)",
                   "siiss", enrollment, event->at, (int64_t)event->kind, event->text,
                   event->evidence ? event->evidence : "{}");
}

enum err enrollment_list_events(struct tx *tx, struct arena *a, const char *enrollment,
                                struct event **out) {
    sqlite3_stmt *rows;
    enum err e;
    *out = NULL;
    TRY(sql_query(tx, &rows,
                  "SELECT at, kind, text, evidence FROM event WHERE enrollment = $1 ORDER BY id",
                  "s", enrollment));
    while (sql_next(rows, &e)) {
        *out = arena_alloc(a, sizeof **out);
        **out = (struct event){
            .at = sqlite3_column_int64(rows, 0),
            .kind = sqlite3_column_int(rows, 1),
            .text = sql_text(a, rows, 2),
            .evidence = sql_text(a, rows, 3),
        };
        out = &(*out)->next;
    }
    sql_end(rows);
    return e;
}

enum err enrollment_count_events(struct tx *tx, const char *enrollment, int kind, int64_t *count) {
    return sql_number(tx, count, "SELECT count(*) FROM event WHERE enrollment = $1 AND kind = $2",
                      "si", enrollment, (int64_t)kind);
}
