/* SPDX-License-Identifier: Apache-2.0 */
/* Inside ca/: what CRLs (revocation.c) and OCSP (revocation_ocsp.c) share. */
#ifndef SIGNET_CA_REVOCATION_STATE_H
#define SIGNET_CA_REVOCATION_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "ca/ocsp_cache.h"
#include "ca/revocation.h"

/* The CRL of one CA, as it was given out last. */
struct crl_slot {
    char ca[41]; /* SHA-1 of its certificate */
    bool making; /* somebody is at it: wait for `made` */
    uint64_t generation;
    int64_t refresh;          /* ms: when it is to be made anew */
    struct published_crl crl; /* der.p on the heap */
};

/* Rollovers bring more CAs; a new one takes the place of that which nobody has asked for longest.
 */
enum { CRL_SLOTS = 2 * PKI_MAX_CAS + 1 }; /* and that of the device CA */

struct revocation {
    struct store *store;
    _Atomic uint64_t generation; /* counts revocations: what was made before is stale */
    struct ocsp_cache *responses;
    pthread_mutex_t lock; /* of the slots */
    pthread_cond_t made;
    struct crl_slot slots[CRL_SLOTS];
};

/* What a CRL of the CA names at `now`: serial, revoked and reason are set. */
typedef enum err crl_list(struct tx *tx, struct arena *a, const struct ca *ca, int64_t now,
                          struct certificate **out);

/* revocation_crl for a CA whose revocations are listed otherwise; always by the same `list`. */
enum err revocation_crl_of(struct revocation *r, const struct ca *ca, crl_list *list,
                           struct arena *a, struct published_crl *out) ERR_MUST_USE;

/*
 * Answers are dated back a little, for clients whose clock is slow, as certificates are; never by
 * more than an eighth of their life.
 */
int64_t revocation_this_update(int64_t now, int64_t validity);

#endif
