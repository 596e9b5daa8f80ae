/* SPDX-License-Identifier: Apache-2.0 */
#include "server/route_scep.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "server/rate.h"
#include "server/respond.h"
#include "wire/scep.h"

static void log_operation(const struct endpoint *e, const struct http_request *r,
                          const char *operation) {
    log_write(LOG_INFO, "scep", "op=%s endpoint=%s peer=%s path=%s status=ok", operation, e->name,
              log_q(span_str(r->peer)), log_q(span_str(r->path)));
}

static void get_capabilities(const struct services *s, const struct endpoint *e,
                             const struct http_request *r, struct http_reply *reply) {
    (void)s;
    log_operation(e, r, "GetCACaps");
    respond_span(reply, "text/plain", span_str(e->capabilities));
}

static void get_ca_cert(const struct services *s, const struct endpoint *e,
                        const struct http_request *r, struct http_reply *reply) {
    (void)s;
    log_operation(e, r, "GetCACert");
    respond_span(reply, e->ca_certs_single ? SCEP_TYPE_CA_CERT : SCEP_TYPE_CA_RA_CERT, e->ca_certs);
}

static void get_next_ca_cert(const struct services *s, const struct endpoint *e,
                             const struct http_request *r, struct http_reply *reply) {
    struct span der;
    (void)s;
    enum err error = scep_get_next_ca(e, r->arena, &der);
    if (error != OK) {
        respond_error(r, reply, error);
        return;
    }
    log_operation(e, r, "GetNextCACert");
    respond_span(reply, SCEP_TYPE_NEXT_CA, der);
}

enum err scep_read_message(struct arena *a, const char *text, struct span *out) {
    BUF_AUTO(b);
    for (; *text; text++)
        if (!strchr("\r\n\t", *text))
            buf_char(&b, *text == ' ' ? '+' : *text);
    while (b.n && b.p[b.n - 1] == '=')
        b.n--;
    while (b.n % 4)
        buf_char(&b, '=');
    TRY(base64_decode(a, buf_view(&b), out));
    return out->n ? OK : err_set(ERR_PARSE, "the message is empty");
}

static enum err read_message(const struct http_request *r, struct span *out) {
    if (r->method == HTTP_POST) {
        *out = r->body;
        return OK;
    }
    const char *text = http_query(r, "message");
    if (!text)
        return err_set(ERR_PARSE, "PKIOperation by GET wants &message= with a message in base64");
    return scep_read_message(r->arena, text, out);
}

static bool is_too_often(const struct services *s, const struct endpoint *e,
                         const struct http_request *r, struct http_reply *reply) {
    unsigned limit = e->policy->requests_per_minute, wait;
    if (!limit || rate_take(s->rate, e->name, r->peer, limit, clock_monotonic_ms(), &wait))
        return false;
    log_write(LOG_WARN, "scep", "op=PKIOperation endpoint=%s peer=%s status=429 wait_s=%u", e->name,
              log_q(span_str(r->peer)), wait);
    http_text(reply, 429, "too many requests from this address: come again later");
    reply->fields = arena_printf(r->arena, "Retry-After: %u\r\n", wait);
    return true;
}

/* ---- PKIOperation ---- */

struct waiting {
    struct store_job job; /* first */
    const struct http_request *request;
};

static void finish(struct operation *op, enum err committed, const struct http_request *r,
                   struct http_reply *reply) {
    struct span der;
    enum err error = scep_finish(op, committed, &der);
    if (error == OK)
        respond_span(reply, SCEP_TYPE_MESSAGE, der);
    else
        respond_error(r, reply, error);
}

static void go_on(struct store_job *job) {
    http_resume(((struct waiting *)job)->request);
}

static void after_commit(void *user, const struct http_request *r, struct http_reply *reply) {
    const struct waiting *w = user;
    finish(w->job.user, store_result(&w->job), r, reply);
}

static void serve(const struct services *s, const struct endpoint *e, struct span message,
                  const struct http_request *r, struct http_reply *reply) {
    struct operation *op = scep_begin(&s->scep, e, r->arena, message, r->peer);
    store_work *commit = scep_commit(op);
    if (!commit) {
        finish(op, OK, r, reply);
        return;
    }
    struct waiting *w = arena_alloc(r->arena, sizeof *w);
    *w = (struct waiting){{.work = commit, .user = op, .done = go_on}, r};
    http_later(r, reply, after_commit, w);
    store_submit(s->scep.store, &w->job);
}

static void pki_operation(const struct services *s, const struct endpoint *e,
                          const struct http_request *r, struct http_reply *reply) {
    struct span message;
    if (is_too_often(s, e, r, reply))
        return;
    enum err error = read_message(r, &message);
    if (error != OK) {
        respond_error(r, reply, error);
        return;
    }
    serve(s, e, message, r, reply);
}

/* A HEAD of PKIOperation would issue a certificate that nobody gets. */
static const struct {
    const char *name;
    unsigned methods;
    const char *allow;
    void (*run)(const struct services *s, const struct endpoint *e, const struct http_request *r,
                struct http_reply *reply);
} operations[] = {
    {"GetCACaps", HTTP_GET | HTTP_HEAD, "GET, HEAD", get_capabilities},
    {"GetCACert", HTTP_GET | HTTP_HEAD, "GET, HEAD", get_ca_cert},
    {"GetNextCACert", HTTP_GET | HTTP_HEAD, "GET, HEAD", get_next_ca_cert},
    {"PKIOperation", HTTP_GET | HTTP_POST, "GET, POST", pki_operation},
};

static enum err no_operation(const char *name) {
    if (!name)
        return err_set(ERR_PARSE, "this is a SCEP server: it wants ?operation=GetCACaps, "
                                  "GetCACert, GetNextCACert or PKIOperation");
    return err_set(ERR_PARSE,
                   "operation %s is not served here, only GetCACaps, GetCACert, GetNextCACert and "
                   "PKIOperation",
                   log_q(span_str(name)));
}

/* But for PKIOperation, `message` is not looked at: Windows says "default", others other things. */
void route_scep(const struct services *s, const struct endpoint *endpoint,
                const struct http_request *r, struct http_reply *reply) {
    const char *name = http_query(r, "operation");
    for (size_t i = 0; name && i < sizeof operations / sizeof *operations; i++) {
        if (strcmp(name, operations[i].name) != 0)
            continue;
        if (operations[i].methods & r->method)
            operations[i].run(s, endpoint, r, reply);
        else
            respond_not_allowed(r, reply, operations[i].allow);
        return;
    }
    if (r->method & (HTTP_GET | HTTP_HEAD | HTTP_POST))
        respond_error(r, reply, no_operation(name));
    else
        respond_not_allowed(r, reply, "GET, HEAD, POST");
}
