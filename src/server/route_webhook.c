/* SPDX-License-Identifier: Apache-2.0 */
#include "server/route_webhook.h"

#include "base/log.h"
#include "gateway/ask.h"
#include "server/respond.h"

/* The NAME of /gateway/NAME/webhook, or NULL. */
static const char *name_of(struct arena *a, const char *path) {
    static const char before[] = GATEWAY_PATH "/", after[] = "/webhook";
    size_t n = strlen(path), fixed = sizeof before - 1 + sizeof after - 1;
    if (n <= fixed || strncasecmp(path, before, sizeof before - 1) != 0 ||
        strcasecmp(path + n - (sizeof after - 1), after) != 0)
        return NULL;
    const char *name = arena_str(a, span_of(path + sizeof before - 1, n - fixed));
    return strchr(name, '/') ? NULL : name;
}

static enum err ask(const struct services *s, const struct gateway_upstream *u,
                    const struct http_request *r) {
    if (!u || u->settings->mode != UPSTREAM_RA)
        return err_set(ERR_NOT_FOUND, "there is no upstream of that name in mode ra");
    return ask_webhook(s->gateway, u, r->arena, r->body, http_header(r, "X-Smallstep-Signature"));
}

static int status_of(enum err e) {
    return e == OK ? 200 : e == ERR_AUTH ? 401 : e == ERR_PARSE ? 400 : 403;
}

/* Whoever asks learns no more than yes and no: not even whether there is such an upstream. */
static void answer(const struct services *s, const char *name, const struct http_request *r,
                   struct http_reply *reply) {
    const struct gateway_upstream *u = gateway_acquire(s->gateway, name);
    enum err e = ask(s, u, r);
    if (u)
        gateway_release(u);
    log_write(e == OK ? LOG_INFO : LOG_WARN, "gateway",
              "op=webhook upstream=%s peer=%s allow=%s reason=%s", log_q(span_str(name)),
              log_q(span_str(r->peer)), e == OK ? "yes" : "no",
              e == OK ? "-" : log_q(span_str(err_detail())));
    reply->status = status_of(e);
    respond_span(reply, "application/json",
                 span_str(e == OK ? "{\"allow\":true}\n" : "{\"allow\":false}\n"));
}

bool route_webhook(const struct services *s, const struct http_request *r,
                   struct http_reply *reply) {
    const char *name = s->gateway ? name_of(r->arena, r->path) : NULL;
    if (!name)
        return false;
    if (r->method == HTTP_POST)
        answer(s, name, r, reply);
    else
        respond_not_allowed(r, reply, "POST");
    return true;
}
