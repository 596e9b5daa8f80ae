/* SPDX-License-Identifier: Apache-2.0 */
#include "store/certificate.h"

#include "store/sql.h"

#define COLUMNS                                                                                    \
    "c.id, c.serial, c.enrollment, c.sha1, c.der, c.not_before, c.not_after, c.issued, c.revoked," \
    " c.reason"

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
    };
}

enum err certificate_add(struct tx *tx, struct certificate *c) {
    TRY(sql_run(tx,
                "INSERT INTO certificate(serial, enrollment, sha1, der, not_before, not_after,"
                " issued) VALUES($1, $2, $3, $4, $5, $6, $7)",
                "bssbiii", c->serial, c->enrollment, c->sha1, c->der, c->not_before, c->not_after,
                c->issued));
    c->id = sqlite3_last_insert_rowid(tx->db);
    return OK;
}

enum err certificate_list(struct tx *tx, struct arena *a, const char *enrollment,
                          struct certificate **out) {
    sqlite3_stmt *rows;
    enum err e;
    *out = NULL;
    TRY(sql_query(tx, &rows,
                  "SELECT " COLUMNS " FROM certificate c WHERE c.enrollment = $1 ORDER BY c.id", "s",
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

enum err transaction_put(struct tx *tx, const struct scep_transaction *t) {
    return sql_run(tx,
                   "INSERT INTO scep_transaction(id, signer_sha256, csr_sha256, certificate, at)"
                   " VALUES($1, $2, $3, $4, $5) ON CONFLICT(id) DO UPDATE SET signer_sha256 = $2,"
                   " csr_sha256 = $3, certificate = $4, at = $5",
                   "tbbii", t->id, t->signer_sha256, t->csr_sha256, t->certificate.id, t->at);
}

enum err transaction_get(struct tx *tx, struct arena *a, struct span id,
                         struct scep_transaction *out) {
    sqlite3_stmt *rows;
    enum err e;
    TRY(sql_query(tx, &rows,
                  "SELECT " COLUMNS ", t.signer_sha256, t.csr_sha256, t.at FROM scep_transaction t"
                  " JOIN certificate c ON c.id = t.certificate WHERE t.id = $1",
                  "t", id));
    if (sql_next(rows, &e)) {
        *out = (struct scep_transaction){
            .id = id,
            .signer_sha256 = sql_blob(a, rows, 10),
            .csr_sha256 = sql_blob(a, rows, 11),
            .at = sqlite3_column_int64(rows, 12),
        };
        read_row(a, rows, &out->certificate);
    } else if (e == OK) {
        e = err_set(ERR_NOT_FOUND, "no such transaction");
    }
    sql_end(rows);
    return e;
}
