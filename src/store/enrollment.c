/* SPDX-License-Identifier: Apache-2.0 */
#include "store/enrollment.h"

#include "store/timeline.h"

#define COLUMNS                                                                               \
    "id, device, profile, state, created, deadline, sessions, asked, next_ask,"               \
    " user_scope, subject, san, eku, key_usage, key_length, host_status, host_error,"         \
    " host_thumbprint, respondent, endpoint, asks, answers, successes, assignment, replaces," \
    " not_after, renew_at, next_check, kind, events"

static void read_row(struct arena *a, sqlite3_stmt *rows, struct enrollment *out) {
    *out = (struct enrollment){
        .id = sql_text(a, rows, 0),
        .device = sqlite3_column_int64(rows, 1),
        .profile = sql_text(a, rows, 2),
        .state = sqlite3_column_int(rows, 3),
        .created = sqlite3_column_int64(rows, 4),
        .deadline = sqlite3_column_int64(rows, 5),
        .sessions = sqlite3_column_int64(rows, 6),
        .asked = sqlite3_column_int64(rows, 7),
        .next_ask = sqlite3_column_int64(rows, 8),
        .user_scope = sqlite3_column_int(rows, 9) != 0,
        .subject = sql_text(a, rows, 10),
        .san = sql_text(a, rows, 11),
        .eku = sql_text(a, rows, 12),
        .key_usage = sqlite3_column_int64(rows, 13),
        .key_length = sqlite3_column_int64(rows, 14),
        .host_status = sql_text(a, rows, 15),
        .host_error = sql_text(a, rows, 16),
        .host_thumbprint = sql_text(a, rows, 17),
        .respondent = sql_text(a, rows, 18),
        .endpoint = sql_text(a, rows, 19),
        .asks = sqlite3_column_int64(rows, 20),
        .answers = sqlite3_column_int64(rows, 21),
        .successes = sqlite3_column_int64(rows, 22),
        .assignment = sqlite3_column_int64(rows, 23),
        .replaces = sql_text(a, rows, 24),
        .not_after = sqlite3_column_int64(rows, 25),
        .renew_at = sqlite3_column_int64(rows, 26),
        .next_check = sqlite3_column_int64(rows, 27),
        .kind = (enum enrollment_kind)sqlite3_column_int(rows, 28),
        .events = sqlite3_column_int64(rows, 29),
    };
}

/* Hosts that were assigned the same share it. */
static enum err keep_body(struct tx *tx, const struct enrollment *e) {
    return sql_run(tx,
                   "INSERT INTO body(hint, text, send_anyway) SELECT hint($1), $1, $2 WHERE NOT "
                   "EXISTS (SELECT 1 FROM body WHERE hint = hint($1) AND text = $1"
                   " AND send_anyway = $2)",
                   "si", e->body, (int64_t)e->send_anyway);
}

enum err enrollment_add(struct tx *tx, const struct enrollment *e) {
    TRY(keep_body(tx, e));
    return sql_run(tx,
                   "INSERT INTO enrollment(id, device, profile, body, state, created, endpoint,"
                   " assignment, replaces, kind) VALUES($1, $2, $3,"
                   " (SELECT id FROM body WHERE hint = hint($4) AND text = $4"
                   "  AND send_anyway = $11),"
                   " $5, $6, COALESCE($7, 'default'), NULLIF($8, 0), $9, max($10, 1))",
                   "sissiisisii", e->id, e->device, e->profile, e->body, (int64_t)e->state,
                   e->created, e->endpoint, e->assignment, e->replaces, (int64_t)e->kind,
                   (int64_t)e->send_anyway);
}

#define SET_ROW                                                                              \
    "UPDATE enrollment SET state = $2, deadline = NULLIF($3, 0), sessions = $4, asked = $5," \
    " next_ask = $6, user_scope = $7, subject = $8, san = $9, eku = $10, key_usage = $11,"   \
    " key_length = $12, host_status = $13, host_error = $14, host_thumbprint = $15,"         \
    " respondent = $16, asks = $17, answers = $18, successes = $19,"                         \
    " not_after = NULLIF($20, 0), renew_at = NULLIF($21, 0), next_check = $22"

