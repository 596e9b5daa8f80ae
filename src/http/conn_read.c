/* SPDX-License-Identifier: Apache-2.0 */
/* From the socket to a request in the workers' queue. */
#include <openssl/crypto.h>

#include "base/clock.h"
#include "http/conn.h"
#include "http/quota.h"

enum { READ_BYTES = 16 * 1024 }; /* a TLS record; Windows' requests are a quarter of it */

static void begin_request(struct http_conn *c) {
    c->x = http_exchange_new(c, c->listener, http_loop_shared(c->loop));
    if (c->choice && c->choice->name) {
        c->x->handler = c->choice->name->handler;
        c->x->user = c->choice->name->user;
    }
    c->phase = HTTP_READING;
    c->request_ends = clock_monotonic_ms() + http_conn_limits(c)->request_seconds * INT64_C(1000);
}

/* A byte came: the next must follow within the idle time, and the last before the request's end. */
static bool wait_for_more(struct http_conn *c) {
    int64_t left = c->request_ends - clock_monotonic_ms();
    int64_t idle = http_conn_limits(c)->idle_seconds * INT64_C(1000);
    http_conn_set_deadline(c, left < idle ? left : idle);
    return http_stream_pending(&c->stream) || http_conn_wait(c, HTTP_IO_READABLE);
}

/* A client whose socket has no room for so little does not read its replies. */
static void send_go_on(struct http_conn *c) {
    struct span go_on = span_str("HTTP/1.1 100 Continue\r\n\r\n");
    if (http_stream_write(&c->stream, &go_on) != HTTP_IO_DONE)
        http_conn_linger(c);
}

/* Refuses a body that nobody could take before it is read; `more`: some of it has come already. */
static void judge_head(struct http_conn *c, bool more) {
    const struct http_reader *r = &c->x->reader;
    if (c->choice && !http_names_fit(c->choice, http_reader_field(r, "Host")))
        http_conn_refuse(c, 421, "this connection was opened for another name than that of Host",
                         true);
    else if (r->has_body && http_workers_full(http_loop_shared(c->loop)->workers))
        http_conn_refuse(c, 503, "busy", true);
    else if (!http_quota_has_room(http_conn_quota(c), r->left))
        http_conn_refuse(c, 503, "no memory for the body", true);
    else if (r->expect_continue && !more) /* who has begun to send waits for no permission */
        send_go_on(c);
}

/* From here on the connection is the worker's. */
static bool lend(struct http_conn *c) {
    struct http_exchange *x = c->x;
    bool more = c->rest.n || http_stream_pending(&c->stream);
    if (!more) /* else the loop gets it back anyway */
        http_conn_wait(c, HTTP_IO_READABLE);
    c->phase = HTTP_WORKING;
    c->x = NULL;
    atomic_store(&c->lent, more ? HTTP_WANTED : HTTP_LENT);
    if (http_workers_push(http_loop_shared(c->loop)->workers, x))
        return false;
    atomic_store(&c->lent, HTTP_OURS);
    c->x = x;
    return http_conn_refuse(c, 503, "busy", false);
}

bool http_conn_request(struct http_conn *c) {
    struct http_request *r = &c->x->request;
    if (!http_exchange_request(c->x))
        return false;
    r->peer = c->peer;
    r->peer_port = c->port;
    r->tls = c->stream.ssl;
    r->client_cert = buf_view(&c->client_cert);
    return true;
}

static bool take_request(struct http_conn *c) {
    if (!http_conn_request(c))
        return http_conn_refuse(c, 400, "path is not percent-encoded text", true);
    if (!http_exchange_hold(c->x, c->rest.n))
        return http_conn_refuse(c, 503, "no memory for the request", true);
    return lend(c);
}

/* Bytes that the request has left over wait here until it is answered. */
static void keep_rest(struct http_conn *c, struct span in) {
    if (in.n && !c->ahead.n) {
        buf_span(&c->ahead, in);
        in = buf_view(&c->ahead);
    }
    c->rest = in;
    if (!in.n)
        buf_free(&c->ahead);
}

static bool feed(struct http_conn *c, struct span in) {
    struct http_reader *r = &c->x->reader;
    enum http_read got = http_reader_feed(r, &in);
    if (got == HTTP_READ_HEAD) {
        judge_head(c, in.n);
        if (c->phase != HTTP_READING)
            return true;
        got = http_reader_feed(r, &in);
    }
    keep_rest(c, in);
    if (got == HTTP_READ_BAD)
        return http_conn_refuse(c, r->status, r->why, true);
    if (!http_exchange_hold(c->x, c->rest.n))
        return http_conn_refuse(c, 503, "no memory for the request", true);
    return got == HTTP_READ_DONE ? take_request(c) : wait_for_more(c);
}

bool http_conn_read(struct http_conn *c) {
    uint8_t bytes[READ_BYTES];
    size_t n = 0;
    struct span in = c->rest;
    if (!in.n) {
        enum http_io io = http_stream_read(&c->stream, bytes, sizeof bytes, &n);
        if (io != HTTP_IO_DONE)
            return http_conn_wait(c, io);
        in = span_of(bytes, n);
    }
    if (c->phase == HTTP_IDLE)
        begin_request(c);
    bool go_on = feed(c, in);
    OPENSSL_cleanse(bytes, n); /* passwords among them */
    return go_on;
}
