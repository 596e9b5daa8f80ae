/* SPDX-License-Identifier: Apache-2.0 */
#include "server/route_health.h"

#include "base/log.h"
#include "server/respond.h"

static enum err look(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct upstream u;
    (void)user;
    enum err e = upstream_get(tx, &a, "", &u);
    return e == ERR_NOT_FOUND ? OK : e;
}

void route_health(const struct services *s, const struct http_request *r,
                  struct http_reply *reply) {
    unsigned all = 0, down = 0;
    if (!(r->method & (HTTP_GET | HTTP_HEAD))) {
        respond_not_allowed(r, reply, "GET, HEAD");
        return;
    }
    reply->content_type = "application/json";
    reply->fields = "Cache-Control: no-store\r\n";
    if (store_read(s->scep.store, look, NULL) != OK) {
        log_write(LOG_ERROR, "http", "path=" PATH_HEALTH " status=503 reason=%s",
                  log_q(span_str(err_detail())));
        reply->status = 503;
        buf_str(&reply->body, "{\"status\":\"failing\"}\n");
        return;
    }
    if (s->gateway)
        gateway_count(s->gateway, &all, &down);
    buf_printf(&reply->body, "{\"status\":\"%s\",\"upstreams\":%u,\"down\":%u}\n",
               down ? "degraded" : "ok", all, down);
}
