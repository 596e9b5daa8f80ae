/* SPDX-License-Identifier: Apache-2.0 */
/* Minting challenges that belong to no MDM enrollment: signet challenge new, and the NDES page. */
#ifndef SIGNET_ENROLL_CHALLENGES_H
#define SIGNET_ENROLL_CHALLENGES_H

#include "ca/pki.h"
#include "store/challenge.h"

struct challenge_order {
    int kind;                        /* CHALLENGE_ONE_TIME or CHALLENGE_NDES */
    const char *account;             /* of CHALLENGE_NDES */
    const char *subject, *san, *eku; /* the promise, as in a profile; NULL: not bound */
    int64_t lifetime;                /* ms; 0: the policy's */
};

/*
 * Mints one and keeps its hash. One that is bound to no subject is ERR_REFUSED where the endpoint
 * has neither rules nor manual approval: it would be worth any name (CERT VU#971035). ERR_REFUSED
 * also where the endpoint takes no one-time challenges. ERR_LIMIT when an account's quota is used
 * up. `out` is secret and shown once.
 */
enum err challenge_order(struct tx *tx, const struct authority *auth,
                         const struct endpoint *endpoint, const struct challenge_order *order,
                         struct challenge *kept, char out[NDES_CHALLENGE_SIZE]) ERR_MUST_USE;

#endif
