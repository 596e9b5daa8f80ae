/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an upstream issues: a request whose right was accepted ends with a question for it, and its
 * answer becomes ours. The right (a one-time challenge above all) is used only when the upstream
 * has issued or pended: after a failure that is not the host's fault the same challenge is good.
 *
 * A host is told that the CA behind this server refused, is silent, or answers what cannot be used;
 * the reason stands in the timeline, or for other rights in the journal.
 */
#include "base/text.h"
#include "enroll/operation.h"
#include "enroll/record.h"
#include "x509/name.h"

const char *pending_text(const struct operation *op) {
    return op->endpoint->upstream ? "The CA behind this server has to approve the request"
                                  : "An administrator has to approve the request";
}

/* Nobody can approve here what an upstream issues: it would go out without anybody's word. */
enum err question_begin(struct operation *op) {
    if (request_must_wait(op))
        return err_set(ERR_REFUSED, "an endpoint whose certificates come from an upstream grants "
                                    "nothing without a challenge");
    op->asks = true;
    return OK;
}

bool scep_question(const struct operation *op, struct span *csr) {
    *csr = op->content.csr.der;
    return op->result == OK && op->asks;
}

int64_t scep_question_challenge(const struct operation *op) {
    return op->challenge;
}

/* ---- before it is asked ---- */

enum err scep_ask(struct tx *tx, void *user) {
    struct operation *op = user;
    struct enrollment e;
    TRY(known_check(tx, op));
    if (op->repeated)
        return err_set(ERR_BUSY, "the same request was served meanwhile");
    TRY(right_check(tx, op));
    if (!op->enrollment)
        return OK;
    TRY(enrollment_get(tx, op->a, op->enrollment, &e));
    TRY(enrollment_check_issued(e.successes));
    return enroll_asks_upstream(
        tx, &e, "the host asked for the certificate, and the upstream is asked for it",
        "transaction", op->transaction, "subject", op->subject, "upstream", op->endpoint->upstream,
        "peer", op->peer, "key_transport",
        op->request.transport == TRANSPORT_OAEP ? "RSAES-OAEP" : "PKCS#1 v1.5", NULL);
}

/* ---- a certificate ---- */

static enum err read_issued(struct operation *op) {
    struct cert c;
    uint8_t sha1[DIGEST_MAX_SIZE];
    TRY(cert_parse(op->said.cert, &c));
    TRY(digest_of(DIGEST_SHA1, c.der, sha1));
    op->issued = (struct issued){
        .der = c.der, .serial = c.serial, .not_before = c.not_before, .not_after = c.not_after};
    hex_upper(span_of(sha1, 20), op->issued.sha1);
    return OK;
}

/* An upstream that keeps transactions gives the same again when its answer was lost here. */
static enum err find_same(struct tx *tx, struct operation *op, int64_t *id) {
    struct foreign_certificate *c = NULL;
    if (op->enrollment)
        TRY(foreign_list(tx, op->a, op->enrollment, &c));
    while (c && strcmp(c->sha1, op->issued.sha1) != 0)
        c = c->next;
    if (!c)
        return err_set(ERR_REFUSED, "the upstream gave a certificate that it gave for another "
                                    "request before");
    *id = c->id;
    return OK;
}

static enum err add_foreign(struct tx *tx, struct operation *op, int64_t *id) {
    struct cert parsed;
    TRY(cert_parse(op->issued.der, &parsed));
    struct foreign_certificate c = {
        .upstream = op->endpoint->upstream,
        .enrollment = op->enrollment,
        .source = FOREIGN_RA,
        .serial = op->issued.serial,
        .subject = name_text(op->a, parsed.subject),
        .sha1 = op->issued.sha1,
        .der = op->issued.der,
        .not_before = op->issued.not_before,
        .not_after = op->issued.not_after,
        .seen = op->now,
    };
    enum err e = foreign_add(tx, &c);
    *id = c.id;
    return e == ERR_EXISTS ? find_same(tx, op, id) : e;
}

static enum err record_issued(struct tx *tx, struct operation *op, const char *serial) {
    struct enrollment e;
    if (!op->enrollment)
        return journal_record(
            tx, JOURNAL_ISSUED, op->endpoint->name, 0, "the upstream issued the certificate",
            "serial", serial, "thumbprint", op->issued.sha1, "subject", op->subject, "transaction",
            op->transaction, "upstream_transaction", op->said.transaction, "peer", op->peer, NULL);
    TRY(enrollment_get(tx, op->a, op->enrollment, &e));
    return enroll_upstream_said(tx, &e, UPSTREAM_SUCCESS, "the upstream issued the certificate",
                                "serial", serial, "thumbprint", op->issued.sha1, "upstream",
                                op->endpoint->upstream, "upstream_transaction",
                                op->said.transaction, NULL);
}

enum err question_keep(struct tx *tx, struct operation *op, int64_t *id) {
    if (!op->issued.der.n)
        TRY(read_issued(op));
    TRY(add_foreign(tx, op, id));
    return record_issued(tx, op, hex_text(op->a, op->issued.serial));
}

