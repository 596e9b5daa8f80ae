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
    struct span sender_nonce;   /* empty when the client sent none */
    struct span signer;         /* the client's certificate, DER: CertRep is encrypted to it */
    struct cert signer_cert;
    struct span enveloped; /* the eContent: ContentInfo of EnvelopedData */
    enum digest digest;    /* of the SignerInfo */
    /* Set by scep_open: */
    enum key_transport transport;
    enum content_cipher cipher;
};

/*
 * Reads the outer SignedData and verifies it with the one certificate in it. ERR_PARSE (not a SCEP
 * message: there is nobody to answer), ERR_ALGORITHM, ERR_MESSAGE_CHECK (the signature does not
 * hold). On ERR_ALGORITHM and ERR_MESSAGE_CHECK `out` holds what a CertRep FAILURE needs
 * (transaction_id, sender_nonce, signer) if its signer could be read, else signer.n is 0.
 */
enum err scep_read(struct span der, struct scep_request *out) ERR_MUST_USE;

/*
 * Opens the envelope with the RA's key and parses the CSR in it. Every failure, of whatever cause
 * (no recipient of ours, key transport, key length, cipher, padding, a CSR that cannot be decoded
 * or whose own signature does not hold), takes one path with one answer: ERR_MESSAGE_CHECK with one
 * fixed detail (costs-and-traps.md, trap 2), and *csr is then empty. On success the CSR's bytes are
 * in `a`, and csr_verify has accepted it.
 */
enum err scep_open(struct arena *a, struct scep_request *request, struct span ra_cert,
                   const struct key *ra_key, struct csr *csr) ERR_MUST_USE;

struct scep_reply {
    enum scep_pki_status status;
    enum scep_fail_info fail_info; /* for SCEP_FAILURE */
    const char *text;              /* failInfoText and Microsoft's server message; NULL: none */
    struct span cert;              /* the issued certificate, for SCEP_SUCCESS */
};

/*
 * Builds the signed CertRep: digest and ciphers mirror the request (SHA-256 for a SHA-1 request),
 * signatureAlgorithm rsaEncryption, no certificates in the outer SignedData, a fresh senderNonce;
 * on SUCCESS a degenerate certs-only SignedData with the leaf alone, encrypted to request->signer
 * with the request's key transport; FAILURE carries no envelope.
 */
enum err scep_build_reply(struct arena *a, const struct scep_request *request,
                          const struct scep_reply *reply, struct span ra_cert,
                          const struct key *ra_key, struct span *der) ERR_MUST_USE;

/* A degenerate certs-only SignedData (GetCACert, and the inside of a CertRep). */
enum err scep_certs_only(struct arena *a, const struct span *certs, size_t count,
                         struct span *der) ERR_MUST_USE;

/*
 * The message for people: type, transaction id, nonces, signed attributes in order, algorithms,
 * signer, recipient; as text, or as JSON. Needs no key. ERR_PARSE with the offset and the cause.
 */
enum err scep_describe(struct span der, bool json, struct buf *out) ERR_MUST_USE;

#endif
