/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKCS#12 (RFC 7292): a private key with its certificate, and others of its chain, sealed with a
 * password. OpenSSL alone writes and reads it.
 */
#ifndef SIGNET_CRYPTO_PKCS12_H
#define SIGNET_CRYPTO_PKCS12_H

#include "base/arena.h"
#include "base/err.h"

enum { PKCS12_MAX_CERTS = 9, PKCS12_MAX_SIZE = 65536 };

struct pkcs12 {
    struct span key;                     /* PKCS#8, DER; secret */
    struct span certs[PKCS12_MAX_CERTS]; /* DER; the first is the key's */
    size_t count;
};

/* How it is sealed. */
enum pkcs12_form {
    PKCS12_AES,  /* PBES2 with AES-256-CBC and HMAC-SHA-256, MAC with SHA-256 */
    PKCS12_3DES, /* pbeWithSHA1And3-KeyTripleDES-CBC, MAC with SHA-1: what all builds have known */
};

/* The result lives in `a`. ERR_CRYPTO; also when the first certificate is not the key's. */
enum err pkcs12_seal(struct arena *a, const struct pkcs12 *content, const char *password,
                     enum pkcs12_form form, struct span *out) ERR_MUST_USE;

/*
 * Opens a file of somebody else, whole, in `a`. The certificates beside the key's own keep their
 * order. ERR_AUTH: not its password; ERR_PARSE: not PKCS#12, without MAC, key or the key's
 * certificate; ERR_ALGORITHM: sealed with an algorithm that OpenSSL's default provider does not
 * have (RC2); ERR_LIMIT: too many certificates, or a MAC that takes too long.
 */
enum err pkcs12_open(struct arena *a, struct span file, const char *password,
                     struct pkcs12 *out) ERR_MUST_USE;

#endif
