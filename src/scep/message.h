/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SCEP messages (RFC 8894, section 3), the server's side: a pkiMessage in, a CertRep out, and the
 * same reading without a key for `signet scep decode`.
 */
#ifndef SIGNET_SCEP_MESSAGE_H
#define SIGNET_SCEP_MESSAGE_H

#include "base/buf.h"
#include "cms/enveloped.h"
#include "crypto/key.h"
#include "wire/scep.h"
#include "x509/cert.h"
#include "x509/csr.h"

/* A request whose outer layer is read and whose signature holds. Spans into the message. */
struct scep_request {
    int message_type;
    struct span transaction_id; /* PrintableString characters, echoed byte for byte */
    struct span sender_nonce;   /* p NULL when the client sent none */
    struct span signer;         /* the client's certificate, DER: CertRep is encrypted to it */
    struct cert signer_cert;
    struct public_key *signer_key;
    struct span enveloped; /* the eContent: ContentInfo of EnvelopedData */
    enum digest digest;    /* of the SignerInfo */
    /* Set by scep_open: */
    enum key_transport transport;
    enum cipher cipher;
};

/*
 * Reads the outer SignedData and verifies it with the signer's certificate in it. What is BER is
 * turned into DER in `a` first, signed attributes included: their signature is checked over DER as
 * RFC 5652 (5.4) wants it. ERR_PARSE (not a SCEP message: there is nobody to answer),
 * ERR_ALGORITHM, ERR_MESSAGE_CHECK (the signature does not hold). On ERR_ALGORITHM and
 * ERR_MESSAGE_CHECK `out` holds what a CertRep FAILURE needs (transaction_id, sender_nonce, signer)
 * if its signer could be read, else signer.n is 0.
 */
enum err scep_read(struct arena *a, struct span message, struct scep_request *out) ERR_MUST_USE;

/* A certificate with its key, that opens envelopes or signs replies. */
struct scep_key {
    struct span cert; /* DER */
    struct cert parsed;
    const struct key *key;
};

enum { SCEP_MAX_OPENERS = 16 };

/* What an envelope held: which part is set depends on the messageType. */
struct scep_content {
    struct csr csr;              /* PKCSReq, RenewalReq */
    struct span issuer, subject; /* CertPoll: IssuerAndSubject (RFC 8894, 3.3.3), Names in DER */
    struct span serial;          /* GetCert, GetCRL: IssuerAndSerialNumber: issuer and this */
};

/*
 * Opens the envelope with one of at most SCEP_MAX_OPENERS and parses what the messageType says is
 * in it. A cipher that nobody here opens (single DES unless `allow_des`) is ERR_ALGORITHM:
 * everybody can see it in the message. So is a messageType that has no content of ours:
 * ERR_REFUSED. Every other failure, of whatever cause (no recipient of ours, key transport, key
 * length, padding, content that cannot be decoded, a CSR whose own signature does not hold), takes
 * one path with one answer: ERR_MESSAGE_CHECK with one fixed detail (costs-and-traps.md, trap 2),
 * and *content is then empty. On success its bytes are DER in `a` (BER is turned into DER), and
 * csr_verify has accepted the CSR.
 */
enum err scep_open(struct arena *a, struct scep_request *request, const struct scep_key *openers,
                   size_t count, bool allow_des, struct scep_content *content) ERR_MUST_USE;

struct scep_reply {
    enum scep_pki_status status;
    enum scep_fail_info fail_info; /* for SCEP_FAILURE */
    const char *text;              /* failInfoText and Microsoft's server message; NULL: none */
    struct span cert, crl;         /* for SCEP_SUCCESS, one of them: the leaf, or the CRL */
};

/*
 * Builds the signed CertRep: digest and cipher mirror the request (SHA-256 for a SHA-1 request
 * unless `mirror_sha1`; AES-128 for one in DES), signatureAlgorithm rsaEncryption, no certificates
 * in the outer SignedData, a fresh senderNonce; on SUCCESS a degenerate certs-only SignedData,
 * encrypted to request->signer with the request's key transport. FAILURE and PENDING carry no
 * envelope.
 */
enum err scep_build_reply(struct arena *a, const struct scep_request *request,
                          const struct scep_reply *reply, const struct scep_key *signer,
                          bool mirror_sha1, struct span *der) ERR_MUST_USE;

/* A degenerate certs-only SignedData (GetCACert, and the inside of a CertRep). */
enum err scep_certs_only(struct arena *a, const struct span *certs, size_t count,
                         struct span *der) ERR_MUST_USE;

/* The answer to GetNextCACert (RFC 8894, 4.7.1): those certificates, signed by today's signer. */
enum err scep_next_ca(struct arena *a, const struct span *certs, size_t count,
                      const struct scep_key *signer, struct span *der) ERR_MUST_USE;

/*
 * The message for people: type, transaction id, nonces, signed attributes in order, algorithms,
 * signer, recipient; as text, or as JSON. Needs no key. ERR_PARSE with the offset and the cause.
 */
enum err scep_describe(struct span der, bool json, struct buf *out) ERR_MUST_USE;

#endif
