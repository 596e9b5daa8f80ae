/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SCEPCHALLENGE webhook as step-ca calls it: somebody else's program decides whether a
 * challenge is good for a CSR. It is asked with JSON, signed in X-Smallstep-Signature (HMAC-SHA256
 * in hex of the body, by the base64-decoded secret), X-Smallstep-Webhook-ID names the hook. Only an
 * answer of 200 with {"allow": true} allows; a time-out, another status, a redirect and bad JSON
 * refuse.
 *
 * The fields are step-ca's: timestamp, provisionerName, scepChallenge, scepTransactionID,
 * x509CertificateRequest with raw, publicKey (base64 of DER) and publicKeyAlgorithm. Over https the
 * server's certificate is verified; plain http is for a hook on the same machine.
 */
#ifndef SIGNET_CA_WEBHOOK_H
#define SIGNET_CA_WEBHOOK_H

#include "ca/policy.h"
#include "fetch/pool.h"

struct webhook_question {
    const char *endpoint;  /* provisionerName */
    struct span challenge; /* secret */
    const struct csr *csr;
    struct span transaction_id;
};

/*
 * Prepares the question: `*job` (zero) is to be started in `pool` by the caller, with `done` and
 * `user` of his own; all that it needs lives in `a`, and its reply and its peer are given back with
 * `a`, which must outlive it. ERR_REFUSED: the request has no challenge, or none that can be told.
 * ERR_FORBIDDEN: it cannot be asked; the detail is for the log.
 */
enum err webhook_prepare(struct arena *a, const struct policy *policy,
                         const struct webhook_question *question, struct fetch_pool *pool,
                         struct fetch_job *job) ERR_MUST_USE;

/*
 * After `done`. OK: allowed; what the answer's "data" names narrows the grant: "subject" (X.500
 * string), "sans" (list of "dns:..", read as SAN rules) must cover those of the CSR, "validity"
 * (seconds) may only shorten *validity; other members are left alone. ERR_REFUSED: it said no (its
 * "error".."message" in the detail, cleaned). ERR_FORBIDDEN: it was not asked or made no sense; the
 * detail is for the log.
 */
enum err webhook_judge(struct arena *a, const struct policy *policy, const struct csr *csr,
                       const struct fetch_job *job, int64_t *validity) ERR_MUST_USE;

#endif
