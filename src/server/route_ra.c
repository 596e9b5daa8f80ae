/* SPDX-License-Identifier: Apache-2.0 */
#include "server/route_ra.h"

#include "gateway/ask.h"
#include "server/route_scep.h"

struct errand {
    struct store_job job; /* first; of what is asked, and then of what came */
    struct ask ask;
    struct operation *op;
    const struct services *services;
    const struct http_request *request;
};

static void end(void *errand) {
    struct errand *e = errand;
    ask_free(&e->ask);
    gateway_release(e->ask.upstream);
}

/* When what came is durable; in a worker, when it could not be made so. */
static void finish(void *user, const struct http_request *r, struct http_reply *reply) {
    struct errand *e = user;
    ask_over(&e->ask);
    respond_operation(e->op, store_result(&e->job), r, reply);
}

/* In the committer's thread. */
static void kept(struct store_job *job) {
    struct errand *e = (struct errand *)job;
    struct http_reply reply = {0};
    if (job->result != OK) {
        http_resume(e->request);
        return;
    }
    finish(e, e->request, &reply);
    http_finish(e->request, &reply);
}

static void keep(struct errand *e, const struct http_request *r, struct http_reply *reply) {
    e->job = (struct store_job){.work = scep_commit(e->op), .user = e->op, .done = kept};
    if (!e->job.work) {
        finish(e, r, reply);
        return;
    }
    http_later(r, reply, finish, e);
    store_submit(e->services->scep.store, &e->job);
}

/* In a worker, after the answer, or after a commit that failed: then nothing was asked. */
static void go_on(void *user, const struct http_request *r, struct http_reply *reply) {
    struct errand *e = user;
    enum err committed = store_result(&e->job);
    if (committed != OK) {
        respond_operation(e->op, committed, r, reply);
        return;
    }
    ask_read(&e->ask);
    scep_answered(e->op, &e->ask.answer);
    keep(e, r, reply);
}

static void answered(struct ask *ask) {
    http_resume(((struct errand *)ask->user)->request);
}

/* In the committer's thread: what was asked is durable before it is asked. */
static void committed(struct store_job *job) {
    struct errand *e = (struct errand *)job;
    if (job->result == OK)
        ask_send(&e->ask);
    else
        http_resume(e->request);
}

static void begin(struct errand *e, const struct http_request *r, struct http_reply *reply) {
    enum ask_begun begun = ask_begin(e->services->gateway, &e->ask);
    if (begun == ASK_BEGUN) {
        http_later(r, reply, go_on, e);
        store_submit(e->services->scep.store, &e->job);
        return;
    }
    scep_not_asked(e->op, begun == ASK_TWIN, e->ask.answer.reason);
    commit_operation(e->services, e->op, r, reply);
}

void route_ra(const struct services *s, const struct endpoint *endpoint, struct operation *op,
              const struct http_request *r, struct http_reply *reply) {
    const struct gateway_upstream *u =
        s->gateway ? gateway_acquire(s->gateway, endpoint->upstream) : NULL;
    if (!u) {
        scep_not_asked(op, false, "nothing is known of the upstream any more");
        commit_operation(s, op, r, reply);
        return;
    }
    struct errand *e = arena_alloc(r->arena, sizeof *e);
    *e = (struct errand){
        .job = {.work = scep_ask, .user = op, .done = committed},
        .ask = {.upstream = u, .arena = r->arena, .done = answered, .user = e},
        .op = op,
        .services = s,
        .request = r,
    };
    arena_defer(r->arena, end, e);
    scep_question(op, &e->ask.csr);
    e->ask.challenge = scep_question_challenge(op);
    begin(e, r, reply);
}
