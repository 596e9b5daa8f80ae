/* SPDX-License-Identifier: Apache-2.0 */
#include "store/session.h"

#include <string.h>

#include "base/buf.h"
#include "store/sql.h"

/*
 * ---- commands as one blob ----
 *
 * Small, so that the rows of many sessions share a page: numbers in 7 bits a byte, the lowest
 * first, and of a text how many bytes it begins with of the one before it, then the rest.
 */

static void put_number(struct buf *b, int64_t n) {
    uint64_t rest = (uint64_t)n;
    for (; rest > 0x7f; rest >>= 7)
        buf_char(b, (char)(rest | 0x80));
    buf_char(b, (char)rest);
}

static size_t same_bytes(const char *a, const char *b) {
    size_t n = 0;
    while (a[n] && a[n] == b[n])
        n++;
    return n;
}

static void put_text(struct buf *b, const char *before, const char *text) {
    size_t same = same_bytes(before, text), rest = strlen(text + same);
    put_number(b, (int64_t)same);
    put_number(b, (int64_t)rest);
    buf_add(b, text + same, rest);
}

static void put_commands(struct buf *b, const struct sent_command *c) {
    const char *enrollment = "", *loc_uri = "";
    for (; c; c = c->next) {
        const char *of = c->enrollment ? c->enrollment : "";
        put_number(b, c->msg_id);
        put_number(b, c->cmd_id);
        put_number(b, c->purpose);
        put_number(b, c->queue);
        put_number(b, c->answered | c->shown << 1);
        put_text(b, enrollment, of);
        put_text(b, loc_uri, c->loc_uri);
        enrollment = of;
        loc_uri = c->loc_uri;
    }
}

static int64_t take_number(struct span *rest) {
    uint64_t n = 0;
    for (unsigned shift = 0; rest->n && shift < 64; shift += 7) {
        uint8_t byte = *rest->p;
        *rest = span_from(*rest, 1);
        n |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            break;
    }
    return (int64_t)n;
}

static const char *take_text(struct arena *a, const char *before, struct span *rest) {
    size_t same = (size_t)take_number(rest), n = (size_t)take_number(rest), had = strlen(before);
    same = same < had ? same : had;
    n = n < rest->n ? n : rest->n;
    if (!n && same == had)
        return before;
    char *text = arena_alloc(a, same + n + 1);
    memcpy(text, before, same);
    memcpy(text + same, rest->p, n);
    *rest = span_from(*rest, n);
    return text;
}

static struct sent_command *take_commands(struct arena *a, struct span rest) {
    struct sent_command *first = NULL, **last = &first;
    const char *enrollment = "", *loc_uri = "";
    for (; rest.n; last = &(*last)->next) {
        struct sent_command *c = *last = arena_alloc(a, sizeof *c);
        c->msg_id = take_number(&rest);
        c->cmd_id = take_number(&rest);
        c->purpose = (int)take_number(&rest);
        c->queue = take_number(&rest);
        int64_t heard = take_number(&rest);
        c->answered = heard & 1;
        c->shown = heard & 2;
        enrollment = take_text(a, enrollment, &rest);
        c->enrollment = *enrollment ? enrollment : NULL;
        c->loc_uri = loc_uri = take_text(a, loc_uri, &rest);
    }
    return first;
}

/* ---- */

enum err session_get(struct tx *tx, struct arena *a, int64_t device, struct session *out) {
    sqlite3_stmt *rows;
    enum err e;
    TRY(sql_query(tx, &rows,
                  "SELECT session_id, msg_id, started, heard, in_msg, request_sha256, kept, sent,"
                  " chunk_uri, chunk_ref, chunk, peer FROM session WHERE device = $1",
                  "i", device));
    if (sql_next(rows, &e))
        *out = (struct session){
            .session_id = sql_text(a, rows, 0),
            .msg_id = sqlite3_column_int64(rows, 1),
            .started = sqlite3_column_int64(rows, 2),
            .heard = sqlite3_column_int64(rows, 3),
            .in_msg = sqlite3_column_int64(rows, 4),
            .request = sql_blob(a, rows, 5),
            .kept = sqlite3_column_int64(rows, 6),
            .sent = take_commands(a, sql_blob(a, rows, 7)),
            .chunk_uri = sql_text(a, rows, 8),
            .chunk_ref = sql_text(a, rows, 9),
            .chunk = sql_blob(a, rows, 10),
            .peer = sql_text(a, rows, 11),
        };
    else if (e == OK)
        e = err_set(ERR_NOT_FOUND, "the device is in no session");
    sql_end(rows);
    return e;
}

enum err session_put(struct tx *tx, int64_t device, const struct session *s) {
    BUF_AUTO(sent);
    put_commands(&sent, s->sent);
    return sql_run(tx,
                   "INSERT INTO session(device, session_id, msg_id, started, heard, in_msg,"
                   " request_sha256, kept, sent, chunk_uri, chunk_ref, chunk, peer)"
                   " VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
                   " ON CONFLICT(device) DO UPDATE SET session_id = $2, msg_id = $3, started = $4,"
                   " heard = $5, in_msg = $6, request_sha256 = $7, kept = $8, sent = $9,"
                   " chunk_uri = $10, chunk_ref = $11, chunk = $12, peer = $13",
                   "isiiiibibssbs", device, s->session_id, s->msg_id, s->started, s->heard,
                   s->in_msg, s->request, s->kept, buf_view(&sent), s->chunk_uri, s->chunk_ref,
                   s->chunk, s->peer);
}
