/* SPDX-License-Identifier: Apache-2.0 */
#include "server/route_scep.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/gateway.h"
#include "server/rate.h"
#include "server/respond.h"
#include "server/route_ra.h"
#include "wire/scep.h"

static void log_operation(const struct endpoint *e, const struct http_request *r,
                          const char *operation) {
    log_write(LOG_INFO, "scep", "op=%s endpoint=%s peer=%s path=%s status=ok", operation, e->name,
              log_q(span_str(r->peer)), log_q(span_str(url_without_tokens(r->arena, r->path))));
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

void respond_operation(struct operation *op, enum err committed, const struct http_request *r,
                       struct http_reply *reply) {
    struct span der;
    enum err error = scep_finish(op, committed, &der);
    if (error == OK)
        respond_span(reply, SCEP_TYPE_MESSAGE, der);
    else
        respond_error(r, reply, error);
}

/* In a worker, when the commit failed. */
static void after_commit(void *user, const struct http_request *r, struct http_reply *reply) {
    const struct waiting *w = user;
    respond_operation(w->job.user, store_result(&w->job), r, reply);
}

/* In the committer's thread: a reply that the commit made true has been ready since before it. */
static void on_commit(struct store_job *job) {
    const struct http_request *r = ((struct waiting *)job)->request;
    struct http_reply reply = {0};
    if (job->result != OK) {
        http_resume(r);
        return;
    }
    respond_operation(job->user, OK, r, &reply);
    http_finish(r, &reply);
}

void commit_operation(const struct services *s, struct operation *op, const struct http_request *r,
                      struct http_reply *reply) {
    store_work *commit = scep_commit(op);
    if (!commit) {
        respond_operation(op, OK, r, reply);
        return;
    }
    struct waiting *w = arena_alloc(r->arena, sizeof *w);
    *w = (struct waiting){{.work = commit, .user = op, .done = on_commit}, r};
    http_later(r, reply, after_commit, w);
    store_submit(s->scep.store, &w->job);
}

/* Its right is accepted, or will never be. */
static void go_on(const struct services *s, const struct endpoint *e, struct operation *op,
                  const struct http_request *r, struct http_reply *reply) {
    struct span csr;
    if (scep_question(op, &csr))
        route_ra(s, e, op, r, reply);
    else
        commit_operation(s, op, r, reply);
}

struct hooked {
    const struct services *services;
    const struct endpoint *endpoint;
    struct operation *op;
    const struct http_request *request;
};

static void after_hook(void *user, const struct http_request *r, struct http_reply *reply) {
    const struct hooked *h = user;
    scep_hooked(h->op);
    go_on(h->services, h->endpoint, h->op, r, reply);
}

static void on_hook(struct fetch_job *job) {
    http_resume(((const struct hooked *)job->user)->request);
}

static void ask_hook(struct hooked *h, struct fetch_job *job, struct http_reply *reply) {
    job->done = on_hook;
    job->user = h;
    http_later(h->request, reply, after_hook, h);
    fetch_start(h->services->scep.pool, job);
}

static void serve(const struct services *s, const struct endpoint *e, struct span message,
                  const struct http_request *r, struct http_reply *reply) {
    struct operation *op = scep_begin(&s->scep, e, r->arena, message, r->peer);
    struct fetch_job *job = scep_hook(op);
    if (!job) {
        go_on(s, e, op, r, reply);
        return;
    }
    struct hooked *h = arena_alloc(r->arena, sizeof *h);
    *h = (struct hooked){s, e, op, r};
    ask_hook(h, job, reply);
}

static void pki_operation(const struct services *s, const struct endpoint *e,
                          const struct http_request *r, struct http_reply *reply) {
    struct span message;
    if (is_too_often(s, e, r, reply))
        return;
    enum err error = scep_message_of(r, &message);
    if (error != OK) {
        respond_error(r, reply, error);
        return;
    }
    serve(s, e, message, r, reply);
}

void route_scep(const struct services *s, const struct endpoint *endpoint,
                const struct http_request *r, struct http_reply *reply) {
    static void (*const run[])(const struct services *, const struct endpoint *,
                               const struct http_request *, struct http_reply *) = {
        [GET_CA_CAPS] = get_capabilities,
        [GET_CA_CERT] = get_ca_cert,
        [GET_NEXT_CA_CERT] = get_next_ca_cert,
        [PKI_OPERATION] = pki_operation,
    };
    enum scep_operation operation;
    if (scep_operation_of(r, reply, &operation))
        run[operation](s, endpoint, r, reply);
}
