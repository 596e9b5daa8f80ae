/* SPDX-License-Identifier: Apache-2.0 */
#include "server/route_management.h"

#include <stdatomic.h>

#include "base/log.h"
#include "gateway/challenge.h"
#include "server/respond.h"
#include "server/routes.h"
#include "wire/mdm.h"

/* ---- with everything at hand ---- */

static void serve(const struct services *s, const struct mdm_wanted *wanted,
                  const struct http_request *r, struct http_reply *reply) {
    enum err e =
        mdm_session(&s->mdm, r->arena, r->client_cert, r->body, r->peer, wanted, &reply->body);
    if (e == OK)
        reply->content_type = TYPE_SYNCML;
    else
        respond_error(r, reply, e);
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

static void go_on(void *user, const struct http_request *r, struct http_reply *reply) {
    struct waiting *w = user;
    for (struct fetching *f = w->fetches; f; f = f->next)
        take(f);
    serve(w->services, w->wanted, r, reply);
    mdm_wants_done(&w->services->mdm, w->wanted);
    for (struct fetching *f = w->fetches; f; f = f->next)
        challenge_free(&f->fetch);
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

static void fetch_first(const struct services *s, struct mdm_wanted *wanted,
                        const struct http_request *r, struct http_reply *reply) {
    struct waiting *w = arena_alloc(r->arena, sizeof *w);
    w->services = s;
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

/* ---- */

void route_management(void *user, const struct http_request *r, struct http_reply *reply) {
    const struct services *s = user;
    struct mdm_wanted *wanted;
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
    enum err e = mdm_wants(&s->mdm, r->arena, r->client_cert, r->body, &wanted);
    if (e != OK)
        respond_error(r, reply, e);
    else if (wanted)
        fetch_first(s, wanted, r, reply);
    else
        serve(s, NULL, r, reply);
}
