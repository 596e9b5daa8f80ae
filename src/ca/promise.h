/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A promise: what a profile told the host to ask for. A CSR must be just that, so that a challenge
 * that leaks is worth no more than the certificate that it was minted for (CERT VU#971035).
 */
#ifndef SIGNET_CA_PROMISE_H
#define SIGNET_CA_PROMISE_H

#include "x509/cert.h"
#include "x509/csr.h"

/* The values of the CSP's nodes, as they were sent; NULL where the profile has no such node. */
struct promise {
    const char *subject; /* SubjectName */
    const char *san;     /* SubjectAlternativeNames: "type+value;type+value" */
    const char *eku;     /* EKUMapping: OIDs joined with + */
    int64_t key_usage;   /* KeyUsage */
    int64_t key_length;  /* KeyLength; 0: not bound */
    /* For challenges of signet challenge new: */
    bool any_usage; /* KeyUsage is not bound, nor are the EKUs when `eku` is NULL */
    bool any_name;  /* neither subject nor SAN are bound: the endpoint's rules decide */
};

/*
 * Whether the CSR is what was promised. ERR_REFUSED says which part differs, with both sides, for
 * the timeline and for the host's event log. The order of EKUs and SANs does not matter, that of
 * the RDNs only up to reversal (x509/name.h).
 */
enum err promise_check(struct arena *a, const struct promise *promise,
                       const struct csr *csr) ERR_MUST_USE;

/*
 * The same for a certificate that somebody else issued: subject, SAN, EKU, key usage and key size
 * are what was promised, and it is no CA's; an upstream may add EKUs or alternative names of its
 * own only where the promise says nothing. ERR_REFUSED names all that differs.
 */
enum err promise_check_cert(struct arena *a, const struct promise *promise,
                            const struct cert *cert) ERR_MUST_USE;

#endif
