/* SPDX-License-Identifier: Apache-2.0 */
/* The SCEP operations of an endpoint (RFC 8894, section 4): bytes in, bytes out. */
#ifndef SIGNET_ENROLL_PKI_OPERATION_H
#define SIGNET_ENROLL_PKI_OPERATION_H

#include "ca/pki.h"
#include "ca/revocation.h"
#include "enroll/enroll.h"
#include "store/store.h"

/* What every endpoint works with. */
struct scep_service {
    struct store *store;
    const struct authority *authority; /* keys the challenges */
    struct revocation *revocation;
    struct fetch_pool *pool; /* asks webhooks */
};

/*
 * GetNextCACert: the CA that is to come, signed by today's RA. ERR_NOT_FOUND when none is
 * published. (GetCACaps and GetCACert are endpoint->capabilities and endpoint->ca_certs.)
 */
enum err scep_get_next_ca(const struct endpoint *endpoint, struct arena *a,
                          struct span *der) ERR_MUST_USE;

/*
 * PKIOperation, in three steps, so that no thread has to wait for the commit: scep_begin computes;
 * scep_commit is what must be durable before the reply leaves (for store_submit, with the operation
 * as `user`; NULL: nothing); scep_finish is told what came of that, and gives the reply.
 *
 * Every message whose outer layer can be read is answered by a signed CertRep in *reply; ERR_PARSE
 * means that there is nobody to answer. A SUCCESS says that its certificate, the use of the
 * challenge and the request are durable in one commit; scep_finish computes nothing then, and may
 * be called from the job's `done`. Operation and reply live in `a`. One operation is for one thread
 * at a time, and each step may be in another.
 */
struct operation;
struct operation *scep_begin(const struct scep_service *service, const struct endpoint *endpoint,
                             struct arena *a, struct span message, const char *peer)
    __attribute__((returns_nonnull));
store_work *scep_commit(const struct operation *op);
enum err scep_finish(struct operation *op, enum err committed, struct span *reply) ERR_MUST_USE;

/*
 * Where a webhook decides, scep_begin may end with a job for it: the caller starts it in the
 * service's pool, with `done` and `user` of his own, and then calls scep_hooked, in a worker.
 * NULL: there is nobody to ask.
 */
struct fetch_job *scep_hook(const struct operation *op);
void scep_hooked(struct operation *op);

/*
 * Where the endpoint's certificates come from an upstream (endpoint->upstream), scep_begin may end
 * with a question instead of a commit: *csr, in DER, whose right was accepted, is to be asked for.
 * The caller commits scep_ask (store_submit; what it says goes to scep_finish when it is not OK),
 * asks the upstream, and tells scep_answered what came; or, where the upstream is not asked, before
 * scep_ask, scep_not_asked. Then it goes on with scep_commit and scep_finish.
 */
bool scep_question(const struct operation *op, struct span *csr);
/* The id of the challenge by which a question may be asked; 0: none. */
int64_t scep_question_challenge(const struct operation *op);
enum err scep_ask(struct tx *tx, void *op) ERR_MUST_USE;

struct scep_upstream_answer {
    enum upstream_outcome outcome; /* of enroll.h */
    struct span cert;              /* UPSTREAM_SUCCESS: DER, checked: its key, its chain */
    const char *reason;            /* a sentence for timeline and log, cleaned; not for the host */
    const char *transaction;       /* ours with the upstream, for the timeline */
    int fail_info;                 /* UPSTREAM_REFUSED: what the host gets too; -1: badRequest */
};
void scep_answered(struct operation *op, const struct scep_upstream_answer *answer);

/*
 * `under_way`: the upstream is being asked for the same CSR, or by the same challenge. scep_finish
 * gives what came of it if that is known by then, else ERR_BUSY: no PENDING, since there is nothing
 * that a poll could find. Else `reason` says why, to the timeline, and the host gets a failure.
 */
void scep_not_asked(struct operation *op, bool under_way, const char *reason);

/*
 * Requests of `endpoint` that an upstream has pended: to be polled. For housekeeping: each is asked
 * for again, and request_upstream_said keeps what came: SUCCESS and a refusal end it, all else
 * leaves it as it is. A certificate for which nobody waits any more (the request was denied
 * meanwhile, the enrollment confirmed by another) is kept, and an alarm asks to revoke it; the host
 * does not get it. ERR_CONFLICT when it was decided otherwise.
 */
struct upstream_pended {
    int64_t id; /* of the request */
    struct span csr;
    struct upstream_pended *next;
};
enum err request_list_upstream(const struct scep_service *service, struct arena *a,
                               const char *endpoint, struct upstream_pended **out) ERR_MUST_USE;
enum err request_upstream_said(const struct scep_service *service, const struct pki *pki,
                               struct arena *a, int64_t id,
                               const struct scep_upstream_answer *answer) ERR_MUST_USE;

/*
 * The administrator's word on a pending request. Approving issues at once, by the policy of the
 * endpoint: the client's next CertPoll gets the certificate. ERR_NOT_FOUND, ERR_CONFLICT (decided
 * already, or it waits for an upstream), ERR_REFUSED (the policy would not grant it any more).
 */
enum err request_approve(const struct scep_service *service, const struct pki *pki, struct arena *a,
                         int64_t id, struct issued *out) ERR_MUST_USE;
enum err request_deny(const struct scep_service *service, struct arena *a, int64_t id,
                      const char *reason) ERR_MUST_USE;

#endif
