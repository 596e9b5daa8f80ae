/* SPDX-License-Identifier: Apache-2.0 */
#include "server/route_management.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "gateway/challenge.h"
#include "server/forwarded.h"
#include "server/rate.h"
#include "server/respond.h"
#include "server/routes.h"
#include "wire/mdm.h"

/* ---- with everything at hand ---- */

struct committing {
    struct store_job job; /* first */
    const struct http_request *request;
    struct mdm_message *message;
    struct mdm_wanted *wanted;
    const struct services *services;
};

static void respond(const struct committing *c, enum err committed, struct http_reply *reply) {
    enum err e = mdm_finish(c->message, committed, &reply->body);
    mdm_wants_done(&c->services->mdm, c->wanted);
    if (e == OK)
        reply->content_type = TYPE_SYNCML;
    else
        respond_error(c->request, reply, e);
}

/* In a worker, when the commit failed. */
static void after_commit(void *user, const struct http_request *r, struct http_reply *reply) {
    const struct committing *c = user;
    (void)r;
    respond(c, store_result(&c->job), reply);
}

/* In the committer's thread: a reply that the commit made true has been ready since before it. */
static void on_commit(struct store_job *job) {
    const struct committing *c = (const struct committing *)job;
    struct http_reply reply = {0};
    if (job->result != OK) {
        http_resume(c->request);
        return;
    }
    respond(c, OK, &reply);
    http_finish(c->request, &reply);
}

static void serve(const struct services *s, struct mdm_message *m, struct mdm_wanted *wanted,
                  const struct http_request *r, struct http_reply *reply) {
    struct committing *c = arena_alloc(r->arena, sizeof *c);
    *c = (struct committing){{.work = mdm_work, .user = m, .done = on_commit}, r, m, wanted, s};
    mdm_give(m, wanted);
    http_later(r, reply, after_commit, c);
    store_submit(s->mdm.store, &c->job);
}

/* ---- challenges of upstreams ---- */

struct fetching {
    struct challenge_fetch fetch; /* first */
    struct mdm_wanted *wanted;
    struct waiting *waiting;
    bool asked; /* another server, and challenge_read is to come */
    struct fetching *next;
};

struct waiting {
    const struct services *services;
    struct mdm_message *message;
    const struct http_request *request;
    struct mdm_wanted *wanted;
    struct fetching *fetches;
    atomic_uint left; /* fetches under way, and the handler while it starts them */
};

/* Whoever is the last to be done resumes the request; `w` may be gone then. */
static void one_less(struct waiting *w) {
    const struct http_request *r = w->request;
    if (atomic_fetch_sub(&w->left, 1) == 1)
        http_resume(r);
}

static void fetched(struct challenge_fetch *f) {
    one_less(((struct fetching *)f)->waiting);
}

static void take(struct fetching *f) {
    struct mdm_wanted *w = f->wanted;
    if (f->asked)
        challenge_read(&f->fetch);
    w->challenge = f->fetch.text;
    w->reason = f->fetch.reason;
    if (w->challenge) /* a reason is logged where it goes into the timeline */
        log_write(LOG_INFO, "gateway", "op=challenge upstream=%s enrollment=%s status=ok",
                  w->upstream, w->enrollment);
}

static void free_fetch(void *fetch) {
    challenge_free(fetch);
}

/* What was fetched lives until the reply has left. */
static void go_on(void *user, const struct http_request *r, struct http_reply *reply) {
    struct waiting *w = user;
    for (struct fetching *f = w->fetches; f; f = f->next)
        take(f);
    for (struct fetching *f = w->fetches; f; f = f->next)
        arena_defer(r->arena, free_fetch, &f->fetch);
    serve(w->services, w->message, w->wanted, r, reply);
}

static void release(void *upstream) {
    gateway_release(upstream);
}

/* Makes the list; nothing is started yet, since the arena is this thread's alone until then. */
static void prepare(struct waiting *w, struct mdm_wanted *wanted) {
    struct arena *a = w->request->arena;
    const struct gateway_upstream *u = gateway_acquire(w->services->mdm.gateway, wanted->upstream);
    if (!u) {
        wanted->reason = "it was removed in this moment";
        return;
    }
    arena_defer(a, release, (void *)(uintptr_t)u);
    struct fetching *f = arena_alloc(a, sizeof *f);
    *f = (struct fetching){.fetch = {.upstream = u, .arena = a, .done = fetched},
                           .wanted = wanted,
                           .waiting = w,
                           .next = w->fetches};
    w->fetches = f;
}

