/* SPDX-License-Identifier: Apache-2.0 */
#include "store/session.h"

#include <stdlib.h>

#include "base/buf.h"
#include "store/sql.h"

/* ---- commands as one blob: each is seven texts that end with NUL ---- */

static void put_text(struct buf *b, const char *text) {
    buf_add(b, text ? text : "", text ? strlen(text) + 1 : 1);
}

static void put_number(struct buf *b, int64_t n) {
    buf_number(b, n);
    buf_char(b, '\0');
}

static void put_commands(struct buf *b, const struct sent_command *c) {
    for (; c; c = c->next) {
        put_number(b, c->msg_id);
        put_number(b, c->cmd_id);
        put_number(b, c->purpose);
        put_number(b, c->queue);
        put_number(b, c->answered | c->shown << 1);
        put_text(b, c->enrollment);
        put_text(b, c->loc_uri);
    }
}

/* The blob lives in the arena, which ends it with a NUL of its own. */
static const char *take_text(struct span *rest) {
    const char *text = (const char *)rest->p;
    *rest = span_from(*rest, strlen(text) + 1);
    return text;
}

static int64_t take_number(struct span *rest) {
    return rest->n ? strtoll(take_text(rest), NULL, 10) : 0;
}

static struct sent_command *take_commands(struct arena *a, struct span rest) {
    struct sent_command *first = NULL, **last = &first;
    while (rest.n) {
        struct sent_command *c = *last = arena_alloc(a, sizeof *c);
        c->msg_id = take_number(&rest);
        c->cmd_id = take_number(&rest);
        c->purpose = (int)take_number(&rest);
        c->queue = take_number(&rest);
        int64_t heard = take_number(&rest);
        c->answered = heard & 1;
        c->shown = heard & 2;
        c->enrollment = rest.n ? take_text(&rest) : "";
        c->loc_uri = rest.n ? take_text(&rest) : "";
        if (!*c->enrollment)
            c->enrollment = NULL;
        last = &c->next;
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
            .kept = sqlite3_column_int(rows, 6) != 0,
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
                   s->in_msg, s->request, (int64_t)s->kept, buf_view(&sent), s->chunk_uri,
                   s->chunk_ref, s->chunk, s->peer);
}
