/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate revocation lists (RFC 5280, section 5). */
#ifndef SIGNET_X509_CRL_H
#define SIGNET_X509_CRL_H

#include "crypto/key.h"

/* CRLReason (RFC 5280, 5.3.1). */
enum crl_reason {
    CRL_UNSPECIFIED = 0,
    CRL_KEY_COMPROMISE = 1,
    CRL_CA_COMPROMISE = 2,
    CRL_AFFILIATION_CHANGED = 3,
    CRL_SUPERSEDED = 4,
    CRL_CESSATION_OF_OPERATION = 5,
    CRL_PRIVILEGE_WITHDRAWN = 9,
};

/* RFC 5280's name, such as "keyCompromise", and the reason of a name; false when it is none. */
const char *crl_reason_name(enum crl_reason reason) __attribute__((returns_nonnull));
bool crl_reason_parse(const char *name, enum crl_reason *out);

struct crl_entry {
    struct span serial; /* content octets */
    int64_t revoked;    /* ms */
    enum crl_reason reason;
};

struct crl_template {
    struct span issuer;               /* Name, DER */
    struct span issuer_spki;          /* for the AuthorityKeyIdentifier */
    struct span issuer_key_id;        /* the issuer's own SKI; empty: SHA-1 of issuer_spki */
    int64_t this_update, next_update; /* ms */
    int64_t number;                   /* CRLNumber, from 1 */
    const struct crl_entry *entries;
    size_t count;
};

/* Builds and signs a v2 CRL (SHA-256; SHA-384 for P-384). ERR_CRYPTO. */
enum err crl_build(struct arena *a, const struct crl_template *t, const struct key *issuer_key,
                   struct span *der) ERR_MUST_USE;

#endif
