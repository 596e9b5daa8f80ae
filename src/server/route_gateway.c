/* SPDX-License-Identifier: Apache-2.0 */
#include "server/route_gateway.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"
#include "gateway/relay.h"
#include "server/rate.h"
#include "server/respond.h"
#include "server/scep_query.h"

enum { REQUESTS_PER_MINUTE = 30 }; /* of one token */

/* A request at an upstream's address. */
struct visit {
    const struct services *services;
    const struct gateway_upstream *upstream;
    const char *token;                /* or NULL */
    const struct http_request *asked; /* the true one */
    struct http_request told;         /* for answers that the log tells: the path without token */
};

static const char *name_of(const struct visit *v) {
    return v->upstream->settings->name;
}

static void log_operation(const struct visit *v, const char *operation) {
    log_write(LOG_INFO, "relay", "op=%s upstream=%s peer=%s status=ok", operation, name_of(v),
              log_q(span_str(v->asked->peer)));
}

static void come_again(const struct http_request *r, struct http_reply *reply, unsigned seconds) {
    reply->fields = arena_printf(r->arena, "Retry-After: %u\r\n", seconds);
}

/* ---- PKIOperation ---- */

/*
 * The commit of "the host asked" runs beside the request, and is queued before it: so it is durable
 * no later than the commit of the answer, and the host waits for both.
 */
struct passage {
    struct store_job sent, said;
    struct visit *visit;
    struct relay *relay;
    struct fetch_job *job;
    struct relay_answer answer;
    atomic_int commits; /* under way */
};

static void finish(const struct passage *p, struct http_reply *reply) {
    const struct relay_answer *answer = &p->answer;
    if (answer->text)
        http_text(reply, answer->status, answer->text);
    else
        respond_span(reply, answer->content_type, answer->body);
    if (answer->retry_after_s)
        come_again(p->visit->asked, reply, (unsigned)answer->retry_after_s);
}

static void after_commits(void *user, const struct http_request *r, struct http_reply *reply) {
    struct passage *p = user;
    (void)r;
    enum err e = p->sent.work ? store_result(&p->sent) : OK;
    if (e == OK)
        e = store_result(&p->said);
    if (e == OK)
        finish(p, reply);
    else
        respond_error(&p->visit->told, reply, e);
}

static void on_commit(struct store_job *job) {
    struct passage *p = job->user;
    if (atomic_fetch_sub(&p->commits, 1) == 1)
        http_resume(p->visit->asked);
}

static enum err commit_sent(struct tx *tx, void *user) {
    return relay_sent(tx, ((struct passage *)user)->relay);
}

static enum err commit_said(struct tx *tx, void *user) {
    return relay_commit(tx, ((struct passage *)user)->relay);
}

static void keep_answer(struct passage *p, const struct http_request *r, struct http_reply *reply) {
    p->said = (struct store_job){.work = commit_said, .user = p, .done = on_commit};
    http_later(r, reply, after_commits, p);
    store_submit(p->visit->services->scep.store, &p->said);
}

static void after_answer(void *user, const struct http_request *r, struct http_reply *reply) {
    struct passage *p = user;
    relay_read(p->relay, &p->answer);
    keep_answer(p, r, reply);
}

static void on_answer(struct fetch_job *job) {
    http_resume(((struct passage *)job->user)->visit->asked);
}

static void send_on(struct passage *p, const struct http_request *r, struct http_reply *reply) {
    const struct services *s = p->visit->services;
    atomic_init(&p->commits, 2);
    p->sent = (struct store_job){.work = commit_sent, .user = p, .done = on_commit};
    p->job->done = on_answer;
    p->job->user = p;
    http_later(r, reply, after_answer, p);
    store_submit(s->scep.store, &p->sent);
    fetch_start(gateway_pool(s->gateway), p->job);
}

static void end(void *relay) {
    relay_end(relay);
}

