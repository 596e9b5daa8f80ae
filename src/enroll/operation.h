/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside enroll/: one PKIOperation on its way. Each step is a function that fills in more of it:
 *
 *   pki_operation.c  reads, opens, answers       request.c  PKCSReq and RenewalReq, from right to
 *   authorize.c      who may have it                        reply
 *   renewal.c        by the proof of a certificate
 *   known.c          what came before            issue.c    the rows of a commit
 *   lookup.c         CertPoll, GetCert, GetCRL   requests.c the administrator's word
 *   question.c       where an upstream issues    pended.c   its word on what it has pended
 *   hook.c           where a webhook decides
 *
 * An error that reaches pki_operation.c becomes a CertRep FAILURE with the error's failInfo.
 */
#ifndef SIGNET_ENROLL_OPERATION_H
#define SIGNET_ENROLL_OPERATION_H

#include "enroll/enroll.h"
#include "enroll/pki_operation.h"
#include "store/challenge.h"
#include "store/request.h"

/* Why somebody may have a certificate. */
enum right {
    RIGHT_NONE,
    RIGHT_ENROLLMENT, /* the challenge of an MDM enrollment, which serves it until it is confirmed
                       */
    RIGHT_CHALLENGE,  /* a one-time challenge */
    RIGHT_SECRET,     /* the endpoint's static challenge */
    RIGHT_WEBHOOK,    /* somebody else's program says so */
    RIGHT_RENEWAL,    /* a live certificate of the endpoint has signed */
    RIGHT_APPROVAL,   /* none yet: an administrator decides */
};

struct operation {
    const struct scep_service *service;
    const struct endpoint *endpoint;
    struct arena *a;
    const char *peer;
    int64_t now;
    struct scep_request request;
    struct scep_content content;
    const char *transaction, *subject; /* of the request and its CSR, as text; or NULL */
    uint8_t signer_sha256[DIGEST_MAX_SIZE], signer_key_sha256[DIGEST_MAX_SIZE],
        csr_sha256[DIGEST_MAX_SIZE];
    struct certificate signer; /* of this endpoint, that signed; id 0: some other */
    struct span *ca_names;     /* Names of an upstream's CAs, for questions */
    size_t ca_name_count;
    bool renewal;  /* it asks to renew the signer's certificate */
    bool repeated; /* known already: `reply` repeats what was said */

    enum right right;
    const char *enrollment; /* whose challenge or certificate it came with; or NULL */
    int64_t challenge;      /* id; 0: none */
    uint8_t challenge_hash[32];
    struct grant grant;

    struct fetch_job *hook;           /* a webhook is to be asked: hook.c */
    bool asks;                        /* an upstream is to be asked: question.c */
    struct scep_upstream_answer said; /* what it said; `reason` may be why it was not asked */

    const char *alarm; /* goes with a refusal; literal */
    struct issued issued;
    enum err result;    /* of what came before the commit */
    bool unanswerable;  /* nobody can be sent a CertRep */
    store_work *commit; /* what the reply promises; NULL: nothing */
    struct span der;    /* the reply */
    bool revoked;       /* the commit has revoked something */
    struct scep_reply reply;
};

static inline struct span sha256_span(const uint8_t *hash) {
    return span_of(hash, 32);
}

/* Fills in `signer`: the request is signed with a certificate of this endpoint, byte for byte. */
enum err signer_find(struct tx *tx, struct operation *op) ERR_MUST_USE;
/* ERR_REFUSED unless that certificate is live. */
enum err signer_must_live(const struct operation *op) ERR_MUST_USE;

/*
 * What is known of the request: a repeat gets its answer again (`repeated`); a transaction id that
 * another key has taken is refused. OK otherwise: a new request.
 */
enum err known_check(struct tx *tx, struct operation *op) ERR_MUST_USE;
/* What an accepted request is answered, by its state, into op->reply. */
enum err known_answer(struct tx *tx, struct operation *op, const struct request *r) ERR_MUST_USE;

