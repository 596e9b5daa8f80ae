/* SPDX-License-Identifier: Apache-2.0 */
#include "store/request.h"

#include "store/sql.h"

#define COLUMNS                                                                                                \
    "id, endpoint, message_type, state, transaction_id, signer_sha256, signer_key_sha256,"                     \
    " csr_sha256, enrollment, subject, peer, reason, challenge, certificate, created, decided, csr, validity," \
    " foreign_certificate"

static void read_row(struct arena *a, sqlite3_stmt *rows, struct request *out) {
    *out = (struct request){
        .id = sqlite3_column_int64(rows, 0),
        .endpoint = sql_text(a, rows, 1),
        .message_type = sqlite3_column_int(rows, 2),
        .state = sqlite3_column_int(rows, 3),
        .transaction_id = sql_blob(a, rows, 4),
        .signer_sha256 = sql_blob(a, rows, 5),
        .signer_key_sha256 = sql_blob(a, rows, 6),
        .csr_sha256 = sql_blob(a, rows, 7),
        .enrollment = sql_text(a, rows, 8),
        .subject = sql_text(a, rows, 9),
        .peer = sql_text(a, rows, 10),
        .reason = sql_text(a, rows, 11),
        .challenge = sqlite3_column_int64(rows, 12),
        .certificate = sqlite3_column_int64(rows, 13),
        .created = sqlite3_column_int64(rows, 14),
        .decided = sqlite3_column_int64(rows, 15),
        .csr = sql_blob(a, rows, 16),
        .validity = sqlite3_column_int64(rows, 17),
        .foreign = sqlite3_column_int64(rows, 18),
    };
}

static enum err read_list(struct arena *a, sqlite3_stmt *rows, struct request **out) {
    enum err e;
    *out = NULL;
    SQL_EACH_ROW (rows, e, a, out)
        read_row(a, rows, *out);
    sql_end(rows);
    return e;
}

enum err request_add(struct tx *tx, struct request *r) {
    TRY(sql_run(
        tx,
        "INSERT INTO request(endpoint, message_type, state, transaction_id,"
        " transaction_hint, signer_sha256, signer_key_sha256, csr_sha256, csr_hint,"
        " enrollment, subject, peer, challenge, certificate, created, decided, csr, validity,"
        " foreign_certificate)"
        " VALUES($1, $2, $3, $4, hint($4), $5, $6, $7, hint($7), $8, $9, $10,"
        " NULLIF($11, 0), NULLIF($12, 0), $13, NULLIF($14, 0), $15, $16, NULLIF($17, 0))",
        "siitbbbsssiiiibii", r->endpoint, (int64_t)r->message_type, (int64_t)r->state,
        r->transaction_id, r->signer_sha256, r->signer_key_sha256, r->csr_sha256, r->enrollment,
        r->subject, r->peer, r->challenge, r->certificate, r->created, r->decided, r->csr,
        r->validity, r->foreign));
    r->id = sqlite3_last_insert_rowid(tx->db);
    return OK;
}

enum err request_get(struct tx *tx, struct arena *a, int64_t id, struct request *out) {
    sqlite3_stmt *rows;
    enum err e;
    TRY(sql_query(tx, &rows, "SELECT " COLUMNS " FROM request WHERE id = $1", "i", id));
    if (sql_next(rows, &e))
        read_row(a, rows, out);
    else if (e == OK)
        e = err_set(ERR_NOT_FOUND, "there is no request %lld; signet request list shows them",
                    (long long)id);
    sql_end(rows);
    return e;
}

enum err request_by_csr(struct tx *tx, struct arena *a, const char *endpoint,
                        struct span csr_sha256, struct request **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  "SELECT " COLUMNS " FROM request WHERE csr_hint = hint($1)"
                  " AND csr_sha256 = $1 AND endpoint = $2 ORDER BY id DESC",
                  "bs", csr_sha256, endpoint));
    return read_list(a, rows, out);
}

enum err request_by_transaction(struct tx *tx, struct arena *a, const char *endpoint,
                                struct span transaction_id, struct request **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  "SELECT " COLUMNS " FROM request WHERE transaction_hint = hint($1)"
                  " AND transaction_id = $1 AND endpoint = $2 ORDER BY id DESC",
                  "ts", transaction_id, endpoint));
    return read_list(a, rows, out);
}

enum err request_list(struct tx *tx, struct arena *a, bool all, int64_t max, struct request **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  all ? "SELECT " COLUMNS " FROM (SELECT * FROM request ORDER BY id DESC LIMIT $1)"
                        " ORDER BY id"
                      : "SELECT " COLUMNS " FROM request WHERE state = 1 ORDER BY id LIMIT $1",
                  "i", max));
    return read_list(a, rows, out);
}

enum err request_list_pending(struct tx *tx, struct arena *a, const char *endpoint,
                              struct request **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  "SELECT " COLUMNS " FROM request WHERE state = 1 AND endpoint = $1 ORDER BY id",
                  "s", endpoint));
    return read_list(a, rows, out);
}

static enum err decide(struct tx *tx, int64_t id, int state, int64_t certificate, int64_t foreign,
                       int64_t at, const char *reason) {
    TRY(sql_run(tx,
                "UPDATE request SET state = $2, certificate = NULLIF($3, 0),"
                " foreign_certificate = NULLIF($4, 0), decided = $5, reason = $6, csr = NULL"
                " WHERE id = $1 AND state = 1",
                "iiiiis", id, (int64_t)state, certificate, foreign, at, reason));
    return sql_changes(tx)
               ? OK
               : err_set(ERR_CONFLICT, "the request %lld is not pending", (long long)id);
}

enum err request_decide(struct tx *tx, int64_t id, int state, int64_t certificate, int64_t at,
                        const char *reason) {
    return decide(tx, id, state, certificate, 0, at, reason);
}

enum err request_decide_foreign(struct tx *tx, int64_t id, int64_t foreign, int64_t at) {
    return decide(tx, id, REQUEST_ISSUED, 0, foreign, at, NULL);
}

enum err request_count_pending(struct tx *tx, const char *endpoint, int64_t *count) {
    return sql_number(tx, count, "SELECT count(*) FROM request WHERE state = 1 AND endpoint = $1",
                      "s", endpoint);
}

enum err request_pending_before(struct tx *tx, const char *enrollment, int64_t newer, int64_t *id) {
    return sql_number(tx, id,
                      "SELECT coalesce((SELECT id FROM request WHERE state = 1 AND enrollment = $1"
                      " ORDER BY id DESC LIMIT 1 OFFSET $2), 0)",
                      "si", enrollment, newer);
}

/* Looks at the oldest thousand that are decided: they were made, and so decided, first. */
enum err request_purge(struct tx *tx, int64_t before) {
    return sql_run(tx,
                   "DELETE FROM request WHERE decided < $1 AND id IN"
                   " (SELECT id FROM request WHERE state <> 1 ORDER BY id LIMIT 1000)",
                   "i", before);
}
