/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/ask.h"

#include <pthread.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/text.h"
#include "gateway/scep_http.h"
#include "gateway/verdict.h"
#include "x509/name.h"

enum {
    TRANSACTION_DIGITS = 40, /* more digits than some servers keep would come back cut */
    MAX_REASON = 300,
    MAX_CERTS = 8,
    CLOCK_SKEW_MS = 10 * 60 * 1000, /* an upstream's clock may be ahead of ours */
};

/* ---- who is under way ---- */

/* Of all gateways of the process; short: a gateway limits what is under way. */
static struct {
    pthread_mutex_t lock;
    struct ask *first;
} under_way = {PTHREAD_MUTEX_INITIALIZER, NULL};

static struct ask *find(const struct gateway *g, const struct gateway_upstream *u,
                        const uint8_t *csr_sha256) {
    struct ask *a = under_way.first;
    while (a && !(a->gateway == g && strcmp(a->upstream->settings->name, u->settings->name) == 0 &&
                  memcmp(a->csr_sha256, csr_sha256, 32) == 0))
        a = a->next;
    return a;
}

static bool is_challenge_in_use(const struct ask *ask) {
    const struct ask *a = under_way.first;
    while (a && !(a->gateway == ask->gateway && a->challenge == ask->challenge))
        a = a->next;
    return ask->challenge && a;
}

bool ask_allow(const struct gateway *g, const struct gateway_upstream *u,
               const uint8_t *csr_sha256) {
    pthread_mutex_lock(&under_way.lock);
    struct ask *ask = find(g, u, csr_sha256);
    bool yes = ask && ask->may_be_allowed;
    if (yes)
        ask->may_be_allowed = false;
    pthread_mutex_unlock(&under_way.lock);
    return yes;
}

static void set_may_be_allowed(struct ask *ask, bool may) {
    pthread_mutex_lock(&under_way.lock);
    ask->may_be_allowed = may;
    pthread_mutex_unlock(&under_way.lock);
}

static bool enter_list(struct ask *ask) {
    pthread_mutex_lock(&under_way.lock);
    bool first = !find(ask->gateway, ask->upstream, ask->csr_sha256) && !is_challenge_in_use(ask);
    if (first) {
        ask->next = under_way.first;
        under_way.first = ask;
    }
    pthread_mutex_unlock(&under_way.lock);
    return first;
}

void ask_over(struct ask *ask) {
    pthread_mutex_lock(&under_way.lock);
    struct ask **at = &under_way.first;
    while (*at && *at != ask)
        at = &(*at)->next;
    if (*at)
        *at = ask->next;
    pthread_mutex_unlock(&under_way.lock);
}

/* ---- asking ---- */

enum err ask_transaction(const struct gateway *g, struct arena *a, const uint8_t *csr_sha256,
                         const char **out) {
    uint8_t keyed[32];
    char hex[2 * 32 + 1];
    hex_lower(span_of(csr_sha256, 32), hex);
    TRY(challenge_hash(gateway_options_of(g)->authority,
                       span_str(arena_printf(a, "transaction %s", hex)), keyed));
    hex_lower(span_of(keyed, 32), hex);
    *out = arena_str(a, span_of(hex, TRANSACTION_DIGITS));
    return OK;
}

static enum err build(struct ask *ask) {
    const struct gateway_upstream *u = ask->upstream;
    struct cert ca;
    struct span message;
    TRY(cert_parse(u->chain[0], &ca));
    struct scep_asking asking = {
        .message_type = ask->poll ? SCEP_CERT_POLL : SCEP_PKCS_REQ,
        .csr = ask->csr,
        .issuer = ca.subject,
        .transaction_id = ask->answer.transaction,
        .self = &u->self,
        .recipient = &u->recipient,
        .digest = u->sha256 ? DIGEST_SHA256 : DIGEST_SHA1,
        .cipher = u->aes ? CIPHER_AES128_CBC : CIPHER_DES3_CBC,
    };
    TRY(scep_client_build(ask->arena, &asking, ask->nonce, &message));
    scep_http_operation(u, ask->arena, message, &ask->job.request);
    return OK;
}

/* Challenges tell hosts apart as far as they are given to one each. */
static void leave(struct ask *ask) {
    char challenge[32];
    snprintf(challenge, sizeof challenge, "challenge %lld", (long long)ask->challenge);
    gateway_leave(ask->upstream, &ask->job, ask->challenge ? challenge : ask->answer.transaction);
    ask->entered = false;
}

/* In the pool's thread. */
static void answered(struct fetch_job *job) {
    struct ask *ask = job->user;
    set_may_be_allowed(ask, false);
    leave(ask);
    ask->done(ask);
}

static enum ask_begun not_asked(struct ask *ask) {
    ask_over(ask);
    ask->answer.reason = text_claim(ask->arena, span_str(err_detail()), MAX_REASON);
    return ASK_NOT;
}

enum ask_begun ask_begin(struct gateway *g, struct ask *ask) {
    ask->gateway = g;
    ask->answer = (struct scep_upstream_answer){.outcome = UPSTREAM_WRONG, .fail_info = -1};
    if (digest_of(DIGEST_SHA256, ask->csr, ask->csr_sha256) != OK ||
        ask_transaction(g, ask->arena, ask->csr_sha256, &ask->answer.transaction) != OK)
        return not_asked(ask);
    if (!enter_list(ask))
        return ASK_TWIN;
    if (build(ask) != OK || gateway_enter(ask->upstream) != OK)
        return not_asked(ask);
    ask->entered = true;
    return ASK_BEGUN;
}

