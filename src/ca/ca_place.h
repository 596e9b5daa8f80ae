/* SPDX-License-Identifier: Apache-2.0 */
/* A CA's folder, held while it is worked on. For the ca_*.c files. */
#ifndef SIGNET_CA_CA_PLACE_H
#define SIGNET_CA_CA_PLACE_H

#include "ca/ca.h"

struct ca_place {
    const char *folder;
    const struct ca_settings *settings;
    struct arena arena; /* for the time of the work */
    struct buf secret;
    int lock;
    bool keyless; /* only certificates are read */
};

/* Locks the folder and reads the secret. */
enum err ca_place_open(const char *folder, const struct ca_settings *settings, bool exclusive,
                       struct ca_place *out) ERR_MUST_USE;
void ca_place_close(struct ca_place *p);

/* Declares a place that closes itself at the end of the scope. */
#define CA_PLACE_AUTO(name) \
    struct ca_place name __attribute__((cleanup(ca_place_close))) = {.lock = -1}

/* A path below the folder, and whether there is such a file. */
const char *ca_path(struct ca_place *p, const char *file) __attribute__((returns_nonnull));
bool ca_has(struct ca_place *p, const char *file);

/* ERR_CONFIG: there is no ca.pem, and why. */
enum err ca_missing(struct ca_place *p) ERR_MUST_USE;

/* Removes a file; one that is not there is fine. */
void ca_remove(struct ca_place *p, const char *file);

/* Replaces `to` by `from`, durably. ERR_IO. */
enum err ca_rename(struct ca_place *p, const char *from, const char *to) ERR_MUST_USE;

/* ---- keys: ca_key.c ---- */

/* Opens the key of a file, be it PEM or a token's URI. */
enum err ca_key_open(struct ca_place *p, const char *path, struct key **out) ERR_MUST_USE;

/* Opens the key of that path; where there is none, makes one of the kind (or uses the token's). */
enum err ca_key_make(struct ca_place *p, const char *path, const char *kind,
                     struct key **out) ERR_MUST_USE;

/* The path of the key that a new CA has. */
const char *ca_key_path(struct ca_place *p) __attribute__((returns_nonnull));

/*
 * The issuing key of a certificate, wherever it lies: in the setting's place, ca.key or next.key.
 * *path (NULL: not asked for) is where. ERR_CONFIG when none of them is it.
 */
enum err ca_key_find(struct ca_place *p, struct span spki, struct key **out,
                     const char **path) ERR_MUST_USE;

/* ---- chains: ca_chain.c ---- */

/* A CA's certificate and its issuers, upwards, up to the root. */
struct ca_chain {
    struct cert certs[1 + CA_MAX_CHAIN];
    size_t count;
};

/*
 * Puts certificates in order, from number `first` up; each signature is verified, the last one is
 * self-signed. What does not belong to the chain is left out. ERR_REFUSED.
 */
enum err ca_chain_order(const struct cert *pool, size_t n, size_t first,
                        struct ca_chain *out) ERR_MUST_USE;

/* What RFC 5280 wants of CAs: CA:TRUE, keyCertSign, pathLen, periods; cRLSign of the first. */
enum err ca_chain_check(const struct ca_chain *chain, int64_t now) ERR_MUST_USE;

/* The chain of a file such as ca.pem, whose first certificate is the CA's. */
enum err ca_chain_load(struct arena *a, const char *path, struct ca_chain *out) ERR_MUST_USE;

/* Appends it as PEM. */
enum err ca_chain_pem(const struct ca_chain *chain, struct buf *out) ERR_MUST_USE;

/* ---- making: ca_create.c, ca_rollover.c ---- */

/* The self-signed certificate of a key, for ten years or `validity` ms, as PEM. */
enum err ca_self_sign(struct arena *a, struct span subject, const struct key *key, int64_t validity,
                      struct buf *pem) ERR_MUST_USE;

/* The request of a key, for an upper CA, durably in `file`; *pem in `a`. */
enum err ca_request(struct ca_place *p, struct span subject, const struct key *key,
                    const char *file, struct arena *a, struct span *pem) ERR_MUST_USE;

/*
 * Puts a chain in force whose key lies in ca.key, next.key or the setting's place. What is in force
 * now is retired first.
 */
enum err ca_put_in_force(struct ca_place *p, struct span pem) ERR_MUST_USE;

/* Does what an interrupted ca_put_in_force has left to do, if there is anything. */
enum err ca_settle(struct ca_place *p) ERR_MUST_USE;

/* The place of the retired CA number n, from 1 on, and its settings; false when there is none. */
enum { CA_MAX_RETIRED = 99 };
bool ca_retired(struct ca_place *p, int n, const char **folder, struct ca_settings *settings);

/* ---- RA and OCSP certificates: ca_ra.c ---- */

enum ca_role { CA_RA, CA_RA_SIGN, CA_RA_ENC, CA_OCSP, CA_ROLES };

/* Of its files: "ra", "ra-sign", "ra-enc", "ocsp". */
const char *ca_role_name(enum ca_role role) __attribute__((returns_nonnull));

/* ca_keep_ra in a place that is held already. */
enum err ca_keep(struct ca_place *p, bool split, bool *changed) ERR_MUST_USE;

#endif
