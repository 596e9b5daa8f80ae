/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKCSReq and RenewalReq, from the right to the reply, or to the question for a webhook or an
 * upstream.
 * Everything that costs (private keys, other people's programs) happens before the commit and
 * outside of any transaction; the commit looks again at all that may have changed.
 */
#include "enroll/operation.h"
#include "enroll/record.h"

enum {
    MAX_PENDING = 1000,        /* of an endpoint */
    MAX_PENDING_OF_A_HOST = 5, /* of an enrollment */
};

enum err request_enrollment(struct tx *tx, struct arena *a, const char *id,
                            struct enrollment **out) {
    struct enrollment *e = arena_alloc(a, sizeof *e);
    *out = NULL;
    if (!id)
        return OK;
    enum err found = enrollment_get(tx, a, id, e);
    if (found == OK)
        *out = e;
    return found == ERR_NOT_FOUND ? OK : found;
}

bool request_must_wait(const struct operation *op) {
    return op->right == RIGHT_APPROVAL ||
           (op->endpoint->policy->manual_approval && op->right != RIGHT_RENEWAL);
}

enum err request_check(struct tx *tx, struct operation *op) {
    TRY(known_check(tx, op));
    if (op->repeated)
        return err_set(ERR_BUSY, "the same request is being served");
    return right_use(tx, op);
}

/* The commit that a SUCCESS promises. */
static enum err commit_issued(struct tx *tx, void *user) {
    struct operation *op = user;
    int64_t certificate;
    TRY(request_check(tx, op));
    TRY(request_record(tx, op));
    TRY(issue_keep(tx, op, &certificate));
    return request_keep(tx, op, REQUEST_ISSUED, certificate, 0);
}

static enum err record_waiting(struct tx *tx, struct operation *op) {
    struct enrollment e;
    if (!op->enrollment)
        return OK;
    TRY(enrollment_get(tx, op->a, op->enrollment, &e));
    return enroll_record(tx, &e, EVENT_NOTE,
                         "the request waits for an administrator: signet request list", NULL);
}

/*
 * Its host has given it up: each attempt of Windows has a key of its own, and polls for itself
 * alone. What an upstream has pended it may grant still.
 */
static enum err give_up(struct tx *tx, struct operation *op, int64_t id) {
    static const char reason[] = "newer requests of the same enrollment have taken its place";
    struct enrollment e;
    struct request old;
    TRY(request_get(tx, op->a, id, &old));
    const char *transaction = arena_str(op->a, old.transaction_id);
    TRY(request_decide(tx, id, REQUEST_DENIED, 0, op->now, reason));
    TRY(enrollment_get(tx, op->a, op->enrollment, &e));
    TRY(enroll_record(tx, &e, EVENT_NOTE,
                      op->endpoint->upstream
                          ? "the oldest of the requests that wait was given up and is polled no "
                            "more: deny it at the upstream"
                          : "the oldest of the requests that wait was given up",
                      "reason", reason, "subject", old.subject, "transaction", transaction,
                      "upstream", op->endpoint->upstream, NULL));
    return journal_record(tx, JOURNAL_DENIED, op->endpoint->name, 0,
                          "a request that waited was given up", "reason", reason, "subject",
                          old.subject, "transaction", transaction, "peer", old.peer, NULL);
}

static enum err make_room(struct tx *tx, struct operation *op) {
    int64_t oldest = 0;
    if (op->enrollment)
        TRY(request_pending_before(tx, op->enrollment, MAX_PENDING_OF_A_HOST - 1, &oldest));
    return oldest ? give_up(tx, op, oldest) : OK;
}

/* To wait costs a stranger nothing where no challenge is asked for. */
enum err request_room(struct tx *tx, struct operation *op) {
    int64_t waiting;
    TRY(make_room(tx, op));
    TRY(request_count_pending(tx, op->endpoint->name, &waiting));
    return waiting < MAX_PENDING
               ? OK
               : err_set(ERR_REFUSED,
                         "%d requests of this endpoint wait already: come again when they are "
                         "decided",
                         MAX_PENDING);
}

static enum err commit_pending(struct tx *tx, void *user) {
    struct operation *op = user;
    TRY(request_check(tx, op));
    TRY(request_room(tx, op));
    TRY(request_record(tx, op));
    TRY(record_waiting(tx, op));
    TRY(request_keep(tx, op, REQUEST_PENDING, 0, 0));
    return journal_record(tx, JOURNAL_PENDED, op->endpoint->name, 0,
                          "a request waits for an administrator", "transaction", op->transaction,
                          "subject", op->subject, "peer", op->peer, NULL);
}

static enum err pend(struct operation *op) {
    op->reply = (struct scep_reply){.status = SCEP_PENDING, .text = pending_text(op)};
    op->commit = commit_pending;
    return operation_reply(op);
}

static enum err issue(struct operation *op) {
    TRY(pki_issue(op->endpoint, op->a, &op->grant, op->now, &op->issued));
    op->reply =
        (struct scep_reply){.status = SCEP_SUCCESS, .text = "Issued", .cert = op->issued.der};
    op->commit = commit_issued;
    return operation_reply(op);
}

enum err operation_grant(struct operation *op) {
    if (op->endpoint->upstream)
        return question_begin(op);
    return request_must_wait(op) ? pend(op) : issue(op);
}

enum err operation_request(struct operation *op) {
    op->right = RIGHT_NONE;
    op->repeated = op->revoked = op->asks = false;
    op->hook = NULL;
    op->commit = NULL;
    TRY(store_read(op->service->store, authorize, op));
    if (op->repeated)
        return operation_reply(op);
    return op->right == RIGHT_WEBHOOK ? hook_begin(op) : operation_grant(op);
}
