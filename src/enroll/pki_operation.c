/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One PKIOperation: read the message, open it, do what its type says; commit; answer.
 * What fails after the outer layer becomes a CertRep FAILURE: failures of opening are one and the
 * same for the client (scep/message.h), each later refusal has its failInfo and its text. Faults of
 * the machine decide nothing: the client gets HTTP 500 and comes again.
 */
#include "enroll/pki_operation.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "enroll/operation.h"
#include "enroll/record.h"
#include "scep/attributes.h"
#include "x509/name.h"

enum { MAX_REASON = 500 };

enum err operation_reply(struct operation *op) {
    return scep_build_reply(op->a, &op->request, &op->reply, &op->endpoint->signer,
                            op->endpoint->policy->mirror_sha1, &op->der);
}

static enum err hash_signer(struct operation *op) {
    TRY(digest_of(DIGEST_SHA256, op->request.signer, op->signer_sha256));
    return digest_of(DIGEST_SHA256, op->request.signer_cert.spki, op->signer_key_sha256);
}

static enum err open_envelope(struct operation *op) {
    const struct endpoint *e = op->endpoint;
    return scep_open(op->a, &op->request, e->openers, e->opener_count, e->policy->allow_des,
                     &op->content);
}

static enum err look_up(struct operation *op) {
    TRY(lookup_begin(op));
    TRY(open_envelope(op)); /* refuses types that we do not know */
    TRY(lookup_check(op));
    if (op->request.message_type == SCEP_CERT_POLL)
        TRY(operation_poll(op));
    else if (op->request.message_type == SCEP_GET_CERT)
        TRY(operation_get_cert(op));
    else
        TRY(operation_get_crl(op));
    return operation_reply(op);
}

static enum err serve(struct operation *op) {
    TRY(hash_signer(op));
    if (op->request.message_type != SCEP_PKCS_REQ && op->request.message_type != SCEP_RENEWAL_REQ)
        return look_up(op);
    TRY(open_envelope(op));
    op->subject = name_text(op->a, op->content.csr.subject);
    TRY(digest_of(DIGEST_SHA256, op->content.csr.der, op->csr_sha256));
    return operation_request(op);
}

/* A twin of this request was faster: its answer is known now, or the upstream's is awaited. */
static enum err serve_again(struct operation *op) {
    store_expect(op->service->store);
    enum err e = operation_request(op);
    store_withdraw(op->service->store);
    TRY(e);
    if (op->asks || op->hook) /* nobody is there to ask any more */
        return err_set(ERR_BUSY, "%s is being asked for this CSR, or by this challenge",
                       op->hook ? "the webhook" : "the upstream");
    return op->commit ? store_write(op->service->store, op->commit, op) : OK;
}

/* ---- refusing ---- */

static bool is_machine_fault(enum err e) {
    return e == ERR_STORE || e == ERR_INTERNAL || e == ERR_CRYPTO || e == ERR_IO || e == ERR_BUSY;
}

/* Reasons that were written for the client's event log. */
static bool has_reason_for_client(enum err e) {
    return e == ERR_REFUSED || e == ERR_ALGORITHM || e == ERR_TIME || e == ERR_CERT_ID;
}

struct refusal {
    struct operation *op;
    enum err code;
    const char *reason; /* for the log and the timeline: maybe more than the host is told */
};

static enum err record_on_enrollment(struct tx *tx, const struct refusal *r) {
    struct operation *op = r->op;
    struct enrollment e;
    const char *alarm = op->alarm;
    TRY(enrollment_get(tx, op->a, op->enrollment, &e));
    if (!alarm && enroll_is_kept(&e) && e.state != STATE_REPORTED && op->right != RIGHT_RENEWAL)
        alarm = "somebody used the challenge of this enrollment after it was confirmed";
    if (alarm)
        return enroll_record(tx, &e, EVENT_ALARM, alarm, "reason", r->reason, "peer", op->peer,
                             "endpoint", op->endpoint->name, NULL);
    return enroll_record(tx, &e, EVENT_REFUSED,
                         arena_printf(op->a, "the CA refused the host's request: %s", r->reason),
                         "failInfo", scep_fail_info_name(err_fail_info(r->code)), "transaction",
                         op->transaction, "subject", op->subject, "peer", op->peer, NULL);
}

