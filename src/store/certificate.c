/* SPDX-License-Identifier: Apache-2.0 */
#include "store/certificate.h"

#include "store/sql.h"

#define COLUMNS                                                                          \
    "id, serial, enrollment, sha1, der, not_before, not_after, issued, revoked, reason," \
    " transaction_id, signer_sha256, csr_sha256"

static void read_row(struct arena *a, sqlite3_stmt *rows, struct certificate *out) {
    *out = (struct certificate){
        .id = sqlite3_column_int64(rows, 0),
        .serial = sql_blob(a, rows, 1),
        .enrollment = sql_text(a, rows, 2),
        .sha1 = sql_text(a, rows, 3),
        .der = sql_blob(a, rows, 4),
        .not_before = sqlite3_column_int64(rows, 5),
        .not_after = sqlite3_column_int64(rows, 6),
        .issued = sqlite3_column_int64(rows, 7),
        .revoked = sqlite3_column_int64(rows, 8),
        .reason = sql_text(a, rows, 9),
        .transaction_id = sql_blob(a, rows, 10),
        .signer_sha256 = sql_blob(a, rows, 11),
        .csr_sha256 = sql_blob(a, rows, 12),
    };
}

enum err certificate_add(struct tx *tx, struct certificate *c) {
    TRY(sql_run(tx,
                "INSERT INTO certificate(serial, enrollment, sha1, der, not_before, not_after,"
                " issued, transaction_id, signer_sha256, csr_sha256)"
                " VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                "bssbiiitbb", c->serial, c->enrollment, c->sha1, c->der, c->not_before,
                c->not_after, c->issued, c->transaction_id, c->signer_sha256, c->csr_sha256));
    c->id = sqlite3_last_insert_rowid(tx->db);
    return OK;
}

enum err certificate_list(struct tx *tx, struct arena *a, const char *enrollment,
                          struct certificate **out) {
    sqlite3_stmt *rows;
    enum err e;
    *out = NULL;
    TRY(sql_query(tx, &rows,
                  "SELECT " COLUMNS " FROM certificate WHERE enrollment = $1 ORDER BY id", "s",
                  enrollment));
    while (sql_next(rows, &e)) {
        *out = arena_alloc(a, sizeof **out);
        read_row(a, rows, *out);
        out = &(*out)->next;
    }
    sql_end(rows);
    return e;
}

enum err certificate_revoke(struct tx *tx, int64_t id, int64_t at, const char *reason) {
    return sql_run(tx,
                   "UPDATE certificate SET revoked = $2, reason = $3"
                   " WHERE id = $1 AND revoked IS NULL",
                   "iis", id, at, reason);
}

enum err certificate_reinstate(struct tx *tx, int64_t id) {
    return sql_run(tx, "UPDATE certificate SET revoked = NULL, reason = NULL WHERE id = $1", "i",
                   id);
}

enum err certificate_by_csr(struct tx *tx, struct arena *a, struct span csr_sha256,
                            struct certificate *out) {
    sqlite3_stmt *rows;
    enum err e;
    TRY(sql_query(tx, &rows,
                  "SELECT " COLUMNS " FROM certificate WHERE csr_sha256 = $1 ORDER BY id DESC", "b",
                  csr_sha256));
    if (sql_next(rows, &e))
        read_row(a, rows, out);
    else if (e == OK)
        e = err_set(ERR_NOT_FOUND, "no certificate was issued for this CSR");
    sql_end(rows);
    return e;
}
