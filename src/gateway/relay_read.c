/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an upstream answered to a host's request. The host gets the CertRep untouched, or an HTTP
 * status with a line of ours; what the upstream is and said stands in the timeline and the log
 * only.
 */
#include "base/log.h"
#include "base/text.h"
#include "gateway/relay_inside.h"
#include "gateway/verdict.h"
#include "scep/attributes.h"

enum { MAX_CLAIM = 300 };

#define SERVICE "the certificate service behind this server "

/* The answer is none that a host could use. `said` is for the timeline. */
static void fail(struct relay *r, struct relay_answer *answer, int status, const char *text,
                 enum upstream_outcome outcome, const char *said) {
    *answer = (struct relay_answer){.status = status, .text = text};
    r->outcome = outcome;
    r->said = said;
}

/* ---- no CertRep ---- */

/* The upstream's own 4xx or 5xx goes on; 407 speaks of a proxy of ours. */
static void judge_status(struct relay *r, struct relay_answer *answer, const struct verdict *v) {
    const struct fetch_reply *reply = &r->job.reply;
    bool own = reply->status >= 400 && reply->status < 600 && reply->status != 407;
    fail(r, answer, own ? reply->status : 502, SERVICE "answered with an error", v->outcome,
         v->said);
    if (own)
        answer->retry_after_s = reply->retry_after_s;
}

static void wrong(struct relay *r, struct relay_answer *answer, const char *said) {
    fail(r, answer, 502, SERVICE "gave an answer that cannot be passed on", UPSTREAM_WRONG, said);
}

static void judge_silence(struct relay *r, struct relay_answer *answer, const struct verdict *v) {
    if (r->job.reply.cause == FETCH_TIMEOUT)
        fail(r, answer, 504, SERVICE "did not answer in time: come again later", v->outcome,
             v->said);
    else if (v->outcome == UPSTREAM_WRONG)
        wrong(r, answer, v->said);
    else if (v->outcome == UPSTREAM_UNASKED)
        fail(r, answer, 502, SERVICE "cannot be reached: come again later", v->outcome, v->said);
    else
        fail(r, answer, 502, SERVICE "gave no answer: come again later", v->outcome, v->said);
}

/* ---- a CertRep ---- */

/* Windows holds a nonce against its own; so it is told, and left to the host. */
static void look_at_nonce(struct relay *r, const struct scep_certrep *reply) {
    if (!reply->recipient_nonce.p || span_eq(reply->recipient_nonce, r->request.sender_nonce))
        return;
    struct span seen = {reply->recipient_nonce.p,
                        reply->recipient_nonce.n < 32 ? reply->recipient_nonce.n : 32};
    r->nonce = hex_text(r->arena, seen);
}

static void judge_failure(struct relay *r, const struct scep_certrep *reply) {
    struct verdict v = verdict_failure(r->arena, reply);
    r->outcome = v.outcome;
    r->said = v.said;
    r->fail_info = reply->fail_info < 0 ? "none" : scep_fail_info_name(reply->fail_info);
    r->text = reply->text ? text_claim(r->arena, span_str(reply->text), MAX_CLAIM) : NULL;
}

static void judge_certrep(struct relay *r, struct relay_answer *answer,
                          const struct scep_certrep *reply) {
    *answer = (struct relay_answer){
        .status = 200, .content_type = SCEP_TYPE_MESSAGE, .body = buf_view(&r->job.reply.body)};
    look_at_nonce(r, reply);
    if (!span_eq(reply->transaction_id, r->request.transaction_id)) {
        wrong(r, answer, verdict_transaction(r->arena, reply->transaction_id).said);
    } else if (reply->pki_status == SCEP_FAILURE) {
        judge_failure(r, reply);
    } else if (reply->pki_status == SCEP_PENDING) {
        r->outcome = UPSTREAM_PENDING;
        r->said = "the upstream has not decided yet (PENDING): the host will ask again";
    } else if (reply->pki_status == SCEP_SUCCESS && reply->enveloped.n) {
        r->outcome = UPSTREAM_SUCCESS;
        r->said = "the upstream answered SUCCESS: the certificate is sealed for the host";
    } else {
        wrong(r, answer,
              arena_printf(r->arena, "the CertRep says pkiStatus %d and holds %s",
                           reply->pki_status, reply->enveloped.n ? "an envelope" : "no envelope"));
    }
}

static void judge(struct relay *r, struct relay_answer *answer) {
    const struct gateway_upstream *u = r->upstream;
    const struct fetch_reply *reply = &r->job.reply;
    struct scep_certrep certrep;
    struct verdict v;
    if (verdict_no_answer(r->arena, &r->job, &v)) {
        if (r->job.result != OK)
            judge_silence(r, answer, &v);
        else
            judge_status(r, answer, &v);
        return;
    }
    enum err e = scep_certrep_read_known(r->arena, buf_view(&reply->body), u->certs, u->keys,
                                         u->cert_count, &certrep);
    if (e == OK)
        judge_certrep(r, answer, &certrep);
    else
        wrong(r, answer, verdict_unreadable(r->arena, reply, e).said);
}

void relay_read(struct relay *r, struct relay_answer *answer) {
    static const char *const names[] = {[UPSTREAM_SUCCESS] = "SUCCESS",
                                        [UPSTREAM_REFUSED] = "FAILURE",
                                        [UPSTREAM_PENDING] = "PENDING"};
    gateway_leave(r->upstream, &r->job, r->enrollment);
    r->entered = false;
    if (r->job.reply.status)
        r->http_status = arena_printf(r->arena, "%d", r->job.reply.status);
    judge(r, answer);
    relay_log(r, answer->text ? arena_printf(r->arena, "%d", answer->status) : names[r->outcome],
              r->said);
}

/* ---- the timeline ---- */

/* Of what was not counted by relay_ask, nothing is to be counted off. */
static bool is_note_only(const struct relay *r) {
    bool poll = r->request.message_type == SCEP_CERT_POLL;
    return poll && (r->outcome == UPSTREAM_UNASKED || r->outcome == UPSTREAM_NO_CERTREP);
}

enum err relay_commit(struct tx *tx, void *relay) {
    ARENA_AUTO(a);
    const struct relay *r = relay;
    struct enrollment e;
    TRY(enrollment_get(tx, &a, r->enrollment, &e));
    if (is_note_only(r))
        return enroll_record(tx, &e, EVENT_NOTE, r->said, "upstream", r->upstream->settings->name,
                             "transaction", r->transaction, "httpStatus", r->http_status, "peer",
                             r->peer, NULL);
    return enroll_upstream_said(tx, &e, r->outcome, r->said, "upstream",
                                r->upstream->settings->name, "transaction", r->transaction,
                                "httpStatus", r->http_status, "failInfo", r->fail_info, "text",
                                r->text, "recipientNonce", r->nonce, NULL);
}
