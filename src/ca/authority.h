/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The authorities of a data folder, each with a key of its own; none can stand in for another:
 *
 *   ca.pem, ca.key                issues what SCEP clients ask for
 *   ra.pem, ra.key                opens SCEP envelopes and signs CertReps; issued by the CA, so
 * that Windows takes it (windows-scep.md, 2.2) device-ca.pem, device-ca.key  issues the identities
 * of enrolled hosts challenge.key                 keys the hash under which challenges are kept
 *
 * RSA-2048 throughout: three private operations an enrollment, and OpenSSL 3.0 is 6.7 times slower
 * with 3072 bits (costs-and-traps.md, 2.1).
 */
#ifndef SIGNET_CA_AUTHORITY_H
#define SIGNET_CA_AUTHORITY_H

#include "crypto/key.h"
#include "x509/csr.h"

struct authority {
    struct arena arena; /* holds the certificates */
    struct key *ca_key, *ra_key, *device_key;
    struct span ca_cert, ra_cert, device_ca_cert; /* DER */
    struct span ca_subject, device_ca_subject;    /* Names, DER */
    char ca_sha1[41];                             /* upper-case hex: CAThumbprint */
    uint8_t challenge_key[32];
};

/* Makes all of it in the folder, for a server that is called `host`. ERR_EXISTS when there is one.
 */
enum err authority_create(const char *folder, const char *host) ERR_MUST_USE;

/* Reads it. The caller frees it with authority_free. After that it is read-only: thread-safe. */
enum err authority_load(const char *folder, struct authority **out) ERR_MUST_USE;
void authority_free(struct authority *auth);

/*
 * A self-signed TLS certificate for `host` (its SAN; an EC key, the cheapest handshake) in
 * tls.pem and tls.key of the folder, for two years.
 */
enum err authority_create_tls(const char *folder, const char *host) ERR_MUST_USE;

/* What one endpoint demands and grants. Times in ms. */
struct ca_policy {
    unsigned rsa_min_bits;
    int64_t validity, backdate;
    int64_t challenge_lifetime;
};

struct issued {
    struct span der;
    struct span serial;
    char sha1[41]; /* upper-case hex, as the host's CertThumbprint */
    int64_t not_before, not_after;
};

/*
 * Issues what the CSR asks for: its subject, key, SAN, EKU and KeyUsage, which the caller has held
 * against the promise, and nothing else of it. ERR_CRYPTO.
 */
enum err authority_issue(const struct authority *auth, const struct ca_policy *policy,
                         struct arena *a, const struct csr *csr, int64_t now,
                         struct issued *out) ERR_MUST_USE;

/* The TLS client certificate of an enrolled host: CN is the DeviceID, EKU clientAuth. */
enum err authority_issue_identity(const struct authority *auth, struct arena *a, struct span spki,
                                  const char *device_id, int64_t now, int64_t validity,
                                  struct issued *out) ERR_MUST_USE;

/* 26 characters, 128 bits, of A-Z and 2-7: PrintableString whatever Windows does with them. */
enum { CHALLENGE_SIZE = 27 };
enum err challenge_mint(char out[CHALLENGE_SIZE]) ERR_MUST_USE;

/* The keyed hash under which a challenge is kept. */
enum err challenge_hash(const struct authority *auth, struct span challenge,
                        uint8_t out[32]) ERR_MUST_USE;

#endif
