/* SPDX-License-Identifier: Apache-2.0 */
#include "server/respond.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/gateway.h"

enum { CACHE_SECONDS = 60 };

void respond_error(const struct http_request *r, struct http_reply *reply, enum err e) {
    int status = err_http_status(e);
    log_write(LOG_WARN, "http", "peer=%s method=%s path=%s status=%d reason=%s",
              log_q(span_str(r->peer)), r->method_name,
              log_q(span_str(url_without_tokens(r->arena, r->path))), status,
              log_q(span_str(err_detail())));
    http_text(reply, status, status >= 500 ? "the server failed; its log says why" : err_detail());
}

void respond_not_allowed(const struct http_request *r, struct http_reply *reply,
                         const char *allow) {
    respond_error(
        r, reply,
        err_set(ERR_METHOD, "method %s is not served here, only %s", r->method_name, allow));
    reply->allow = allow;
}

void respond_not_found(const struct http_request *r, struct http_reply *reply) {
    respond_error(r, reply, err_set(ERR_NOT_FOUND, "nothing is served at this path"));
}

void respond_span(struct http_reply *reply, const char *type, struct span body) {
    reply->content_type = type;
    buf_span(&reply->body, body);
}

void respond_cacheable(const struct http_request *r, struct http_reply *reply, int64_t until) {
    int64_t left = (until - clock_ms()) / 1000;
    int seconds = left < 0 ? 0 : left < CACHE_SECONDS ? (int)left : CACHE_SECONDS;
    reply->fields = arena_printf(r->arena, "Cache-Control: public, max-age=%d\r\n", seconds);
}
