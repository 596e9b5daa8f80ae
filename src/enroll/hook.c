/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a webhook decides whether the challenge is good: a request ends with a question for it, and
 * goes on when the answer is there. What could not be asked is refused (the hook fails closed), and
 * the client is not told why: the cause is the administrator's business.
 */
#include "base/log.h"
#include "ca/webhook.h"
#include "enroll/operation.h"

static enum err judge(const struct operation *op, enum err e) {
    if (e != ERR_FORBIDDEN)
        return e;
    log_write(LOG_ERROR, "scep", "op=webhook endpoint=%s reason=%s", op->endpoint->name,
              log_q(span_str(err_detail())));
    return err_set(ERR_REFUSED, "the challenge could not be checked; the server's log tells why");
}

enum err hook_begin(struct operation *op) {
    const struct webhook_question question = {.endpoint = op->endpoint->name,
                                              .challenge = op->content.csr.challenge,
                                              .csr = &op->content.csr,
                                              .transaction_id = op->request.transaction_id};
    struct fetch_job *job = arena_alloc(op->a, sizeof *job);
    TRY(judge(op, webhook_prepare(op->a, op->endpoint->policy, &question, op->service->pool, job)));
    op->hook = job;
    return OK;
}

struct fetch_job *scep_hook(const struct operation *op) {
    return op->result == OK ? op->hook : NULL;
}

void scep_hooked(struct operation *op) {
    const struct fetch_job *job = op->hook;
    op->hook = NULL;
    store_expect(op->service->store);
    op->result = judge(
        op, webhook_judge(op->a, op->endpoint->policy, &op->content.csr, job, &op->grant.validity));
    if (op->result == OK)
        op->result = operation_grant(op);
    store_withdraw(op->service->store);
}