/* Reads only (store_read): sets right and grant, or repeats. */
enum err authorize(struct tx *tx, void *operation) ERR_MUST_USE;
/* The right still holds. */
enum err right_check(struct tx *tx, struct operation *op) ERR_MUST_USE;
/* In the commit: it still holds, and is used. */
enum err right_use(struct tx *tx, struct operation *op) ERR_MUST_USE;
/* What the policy grants the CSR, with the SID of the enrollment's device. */
enum err right_grant(struct tx *tx, struct operation *op, bool rules) ERR_MUST_USE;
/* The enrollment that a request's row names; *out is NULL where it names none, or one that is kept
 * no more. */
enum err request_enrollment(struct tx *tx, struct arena *a, const char *id,
                            struct enrollment **out) ERR_MUST_USE;
/* ERR_REFUSED when the host of that enrollment (NULL: of none) has shown another hardware, and
 * nobody has settled it: it gets no certificate, also none that was granted before. */
enum err right_of_host(struct tx *tx, struct arena *a, const char *enrollment) ERR_MUST_USE;
/* ERR_REFUSED unless the enrollment still waits for a certificate. */
enum err enrollment_must_wait(const struct enrollment *e) ERR_MUST_USE;
/* ERR_REFUSED when so many certificates are enough for one enrollment. */
enum err enrollment_check_issued(int64_t count) ERR_MUST_USE;

/* Whether the request asks to renew the signer's certificate, and whether it may. */
bool renewal_is_asked(const struct operation *op);
enum err renewal_authorize(struct tx *tx, struct operation *op) ERR_MUST_USE;

/* PKCSReq and RenewalReq: up to the reply, and to the commit that has to come before it; or up to
 * the webhook, and then the rest. */
enum err operation_request(struct operation *op) ERR_MUST_USE;
enum err operation_grant(struct operation *op) ERR_MUST_USE;
/* Builds the reply. */
enum err operation_reply(struct operation *op) ERR_MUST_USE;

/* In a commit: the request is still a new one (else ERR_BUSY), and its right holds and is used. */
enum err request_check(struct tx *tx, struct operation *op) ERR_MUST_USE;
/* In a commit, room for one more that is pending: of too many of the enrollment the oldest is
 * denied. ERR_REFUSED when too many requests of the endpoint are. */
enum err request_room(struct tx *tx, struct operation *op) ERR_MUST_USE;
/* Whether an administrator decides. */
bool request_must_wait(const struct operation *op);

/* Ends with the question for the endpoint's webhook. */
enum err hook_begin(struct operation *op) ERR_MUST_USE;

/* Ends with the question for the endpoint's upstream. */
enum err question_begin(struct operation *op) ERR_MUST_USE;
/* The rows of a certificate that an upstream issued (op->said): keeps it, records. *id is its own.
 */
enum err question_keep(struct tx *tx, struct operation *op, int64_t *id) ERR_MUST_USE;
/* A certificate of an upstream that the host does not get, since its right is gone: an alarm. */
enum err question_lost(struct tx *tx, struct operation *op) ERR_MUST_USE;
/* What a host is told of a request that the endpoint has pended. */
const char *pending_text(const struct operation *op) __attribute__((returns_nonnull));

/* The rows of what was issued: supersedes, adds the certificate, records. *id is the certificate's.
 */
enum err issue_keep(struct tx *tx, struct operation *op, int64_t *id) ERR_MUST_USE;
/* Adds the request's row; `certificate` and `foreign` are ids, or 0. */
enum err request_keep(struct tx *tx, struct operation *op, enum request_state state,
                      int64_t certificate, int64_t foreign) ERR_MUST_USE;
/* "The host asked": an event of the enrollment, if there is one. */
enum err request_record(struct tx *tx, struct operation *op) ERR_MUST_USE;

/* CertPoll, GetCert, GetCRL: what comes before the envelope is opened, and right after. */
enum err lookup_begin(struct operation *op) ERR_MUST_USE;
enum err lookup_check(const struct operation *op) ERR_MUST_USE;
/* They set op->reply. */
enum err operation_poll(struct operation *op) ERR_MUST_USE;
enum err operation_get_cert(struct operation *op) ERR_MUST_USE;
enum err operation_get_crl(struct operation *op) ERR_MUST_USE;

#endif
