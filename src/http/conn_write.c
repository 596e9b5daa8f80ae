/* SPDX-License-Identifier: Apache-2.0 */
/* Replies on their way into the socket: by whoever has made them, and the rest by the loop. */
#include <openssl/err.h>

#include "base/clock.h"
#include "http/conn.h"
#include "http/quota.h"

static void note_refusal(struct http_conn *c, int status, const char *why) {
    char event[32];
    snprintf(event, sizeof event, "refused status=%d", status);
    http_conn_note(c, LOG_WARN, event, why);
}

static bool begin_reply(struct http_conn *c) {
    c->phase = HTTP_WRITING;
    c->unsent = buf_view(&c->x->wire);
    http_conn_set_deadline(c, http_conn_limits(c)->request_seconds * INT64_C(1000));
    return true;
}

/* Of what is too large perhaps in the protocol's form. */
static void ask_listener(struct http_conn *c, struct http_reply *reply) {
    struct http_request *r = &c->x->request;
    if (!c->listener->refuse || !http_conn_request(c))
        return;
    r->body = SPAN_NONE;
    c->listener->refuse(c->listener->user, r, reply);
}

bool http_conn_refuse(struct http_conn *c, int status, const char *why, bool close) {
    struct http_reply reply = {.close = close};
    note_refusal(c, status, why);
    http_text(&reply, status, why);
    if (status == 413)
        ask_listener(c, &reply);
    http_exchange_reply(c->x, &reply);
    return begin_reply(c);
}

/* Slow readers of long replies must not fill the memory, either. */
static bool hold_reply(struct http_conn *c) {
    return http_quota_hold(http_conn_quota(c), &c->held, c->x->wire.n);
}

/* In whatever thread: the reply has left. */
static struct http_exchange *take_reply(struct http_conn *c) {
    struct http_exchange *x = c->x;
    http_quota_hold(http_conn_quota(c), &c->held, 0);
    c->close_after = !x->keep_alive;
    c->x = NULL;
    return x;
}

bool http_conn_write(struct http_conn *c) {
    static const char why[] = "no memory for the reply";
    if (!hold_reply(c)) {
        note_refusal(c, 503, why);
        http_exchange_text(c->x, 503, why, true);
        c->unsent = buf_view(&c->x->wire);
    }
    enum http_io io = http_stream_write(&c->stream, &c->unsent);
    if (io != HTTP_IO_DONE)
        return http_conn_wait(c, io);
    http_exchange_free(take_reply(c));
    http_conn_answered(c);
    return true;
}

/* False: the loop wants the connection, or has to end it. True: it may be gone already. The timer
 * is the loop's, and may go off later than the new deadline, by as much as a request may take. */
static bool give_back(struct http_conn *c) {
    int lent = HTTP_LENT;
    c->deadline = clock_monotonic_ms() + c->listener->idle_seconds * INT64_C(1000);
    return !c->close_after && atomic_compare_exchange_strong(&c->lent, &lent, HTTP_OURS);
}

/* What the request took is freed last: the client may be sending the next one by now. */
void http_conn_answer(struct http_exchange *x) {
    struct http_conn *c = x->conn;
    struct http_exchange *sent = NULL;
    c->x = x;
    c->unsent = buf_view(&x->wire);
    if (hold_reply(c) && http_stream_write(&c->stream, &c->unsent) == HTTP_IO_DONE)
        sent = take_reply(c);
    else
        ERR_clear_error(); /* this thread has other uses for OpenSSL */
    if (!sent || !give_back(c))
        http_loop_give(c);
    http_exchange_free(sent);
}
