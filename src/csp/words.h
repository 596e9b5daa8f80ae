/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the values of a profile's nodes say, in words for people: the one table of the names of
 * EKUs, KeyUsage bits, kinds of alternative names and ways to protect a key. It judges nothing.
 */
#ifndef SIGNET_CSP_WORDS_H
#define SIGNET_CSP_WORDS_H

#include "base/arena.h"
#include "base/buf.h"

/* An extended key usage that has a name. */
struct eku_word {
    const char *oid;   /* dotted */
    const char *name;  /* as signet.conf and `profile new --eku` take it: "clientAuth" */
    const char *words; /* as Windows shows it: "Client Authentication" */
};

/* NULL when it has no name here. Names are compared without regard to case. */
const struct eku_word *eku_by_oid(struct span oid);
const struct eku_word *eku_by_name(struct span name);

/* A kind of name in SubjectAlternativeNames: CertEnroll's AlternativeNameType (windows-mdm.md,
 * A.3). */
struct san_word {
    int type;
    const char *name;  /* as `profile new --san` takes it: "dns"; NULL: it takes none of these */
    const char *words; /* "DNS name" */
};

const struct san_word *san_by_type(int64_t type);
const struct san_word *san_by_name(struct span name);

/* "digitalSignature, keyEncipherment"; "none" for 0. Bits that KeyUsage has not are named in hex.
 */
void words_key_usage(struct buf *out, int64_t bits);

/* The OIDs of an EKUMapping: "Client Authentication, 1.2.3 (no name known)". */
void words_ekus(struct buf *out, struct span value);

/* The names of a SubjectAlternativeNames: "DNS name pc.example.com, UPN me@example.com". */
void words_sans(struct buf *out, struct span value);

/* The subject as Windows reads it: "CN=\"Smith, John\", O=Example"; or why it does not. */
void words_subject(struct buf *out, struct span value);

/*
 * What the value of the node (its name: "KeyUsage") says; nothing where the value speaks for
 * itself, such as a KeyLength. Placeholders are explained, and those of others named so. The text
 * is fit for a terminal. Nothing of a Challenge but its length is told. Thread-safe.
 */
void words_of(struct buf *out, const char *node, struct span value);

#endif
