/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's certificate stores. In memory while a command runs; on disk certs/<Store>/<SHA1>.cer
 * (DER) and keys/<SHA1>.key (PKCS#8 PEM, 0600). Entries never change, so that a snapshot is a copy
 * of the list.
 */
#ifndef SIGNET_DEVICE_CERTSTORE_H
#define SIGNET_DEVICE_CERTSTORE_H

#include <openssl/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum cert_store {
    STORE_ROOT,
    STORE_CA,
    STORE_MY,
    STORE_REQUEST, /* what waits for its certificate */
    STORE_USER_CA,
    STORE_USER_MY,
    STORE_USER_REQUEST,
    STORE__MAX
};

enum { THUMBPRINT_SIZE = 41 };

struct cert_entry {
    enum cert_store store;
    char thumbprint[THUMBPRINT_SIZE]; /* SHA-1, upper-case hex as Windows writes it */
    struct span der;
    struct span key; /* PEM; empty when the host has no key for it */
};

struct certstore { /* zero-initialise */
    struct cert_entry *entries;
    size_t count;
};

/* "LocalMachine\\Root" and so on. */
const char *certstore_name(enum cert_store s) __attribute__((returns_nonnull));

/* SHA-1 of the DER in upper-case hex. */
void cert_thumbprint(struct span der, char out[THUMBPRINT_SIZE]);

/* Reads the folder of a host; the bytes live in `a`. ERR_PARSE names a file that is no certificate.
 */
enum err certstore_load(struct certstore *s, struct arena *a, const char *dir) ERR_MUST_USE;

/* Makes the folder's files the same as the memory: keys first, then certificates, then removals. */
enum err certstore_save(const struct certstore *s, const char *dir) ERR_MUST_USE;

/* The entry, or NULL. The thumbprint's case does not matter. */
const struct cert_entry *certstore_find(const struct certstore *s, enum cert_store store,
                                        struct span thumbprint);

/*
 * Certificate and private key of an entry, which the caller frees. False, and both NULL, when there
 * is none of that thumbprint (NULL is none), or none with a key.
 */
bool certstore_take(const struct certstore *s, enum cert_store store, const char *thumbprint,
                    X509 **cert, EVP_PKEY **key);

/*
 * Adds the certificate (copied into `a`); one that is there already only gains a missing key. The
 * entry is valid until the next change.
 */
const struct cert_entry *certstore_add(struct certstore *s, struct arena *a, enum cert_store store,
                                       struct span der, struct span key);

/* False when it is not there. */
bool certstore_remove(struct certstore *s, enum cert_store store, struct span thumbprint);

/* All certificates of one store as PEM, for TLS. */
void certstore_pem(const struct certstore *s, enum cert_store store, struct buf *out);

/* One certificate as PEM. */
void cert_pem(struct span der, struct buf *out);

void certstore_copy(struct certstore *to, const struct certstore *from);
void certstore_free(struct certstore *s);

#endif
