/* SPDX-License-Identifier: Apache-2.0 */
/* What a commit writes: the request, the certificate, and what is recorded of them. */
#include <stdio.h>

#include "base/text.h"
#include "enroll/operation.h"
#include "enroll/record.h"

enum { MAX_CERTIFICATES = 20 }; /* of one enrollment: a host tries a few times, not for ever */

enum err request_record(struct tx *tx, struct operation *op) {
    struct enrollment e;
    if (!op->enrollment || op->right == RIGHT_RENEWAL)
        return OK;
    TRY(enrollment_get(tx, op->a, op->enrollment, &e));
    return enroll_record(
        tx, &e, EVENT_REQUESTED, "the host asked the CA for the certificate", "transaction",
        op->transaction, "subject", op->subject, "peer", op->peer, "key_transport",
        op->request.transport == TRANSPORT_OAEP ? "RSAES-OAEP" : "PKCS#1 v1.5", NULL);
}

enum err request_keep(struct tx *tx, struct operation *op, enum request_state state,
                      int64_t certificate, int64_t foreign) {
    bool pending = state == REQUEST_PENDING;
    struct request r = {
        .endpoint = op->endpoint->name,
        .message_type = op->request.message_type,
        .state = (int)state,
        .transaction_id = op->request.transaction_id,
        .signer_sha256 = sha256_span(op->signer_sha256),
        .signer_key_sha256 = sha256_span(op->signer_key_sha256),
        .csr_sha256 = sha256_span(op->csr_sha256),
        .enrollment = op->enrollment,
        .subject = op->subject,
        .peer = op->peer,
        .csr = pending ? op->content.csr.der : SPAN_NONE,
        .validity = op->grant.validity,
        .challenge = op->challenge,
        .certificate = certificate,
        .foreign = foreign,
        .created = op->now,
        .decided = pending ? 0 : op->now,
    };
    return request_add(tx, &r);
}

/* ---- an enrollment's certificate ---- */

enum err enrollment_check_issued(int64_t count) {
    if (count < MAX_CERTIFICATES)
        return OK;
    return err_set(ERR_REFUSED,
                   "%lld certificates were issued for this enrollment, and none arrived; assign "
                   "the profile anew",
                   (long long)count);
}

static enum err supersede_earlier(struct tx *tx, struct operation *op, struct enrollment *e) {
    struct certificate *earlier;
    int count = 0;
    TRY(certificate_list(tx, op->a, e->id, &earlier));
    for (struct certificate *c = earlier; c; c = c->next) {
        count++;
        op->revoked |= !c->revoked;
    }
    TRY(enrollment_check_issued(count));
    return enroll_supersede(tx, e, earlier,
                            "an earlier certificate of this enrollment never arrived: it was "
                            "revoked as superseded");
}

/* Who reads "confirmed" believes that the host has what the profile asked for. */
static const char *what_is_issued(const struct operation *op) {
    if (!op->grant.eku_left_out)
        return "the CA issued the certificate";
    return arena_printf(op->a,
                        "the CA issued the certificate without EKUs that were asked for: the "
                        "endpoint '%s' leaves out %s (eku in signet.conf)",
                        op->endpoint->name, op->grant.eku_left_out);
}

static enum err record_on_enrollment(struct tx *tx, struct operation *op, const char *serial) {
    struct enrollment e;
    if (!op->enrollment)
        return OK;
    TRY(enrollment_get(tx, op->a, op->enrollment, &e));
    if (op->right == RIGHT_RENEWAL)
        return enroll_record(tx, &e, EVENT_NOTE, "the host renewed the certificate", "serial",
                             serial, "thumbprint", op->issued.sha1, "renewed_from", op->signer.sha1,
                             "peer", op->peer, NULL);
    TRY(supersede_earlier(tx, op, &e));
    return enroll_record(tx, &e, EVENT_ISSUED, what_is_issued(op), "serial", serial, "thumbprint",
                         op->issued.sha1, "eku_left_out", op->grant.eku_left_out, NULL);
}

/* ---- any certificate ---- */

static enum err journal_issued(struct tx *tx, struct operation *op, int64_t id,
                               const char *serial) {
    bool renewed = op->right == RIGHT_RENEWAL;
    char type[12], challenge[24];
    snprintf(type, sizeof type, "%d", op->request.message_type);
    snprintf(challenge, sizeof challenge, "%lld", (long long)op->challenge);
    return journal_record(tx, renewed ? JOURNAL_RENEWED : JOURNAL_ISSUED, op->endpoint->name, id,
                          renewed ? "the certificate was issued by the proof of an earlier one"
                                  : "the certificate was issued",
                          "serial", serial, "thumbprint", op->issued.sha1, "subject", op->subject,
                          "transaction", op->transaction, "message_type", type, "peer", op->peer,
                          "challenge", op->challenge ? challenge : NULL, "enrollment",
                          op->enrollment, "renewed_from", renewed ? op->signer.sha1 : NULL, NULL);
}

enum err issue_keep(struct tx *tx, struct operation *op, int64_t *id) {
    const char *serial = hex_text(op->a, op->issued.serial);
    struct certificate c = {
        .serial = op->issued.serial,
        .ca = op->endpoint->ca->sha1,
        .endpoint = op->endpoint->name,
        .enrollment = op->enrollment,
        .subject = op->subject,
        .sha1 = op->issued.sha1,
        .der = op->issued.der,
        .not_before = op->issued.not_before,
        .not_after = op->issued.not_after,
        .issued = op->now,
    };
    TRY(record_on_enrollment(tx, op, serial));
    TRY(certificate_add(tx, &c));
    TRY(journal_issued(tx, op, c.id, serial));
    *id = c.id;
    return OK;
}
