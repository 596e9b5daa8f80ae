/* SPDX-License-Identifier: Apache-2.0 */
#include "http/exchange.h"

#include <stdlib.h>

#include "base/mem.h"

struct http_exchange *http_exchange_new(struct http_conn *conn, const struct http_listener *l,
                                        const struct http_limits *limits) {
    struct http_exchange *x = mem_alloc(sizeof *x);
    x->conn = conn;
    x->listener = l;
    x->reader.max_head = limits->headers;
    x->reader.max_body = limits->body;
    return x;
}

void http_exchange_free(struct http_exchange *x) {
    if (!x)
        return;
    http_reader_free(&x->reader);
    arena_free(&x->arena);
    buf_free(&x->wire);
    free(x);
}
