/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mode RA: asking the upstream for a certificate over a host's CSR, as a SCEP client of our own.
 *
 * The transaction id is made of the CSR and the client's key stays the same, so that asking again
 * after a lost answer, a time-out or a restart is the same transaction to an upstream that keeps
 * them: it never issues twice. Nothing is sent again here: the host comes again when it likes, and
 * the timeline counts what was asked.
 */
#ifndef SIGNET_GATEWAY_ASK_H
#define SIGNET_GATEWAY_ASK_H

#include "enroll/pki_operation.h"
#include "gateway/gateway.h"

enum ask_begun {
    ASK_BEGUN,
    ASK_TWIN, /* somebody asks for this very CSR already */
    ASK_NOT,  /* the breaker is open, or too many are under way: answer.reason */
};

struct ask {                                 /* zero-initialise; ask_free */
    const struct gateway_upstream *upstream; /* held by the caller */
    struct arena *arena;
    struct span csr;               /* DER, which lives as long */
    bool poll;                     /* CertPoll of a request that was pended, else PKCSReq */
    void (*done)(struct ask *ask); /* in another thread: takes no time, blocks not; then ask_read */
    void *user;
    /* What came, set by ask_read. Its texts are cleaned. */
    struct scep_upstream_answer answer;
    /* ask.c's: */
    struct gateway *gateway;
    struct fetch_job job;
    uint8_t nonce[SCEP_CLIENT_NONCE], csr_sha256[DIGEST_MAX_SIZE];
    bool entered, sent;
    struct ask *next;
};

/*
 * Builds the message and takes a place among those that are under way, which gateway_webhook lets
 * pass; sends nothing. Unless ASK_BEGUN the upstream is not to be asked. ask_free in every case.
 */
enum ask_begun ask_begin(struct gateway *g, struct ask *ask) ERR_MUST_USE;

/* Sends it: `done` is called once. Takes no time. */
void ask_send(struct ask *ask);

/* After `done`, in a worker: opens and judges the CertRep, and sets the answer. */
void ask_read(struct ask *ask);

/* Gives the place back. Not between ask_send and `done`. */
void ask_free(struct ask *ask);

/* Whether somebody asks this upstream for the CSR with that SHA-256 now. */
bool ask_is_under_way(const struct gateway *g, const struct gateway_upstream *u,
                      const uint8_t *csr_sha256);

/* The SCEP transaction id that a CSR has at an upstream; in `a`. */
const char *ask_transaction(struct arena *a, const uint8_t *csr_sha256)
    __attribute__((returns_nonnull));

/*
 * step-ca's SCEPCHALLENGE webhook, by which the upstream asks about a CSR that we sent: its HMAC is
 * verified with the upstream's secret, and the CSR and its transaction must be those of an ask
 * under way. Fails closed: whatever is not OK is a no, whose detail is for the log. ERR_NOT_FOUND
 * (the upstream has no webhook secret), ERR_AUTH (the signature), ERR_PARSE, ERR_REFUSED.
 */
enum err ask_webhook(struct gateway *g, const struct gateway_upstream *u, struct arena *a,
                     struct span body, const char *signature) ERR_MUST_USE;

#endif
