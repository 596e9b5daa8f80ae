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

struct webhook_question {
    const char *endpoint;  /* provisionerName */
    struct span challenge; /* secret */
    const struct csr *csr;
    struct span transaction_id;
};

/*
 * Asks. OK: allowed; what the answer's "data" names narrows the grant: "subject" (X.500 string),
 * "sans" (list of "dns:..", read as SAN rules) must cover those of the CSR, "validity" (seconds)
 * may only shorten *validity; other members are left alone. ERR_REFUSED: it said no (its
 * "error".."message" in the detail, cleaned). ERR_FORBIDDEN: it could not be asked or made no
 * sense; the detail is for the log. Blocks for at most the policy's time-out.
 */
enum err webhook_ask(struct arena *a, const struct policy *policy,
                     const struct webhook_question *question, int64_t *validity) ERR_MUST_USE;

#endif
