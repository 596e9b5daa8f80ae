/* SPDX-License-Identifier: Apache-2.0 */
#include "store/certificate.h"

#include "base/clock.h"
#include "base/text.h"
#include "store/sql.h"

#define COLUMNS                                                                           \
    "id, serial, ca, endpoint, enrollment, subject, sha1, not_before, not_after, issued," \
    " revoked, reason, der"

#define OPEN_ENROLLMENT \
    "EXISTS(SELECT 1 FROM enrollment e WHERE e.id = enrollment AND " SQL_IS_OPEN ")"
#define PUBLIC_REVOCATION \
    "revoked IS NOT NULL AND NOT (reason IS 'superseded' AND " OPEN_ENROLLMENT ")"

static void read_row(struct arena *a, sqlite3_stmt *rows, struct certificate *out) {
    *out = (struct certificate){
        .id = sqlite3_column_int64(rows, 0),
        .serial = sql_blob(a, rows, 1),
        .ca = sql_text(a, rows, 2),
        .endpoint = sql_text(a, rows, 3),
        .enrollment = sql_text(a, rows, 4),
        .subject = sql_text(a, rows, 5),
        .sha1 = sql_text(a, rows, 6),
        .not_before = sqlite3_column_int64(rows, 7),
        .not_after = sqlite3_column_int64(rows, 8),
        .issued = sqlite3_column_int64(rows, 9),
        .revoked = sqlite3_column_int64(rows, 10),
        .reason = sql_text(a, rows, 11),
        .der = sql_blob(a, rows, 12),
    };
}

static enum err read_one(struct arena *a, sqlite3_stmt *rows, struct certificate *out) {
    enum err e;
    if (sql_next(rows, &e))
        read_row(a, rows, out);
    else if (e == OK)
        e = err_set(ERR_NOT_FOUND, "no such certificate");
    sql_end(rows);
    return e;
}

static enum err read_list(struct arena *a, sqlite3_stmt *rows, struct certificate **out) {
    enum err e;
    *out = NULL;
    SQL_EACH_ROW (rows, e, a, out)
        read_row(a, rows, *out);
    sql_end(rows);
    return e;
}

enum err certificate_add(struct tx *tx, struct certificate *c) {
    TRY(sql_run(tx,
                "INSERT INTO certificate(serial, ca, endpoint, enrollment, subject, sha1,"
                " not_before, not_after, issued, der)"
                " VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                "bsssssiiib", c->serial, c->ca, c->endpoint, c->enrollment, c->subject, c->sha1,
                c->not_before, c->not_after, c->issued, c->der));
    c->id = sqlite3_last_insert_rowid(tx->db);
    return OK;
}

enum err certificate_list(struct tx *tx, struct arena *a, const char *enrollment,
                          struct certificate **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows,
                  "SELECT " COLUMNS " FROM certificate WHERE enrollment = $1 ORDER BY id", "s",
                  enrollment));
    return read_list(a, rows, out);
}

/* While nobody is told of it, a certificate that was superseded counts as live. */
enum err certificate_revoke(struct tx *tx, int64_t id, int64_t at, const char *reason) {
    TRY(sql_run(
        tx,
        "UPDATE certificate SET revoked = $2, reason = $3 WHERE id = $1 AND (revoked IS NULL"
        " OR (reason IS 'superseded' AND $3 IS NOT 'superseded' AND " OPEN_ENROLLMENT "))",
        "iis", id, at, reason));
    return sql_changes(tx) ? OK : err_set(ERR_CONFLICT, "the certificate is revoked already");
}

enum err certificate_assign(struct tx *tx, int64_t id, const char *enrollment) {
    return sql_run(tx, "UPDATE certificate SET enrollment = $2 WHERE id = $1", "is", id,
                   enrollment);
}

enum err certificate_reinstate(struct tx *tx, int64_t id) {
    return sql_run(tx, "UPDATE certificate SET revoked = NULL, reason = NULL WHERE id = $1", "i",
                   id);
}

enum err certificate_by_id(struct tx *tx, struct arena *a, int64_t id, struct certificate *out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows, "SELECT " COLUMNS " FROM certificate WHERE id = $1", "i", id));
    return read_one(a, rows, out);
}

enum err certificate_by_serial(struct tx *tx, struct arena *a, struct span serial,
                               struct certificate *out) {
    sqlite3_stmt *rows;
    TRY(sql_query(tx, &rows, "SELECT " COLUMNS " FROM certificate WHERE serial = $1", "b", serial));
    return read_one(a, rows, out);
}

/* ---- what an administrator types ---- */

enum { THUMBPRINT_DIGITS = 40, SERIAL_DIGITS = 2 * 20 /* RFC 5280, 4.1.2.2 */ };

/* The digits, filled up to whole octets: a bound of the serials that begin with them. */
static enum err bound(struct arena *a, const char *digits, char fill, size_t size,
                      struct span *out) {
    size_t n = strlen(digits);
    char *hex = arena_alloc(a, size + 1);
    memset(hex, fill, size);
    memcpy(hex, digits, n);
    return hex_decode(a, span_of(hex, size), out);
}

static enum err query_beginning(struct tx *tx, struct arena *a, const char *digits,
                                sqlite3_stmt **rows) {
    size_t n = strlen(digits);
    struct span low, high;
    if (n == 0 || n > SERIAL_DIGITS || bound(a, digits, '0', n + n % 2, &low) != OK)
        return err_set(ERR_NOT_FOUND,
                       "'%s' is neither the beginning of a serial in hex nor a SHA-1 thumbprint",
                       text_claim(a, span_str(digits), SERIAL_DIGITS));
    TRY(bound(a, digits, 'f', SERIAL_DIGITS, &high));
    return sql_query(tx, rows,
                     "SELECT " COLUMNS " FROM certificate WHERE serial BETWEEN $1 AND $2"
                     " ORDER BY serial LIMIT 2",
                     "bb", low, high);
}

