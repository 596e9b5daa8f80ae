/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKCS#10 requests (RFC 2986), read with Windows' habits in mind: any string type with any bytes in
 * a subject (windows-mdm.md, C.5), BasicConstraints with a pathLen but no CA, unknown attributes.
 * Only what is named below is read; nothing of a CSR is ever copied by default.
 */
#ifndef SIGNET_X509_CSR_H
#define SIGNET_X509_CSR_H

#include "crypto/key.h"

struct csr {
    struct span der;
    struct span info;      /* CertificationRequestInfo, the signed part */
    struct span subject;   /* Name, DER */
    struct span spki;      /* SubjectPublicKeyInfo, DER */
    struct span challenge; /* challengePassword's characters, any string type; empty: none */
    struct span san;       /* value of subjectAltName (SEQUENCE OF GeneralName), or empty */
    struct span eku;       /* value of extKeyUsage (SEQUENCE OF OID), or empty */
    bool has_key_usage;
    unsigned key_usage; /* as in X.509's first byte: 0x80 digitalSignature, 0x20 keyEncipherment */
    struct span device_id; /* bytes of 1.3.6.1.4.1.311.66.1.0 without a closing NUL, or empty */
    struct span signature_algorithm, signature; /* AlgorithmIdentifier; bits without the count */
};

/* Parses strictly as DER; spans into `der`. ERR_PARSE with what is wrong. */
enum err csr_parse(struct span der, struct csr *out) ERR_MUST_USE;

/*
 * Proof of possession: the self-signature. RSA PKCS#1 v1.5 with SHA-1 to SHA-512, also under the
 * OIW identifier 1.3.14.3.2.29 that Windows 10 writes, and ECDSA. ERR_REFUSED when it does not
 * hold, ERR_ALGORITHM for another algorithm.
 */
enum err csr_verify(const struct csr *csr) ERR_MUST_USE;

/*
 * Builds a CA's own request: subject (Name, DER) and the key's public half, with an
 * extensionRequest of BasicConstraints CA:TRUE and the KeyUsage bits (cert.h, CERT_CA and more),
 * both critical. ERR_CRYPTO, ERR_PARSE. pem_put(b, PEM_REQUEST, der) makes a file of it.
 */
enum err csr_build(struct arena *a, struct span subject, const struct key *key, unsigned key_usage,
                   struct span *der) ERR_MUST_USE;

/* RSA modulus length of a SubjectPublicKeyInfo in bits; 0 when it is not RSA. */
unsigned spki_rsa_bits(struct span spki);

/* Iterates the OIDs of an extKeyUsage value in dotted text; false at the end or on bad DER. */
bool eku_next(struct arena *a, struct span *rest, const char **oid);

/*
 * Iterates a subjectAltName value as CertEnroll's AlternativeNameType and text: 2 rfc822, 3 DNS,
 * 7 URL, 8 IP (dotted or hex groups), 11 UPN (otherName 1.3.6.1.4.1.311.20.2.3), 5 directoryName
 * (name_text), 9 registeredID (dotted), 1 another otherName ("OID:hex"). False at the end; bad DER
 * gives type 0 once.
 */
bool san_next(struct arena *a, struct span *rest, unsigned *type, struct span *value);

#endif
