/* SPDX-License-Identifier: Apache-2.0 */
/* What an upstream offers: GetCACaps and GetCACert, asked at the same time. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "gateway/internal.h"
#include "gateway/scep_http.h"

enum { MAX_CLAIM = 200, MAX_CA_CERTS = 256 * 1024 };

struct learner {
    struct arena arena;
    const struct gateway_upstream *upstream; /* NULL: of learn_now, which has its own peer */
    struct upstream_health *health;          /* or NULL */
    struct fetch_job caps, certs;
    pthread_mutex_t lock;
    pthread_cond_t answered;
    unsigned left; /* under `lock` */
};

/* ---- asking ---- */

static void on_answer(struct fetch_job *job) {
    struct learner *l = job->user;
    pthread_mutex_lock(&l->lock);
    if (--l->left == 0)
        pthread_cond_signal(&l->answered);
    pthread_mutex_unlock(&l->lock);
}

static void ask(struct gateway *g, struct learner *l, struct fetch_job *job,
                struct fetch_peer *peer, const char *url) {
    *job = (struct fetch_job){.peer = peer, .request = {.url = url}, .done = on_answer, .user = l};
    fetch_start(g->pool, job);
}

static struct learner *start(struct gateway *g, const struct upstream *u, struct fetch_peer *peer,
                             struct upstream_health *health) {
    struct learner *l = mem_alloc(sizeof *l);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->answered, NULL);
    l->health = health;
    l->left = 2;
    ask(g, l, &l->caps, peer, scep_http_url(&l->arena, u->url, "GetCACaps", u->message));
    ask(g, l, &l->certs, peer, scep_http_url(&l->arena, u->url, "GetCACert", u->message));
    return l;
}

struct learner *learner_start(struct gateway *g, const struct gateway_upstream *u) {
    struct learner *l = start(g, u->settings, u->peer, u->health);
    l->upstream = snapshot_share(u);
    return l;
}

static void wait_for(struct learner *l) {
    pthread_mutex_lock(&l->lock);
    while (l->left)
        pthread_cond_wait(&l->answered, &l->lock);
    pthread_mutex_unlock(&l->lock);
}

bool learner_is_done(struct learner *l) {
    pthread_mutex_lock(&l->lock);
    bool done = l->left == 0;
    pthread_mutex_unlock(&l->lock);
    return done;
}

const struct gateway_upstream *learner_upstream(const struct learner *l) {
    return l->upstream;
}

void learner_free(struct learner *l) {
    if (!l)
        return;
    wait_for(l);
    fetch_reply_free(&l->caps.reply);
    fetch_reply_free(&l->certs.reply);
    pthread_cond_destroy(&l->answered);
    pthread_mutex_destroy(&l->lock);
    gateway_release(l->upstream);
    arena_free(&l->arena);
    free(l);
}

/* ---- judging ---- */

static enum err elsewhere(struct arena *a, const struct fetch_reply *r, const char *operation) {
    return err_set(ERR_PARSE,
                   "%s is answered by HTTP %d to %s: give that URL, redirects are not followed",
                   operation, r->status, text_claim(a, span_str(r->location), MAX_CLAIM));
}

/* What the administrator may have missed, when nothing came. */
static const char *hint(enum fetch_cause cause) {
    switch (cause) {
    case FETCH_CONNECT:
        return "; is it running, and is that its port?";
    case FETCH_TLS:
        return "; does it speak TLS there? else give its URL with http://";
    case FETCH_TLS_TRUST:
        return "; give the roots of its https with --trust FILE";
    default:
        return "";
    }
}

static const char *path_hint(const char *url, int status) {
    static const char suffix[] = "/pkiclient.exe";
    size_t n = strcspn(url, "?"), len = sizeof suffix - 1;
    if (status != 404)
        return "";
    return n > len && strncasecmp(url + n - len, suffix, len) == 0
               ? ": is the path right? It may be to be without /pkiclient.exe"
               : ": is the path right?";
}

static enum err judge(struct arena *a, const struct fetch_job *job, const char *operation) {
    if (job->result != OK)
        return err_set(job->result == ERR_BUSY ? ERR_BUSY : ERR_IO, "%s: %s%s", operation,
                       text_claim(a, span_str(job->detail), sizeof job->detail),
                       hint(job->reply.cause));
    if (job->reply.status == 200)
        return OK;
    if (*job->reply.location)
        return elsewhere(a, &job->reply, operation);
    return err_set(job->reply.status >= 500 ? ERR_IO : ERR_PARSE, "%s is answered by HTTP %d%s",
                   operation, job->reply.status, path_hint(job->request.url, job->reply.status));
}

/* GetCACaps may be missing (RFC 8894, 3.5.1): who answers 4xx to it has none of them. */
static enum err judge_caps(struct arena *a, const struct fetch_job *job, const char **out) {
    *out = "";
    if (job->result == OK && job->reply.status >= 400 && job->reply.status < 500)
        return OK;
    TRY(judge(a, job, "GetCACaps"));
    return capabilities_clean(a, buf_view(&job->reply.body), out);
}

enum err learner_result(struct learner *l, struct arena *a, struct learnt *out) {
    if (l->health) /* one question, as far as the breaker is concerned */
        health_note(l->health, l->caps.result == OK ? &l->certs : &l->caps);
    TRY(judge(a, &l->certs, "GetCACert"));
    if (l->certs.reply.body.n > MAX_CA_CERTS)
        return err_set(ERR_PARSE,
                       "GetCACert is answered by %zu bytes: those are no CA certificates",
                       l->certs.reply.body.n);
    out->body = arena_copy(a, buf_view(&l->certs.reply.body));
    return judge_caps(a, &l->caps, &out->capabilities);
}

enum err learn_now(struct gateway *g, struct arena *a, const struct upstream *u,
                   struct upstream_health *health, struct learnt *out) {
    struct fetch_peer *peer = snapshot_peer(g, u);
    struct learner *l = start(g, u, peer, health);
    wait_for(l);
    enum err e = learner_result(l, a, out);
    learner_free(l);
    fetch_peer_free(peer);
    /* What could not be reached is named by the fetch already. */
    return e == OK || strstr(err_detail(), u->url) ? e : err_context(e, "%s", u->url);
}
