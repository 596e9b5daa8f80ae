/* SPDX-License-Identifier: Apache-2.0 */
/* What GetCACert answered, and which of it the client works with (windows-scep.md, 2). */
#ifndef SIGNET_DEVICE_SCEP_CA_H
#define SIGNET_DEVICE_SCEP_CA_H

#include "device/certstore.h"
#include "device/ossl.h"

struct scep_ca { /* zero-initialise; scep_ca_free */
    STACK_OF(X509) * all;
    X509 *sign;    /* in `all`: whose signature a CertRep must bear */
    X509 *encrypt; /* in `all`: to whom a request is encrypted */
};

/*
 * Reads the answer: a single certificate (the CA plays both parts) or a degenerate PKCS#7 (an RA,
 * issued by a CA in it, with the key usages). The thumbprint must be one of a certificate in it.
 * Gives an HRESULT.
 */
uint32_t scep_ca_read(struct span body, const char *thumbprint, bool eku_required,
                      struct scep_ca *out);

/* Whether `cert` chains to a root of the host at its clock; the answer helps with intermediates. */
uint32_t scep_ca_trusts(const struct scep_ca *ca, const struct certstore *stores, X509 *cert);

void scep_ca_free(struct scep_ca *ca);

#endif
