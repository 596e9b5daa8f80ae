/* SPDX-License-Identifier: Apache-2.0 */
#include "http/exchange.h"

#include <stdlib.h>

#include "base/mem.h"
#include "http/loop.h"
#include "http/quota.h"

struct http_exchange *http_exchange_new(struct http_conn *conn, const struct http_listener *l,
                                        const struct http_shared *shared) {
    struct http_exchange *x = mem_alloc(sizeof *x);
    x->conn = conn;
    x->listener = l;
    x->handler = l->handler;
    x->user = l->user;
    x->quota = shared->quota;
    x->reader.max_head = shared->limits.headers;
    x->reader.max_body = shared->limits.body;
    return x;
}

bool http_exchange_hold(struct http_exchange *x, size_t unread) {
    const struct http_reader *r = &x->reader;
    size_t bytes = sizeof *x + r->head.cap + r->line.cap + r->body.cap + x->copied + unread;
    return http_quota_hold(x->quota, &x->held, bytes);
}

void http_exchange_free(struct http_exchange *x) {
    if (!x)
        return;
    http_quota_hold(x->quota, &x->held, 0);
    http_reader_free(&x->reader);
    arena_free(&x->arena);
    buf_free(&x->wire);
    free(x);
}