/* The upstream has issued what is refused here: known, counted, and to be revoked there. */
static enum err keep_lost(struct tx *tx, struct operation *op) {
    int64_t id;
    op->issued = (struct issued){0}; /* read anew: refuse has taken a part of it away */
    TRY(question_keep(tx, op, &id));
    return question_lost(tx, op);
}

static enum err commit_refusal(struct tx *tx, void *user) {
    struct refusal *r = user;
    struct operation *op = r->op;
    if (op->said.cert.n)
        TRY(keep_lost(tx, op));
    if (op->enrollment)
        return record_on_enrollment(tx, r);
    if (!op->alarm)
        return OK;
    return alarm_record(tx, op->endpoint->name, op->alarm, "reason", r->reason, "peer", op->peer,
                        "transaction", op->transaction, "subject", op->subject, NULL);
}

static const char *status_name(enum scep_pki_status status) {
    return status == SCEP_SUCCESS ? "SUCCESS" : status == SCEP_PENDING ? "PENDING" : "FAILURE";
}

static void log_outcome(const struct operation *op, const char *status, const char *reason) {
    log_write(*status == 'F' ? LOG_WARN : LOG_INFO, "scep",
              "op=PKIOperation endpoint=%s peer=%s type=%d txid=%s enrollment=%s status=%s "
              "thumbprint=%s%s reason=%s",
              op->endpoint->name, log_q(span_str(op->peer)), op->request.message_type,
              log_q(op->request.transaction_id), op->enrollment ? op->enrollment : "-", status,
              *op->issued.sha1 ? op->issued.sha1 : "-", op->repeated ? " repeated=yes" : "",
              log_q(span_str(reason)));
}

static enum err refuse(struct operation *op, enum err e) {
    const char *detail = text_claim(op->a, span_str(err_detail()), MAX_REASON);
    struct refusal r = {op, e, detail};
    *op->issued.sha1 = 0;
    if (op->said.reason && !is_machine_fault(e))
        r.reason = op->said.reason;
    log_outcome(op, "FAILURE", r.reason);
    if (is_machine_fault(e))
        return err_set(e, "%s", detail);
    if ((op->enrollment || op->alarm || op->said.cert.n) &&
        store_write(op->service->store, commit_refusal, &r) != OK)
        log_write(LOG_ERROR, "scep", "refusal=unrecorded reason=%s", log_q(span_str(err_detail())));
    op->reply = (struct scep_reply){
        .status = SCEP_FAILURE,
        .fail_info = (enum scep_fail_info)err_fail_info(e),
        .text = has_reason_for_client(e) ? detail : NULL,
    };
    return operation_reply(op);
}

/* ---- from message to reply ---- */

struct operation *scep_begin(const struct scep_service *service, const struct endpoint *endpoint,
                             struct arena *a, struct span message, const char *peer) {
    struct operation *op = arena_alloc(a, sizeof *op);
    *op = (struct operation){
        .service = service, .endpoint = endpoint, .a = a, .peer = peer, .now = clock_ms()};
    op->result = scep_read(a, message, &op->request);
    op->unanswerable = op->result == ERR_PARSE || !op->request.signer.n;
    if (op->unanswerable)
        return op;
    op->transaction = arena_str(a, op->request.transaction_id);
    if (op->result == OK) {
        store_expect(service->store);
        op->result = serve(op);
        store_withdraw(service->store);
    }
    return op;
}

store_work *scep_commit(const struct operation *op) {
    return op->result == OK && !op->asks && !op->hook ? op->commit : NULL;
}

enum err scep_finish(struct operation *op, enum err committed, struct span *reply) {
    enum err e = op->result == OK ? committed : op->result;
    if (op->unanswerable)
        return e;
    if (e == OK && (op->asks || op->hook))
        e = err_set(ERR_INTERNAL, "%s was not asked", op->hook ? "the webhook" : "the upstream");
    if (e == ERR_BUSY)
        e = serve_again(op);
    if (e != OK) {
        TRY(refuse(op, e));
    } else {
        log_outcome(op, status_name(op->reply.status),
                    op->said.reason  ? op->said.reason
                    : op->reply.text ? op->reply.text
                                     : "-");
        if (op->revoked)
            revocation_changed(op->service->revocation);
    }
    *reply = op->der;
    return OK;
}
