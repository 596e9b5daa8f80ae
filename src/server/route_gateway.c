/* SPDX-License-Identifier: Apache-2.0 */
#include "server/route_gateway.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/relay.h"
#include "server/rate.h"
#include "server/respond.h"
#include "server/scep_query.h"

enum { REQUESTS_PER_MINUTE = 30 }; /* of one enrollment; of one stranger */

#define TOO_OFTEN "too many requests for this enrollment: come again later"

/* A request at an upstream's address. */
struct visit {
    const struct services *services;
    const struct gateway_upstream *upstream;
    const char *token; /* or NULL */
    const struct http_request *asked;
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
 * "The host asked" is in the database before the upstream is asked, and what came before the host
 * has it: should signet end meanwhile, however it ends, it still knows that something may have been
 * issued. No host waits for a sync (store.h): a cut of the machine's power may take the last
 * milliseconds of a timeline.
 */
struct passage {
    struct store_job commit; /* of "sent", then of what came */
    struct visit *visit;
    struct relay *relay;
    struct fetch_job *job;
    struct relay_answer answer;
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

static void commit(struct passage *p, store_work *work, void (*done)(struct store_job *)) {
    p->commit = (struct store_job){.work = work, .user = p, .done = done, .unsynced = true};
    store_submit(p->visit->services->scep.store, &p->commit);
}

/* In a worker. */
static void give_up(void *user, const struct http_request *r, struct http_reply *reply) {
    respond_error(r, reply, store_result(&((struct passage *)user)->commit));
}

/* The host's answer is there, and what it tells is committed. */
static void on_said(struct store_job *job) {
    struct passage *p = job->user;
    struct http_reply reply = {0};
    if (job->result != OK) {
        http_resume(p->visit->asked);
        return;
    }
    finish(p, &reply);
    relay_over(p->relay); /* a quick host may come again before http_finish is through */
    http_finish(p->visit->asked, &reply);
}

static enum err commit_said(struct tx *tx, void *user) {
    return relay_commit(tx, ((struct passage *)user)->relay);
}

/*
 * In the pool's thread: to judge what came and to commit it without a sync take a tenth of a ms
 * each, which nobody is woken for. All that comes to this thread has to be committed by the same
 * committer: it would wait there as well.
 */
static void on_answer(struct fetch_job *job) {
    struct passage *p = job->user;
    relay_read(p->relay, &p->answer);
    commit(p, commit_said, on_said);
}

/*
 * Nothing that a stranger makes up is a key of the table: he would fill rows with it until their
 * buckets, his own and others', are thrown out, and full when they come back.
 */
static bool is_too_often(struct tx *tx, struct passage *p) {
    const struct visit *v = p->visit;
    const char *enrollment = relay_enrollment(p->relay);
    const char *whose = enrollment ? enrollment : name_of(v);
    const char *peer = enrollment ? "" : v->asked->peer;
    unsigned wait;
    if (rate_take(v->services->rate, whose, peer, REQUESTS_PER_MINUTE, clock_monotonic_ms(), &wait))
        return false;
    store_log(tx, LOG_WARN, "relay",
              "op=PKIOperation upstream=%s peer=%s enrollment=%s status=429 wait_s=%u", name_of(v),
              log_q(span_str(v->asked->peer)), enrollment ? enrollment : "-", wait);
    p->answer = (struct relay_answer){.status = 429, .text = TOO_OFTEN, .retry_after_s = (int)wait};
    return true;
}

/* The token is looked up here, too: a read of its own would cost as much as all of this. */
static enum err commit_sent(struct tx *tx, void *user) {
    struct passage *p = user;
    TRY(relay_find(tx, p->relay));
    return is_too_often(tx, p) ? OK : relay_ask(tx, p->relay, &p->job, &p->answer);
}

static void on_sent(struct store_job *job) {
    struct passage *p = job->user;
    if (job->result != OK || !p->job) {
        on_said(job);
        return;
    }
    p->job->done = on_answer;
    p->job->user = p;
    fetch_start(gateway_pool(p->visit->services->gateway), p->job);
}

/* ---- strangers ---- */

static void refuse(const struct visit *v, struct http_reply *reply, int status, const char *text) {
    log_write(LOG_WARN, "relay", "op=PKIOperation upstream=%s peer=%s enrollment=- status=%d",
              name_of(v), log_q(span_str(v->asked->peer)), status);
    http_text(reply, status, text);
}

static enum err find(struct tx *tx, void *relay) {
    return relay_find(tx, relay);
}

/*
 * What a stranger costs: without a token no look into the database, and with a dead one, when he
 * comes too often, one by an index. So he keeps neither the writer nor a core from the hosts, and
 * those at his address pass.
 */
static bool is_turned_away(const struct visit *v, struct relay *relay, struct http_reply *reply) {
    const struct http_request *r = v->asked;
    struct rate *rate = v->services->rate;
    bool named = relay_has_token(relay);
    unsigned wait = 0;
    if ((named ? rate_would_allow : rate_take)(rate, name_of(v), r->peer, REQUESTS_PER_MINUTE,
                                               clock_monotonic_ms(), &wait)) {
        if (!named)
            refuse(v, reply, 403, RELAY_NO_TOKEN);
        return !named;
    }
    enum err e = named ? store_read(v->services->scep.store, find, relay) : OK;
    if (e != OK)
        respond_error(r, reply, e);
    else if (relay_enrollment(relay))
        return false;
    else {
        refuse(v, reply, 429, TOO_OFTEN);
        come_again(r, reply, wait);
    }
    return true;
}

static void end(void *relay) {
    relay_end(relay);
}

static void pki_operation(struct visit *v, struct http_reply *reply) {
    const struct http_request *r = v->asked;
    struct passage *p = arena_alloc(r->arena, sizeof *p);
    struct span message = SPAN_NONE;
    p->visit = v;
    enum err e =
        relay_new(v->services->gateway, v->upstream, r->arena, v->token, r->peer, &p->relay);
    if (e != OK) {
        respond_error(r, reply, e);
        return;
    }
    arena_defer(r->arena, end, p->relay);
    if (is_turned_away(v, p->relay, reply))
        return;
    e = scep_message_of(r, &message);
    relay_take(p->relay, e, message);
    http_later(r, reply, give_up, p);
    commit(p, commit_sent, on_sent);
}

/* ---- operations ---- */

static void serve(struct visit *v, struct http_reply *reply) {
    const struct gateway_upstream *u = v->upstream;
    enum scep_operation operation;
    if (!scep_operation_of(v->asked, reply, &operation))
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
        respond_error(v->asked, reply,
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
    *v = (struct visit){.services = s, .upstream = u, .asked = r};
    if (next_segment(&rest, &token) && !is_suffix(token))
        v->token = arena_str(r->arena, token);
    serve(v, reply);
    return true;
}