static enum err commit_issued(struct tx *tx, void *user) {
    struct operation *op = user;
    int64_t id;
    TRY(request_check(tx, op));
    TRY(question_keep(tx, op, &id));
    return request_keep(tx, op, REQUEST_ISSUED, 0, id);
}

enum err question_lost(struct tx *tx, struct operation *op) {
    static const char text[] = "the upstream issued a certificate that nobody gets, since the "
                               "right to it was gone meanwhile: revoke it at the upstream";
    struct enrollment e;
    const char *serial = hex_text(op->a, op->issued.serial);
    if (!op->enrollment)
        return alarm_record(tx, op->endpoint->name, text, "serial", serial, "subject", op->subject,
                            "transaction", op->transaction, NULL);
    TRY(enrollment_get(tx, op->a, op->enrollment, &e));
    return enroll_record(tx, &e, EVENT_ALARM, text, "serial", serial, "upstream",
                         op->endpoint->upstream, NULL);
}

/* ---- something else ---- */

static enum err commit_pended(struct tx *tx, void *user) {
    struct operation *op = user;
    struct enrollment e;
    TRY(request_check(tx, op));
    TRY(request_room(tx, op));
    TRY(request_keep(tx, op, REQUEST_PENDING, 0, 0));
    if (op->enrollment) {
        TRY(enrollment_get(tx, op->a, op->enrollment, &e));
        TRY(enroll_upstream_said(tx, &e, UPSTREAM_PENDING,
                                 "the upstream has to approve the request; it is polled every "
                                 "minute",
                                 "upstream", op->endpoint->upstream, "upstream_transaction",
                                 op->said.transaction, NULL));
    }
    return journal_record(tx, JOURNAL_PENDED, op->endpoint->name, 0,
                          "a request waits for the upstream", "transaction", op->transaction,
                          "upstream_transaction", op->said.transaction, "subject", op->subject,
                          "peer", op->peer, NULL);
}

/* Other rights have no timeline. That something may have been issued is worth an alarm. */
static enum err record_elsewhere(struct tx *tx, struct operation *op) {
    if (op->said.outcome != UPSTREAM_SILENT && op->said.outcome != UPSTREAM_WRONG)
        return OK;
    return alarm_record(tx, op->endpoint->name,
                        op->said.outcome == UPSTREAM_SILENT
                            ? "the upstream gave no answer: it may have issued a certificate that "
                              "nobody has"
                            : "the upstream's answer cannot be used",
                        "reason", op->said.reason, "subject", op->subject, "transaction",
                        op->transaction, "upstream_transaction", op->said.transaction, NULL);
}

static enum err commit_failure(struct tx *tx, void *user) {
    struct operation *op = user;
    const struct scep_upstream_answer *said = &op->said;
    struct enrollment e;
    if (!op->enrollment)
        return record_elsewhere(tx, op);
    TRY(enrollment_get(tx, op->a, op->enrollment, &e));
    return enroll_upstream_said(tx, &e, said->outcome, said->reason, "upstream",
                                op->endpoint->upstream, "upstream_transaction", said->transaction,
                                NULL);
}

/* ---- the answer ---- */

static const char *host_text(const struct scep_upstream_answer *said) {
    if (said->outcome == UPSTREAM_UNASKED || said->outcome == UPSTREAM_SILENT)
        return "The CA behind this server does not answer; try again later";
    return said->outcome == UPSTREAM_REFUSED
               ? "The CA behind this server refused the request"
               : "The CA behind this server gave an answer that cannot be used";
}

static void fail(struct operation *op) {
    const struct scep_upstream_answer *said = &op->said;
    bool told = said->outcome == UPSTREAM_REFUSED && said->fail_info >= SCEP_BAD_ALG &&
                said->fail_info <= SCEP_BAD_CERT_ID;
    op->reply = (struct scep_reply){.status = SCEP_FAILURE,
                                    .fail_info = told ? (enum scep_fail_info)said->fail_info
                                                      : SCEP_BAD_REQUEST,
                                    .text = host_text(said)};
    op->commit = commit_failure;
}

static enum err take(struct operation *op) {
    if (op->said.outcome == UPSTREAM_SUCCESS) {
        TRY(read_issued(op));
        op->reply =
            (struct scep_reply){.status = SCEP_SUCCESS, .text = "Issued", .cert = op->issued.der};
        op->commit = commit_issued;
    } else if (op->said.outcome == UPSTREAM_PENDING) {
        op->reply = (struct scep_reply){.status = SCEP_PENDING, .text = pending_text(op)};
        op->commit = commit_pended;
    } else {
        fail(op);
    }
    return operation_reply(op);
}

void scep_answered(struct operation *op, const struct scep_upstream_answer *answer) {
    op->asks = false;
    op->said = *answer;
    op->result = take(op);
}

void scep_not_asked(struct operation *op, bool under_way, const char *reason) {
    op->asks = false;
    if (under_way) {
        op->result = err_set(ERR_BUSY, "the upstream is being asked already");
        return;
    }
    op->said.reason = reason;
    op->result = err_set(ERR_REFUSED, "The CA behind this server cannot be asked now; try again "
                                      "later");
}
