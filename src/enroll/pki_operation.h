/* SPDX-License-Identifier: Apache-2.0 */
/* The SCEP operations of an endpoint (RFC 8894, section 4): bytes in, bytes out. */
#ifndef SIGNET_ENROLL_PKI_OPERATION_H
#define SIGNET_ENROLL_PKI_OPERATION_H

#include "ca/authority.h"
#include "store/store.h"

struct scep_endpoint {
    const struct authority *authority;
    struct store *store;
    struct ca_policy policy;
};

/* What the endpoint answers to GetCACaps: only what it does. Static text. */
const char *scep_capabilities(void);

/* GetCACert: PKCS#7 with the RA certificate and the CA certificate (windows-scep.md, 2.2). */
enum err scep_ca_certs(const struct scep_endpoint *endpoint, struct arena *a,
                       struct span *der) ERR_MUST_USE;

/*
 * PKIOperation. Every message whose outer layer can be read is answered by a signed CertRep in
 * *reply (`a`); ERR_PARSE means that there is nobody to answer. A SUCCESS is returned only after
 * its certificate, the use of the challenge and the transaction are durable in one commit.
 * Thread-safe.
 */
enum err scep_pki_operation(const struct scep_endpoint *endpoint, struct arena *a,
                            struct span message, const char *peer, struct span *reply) ERR_MUST_USE;

#endif