static void pass_on(struct visit *v, struct span message, struct http_reply *reply) {
    const struct http_request *r = v->asked;
    struct passage *p = arena_alloc(r->arena, sizeof *p);
    p->visit = v;
    enum err e = relay_begin(v->services->gateway, v->upstream, r->arena, v->token, message,
                             r->peer, &p->relay, &p->job, &p->answer);
    if (p->relay)
        arena_defer(r->arena, end, p->relay);
    if (e != OK) {
        respond_error(&v->told, reply, e);
    } else if (p->job) {
        send_on(p, r, reply);
    } else if (p->relay) {
        atomic_init(&p->commits, 1);
        keep_answer(p, r, reply);
    } else {
        finish(p, reply);
    }
}

static bool is_too_often(const struct visit *v, struct http_reply *reply) {
    unsigned wait;
    if (!v->token || rate_take(v->services->rate, v->token, "", REQUESTS_PER_MINUTE,
                               clock_monotonic_ms(), &wait))
        return false;
    log_write(LOG_WARN, "relay", "op=PKIOperation upstream=%s peer=%s status=429 wait_s=%u",
              name_of(v), log_q(span_str(v->asked->peer)), wait);
    http_text(reply, 429, "too many requests for this enrollment: come again later");
    come_again(v->asked, reply, wait);
    return true;
}

static void pki_operation(struct visit *v, struct http_reply *reply) {
    struct span message;
    if (is_too_often(v, reply))
        return;
    enum err e = scep_message_of(v->asked, &message);
    if (e == OK)
        pass_on(v, message, reply);
    else
        respond_error(&v->told, reply, e);
}

/* ---- operations ---- */

static void serve(struct visit *v, struct http_reply *reply) {
    const struct gateway_upstream *u = v->upstream;
    enum scep_operation operation;
    if (!scep_operation_of(&v->told, reply, &operation))
        return;
    switch (operation) {
    case GET_CA_CAPS:
        log_operation(v, "GetCACaps");
        respond_span(reply, "text/plain", span_str(u->capabilities));
        break;
    case GET_CA_CERT:
        log_operation(v, "GetCACert");
        respond_span(reply, u->ca_certs_single ? SCEP_TYPE_CA_CERT : SCEP_TYPE_CA_RA_CERT,
                     u->ca_certs);
        break;
    case GET_NEXT_CA_CERT:
        respond_error(&v->told, reply,
                      err_set(ERR_NOT_FOUND, "no next CA is published at this address"));
        break;
    case PKI_OPERATION:
        pki_operation(v, reply);
        break;
    }
}

/* ---- the address ---- */

/* The next segment of a path; false when there is none. */
static bool next_segment(const char **path, struct span *out) {
    if (**path != '/')
        return false;
    *out = span_of(*path + 1, strcspn(*path + 1, "/"));
    *path += 1 + out->n;
    return out->n > 0;
}

static bool is_suffix(struct span segment) { /* without its slash */
    return span_is_nocase(segment, &SCEP_WINDOWS_SUFFIX[1]);
}

static void release(void *upstream) {
    gateway_release(upstream);
}

bool route_gateway(const struct services *s, const struct http_request *r,
                   struct http_reply *reply) {
    size_t n = strlen(GATEWAY_PATH);
    const char *rest = r->path + n;
    struct span name, token;
    if (!s->gateway || strncasecmp(r->path, GATEWAY_PATH, n) != 0 || !next_segment(&rest, &name))
        return false;
    const struct gateway_upstream *u = gateway_acquire(s->gateway, arena_str(r->arena, name));
    if (!u)
        return false;
    arena_defer(r->arena, release, (void *)(uintptr_t)u);
    if (u->settings->mode != UPSTREAM_RELAY)
        return false;
    struct visit *v = arena_alloc(r->arena, sizeof *v);
    *v = (struct visit){.services = s, .upstream = u, .asked = r, .told = *r};
    if (next_segment(&rest, &token) && !is_suffix(token)) {
        v->token = arena_str(r->arena, token);
        v->told.path = arena_printf(r->arena, GATEWAY_PATH "/%s/...", u->settings->name);
    }
    serve(v, reply);
    return true;
}