static enum err write_row(struct tx *tx, const struct enrollment *e, const char *sql) {
    return sql_run(tx, sql, "siiiiiisssiissssiiiiii", e->id, (int64_t)e->state, e->deadline,
                   e->sessions, e->asked, e->next_ask, (int64_t)e->user_scope, e->subject, e->san,
                   e->eku, e->key_usage, e->key_length, e->host_status, e->host_error,
                   e->host_thumbprint, e->respondent, e->asks, e->answers, e->successes,
                   e->not_after, e->renew_at, e->next_check);
}

/* One that is the same is not written again. */
enum err enrollment_update(struct tx *tx, const struct enrollment *e) {
    return write_row(
        tx, e,
        SET_ROW " WHERE id = $1 AND (state, deadline, sessions, asked, next_ask, user_scope,"
                " subject, san, eku, key_usage, key_length, host_status, host_error,"
                " host_thumbprint, respondent, asks, answers, successes, not_after, renew_at,"
                " next_check) IS NOT ($2, NULLIF($3, 0), $4, $5, $6, $7, $8, $9, $10, $11, $12,"
                " $13, $14, $15, $16, $17, $18, $19, NULLIF($20, 0), NULLIF($21, 0), $22)");
}

enum err enrollment_record(struct tx *tx, const struct enrollment *e, const struct event *event) {
    TRY(timeline_insert(tx, e->id, event));
    return write_row(tx, e, SET_ROW ", " SET_LAST_EVENT " WHERE id = $1");
}

enum err enrollment_update_asks(struct tx *tx, const struct enrollment *e) {
    return sql_run(tx,
                   "UPDATE enrollment SET state = $2, asks = $3, answers = $4, successes = $5"
                   " WHERE id = $1",
                   "siiii", e->id, (int64_t)e->state, e->asks, e->answers, e->successes);
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
    SQL_EACH_ROW (rows, e, a, out)
        read_row(a, rows, *out);
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

/* 13, 15, 16: see enroll/state.c. The whole table is looked through, for an administrator. */
#define FITS \
    "($1 = 0 OR device = $1) AND ($2 = 0 OR state = $2) AND ($3 OR state NOT IN (13, 15, 16))"

enum err enrollment_page(struct tx *tx, struct arena *a, const struct enrollment_filter *filter,
                         int64_t after, int64_t max, int64_t *last, struct enrollment **out) {
    sqlite3_stmt *rows;
    int64_t end, count;
    TRY(sql_number(tx, &end,
                   "SELECT max(rowid) FROM (SELECT rowid FROM enrollment WHERE " FITS
                   " AND rowid > $4 ORDER BY rowid LIMIT $5)",
                   "iiiii", filter->device, filter->state, (int64_t)filter->past, after, max));
    TRY(sql_number(tx, &count,
                   "SELECT EXISTS(SELECT 1 FROM enrollment WHERE " FITS " AND rowid > $4)", "iiii",
                   filter->device, filter->state, (int64_t)filter->past, end));
    *last = count ? end : 0;
    TRY(sql_query(tx, &rows,
                  "SELECT " COLUMNS " FROM enrollment WHERE " FITS
                  " AND rowid > $4 AND rowid <= $5 ORDER BY rowid",
                  "iiiii", filter->device, filter->state, (int64_t)filter->past, after, end));
    return read_list(a, rows, out);
}

enum err enrollment_before_newest(struct tx *tx, const struct enrollment_filter *filter,
                                  int64_t count, int64_t *after) {
    return sql_number(tx, after,
                      "SELECT min(rowid) - 1 FROM (SELECT rowid FROM enrollment WHERE " FITS
                      " ORDER BY rowid DESC LIMIT $4)",
                      "iiii", filter->device, filter->state, (int64_t)filter->past, count);
}

enum err enrollment_list_present(struct tx *tx, struct arena *a, int64_t device,
                                 struct enrollment **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  "SELECT " COLUMNS " FROM enrollment WHERE device = $1 AND kept IS NULL"
                  " ORDER BY rowid",
                  "i", device));
    return read_list(a, rows, out);
}

