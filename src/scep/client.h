/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SCEP messages (RFC 8894, section 3), the client's side: signet asks another SCEP server on behalf
 * of a host, and reads what a server answers to a host.
 */
#ifndef SIGNET_SCEP_CLIENT_H
#define SIGNET_SCEP_CLIENT_H

#include "scep/message.h"

enum { SCEP_CLIENT_NONCE = 16, SCEP_CLIENT_MAX_CERTS = 16 };

/* ---- asking ---- */

/* A request that a client makes of somebody's CSR. */
struct scep_asking {
    int message_type;             /* SCEP_PKCS_REQ or SCEP_CERT_POLL */
    struct span csr;              /* DER, as the host made it; a poll takes its subject */
    struct span issuer;           /* CertPoll: the CA's Name, DER */
    const char *transaction_id;   /* visible PrintableString characters */
    const struct scep_key *self;  /* signs, and opens the answer */
    const struct cert *recipient; /* the server's certificate that it opens envelopes with: RSA */
    enum digest digest;
    enum cipher cipher;
};

/*
 * Builds the pkiMessage: key transport PKCS#1 v1.5, which every server reads; the signer's
 * certificate goes along. `nonce` gets the senderNonce. ERR_ALGORITHM when the recipient's key or
 * our own is not RSA, or the cipher is single DES; ERR_PARSE (a poll's CSR), ERR_CRYPTO.
 */
enum err scep_client_build(struct arena *a, const struct scep_asking *asking,
                           uint8_t nonce[SCEP_CLIENT_NONCE], struct span *message) ERR_MUST_USE;

/*
 * The self-signed certificate of a client's key, which stands for it at the server
 * (RFC 8894, 2.3): CN `name`, UTF-8 of 1 to 64 octets, ten years. DER in `a`. ERR_ALGORITHM for a
 * key that is not RSA, ERR_PARSE, ERR_CRYPTO.
 */
enum err scep_client_certificate(struct arena *a, const struct key *key, const char *name,
                                 int64_t now, struct span *der) ERR_MUST_USE;

/* ---- reading ---- */

/*
 * The certificates in an answer to GetCACert, one at least: one bare certificate, or a degenerate
 * SignedData (BER too), in its order. Spans into `body`, or `a`. ERR_PARSE, ERR_LIMIT (more than
 * `max`).
 */
enum err scep_client_certs(struct arena *a, struct span body, struct span *certs, size_t max,
                           size_t *count, bool *single) ERR_MUST_USE;

/* A CertRep whose outer layer is read and whose signature holds. Spans into the message, or `a`. */
struct scep_certrep {
    int pki_status;             /* 0, 2, 3; where it is missing, what the rest speaks for */
    int fail_info;              /* -1: absent */
    const char *text;           /* failInfoText, else Microsoft's server message; NULL: none.
                                   at most 1000 octets of the server's choosing: text_claim it */
    struct span transaction_id; /* as in the message; empty: absent */
    struct span sender_nonce, recipient_nonce; /* p NULL: absent */
    enum digest digest;                        /* of the SignerInfo */
    struct span signer;    /* the certificate that signed: one of those given, DER */
    struct span enveloped; /* of a SUCCESS; else empty */
    const char *missing;   /* names of the attributes without which Windows ends with 0x80091006
                              (windows-scep.md, 4.1): "senderNonce, recipientNonce"; NULL: none */
};

/*
 * Reads a CertRep of any server, tolerantly (missing attributes are told, not refused), and
 * verifies that one of `certs` (those of GetCACert) has signed it: a certificate that only the
 * message brings counts for nothing. Without pkiStatus, a failInfo speaks for FAILURE and a content
 * for SUCCESS; without messageType too, it is no CertRep. No attribute is read before the signature
 * holds. ERR_PARSE: no CertRep; ERR_FORBIDDEN: signed by a stranger; ERR_MESSAGE_CHECK: the
 * signature does not hold; ERR_ALGORITHM. On error `out` is empty.
 */
enum err scep_certrep_read(struct arena *a, struct span message, const struct span *certs,
                           size_t count, struct scep_certrep *out) ERR_MUST_USE;

/*
 * The same for who reads many of them: `keys` are those of `certs`, loaded once, which takes as
 * long as half a verification; NULL for one that could not be loaded.
 */
enum err scep_certrep_read_known(struct arena *a, struct span message, const struct span *certs,
                                 struct public_key *const *keys, size_t count,
                                 struct scep_certrep *out) ERR_MUST_USE;

/*
 * Opens the envelope of a SUCCESS with the client's own key and gives the certificates in it, one
 * at least. Single DES, which some servers always use, is opened. The detail tells which step
 * failed: that is for us alone, since only the pinned server could have made the envelope.
 * ERR_PARSE: no envelope, or no certificates in it; ERR_ALGORITHM; ERR_MESSAGE_CHECK: sealed for
 * another certificate or key; ERR_LIMIT; ERR_CRYPTO (it does not fit the key or the cipher's block;
 * single DES where OpenSSL's legacy provider is missing).
 */
enum err scep_certrep_open(struct arena *a, const struct scep_certrep *reply,
                           const struct scep_key *self, struct span *certs, size_t max,
                           size_t *count) ERR_MUST_USE;

#endif
