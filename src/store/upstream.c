/* SPDX-License-Identifier: Apache-2.0 */
#include "store/upstream.h"

#include "store/sql.h"

#define COLUMNS                                                                            \
    "name, url, mode, message, trust, chain, challenge_file, ndes_url, ndes_credentials,"  \
    " ndes_auth, webhook_secret, ca, timeout, max_requests, created, thumbprint, offered," \
    " capabilities, learnt, ca_certs"

static void read_row(struct arena *a, sqlite3_stmt *rows, struct upstream *out) {
    *out = (struct upstream){
        .name = sql_text(a, rows, 0),
        .url = sql_text(a, rows, 1),
        .mode = sqlite3_column_int(rows, 2),
        .message = sql_text(a, rows, 3),
        .trust = sql_text(a, rows, 4),
        .chain = sql_text(a, rows, 5),
        .challenge_file = sql_text(a, rows, 6),
        .ndes_url = sql_text(a, rows, 7),
        .ndes_credentials = sql_text(a, rows, 8),
        .ndes_auth = sqlite3_column_int(rows, 9),
        .webhook_secret = sql_text(a, rows, 10),
        .ca = sql_text(a, rows, 11),
        .timeout = sqlite3_column_int64(rows, 12),
        .max_requests = sqlite3_column_int64(rows, 13),
        .created = sqlite3_column_int64(rows, 14),
        .thumbprint = sql_text(a, rows, 15),
        .offered = sql_text(a, rows, 16),
        .capabilities = sql_text(a, rows, 17),
        .learnt = sqlite3_column_int64(rows, 18),
        .ca_certs = sql_blob(a, rows, 19),
    };
}

/* What is in the way of an upstream's coming or going. */
struct hindrance {
    int64_t count;
    const char *names, *first; /* of the first ten */
};

/* `sql` gives the columns names, first, count. */
static enum err find_hindrance(struct tx *tx, struct arena *a, const char *sql, const char *name,
                               struct hindrance *out) {
    sqlite3_stmt *rows;
    enum err e;
    *out = (struct hindrance){0};
    TRY(sql_query(tx, &rows, sql, "s", name));
    if (sql_next(rows, &e))
        *out = (struct hindrance){.names = sql_text(a, rows, 0),
                                  .first = sql_text(a, rows, 1),
                                  .count = sqlite3_column_int64(rows, 2)};
    sql_end(rows);
    return e;
}

/* Nobody else can answer them; and an upstream that gets the name later would be asked for them. */
static enum err check_requests(struct tx *tx, const char *name) {
    ARENA_AUTO(a);
    struct hindrance h;
    TRY(find_hindrance(tx, &a,
                       "SELECT group_concat(id, ', '), min(id),"
                       " (SELECT count(*) FROM request WHERE state = 1 AND endpoint = $1)"
                       " FROM (SELECT id FROM request WHERE state = 1 AND endpoint = $1"
                       " ORDER BY id LIMIT 10)",
                       name, &h));
    if (!h.count)
        return OK;
    return err_set(ERR_CONFLICT,
                   "there are requests that wait for an answer of '%s': %s%s; end each, or wait: "
                   "signet request deny %s",
                   name, h.names, h.count > 10 ? " ..." : "", h.first);
}

static enum err unknown(const char *name) {
    return err_set(ERR_NOT_FOUND, "there is no upstream '%s'; signet gateway list shows them",
                   name);
}

enum err upstream_add(struct tx *tx, const struct upstream *u) {
    TRY(check_requests(tx, u->name));
    enum err e =
        sql_run(tx,
                "INSERT INTO upstream(" COLUMNS ")"
                " VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,"
                " $15, $16, $17, $18, NULLIF($19, 0), $20)",
                "ssissssssissiiisssib", u->name, u->url, (int64_t)u->mode, u->message, u->trust,
                u->chain, u->challenge_file, u->ndes_url, u->ndes_credentials,
                (int64_t)u->ndes_auth, u->webhook_secret, u->ca, u->timeout, u->max_requests,
                u->created, u->thumbprint, u->offered, u->capabilities, u->learnt, u->ca_certs);
    return e == ERR_EXISTS ? err_set(e, "there is an upstream '%s' already", u->name) : e;
}

enum err upstream_update(struct tx *tx, const struct upstream *u) {
    TRY(sql_run(tx,
                "UPDATE upstream SET url = $2, mode = $3, message = $4, trust = $5, chain = $6,"
                " challenge_file = $7, ndes_url = $8, ndes_credentials = $9, ndes_auth = $10,"
                " webhook_secret = $11, ca = $12, timeout = $13, max_requests = $14,"
                " thumbprint = $15, offered = $16, capabilities = $17, learnt = NULLIF($18, 0),"
                " ca_certs = $19 WHERE name = $1",
                "ssissssssissiisssib", u->name, u->url, (int64_t)u->mode, u->message, u->trust,
                u->chain, u->challenge_file, u->ndes_url, u->ndes_credentials,
                (int64_t)u->ndes_auth, u->webhook_secret, u->ca, u->timeout, u->max_requests,
                u->thumbprint, u->offered, u->capabilities, u->learnt, u->ca_certs));
    return sql_changes(tx) ? OK : unknown(u->name);
}