enum err enrollment_body(struct tx *tx, struct arena *a, struct enrollment *e) {
    sqlite3_stmt *rows;
    enum err error;
    TRY(sql_query(tx, &rows,
                  "SELECT b.text, b.send_anyway FROM enrollment e JOIN body b ON b.id = e.body"
                  " WHERE e.id = $1",
                  "s", e->id));
    if (sql_next(rows, &error)) {
        e->body = sql_text(a, rows, 0);
        e->send_anyway = sqlite3_column_int(rows, 1) != 0;
    } else if (error == OK)
        error = err_set(ERR_NOT_FOUND, "there is no enrollment '%s'", e->id);
    sql_end(rows);
    return error;
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

enum err enrollment_list_due(struct tx *tx, struct arena *a, int64_t now, int64_t sessions,
                             struct enrollment **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  "SELECT " COLUMNS " FROM enrollment WHERE deadline <= $1 AND sessions >= $2",
                  "ii", now, sessions));
    return read_list(a, rows, out);
}

/* ---- for enroll/life.h ---- */

enum err enrollment_list_successors(struct tx *tx, struct arena *a, int64_t device, const char *id,
                                    struct enrollment **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  "SELECT " COLUMNS
                  " FROM enrollment WHERE device = $1 AND (replaces = $2 OR (assignment IS NOT NULL"
                  " AND EXISTS(SELECT 1 FROM enrollment old WHERE old.id = $2"
                  "  AND old.device = $1 AND old.assignment IS NOT NULL"
                  "  AND old.profile = enrollment.profile AND old.rowid < enrollment.rowid)))"
                  " ORDER BY rowid",
                  "is", device, id));
    return read_list(a, rows, out);
}

enum err enrollment_list_renewals(struct tx *tx, struct arena *a, int64_t device, int64_t now,
                                  int64_t max, struct enrollment **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  device ? "SELECT " COLUMNS " FROM enrollment WHERE device = $3"
                           " AND renew_at <= $1 ORDER BY renew_at LIMIT $2"
                         : "SELECT " COLUMNS
                           " FROM enrollment WHERE renew_at <= $1 ORDER BY renew_at LIMIT $2",
                  device ? "iii" : "ii", now, max, device));
    return read_list(a, rows, out);
}

/* 8, 11, 12: see enroll/state.c; the index enrollment_not_after is of these. */
#define IS_HELD "(state = 8 OR state BETWEEN 11 AND 12)"

enum err enrollment_list_ended(struct tx *tx, struct arena *a, int64_t now, int64_t max,
                               struct enrollment **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  "SELECT " COLUMNS " FROM enrollment WHERE not_after <= $1 AND " IS_HELD
                  " ORDER BY not_after LIMIT $2",
                  "ii", now, max));
    return read_list(a, rows, out);
}

enum err enrollment_find_unseen(struct tx *tx, struct arena *a, int64_t before, int64_t seen,
                                struct unseen *out) {
    sqlite3_stmt *rows;
    enum err e;
    *out = (struct unseen){0};
    TRY(sql_query(tx, &rows,
                  "SELECT d.name FROM device d WHERE d.state = 1 AND d.last_seen < $2"
                  " AND d.id IN (SELECT device FROM enrollment WHERE not_after <= $1"
                  " AND " IS_HELD ") ORDER BY d.last_seen",
                  "ii", before, seen));
    while (sql_next(rows, &e)) {
        if (out->count < UNSEEN_NAMES)
            out->names[out->count] = sql_text(a, rows, 0);
        out->count++;
    }
    sql_end(rows);
    return e;
}