static void fetch_first(const struct services *s, struct mdm_message *m, struct mdm_wanted *wanted,
                        const struct http_request *r, struct http_reply *reply) {
    struct waiting *w = arena_alloc(r->arena, sizeof *w);
    w->services = s;
    w->message = m;
    w->request = r;
    w->wanted = wanted;
    for (; wanted; wanted = wanted->next)
        prepare(w, wanted);
    atomic_init(&w->left, 1);
    http_later(r, reply, go_on, w);
    for (struct fetching *f = w->fetches; f; f = f->next) {
        f->asked = true;
        atomic_fetch_add(&w->left, 1);
        if (!challenge_start(s->mdm.gateway, &f->fetch)) {
            f->asked = false;
            atomic_fetch_sub(&w->left, 1); /* never the last: the handler's is left */
        }
    }
    one_less(w);
}

/* ---- floods ---- */

/*
 * Who has proved which host he is has a bucket of that host; all others have one for their address,
 * whatever name or certificate they come with: nothing that a stranger makes up is a key of the
 * table (route_gateway.c). So he uses up no host's, and fills no rows.
 */
static bool may_send(const struct services *s, const char *whose, const char *peer, unsigned limit,
                     unsigned *wait) {
    return rate_take(s->rate, whose, peer, limit, clock_monotonic_ms(), wait);
}

/* Told once a minute at most. */
static void tell_flood(const struct services *s, const struct mdm_message *m, int64_t device,
                       struct arena *a) {
    unsigned unused;
    if (may_send(s, arena_printf(a, "MDM %lld", (long long)device), "", 1, &unused))
        mdm_flooded(m);
}

static void come_again(const struct http_request *r, struct http_reply *reply, unsigned wait) {
    http_text(reply, 429, "too many messages from this host: come again later");
    reply->fields = arena_printf(r->arena, "Retry-After: %u\r\n", wait);
}

/* Behind a tunnel a host that has no nonce yet is one of the strangers, of whom somebody sends too
 * many. */
static void refuse_many(const struct mdm_message *m, const struct http_request *r, unsigned wait,
                        struct http_reply *reply) {
    enum err e = mdm_turn_away(m, &reply->body);
    if (e == OK)
        reply->content_type = TYPE_SYNCML;
    else if (e == ERR_BUSY)
        come_again(r, reply, wait);
    else
        respond_error(r, reply, e);
}

/* False: the message is answered already. */
static bool is_in_time(const struct services *s, const struct mdm_message *m,
                       const struct http_request *r, struct http_reply *reply) {
    unsigned limit = s->messages_per_minute, wait;
    int64_t device;
    if (!limit)
        return true;
    enum err e = mdm_recognize(m, &device);
    if (e != OK) {
        respond_error(r, reply, e);
        return false;
    }
    const char *whose =
        device ? arena_printf(r->arena, "mdm %lld", (long long)device) : "mdm strangers";
    if (may_send(s, whose, device ? "" : r->peer, limit, &wait))
        return true;
    if (device) {
        tell_flood(s, m, device, r->arena);
        come_again(r, reply, wait);
    } else {
        refuse_many(m, r, wait, reply);
    }
    return false;
}

/* ---- */

static bool is_encoded(const struct http_request *r) {
    const char *encoding = http_header(r, "Content-Encoding");
    return encoding && strcasecmp(encoding, "identity") != 0;
}

void route_session(const struct services *s, const struct mdm_proof *proof,
                   const struct http_request *r, struct http_reply *reply) {
    struct mdm_message *m;
    struct mdm_wanted *wanted;
    if (route_enrollment(s, true, r, reply))
        return;
    if (strcasecmp(r->path, PATH_MANAGEMENT) != 0) {
        respond_not_found(r, reply);
        return;
    }
    if (r->method != HTTP_POST) {
        respond_not_allowed(r, reply, "POST");
        return;
    }
    if (strcmp(r->content_type, TYPE_SYNCML) != 0) {
        respond_error(r, reply, err_set(ERR_MEDIA_TYPE, "the content type is not " TYPE_SYNCML));
        return;
    }
    if (is_encoded(r)) {
        respond_error(r, reply, err_set(ERR_MEDIA_TYPE, "a body with a Content-Encoding"));
        return;
    }
    enum err e = mdm_read(&s->mdm, r->arena, proof, r->body, r->peer, &m);
    if (e == OK && !is_in_time(s, m, r, reply))
        return;
    if (e == OK)
        e = mdm_wants(m, &wanted);
    if (e != OK)
        respond_error(r, reply, e);
    else if (wanted)
        fetch_first(s, m, wanted, r, reply);
    else
        serve(s, m, NULL, r, reply);
}

void route_management(void *user, const struct http_request *r, struct http_reply *reply) {
    const struct services *s = user;
    struct mdm_proof *proof = arena_alloc(r->arena, sizeof *proof);
    if (s->mdm.device_auth != DEVICE_AUTH_MD5)
        proof->cert = r->client_cert;
    proof->md5_allowed = s->mdm.device_auth != DEVICE_AUTH_CERTIFICATE;
    forwarded_notice(s, r);
    route_session(s, proof, r, reply);
}