void ask_send(struct ask *ask) {
    set_may_be_allowed(ask, !ask->poll);
    ask->job.peer = ask->upstream->peer;
    ask->job.done = answered;
    ask->job.user = ask;
    fetch_start(gateway_pool(ask->gateway), &ask->job);
}

void ask_free(struct ask *ask) {
    if (ask->entered) { /* a place was taken, and nothing was sent: no word about the upstream */
        ask->job.result = ERR_BUSY;
        leave(ask);
    }
    ask_over(ask);
    fetch_reply_free(&ask->job.reply);
}

/* ---- reading ---- */

static void take(struct ask *ask, struct verdict v) {
    ask->answer.outcome = v.outcome;
    ask->answer.reason = v.said;
}

/* Servers that copy no nonce exist; one that sends another's answers somebody else. */
static enum err check_nonce(const struct ask *ask, const struct scep_certrep *r) {
    if (!r->recipient_nonce.n ||
        span_eq(r->recipient_nonce, span_of(ask->nonce, sizeof ask->nonce)))
        return OK;
    return err_set(ERR_PARSE, "the CertRep answers another nonce than ours");
}

/* ---- the certificate ---- */

/* A host that got a CA could issue in the name of the upstream's. */
static enum err check_uses(const struct cert *c) {
    struct cert_uses uses;
    TRY(cert_read_uses(c, &uses));
    return uses.ca ? err_set(ERR_REFUSED, "the certificate in the CertRep is a CA's") : OK;
}

static enum err find_certificate(const struct ask *ask, const struct span *certs, size_t count,
                                 struct cert *out) {
    struct csr csr;
    TRY(csr_parse(ask->csr, &csr));
    for (size_t i = 0; i < count; i++)
        if (cert_parse(certs[i], out) == OK && span_eq(out->spki, csr.spki))
            return OK;
    return err_set(ERR_PARSE, "the CertRep holds no certificate for the key of the request");
}

static enum err check_issuer(const struct ask *ask, const struct cert *c) {
    if (gateway_has_issued(ask->upstream, c) == OK)
        return OK;
    return err_set(ERR_REFUSED,
                   "the certificate in the CertRep was issued by '%s', which is not the pinned CA "
                   "%s nor one below it",
                   name_text(ask->arena, c->issuer), ask->upstream->thumbprint);
}

static enum err check_period(const struct cert *c) {
    int64_t now = clock_ms();
    char iso[CLOCK_ISO_SIZE];
    if (now >= c->not_after)
        return err_set(ERR_TIME, "the certificate in the CertRep has expired on %s",
                       clock_iso(c->not_after, iso));
    if (now < c->not_before - CLOCK_SKEW_MS)
        return err_set(ERR_TIME, "the certificate in the CertRep is not valid before %s",
                       clock_iso(c->not_before, iso));
    return OK;
}

static enum err read_certificate(struct ask *ask, const struct scep_certrep *r) {
    struct span certs[MAX_CERTS];
    struct cert c;
    size_t count;
    TRY(scep_certrep_open(ask->arena, r, &ask->upstream->self, certs, MAX_CERTS, &count));
    TRY(find_certificate(ask, certs, count, &c));
    TRY(check_uses(&c));
    TRY(check_issuer(ask, &c));
    TRY(check_period(&c));
    ask->answer.outcome = UPSTREAM_SUCCESS;
    ask->answer.cert = c.der;
    return OK;
}

static enum err read_certrep(struct ask *ask, const struct scep_certrep *r) {
    TRY(check_nonce(ask, r));
    if (r->pki_status == SCEP_SUCCESS)
        return read_certificate(ask, r);
    if (r->pki_status == SCEP_PENDING) {
        ask->answer.outcome = UPSTREAM_PENDING;
    } else if (r->pki_status == SCEP_FAILURE) {
        take(ask, verdict_failure(ask->arena, r));
        ask->answer.fail_info = r->fail_info;
    } else {
        return err_set(ERR_PARSE, "the CertRep says pkiStatus %d, which means nothing",
                       r->pki_status);
    }
    return OK;
}

static void read_body(struct ask *ask) {
    const struct fetch_reply *reply = &ask->job.reply;
    const struct gateway_upstream *u = ask->upstream;
    struct scep_certrep r;
    enum err e = scep_certrep_read_known(ask->arena, buf_view(&reply->body), u->certs, u->keys,
                                         u->cert_count, &r);
    if (e != OK)
        take(ask, verdict_unreadable(ask->arena, reply, e));
    else if (!span_is(r.transaction_id, ask->answer.transaction))
        take(ask, verdict_transaction(ask->arena, r.transaction_id));
    else if (read_certrep(ask, &r) != OK)
        take(ask, (struct verdict){UPSTREAM_WRONG,
                                   text_claim(ask->arena, span_str(err_detail()), MAX_REASON)});
}

void ask_read(struct ask *ask) {
    struct verdict v;
    if (verdict_no_answer(ask->arena, &ask->job, &v))
        take(ask, v);
    else
        read_body(ask);
}
