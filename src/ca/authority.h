/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a data folder has once, whatever CAs it issues from:
 *
 *   device-ca.pem, device-ca.key  issues the identities of enrolled hosts
 *   challenge.key                 keys the hash under which challenges are kept
 *   tls.pem, tls.key              the server's TLS certificate, where the user brings none
 *
 * The CAs that SCEP issues from are in ca/ca.h. None of them can stand in for another.
 */
#ifndef SIGNET_CA_AUTHORITY_H
#define SIGNET_CA_AUTHORITY_H

#include "crypto/key.h"

struct authority {
    struct arena arena; /* holds the certificate */
    struct key *device_key;
    struct span device_ca_cert;    /* DER */
    struct span device_ca_subject; /* Name, DER */
    uint8_t challenge_key[32];
};

/* Makes it in the folder, for a server that is called `host`. ERR_EXISTS when there is one. */
enum err authority_create(const char *folder, const char *host) ERR_MUST_USE;

/* Reads it. The caller frees it with authority_free. After that it is read-only: thread-safe. */
enum err authority_load(const char *folder, struct authority **out) ERR_MUST_USE;
void authority_free(struct authority *auth);

/*
 * A self-signed TLS certificate for `host` (its SAN; an EC key, the cheapest handshake) in
 * tls.pem and tls.key of the folder, for two years.
 */
enum err authority_create_tls(const char *folder, const char *host) ERR_MUST_USE;

struct issued {
    struct span der;
    struct span serial;
    char sha1[41]; /* upper-case hex, as the host's CertThumbprint */
    int64_t not_before, not_after;
};

/* The TLS client certificate of an enrolled host: CN is the DeviceID, EKU clientAuth. */
enum err authority_issue_identity(const struct authority *auth, struct arena *a, struct span spki,
                                  const char *device_id, int64_t now, int64_t validity,
                                  struct issued *out) ERR_MUST_USE;

/* 26 characters, 128 bits, of A-Z and 2-7: PrintableString whatever Windows does with them. */
enum { CHALLENGE_SIZE = 27 };
enum err challenge_mint(char out[CHALLENGE_SIZE]) ERR_MUST_USE;

/* As NDES makes them: `digits` (16 or 32) upper-case hexadecimal ones. */
enum { NDES_CHALLENGE_SIZE = 33 };
enum err challenge_mint_ndes(unsigned digits, char out[NDES_CHALLENGE_SIZE]) ERR_MUST_USE;

/* The keyed hash under which a challenge is kept. */
enum err challenge_hash(const struct authority *auth, struct span challenge,
                        uint8_t out[32]) ERR_MUST_USE;

#endif
