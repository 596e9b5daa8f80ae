/* SPDX-License-Identifier: Apache-2.0 */
/* The upstream's word on requests that it has pended. */
#include "base/clock.h"
#include "base/text.h"
#include "enroll/operation.h"
#include "enroll/record.h"

/* ---- which there are ---- */

struct listing {
    struct arena *a;
    const char *endpoint;
    struct upstream_pended **out;
};

static enum err list(struct tx *tx, void *user) {
    const struct listing *l = user;
    struct upstream_pended **out = l->out;
    struct request *r;
    *out = NULL;
    TRY(request_list_pending(tx, l->a, l->endpoint, &r));
    for (; r; r = r->next, out = &(*out)->next) {
        *out = arena_alloc(l->a, sizeof **out);
        **out = (struct upstream_pended){.id = r->id, .csr = r->csr};
    }
    return OK;
}

enum err request_list_upstream(const struct scep_service *service, struct arena *a,
                               const char *endpoint, struct upstream_pended **out) {
    struct listing l = {a, endpoint, out};
    return store_read(service->store, list, &l);
}

/* ---- its word ---- */

struct word {
    const struct pki *pki;
    int64_t id;
    int state;           /* of the request */
    bool orphan;         /* its enrollment is not kept any more */
    struct operation op; /* the request's, as far as its row tells */
};

static enum err read_row(struct tx *tx, struct word *w) {
    struct operation *op = &w->op;
    struct request row;
    struct enrollment *e;
    TRY(request_get(tx, op->a, w->id, &row));
    TRY(request_enrollment(tx, op->a, row.enrollment, &e));
    w->state = row.state;
    w->orphan = row.enrollment && !e;
    op->endpoint = pki_endpoint(w->pki, row.endpoint);
    if (!op->endpoint || !op->endpoint->upstream)
        return err_set(ERR_CONFLICT, "the upstream '%s' of the request %lld is gone", row.endpoint,
                       (long long)w->id);
    op->transaction = arena_str(op->a, row.transaction_id);
    op->enrollment = e ? row.enrollment : NULL;
    op->subject = row.subject;
    op->peer = row.peer;
    return OK;
}

static enum err already_decided(const struct word *w) {
    return err_set(ERR_CONFLICT, "the request %lld was decided meanwhile", (long long)w->id);
}

/* ERR_REFUSED when nobody waits for the certificate any more. Who has shown another hardware waits
 * on: what the upstream gives once is kept for him, and known_answer gives it when that is settled.
 */
static enum err must_wait(struct tx *tx, struct word *w) {
    struct enrollment e;
    if (w->state == REQUEST_DENIED)
        return err_set(ERR_REFUSED, "the request was denied meanwhile");
    if (w->state != REQUEST_PENDING)
        return already_decided(w);
    if (w->orphan)
        return err_set(ERR_REFUSED, "the request's enrollment has ended and is not kept any more");
    if (!w->op.enrollment)
        return OK;
    TRY(enrollment_get(tx, w->op.a, w->op.enrollment, &e));
    return enrollment_must_wait(&e);
}

static enum err commit_issued(struct tx *tx, void *user) {
    struct word *w = user;
    int64_t id;
    TRY(read_row(tx, w));
    enum err e = must_wait(tx, w);
    if (e != OK && e != ERR_REFUSED)
        return e;
    const char *reason = arena_str(w->op.a, span_str(err_detail())); /* before there is another */
    TRY(question_keep(tx, &w->op, &id));
    if (e == OK)
        return request_decide_foreign(tx, w->id, id, w->op.now);
    TRY(question_lost(tx, &w->op));
    return w->state == REQUEST_DENIED
               ? OK
               : request_decide(tx, w->id, REQUEST_DENIED, 0, w->op.now, reason);
}

static enum err commit_refused(struct tx *tx, void *user) {
    struct word *w = user;
    struct operation *op = &w->op;
    struct enrollment e;
    TRY(read_row(tx, w));
    if (w->state != REQUEST_PENDING)
        return already_decided(w);
    TRY(request_decide(tx, w->id, REQUEST_DENIED, 0, op->now,
                       "the CA behind this server refused it"));
    if (op->enrollment) {
        TRY(enrollment_get(tx, op->a, op->enrollment, &e));
        TRY(enroll_upstream_said(tx, &e, UPSTREAM_REFUSED, op->said.reason, "upstream",
                                 op->endpoint->upstream, "upstream_transaction",
                                 op->said.transaction, NULL));
    }
    return journal_record(tx, JOURNAL_DENIED, op->endpoint->name, 0,
                          "the upstream refused a request that it had pended", "reason",
                          op->said.reason, "subject", op->subject, "transaction", op->transaction,
                          "peer", op->peer, NULL);
}

enum err request_upstream_said(const struct scep_service *service, const struct pki *pki,
                               struct arena *a, int64_t id,
                               const struct scep_upstream_answer *answer) {
    struct word w = {.pki = pki,
                     .id = id,
                     .op = {.service = service, .a = a, .now = clock_ms(), .said = *answer}};
    if (answer->outcome == UPSTREAM_SUCCESS)
        return store_write(service->store, commit_issued, &w);
    if (answer->outcome == UPSTREAM_REFUSED)
        return store_write(service->store, commit_refused, &w);
    return OK;
}
