/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mode RA: asking the upstream for a certificate over a host's CSR, as a SCEP client of our own.
 *
 * The transaction id is made of the CSR (by a key, so that the host cannot send its CSR to the
 * upstream under our transaction) and the client's key stays the same, so that asking again
 * after a lost answer, a time-out or a restart is the same transaction to an upstream that keeps
 * them: it never issues twice. Nothing is sent again here: the host comes again when it likes, and
 * the timeline counts what was asked.
 *
 * Of a CSR, and of a challenge, one ask is under way at a time, from ask_begin until ask_over: so
 * that many CSRs at once under one challenge buy no more certificates than one after the other.
 */
#ifndef SIGNET_GATEWAY_ASK_H
#define SIGNET_GATEWAY_ASK_H

#include "enroll/pki_operation.h"
#include "gateway/gateway.h"

enum ask_begun {
    ASK_BEGUN,
    ASK_TWIN, /* somebody asks for this very CSR, or by the same challenge, already */
    ASK_NOT,  /* the breaker is open, or too many are under way: answer.reason */
};

struct ask {                                 /* zero-initialise; ask_free */
    const struct gateway_upstream *upstream; /* held by the caller */
    struct arena *arena;
    struct span csr;               /* DER, which lives as long */
    int64_t challenge;             /* id of the one that the host came with; 0: none */
    bool poll;                     /* CertPoll of a request that was pended, else PKCSReq */
    void (*done)(struct ask *ask); /* in another thread: takes no time, blocks not; then ask_read */
    void *user;
    /* What came, set by ask_read. Its texts are cleaned. */
    struct scep_upstream_answer answer;
    /* ask.c's: */
    struct gateway *gateway;
    struct fetch_job job;
    uint8_t nonce[SCEP_CLIENT_NONCE], csr_sha256[DIGEST_MAX_SIZE];
    bool entered;
    bool may_be_allowed; /* sent, not answered, and the webhook has not said yes to it */
    struct ask *next;
};

/*
 * Builds the message and takes a place among those that are under way; sends nothing. Unless
 * ASK_BEGUN the upstream is not to be asked. ask_free in every case.
 */
enum ask_begun ask_begin(struct gateway *g, struct ask *ask) ERR_MUST_USE;

/* Sends it: `done` is called once. Takes no time. */
void ask_send(struct ask *ask);

/* After `done`, in a worker: opens and judges the CertRep, and sets the answer. */
void ask_read(struct ask *ask);

/* What came is durable: the next may ask for the CSR and by the challenge. Else ask_free says so.
 */
void ask_over(struct ask *ask);

/* Gives the place back. Not between ask_send and `done`. */
void ask_free(struct ask *ask);

/* Whether the upstream may issue for the CSR with that SHA-256: a PKCSReq for it was sent, and is
 * not answered. True once for each of them. */
bool ask_allow(const struct gateway *g, const struct gateway_upstream *u,
               const uint8_t *csr_sha256);

/* The SCEP transaction id that a CSR has at an upstream; in `a`. Nobody else can make it. */
enum err ask_transaction(const struct gateway *g, struct arena *a, const uint8_t *csr_sha256,
                         const char **out) ERR_MUST_USE;

/*
 * step-ca's SCEPCHALLENGE webhook, by which the upstream asks about a CSR that we sent: its HMAC is
 * verified with the upstream's secret, and the CSR and its transaction must be those of an ask
 * that ask_allow allows. Fails closed: whatever is not OK is a no, whose detail is for the log.
 * ERR_NOT_FOUND (the upstream has no webhook secret), ERR_AUTH (the signature), ERR_PARSE,
 * ERR_REFUSED.
 */
enum err ask_webhook(struct gateway *g, const struct gateway_upstream *u, struct arena *a,
                     struct span body, const char *signature) ERR_MUST_USE;

/* Whether the settings' file with the webhook's secret can be used now; OK when there is none. */
enum err ask_check_secret(const struct upstream *u) ERR_MUST_USE;

#endif
