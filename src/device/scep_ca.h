/* SPDX-License-Identifier: Apache-2.0 */
/* What GetCACert answered, and which of it the client works with (windows-scep.md, 2). */
#ifndef SIGNET_DEVICE_SCEP_CA_H
#define SIGNET_DEVICE_SCEP_CA_H

#include "device/host.h"
#include "device/ossl.h"

struct scep_ca { /* zero-initialise; scep_ca_free */
    STACK_OF(X509) * all;
    bool single;   /* one bare certificate: the CA plays all parts */
    X509 *sign;    /* in `all`: whose signature a CertRep must bear */
    X509 *encrypt; /* in `all`: to whom a request is encrypted */
    X509 *issuer;  /* in `all`: the CA that issues */
};

/*
 * Reads the answer: a single certificate, or a degenerate PKCS#7 with one RA or two (the first with
 * digitalSignature signs, the first with keyEncipherment opens), each issued directly by a CA in
 * it. The thumbprint must be one of a certificate in it; the switches ca-thumbprint, ra-eku and
 * ra-usage say more. Gives an HRESULT.
 */
uint32_t scep_ca_read(const struct host *h, struct span body, const char *thumbprint,
                      struct scep_ca *out) __attribute__((nonnull));

/* The rules above, for those who judge an answer: a CA by its BasicConstraints; */
bool scep_ca_is_ca(X509 *x);
/* the CA in `all` that signed `x`, or NULL; */
X509 *scep_ca_issuer_of(X509 *x, STACK_OF(X509) * all);
/* and an EKU that RA certificates were seen to work with. */
bool scep_ca_has_ra_eku(X509 *x);

/*
 * Whether `cert` chains to a root of the host at its clock. The answer helps with intermediates,
 * unless the switch needs-intermediate says that they must be in the store CA.
 */
uint32_t scep_ca_trusts(const struct host *h, const struct scep_ca *ca, bool user, X509 *cert);

/* Whether the host takes `cert`, which it trusts, as this answer's: the switch ra-other-chain. */
uint32_t scep_ca_may_issue(const struct host *h, const struct scep_ca *ca, X509 *cert);

void scep_ca_free(struct scep_ca *ca);

#endif
