/* SPDX-License-Identifier: Apache-2.0 */
/* OCSP (RFC 6960): requests in, responses out. Requests are anonymous and may be anything. */
#ifndef SIGNET_X509_OCSP_H
#define SIGNET_X509_OCSP_H

#include "crypto/algorithm.h"
#include "x509/crl.h"

enum { OCSP_MAX_CERTS = 16, OCSP_MAX_NONCE = 32, OCSP_MAX_SERIAL = 21 /* RFC 5280, 4.1.2.2 */ };

struct ocsp_cert_id {
    struct span whole; /* the CertID as it came, echoed */
    enum digest digest;
    struct span issuer_name_hash, issuer_key_hash;
    struct span serial; /* content octets */
};

struct ocsp_request {
    struct ocsp_cert_id certs[OCSP_MAX_CERTS];
    size_t count;
    struct span nonce; /* value of the nonce extension (inside the extnValue), or empty */
};

/* Parses strictly as DER. A signature on the request is not looked at. ERR_PARSE, ERR_LIMIT. */
enum err ocsp_request_parse(struct span der, struct ocsp_request *out) ERR_MUST_USE;

/* Whether the CertID names this issuer: hashes of its Name (DER) and of its key's bits. */
bool ocsp_names_issuer(const struct ocsp_cert_id *id, struct span name, struct span spki);

enum ocsp_status { OCSP_GOOD, OCSP_REVOKED, OCSP_UNKNOWN };

struct ocsp_single {
    struct span cert_id; /* whole */
    enum ocsp_status status;
    int64_t revoked; /* ms */
    enum crl_reason reason;
    int64_t this_update, next_update; /* ms */
};

struct ocsp_template {
    const struct ocsp_single *singles;
    size_t count;
    int64_t produced;      /* ms */
    struct span nonce;     /* echoed when not empty */
    struct span responder; /* the delegated certificate, DER: put into the response, named by key */
};

/* Builds a successful, signed BasicOCSPResponse. ERR_CRYPTO, ERR_PARSE. */
enum err ocsp_response_build(struct arena *a, const struct ocsp_template *t, const struct key *key,
                             struct span *der) ERR_MUST_USE;

/* OCSPResponseStatus without a body: 1 malformedRequest, 2 internalError, 3 tryLater,
 * 6 unauthorized. Static bytes. */
struct span ocsp_error(unsigned status);

#endif
