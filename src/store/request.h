/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SCEP requests that were accepted: they make a repeat recognisable, and those that wait for an
 * administrator are answered by CertPoll. Small and purged, so that its random keys stay cheap
 * (costs-and-traps.md, 2.5). See store/store.h for struct tx.
 */
#ifndef SIGNET_STORE_REQUEST_H
#define SIGNET_STORE_REQUEST_H

#include "store/store.h"

enum request_state { REQUEST_PENDING = 1, REQUEST_ISSUED = 2, REQUEST_DENIED = 3 };

struct request {
    int64_t id;
    const char *endpoint;
    int message_type;
    int state;
    struct span transaction_id;
    struct span signer_sha256;     /* of the signer's certificate */
    struct span signer_key_sha256; /* of its SubjectPublicKeyInfo */
    struct span csr_sha256;
    const char *enrollment; /* or NULL */
    const char *subject;    /* of the CSR, for people */
    const char *peer;
    const char *reason;       /* of a denial, or NULL */
    struct span csr;          /* DER, while pending; else empty */
    int64_t validity;         /* ms: what was granted, which no approval makes longer */
    int64_t challenge;        /* id of the challenge that it came with; 0: none */
    int64_t certificate;      /* id; 0 unless REQUEST_ISSUED by us */
    int64_t foreign;          /* id; 0 unless REQUEST_ISSUED by an upstream */
    int64_t created, decided; /* ms; decided 0: pending */
    struct request *next;
};

/* Sets r->id. */
enum err request_add(struct tx *tx, struct request *r) ERR_MUST_USE;
/* ERR_NOT_FOUND. */
enum err request_get(struct tx *tx, struct arena *a, int64_t id, struct request *out) ERR_MUST_USE;
/* All with that CSR, or with that transaction id, at that endpoint; newest first. */
enum err request_by_csr(struct tx *tx, struct arena *a, const char *endpoint,
                        struct span csr_sha256, struct request **out) ERR_MUST_USE;
enum err request_by_transaction(struct tx *tx, struct arena *a, const char *endpoint,
                                struct span transaction_id, struct request **out) ERR_MUST_USE;
/* Oldest first: those that are pending, or (`all`) the newest `max` of every state. */
enum err request_list(struct tx *tx, struct arena *a, bool all, int64_t max,
                      struct request **out) ERR_MUST_USE;
/* Ends a pending one. ERR_CONFLICT when it is not pending. */
enum err request_decide(struct tx *tx, int64_t id, int state, int64_t certificate, int64_t at,
                        const char *reason) ERR_MUST_USE;
/* The same for one that an upstream has granted: REQUEST_ISSUED with its certificate's id. */
enum err request_decide_foreign(struct tx *tx, int64_t id, int64_t foreign,
                                int64_t at) ERR_MUST_USE;
/* Those of one endpoint that are pending, oldest first. */
enum err request_list_pending(struct tx *tx, struct arena *a, const char *endpoint,
                              struct request **out) ERR_MUST_USE;
/* How many of the endpoint wait for an administrator. */
enum err request_count_pending(struct tx *tx, const char *endpoint, int64_t *count) ERR_MUST_USE;
/* Of an enrollment's that are pending the one with `newer` after it; *id 0: there is none. */
enum err request_pending_before(struct tx *tx, const char *enrollment, int64_t newer,
                                int64_t *id) ERR_MUST_USE;
/* Deletes those that were decided before `before`, at most 1,000 at a time. */
enum err request_purge(struct tx *tx, int64_t before) ERR_MUST_USE;

#endif
