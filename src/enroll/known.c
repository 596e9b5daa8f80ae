/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that came before. Only accepted ones have a row, so nobody occupies a transaction id by
 * asking.
 *
 * A client that has lost its reply sends its request again (RFC 8894, 4.3) and gets the same
 * answer, never a second certificate. The same CSR counts as the same request under another
 * signature too: whoever has seen an envelope can send it again under his own, and must not have
 * the host's certificate superseded by that. All that he gets is a certificate for a key that is
 * not his. Only for a renewal the signature is the right itself, and so is held against what was
 * signed before.
 */
#include "enroll/operation.h"

static enum err answer_with(struct operation *op, const char *enrollment, const char *sha1,
                            struct span der, int64_t not_after) {
    if (not_after <= op->now)
        return err_set(ERR_REFUSED, "the certificate for this request has expired");
    op->enrollment = enrollment;
    memcpy(op->issued.sha1, sha1, sizeof op->issued.sha1);
    op->reply = (struct scep_reply){.status = SCEP_SUCCESS, .text = "Issued", .cert = der};
    return OK;
}

static enum err answer_foreign(struct tx *tx, struct operation *op, const struct request *r) {
    struct foreign_certificate c;
    TRY(foreign_by_id(tx, op->a, r->foreign, &c));
    return answer_with(op, c.enrollment, c.sha1, c.der, c.not_after);
}

static enum err answer_issued(struct tx *tx, struct operation *op, const struct request *r) {
    struct certificate c;
    if (r->foreign)
        return answer_foreign(tx, op, r);
    TRY(certificate_by_id(tx, op->a, r->certificate, &c));
    if (c.revoked)
        return err_set(ERR_REFUSED, "the certificate for this request was revoked (%s)",
                       c.reason ? c.reason : "unspecified");
    return answer_with(op, c.enrollment, c.sha1, c.der, c.not_after);
}

enum err known_answer(struct tx *tx, struct operation *op, const struct request *r) {
    if (r->state == REQUEST_ISSUED) {
        TRY(right_of_host(tx, op->a, r->enrollment));
        return answer_issued(tx, op, r);
    }
    if (r->state == REQUEST_DENIED)
        return err_set(ERR_REFUSED, "%s: %s",
                       op->endpoint->upstream ? "the request was denied"
                                              : "an administrator denied the request",
                       r->reason ? r->reason : "no reason was given");
    op->reply = (struct scep_reply){.status = SCEP_PENDING, .text = pending_text(op)};
    return OK;
}

static bool is_repeat(const struct operation *op, const struct request *r) {
    if (!op->renewal)
        return true;
    return r->message_type == op->request.message_type &&
           span_eq(r->transaction_id, op->request.transaction_id) &&
           span_eq(r->signer_sha256, sha256_span(op->signer_sha256));
}

static enum err check_transaction(struct tx *tx, struct operation *op) {
    struct request *r;
    TRY(request_by_transaction(tx, op->a, op->endpoint->name, op->request.transaction_id, &r));
    for (; r; r = r->next) {
        if (span_eq(r->signer_key_sha256, sha256_span(op->signer_key_sha256)))
            continue;
        op->alarm = "a transaction id was used with another key than its own";
        return err_set(ERR_REFUSED,
                       "the transaction id belongs to a request that another key has signed");
    }
    return OK;
}

enum err known_check(struct tx *tx, struct operation *op) {
    struct request *r;
    TRY(check_transaction(tx, op));
    TRY(request_by_csr(tx, op->a, op->endpoint->name, sha256_span(op->csr_sha256), &r));
    while (r && !is_repeat(op, r))
        r = r->next;
    if (!r)
        return OK;
    TRY(known_answer(tx, op, r));
    op->repeated = true;
    return OK;
}
