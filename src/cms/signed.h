/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CMS SignedData (RFC 5652, section 5) as SCEP uses it: pkcs7-data inside, one signer, signed
 * attributes present, RSASSA-PKCS1-v1_5.
 */
#ifndef SIGNET_CMS_SIGNED_H
#define SIGNET_CMS_SIGNED_H

#include "crypto/algorithm.h"
#include "crypto/public.h"
#include "x509/cert.h"

struct cms_signer {
    struct span issuer, serial; /* Name in DER; content octets; or: */
    struct span key_id;         /* subjectKeyIdentifier */
    struct algorithm digest, signature_algorithm;
    struct span attributes; /* the SET OF Attribute with its [0] tag */
    struct span signature;
};

struct cms_signed {
    struct span content_type; /* OID of the eContent */
    bool has_content;         /* some servers' CertRep FAILURE has none; ours is empty */
    struct span content;
    struct span digest_algorithms; /* elements of the SET */
    bool has_certs;
    struct span certs; /* elements of the certificates field */
    struct cms_signer signer;
};

/* Parses a ContentInfo with SignedData; what is BER is first made DER in `a`. ERR_PARSE. */
enum err cms_signed_read(struct arena *a, struct span message, struct cms_signed *out) ERR_MUST_USE;

/*
 * The elements of the certificates field of a SignedData, whether or not anybody has signed it:
 * nothing is verified. BER too. ERR_PARSE.
 */
enum err cms_certs_read(struct arena *a, struct span message, struct span *certs) ERR_MUST_USE;

/* A signed attribute; those of CMS and SCEP have exactly one value, so another count is an error.
 */
struct cms_attribute {
    struct span oid;
    struct der_item value;
};

/* A reader at the first signed attribute, and the next attribute from it. */
struct der cms_attributes(const struct cms_signer *signer);
enum err cms_attribute_next(struct der *d, struct cms_attribute *out) ERR_MUST_USE;

/*
 * Whether the signer names this certificate: by issuer, in whatever string types, and serial, or by
 * a key identifier, which is the certificate's or the SHA-1 of its key.
 */
bool cms_signer_is(const struct cms_signer *signer, const struct cert *cert);

/* The certificate in the message that the signer names: DER, or empty when it is not there. */
struct span cms_signer_cert(const struct cms_signed *msg);

/*
 * Whether contentType and messageDigest are right and the signature is by the key. The
 * signatureAlgorithm may be rsaEncryption (Windows) or the digest's own. Signed is the DER of the
 * attributes (RFC 5652, 5.4), or, by some clients, the order in which they were sent.
 * ERR_ALGORITHM; ERR_MESSAGE_CHECK.
 */
enum err cms_signed_verify(const struct cms_signed *msg, const struct public_key *key) ERR_MUST_USE;

struct cms_signing {
    struct span content;           /* the eContent; p NULL: absent */
    const struct span *attributes; /* whole Attributes; contentType and messageDigest are added */
    size_t attribute_count;        /* at most CMS_MAX_ATTRIBUTES */
    enum digest digest;
    struct span issuer, serial; /* of the signer's certificate */
    const struct key *key;
    struct span cert; /* the signer's, to be put into the message; empty: none is */
};

enum { CMS_MAX_ATTRIBUTES = 16 };

/* Builds and signs; signatureAlgorithm is rsaEncryption as Windows and NDES have it. ERR_CRYPTO. */
enum err cms_signed_build(struct arena *a, const struct cms_signing *s,
                          struct span *der) ERR_MUST_USE;

/* One Attribute with one value. */
struct span cms_attribute_build(struct arena *a, const char *oid, uint8_t tag, struct span value);

/* A degenerate SignedData: the certificates in the order given, and a CRL if it is not empty. */
struct span cms_certs_only(struct arena *a, const struct span *certs, size_t count,
                           struct span crl);

#endif