enum err certificate_find(struct tx *tx, struct arena *a, const char *text,
                          struct certificate *out) {
    sqlite3_stmt *rows;
    struct certificate *found;
    if (strlen(text) == THUMBPRINT_DIGITS)
        TRY(sql_query(tx, &rows,
                      "SELECT " COLUMNS " FROM certificate WHERE sha1 = upper($1) LIMIT 2", "s",
                      text));
    else
        TRY(query_beginning(tx, a, text, &rows));
    TRY(read_list(a, rows, &found));
    if (!found)
        return err_set(ERR_NOT_FOUND, "there is no certificate '%s'; signet cert list shows them",
                       text_claim(a, span_str(text), THUMBPRINT_DIGITS));
    if (found->next)
        return err_set(ERR_CONFLICT, "several serials begin with '%s': give more digits", text);
    *out = *found;
    return OK;
}

/* A pattern for LIKE that means the text itself, anywhere. */
static const char *containing(struct arena *a, const char *text) {
    BUF_AUTO(b);
    if (!text)
        return NULL;
    buf_char(&b, '%');
    for (; *text; text++) {
        if (strchr("%_\\", *text))
            buf_char(&b, '\\');
        buf_char(&b, *text);
    }
    buf_char(&b, '%');
    return arena_str(a, buf_view(&b));
}

enum err certificate_search(struct tx *tx, struct arena *a, const struct certificate_filter *f,
                            struct certificate **out) {
    sqlite3_stmt *rows;
    TRY(sql_query(
        tx, &rows,
        "SELECT " COLUMNS " FROM certificate WHERE id < $1"
        " AND ($2 IS NULL OR endpoint = $2) AND ($3 IS NULL OR subject LIKE $3 ESCAPE '\\')"
        " AND (NOT $4 OR (revoked IS NULL AND not_after > $5))"
        " AND (NOT $6 OR revoked IS NOT NULL) ORDER BY id DESC LIMIT $7",
        "issiiii", f->before ? f->before : INT64_MAX, f->endpoint, containing(a, f->subject),
        (int64_t)f->live, clock_ms(), (int64_t)f->revoked, f->max));
    return read_list(a, rows, out);
}

/* ---- what the world is told ---- */

enum err certificate_has_orphans(struct tx *tx, bool *out) {
    int64_t found;
    TRY(sql_number(tx, &found, "SELECT 1 FROM certificate WHERE ca = '' LIMIT 1", ""));
    *out = found != 0;
    return OK;
}

enum err certificate_adopt(struct tx *tx, const char *ca) {
    return sql_run(tx, "UPDATE certificate SET ca = $1 WHERE ca = ''", "s", ca);
}

enum err certificate_revocation_is_public(struct tx *tx, const struct certificate *c, bool *out) {
    int64_t found;
    TRY(sql_number(tx, &found, "SELECT 1 FROM certificate WHERE id = $1 AND " PUBLIC_REVOCATION,
                   "i", c->id));
    *out = found != 0;
    return OK;
}

enum err certificate_list_revoked(struct tx *tx, struct arena *a, const char *ca, int64_t now,
                                  struct certificate **out) {
    sqlite3_stmt *rows;
    enum err e;
    *out = NULL;
    TRY(sql_query(tx, &rows,
                  "SELECT id, serial, revoked, reason FROM certificate WHERE ca = $1"
                  " AND not_after > $2 AND " PUBLIC_REVOCATION " ORDER BY revoked",
                  "si", ca, now));
    SQL_EACH_ROW (rows, e, a, out)
        **out = (struct certificate){.id = sqlite3_column_int64(rows, 0),
                                     .serial = sql_blob(a, rows, 1),
                                     .revoked = sqlite3_column_int64(rows, 2),
                                     .reason = sql_text(a, rows, 3)};
    sql_end(rows);
    return e;
}

enum err crl_get(struct tx *tx, struct arena *a, const char *ca, struct published_crl *out) {
    sqlite3_stmt *rows;
    enum err e;
    *out = (struct published_crl){0};
    TRY(sql_query(tx, &rows, "SELECT number, der, this_update, next_update FROM crl WHERE ca = $1",
                  "s", ca));
    if (sql_next(rows, &e))
        *out = (struct published_crl){.number = sqlite3_column_int64(rows, 0),
                                      .der = sql_blob(a, rows, 1),
                                      .this_update = sqlite3_column_int64(rows, 2),
                                      .next_update = sqlite3_column_int64(rows, 3)};
    sql_end(rows);
    return e;
}

enum err crl_put(struct tx *tx, const char *ca, const struct published_crl *crl) {
    TRY(sql_run(tx,
                "INSERT INTO crl(ca, number, der, this_update, next_update)"
                " VALUES($1, $2, $3, $4, $5) ON CONFLICT(ca) DO UPDATE SET number = $2, der = $3,"
                " this_update = $4, next_update = $5 WHERE number < $2",
                "sibii", ca, crl->number, crl->der, crl->this_update, crl->next_update));
    return sql_changes(tx)
               ? OK
               : err_set(ERR_CONFLICT, "CRL %lld is there already", (long long)crl->number);
}
