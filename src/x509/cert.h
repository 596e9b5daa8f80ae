/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates (RFC 5280): reading the fields that signet needs, and building them. */
#ifndef SIGNET_X509_CERT_H
#define SIGNET_X509_CERT_H

#include "base/buf.h"
#include "crypto/key.h"

struct cert {
    struct span der;
    struct span tbs;
    struct span serial;          /* content octets of the INTEGER */
    struct span issuer, subject; /* Names, DER */
    struct span spki;
    int64_t not_before, not_after; /* ms since 1970 */
    struct span extensions;        /* SEQUENCE OF Extension, or empty */
    struct span signature_algorithm, signature;
};

/* Parses strictly as DER; spans into `der`, which must hold nothing else. ERR_PARSE. */
enum err cert_parse(struct span der, struct cert *out) ERR_MUST_USE;

/* The extension's value (inside the OCTET STRING) for a dotted OID; false when absent. */
bool cert_extension(const struct cert *c, const char *oid, struct span *value, bool *critical);

/* What the extensions of a certificate say of its holder. */
struct cert_uses {
    struct span san, eku; /* values of subjectAltName and extKeyUsage, or empty */
    bool has_key_usage;
    unsigned key_usage; /* the first octet */
    bool ca;            /* BasicConstraints CA:TRUE */
};

/* ERR_PARSE when one of them is malformed, or stands there more than once. */
enum err cert_read_uses(const struct cert *c, struct cert_uses *out) ERR_MUST_USE;

/* The SubjectKeyIdentifier of a certificate; empty when it has none. */
struct span cert_key_id(const struct cert *c);

/* Whether `c` is signed by the key `issuer_spki` (RSA or EC). ERR_REFUSED, ERR_ALGORITHM. */
enum err cert_verify(const struct cert *c, struct span issuer_spki) ERR_MUST_USE;

/* Key usage bits as in the first byte of the BIT STRING; CERT_CA is the usual pair for a CA. */
enum {
    KU_DIGITAL_SIGNATURE = 0x80,
    KU_KEY_ENCIPHERMENT = 0x20,
    KU_KEY_AGREEMENT = 0x08,
    KU_KEY_CERT_SIGN = 0x04,
    KU_CRL_SIGN = 0x02,
    CERT_CA = KU_KEY_CERT_SIGN | KU_CRL_SIGN,
};

/* BasicConstraints; all false when there are none. ERR_PARSE. */
struct cert_constraints {
    bool ca, limited;
    unsigned path_length; /* when limited */
};
enum err cert_constraints(const struct cert *c, struct cert_constraints *out) ERR_MUST_USE;

/* Whether its KeyUsage has all these bits: false when it has none at all. */
bool cert_has_usage(const struct cert *c, unsigned wanted);

/* Whether `issuer` has the issuer's name, and its key has signed the certificate. */
bool cert_is_issued_by(const struct cert *c, const struct cert *issuer);

/* SHA-1 in upper-case hex, as Windows names certificates. ERR_CRYPTO. */
enum { CERT_THUMBPRINT_SIZE = 41 };
enum err cert_sha1_hex(struct span der, char out[CERT_THUMBPRINT_SIZE]) ERR_MUST_USE;

struct cert_template {
    struct span serial;            /* content octets; the first bit clear, not all zero */
    struct span issuer;            /* Name, DER */
    struct span subject;           /* Name, DER */
    struct span spki;              /* of the subject */
    struct span issuer_spki;       /* for the AuthorityKeyIdentifier; empty: none */
    struct span issuer_key_id;     /* the issuer's own SKI; empty: SHA-1 of issuer_spki */
    int64_t not_before, not_after; /* ms */
    unsigned key_usage;            /* KU_ bits; 0: no extension */
    struct span eku;               /* value of extKeyUsage, or empty */
    struct span san;               /* value of subjectAltName, or empty */
    bool ca; /* BasicConstraints CA:TRUE, critical; else no BasicConstraints */
    /* http URLs for cRLDistributionPoints and authorityInfoAccess; NULL: none. */
    const char *crl_url, *ocsp_url, *issuer_url;
    const char *sid;    /* szOID_NTDS_CA_SECURITY_EXT with that SID in text (KB5014754); or NULL */
    bool ocsp_no_check; /* id-pkix-ocsp-nocheck (RFC 6960, 4.2.2.2.1) */
};

/*
 * Builds and signs a v3 certificate (x509/signing.h chooses the digest; SKI and AKI are SHA-1 of
 * the key bits; KeyUsage is critical). The DER is in `a`. ERR_CRYPTO, ERR_PARSE for a malformed
 * part.
 */
enum err cert_build(struct arena *a, const struct cert_template *t, const struct key *issuer_key,
                    struct span *der) ERR_MUST_USE;

/* Value of an extKeyUsage extension from dotted OIDs. ERR_PARSE for text that is no OID. */
enum err eku_build(struct arena *a, const char *const *oids, size_t count,
                   struct span *value) ERR_MUST_USE;

/*
 * Value of a subjectAltName with one entry: `host` as iPAddress when it is a literal address,
 * else as dNSName.
 */
enum err san_build_host(struct arena *a, const char *host, struct span *value) ERR_MUST_USE;

/*
 * `san`, the value of a subjectAltName or empty, with one uniformResourceIdentifier more at its
 * end. ERR_PARSE for a `san` that is malformed, or a URI that is not printable ASCII.
 */
enum err san_add_uri(struct arena *a, struct span san, const char *uri,
                     struct span *value) ERR_MUST_USE;

/*
 * Value of a subjectAltName from text as the CSP's SubjectAlternativeNames has it, in its order:
 * "3+host.example.com;11+me@example.com" (2 e-mail, 3 DNS name, 7 URI, 8 address, 11 UPN). Empty
 * for no name. ERR_PARSE.
 */
enum err san_from_text(struct arena *a, struct span text, struct span *value) ERR_MUST_USE;

/* A fresh serial of 16 octets: 48 bits of time, then random bits (design.md, "Threads"). */
enum { CERT_SERIAL_SIZE = 16 };
enum err cert_new_serial(uint8_t out[CERT_SERIAL_SIZE]) ERR_MUST_USE;

/* Appends the certificates, DER one after the other, as PEM. ERR_PARSE. */
enum err cert_to_pem(struct span ders, struct buf *out) ERR_MUST_USE;

/*
 * All certificates of a PEM text, in its order, parsed and copied to `a`; what stands between them
 * is passed over. ERR_PARSE when there is none or a bad one, ERR_LIMIT for more than `max`.
 */
enum err cert_parse_pem_all(struct arena *a, struct span pem, struct span *ders, size_t max,
                            size_t *count) ERR_MUST_USE;

/* PEM files of one certificate or several. Loading takes the first, or all. ERR_IO, ERR_PARSE. */
enum err cert_save_pem(struct span ders, const char *path) ERR_MUST_USE;
enum err cert_load_pem(struct arena *a, const char *path, struct span *der) ERR_MUST_USE;
enum err cert_load_pem_all(struct arena *a, const char *path, struct span *ders, size_t max,
                           size_t *count) ERR_MUST_USE;

#endif