enum err upstream_get(struct tx *tx, struct arena *a, const char *name, struct upstream *out) {
    sqlite3_stmt *rows;
    enum err e;
    TRY(sql_query(tx, &rows, "SELECT " COLUMNS " FROM upstream WHERE name = $1", "s", name));
    if (sql_next(rows, &e))
        read_row(a, rows, out);
    else if (e == OK)
        e = unknown(name);
    sql_end(rows);
    return e;
}

enum err upstream_list(struct tx *tx, struct arena *a, struct upstream **out) {
    sqlite3_stmt *rows;
    enum err e;
    *out = NULL;
    TRY(sql_query(tx, &rows, "SELECT " COLUMNS " FROM upstream ORDER BY name", ""));
    SQL_EACH_ROW (rows, e, a, out)
        read_row(a, rows, *out);
    sql_end(rows);
    return e;
}

/* ---- removing ---- */

static enum err check_profiles(struct tx *tx, const char *name) {
    ARENA_AUTO(a);
    struct hindrance h;
    TRY(find_hindrance(
        tx, &a,
        "SELECT group_concat(name, ', '), min(name),"
        " (SELECT count(*) FROM profile WHERE endpoint = $1)"
        " FROM (SELECT name FROM profile WHERE endpoint = $1 ORDER BY name LIMIT 10)",
        name, &h));
    if (!h.count)
        return OK;
    return err_set(ERR_CONFLICT,
                   "these profiles are for the upstream '%s': %s%s; give each another endpoint "
                   "first: signet profile add FILE --name %s --endpoint OTHER",
                   name, h.names, h.count > 10 ? " ..." : "", h.first);
}

/* One that is assigned (1) is still to be sent, with the address of this upstream. */
static enum err check_enrollments(struct tx *tx, const char *name) {
    sqlite3_stmt *rows;
    enum err e;
    TRY(sql_query(tx, &rows,
                  "SELECT id FROM enrollment e WHERE endpoint = $1"
                  " AND (state = 1 OR " SQL_IS_OPEN ") ORDER BY rowid",
                  "s", name));
    if (sql_next(rows, &e))
        e = err_set(ERR_CONFLICT,
                    "the enrollment %s at the upstream '%s' is not over: signet enrollment show %s",
                    (const char *)sqlite3_column_text(rows, 0), name,
                    (const char *)sqlite3_column_text(rows, 0));
    sql_end(rows);
    return e;
}

/* Those that are reported (11) and only an import could confirm. */
enum err upstream_count_reported(struct tx *tx, const char *name, int64_t *count) {
    return sql_number(
        tx, count, "SELECT count(*) FROM enrollment WHERE endpoint = $1 AND state = 11", "s", name);
}

enum err upstream_remove(struct tx *tx, const char *name) {
    TRY(check_profiles(tx, name));
    TRY(check_enrollments(tx, name));
    TRY(check_requests(tx, name));
    TRY(sql_run(tx, "DELETE FROM relay_token WHERE upstream = $1", "s", name));
    TRY(sql_run(tx, "DELETE FROM upstream WHERE name = $1", "s", name));
    return sql_changes(tx) ? OK : unknown(name);
}

/* ---- tokens ---- */

enum err relay_token_set(struct tx *tx, struct span hash, const char *upstream,
                         const char *enrollment, int64_t expires) {
    return sql_run(tx,
                   "INSERT INTO relay_token(hash, upstream, enrollment, expires)"
                   " VALUES($1, $2, $3, $4)"
                   " ON CONFLICT(enrollment) DO UPDATE SET hash = $1, upstream = $2, expires = $4",
                   "bssi", hash, upstream, enrollment, expires);
}

enum err relay_token_get(struct tx *tx, struct arena *a, struct span hash, const char *upstream,
                         const char **enrollment, int64_t *expires) {
    sqlite3_stmt *rows;
    enum err e;
    TRY(sql_query(tx, &rows,
                  "SELECT enrollment, expires FROM relay_token WHERE hash = $1 AND upstream = $2",
                  "bs", hash, upstream));
    if (sql_next(rows, &e)) {
        *enrollment = sql_text(a, rows, 0);
        *expires = sqlite3_column_int64(rows, 1);
    } else if (e == OK) {
        e = err_set(ERR_NOT_FOUND, "the token names no enrollment: it was never minted here, or "
                                   "the profile has been sent anew since");
    }
    sql_end(rows);
    return e;
}
