/* SPDX-License-Identifier: Apache-2.0 */
/* The administrator's word on requests that wait for it. */
#include "base/clock.h"
#include "enroll/operation.h"
#include "enroll/record.h"

struct decision {
    const struct pki *pki;
    int64_t id;
    struct request row;
    struct operation op; /* the request's, as far as its row tells */
    const char *reason;
};

static enum err must_be_pending(const struct request *r) {
    if (r->state == REQUEST_PENDING)
        return OK;
    return err_set(ERR_CONFLICT, "the request %lld is %s already", (long long)r->id,
                   r->state == REQUEST_ISSUED ? "approved" : "denied");
}

/* Nobody waits for what an enrollment of before was promised. */
static enum err enrollment_waits(struct tx *tx, const struct operation *op) {
    struct enrollment *e;
    if (!op->enrollment)
        return OK;
    TRY(request_enrollment(tx, op->a, op->enrollment, &e));
    TRY(right_of_host(tx, op->a, op->enrollment));
    return e ? enrollment_must_wait(e)
             : err_set(ERR_REFUSED,
                       "the enrollment %s of the request is not kept any more: signet "
                       "request deny settles it",
                       op->enrollment);
}

/* The policy's word of today, which may be another than when the request came. */
static enum err grant_again(struct tx *tx, void *user) {
    struct decision *d = user;
    struct operation *op = &d->op;
    TRY(request_get(tx, op->a, d->id, &d->row));
    TRY(must_be_pending(&d->row));
    op->endpoint = pki_endpoint(d->pki, d->row.endpoint);
    if (!op->endpoint)
        return err_set(ERR_REFUSED, "the endpoint '%s' of the request is not configured any more",
                       d->row.endpoint);
    if (op->endpoint->upstream)
        return err_set(ERR_CONFLICT,
                       "the request %lld waits for the upstream '%s', whose administrator approves "
                       "it",
                       (long long)d->id, op->endpoint->upstream);
    op->request.transaction_id = d->row.transaction_id;
    op->request.message_type = d->row.message_type;
    op->peer = d->row.peer;
    op->challenge = d->row.challenge;
    op->enrollment = d->row.enrollment;
    op->right = op->enrollment ? RIGHT_ENROLLMENT : RIGHT_APPROVAL;
    TRY(enrollment_waits(tx, op));
    op->transaction = arena_str(op->a, d->row.transaction_id);
    op->subject = d->row.subject;
    TRY(csr_parse(d->row.csr, &op->content.csr));
    TRY(right_grant(tx, op, !op->enrollment));
    if (d->row.validity < op->grant.validity)
        op->grant.validity = d->row.validity;
    return OK;
}

static enum err commit_approval(struct tx *tx, void *user) {
    struct decision *d = user;
    struct operation *op = &d->op;
    int64_t certificate;
    TRY(request_get(tx, op->a, d->id, &d->row));
    TRY(must_be_pending(&d->row));
    TRY(enrollment_waits(tx, op));
    TRY(issue_keep(tx, op, &certificate));
    TRY(request_decide(tx, d->id, REQUEST_ISSUED, certificate, op->now, NULL));
    return journal_record(tx, JOURNAL_APPROVED, op->endpoint->name, certificate,
                          "an administrator approved the request", "subject", d->row.subject,
                          "transaction", op->transaction, NULL);
}

enum err request_approve(const struct scep_service *service, const struct pki *pki, struct arena *a,
                         int64_t id, struct issued *out) {
    struct decision d = {
        .pki = pki, .id = id, .op = {.service = service, .a = a, .now = clock_ms()}};
    TRY(store_read(service->store, grant_again, &d));
    TRY(pki_issue(d.op.endpoint, a, &d.op.grant, d.op.now, &d.op.issued));
    TRY(store_write(service->store, commit_approval, &d));
    if (d.op.revoked)
        revocation_changed(service->revocation);
    *out = d.op.issued;
    return OK;
}

static enum err commit_denial(struct tx *tx, void *user) {
    struct decision *d = user;
    struct arena *a = d->op.a;
    struct enrollment *e;
    TRY(request_get(tx, a, d->id, &d->row));
    TRY(must_be_pending(&d->row));
    TRY(request_decide(tx, d->id, REQUEST_DENIED, 0, d->op.now, d->reason));
    TRY(request_enrollment(tx, a, d->row.enrollment, &e));
    if (e)
        TRY(enroll_record(tx, e, EVENT_REFUSED,
                          arena_printf(a, "an administrator denied the host's request%s%s",
                                       d->reason ? ": " : "", d->reason ? d->reason : ""),
                          "reason", d->reason, NULL));
    return journal_record(tx, JOURNAL_DENIED, d->row.endpoint, 0,
                          "an administrator denied the request", "reason", d->reason, "subject",
                          d->row.subject, "transaction", arena_str(a, d->row.transaction_id),
                          "peer", d->row.peer, NULL);
}

enum err request_deny(const struct scep_service *service, struct arena *a, int64_t id,
                      const char *reason) {
    struct decision d = {
        .id = id, .reason = reason, .op = {.service = service, .a = a, .now = clock_ms()}};
    return store_write(service->store, commit_denial, &d);
}
