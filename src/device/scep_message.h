/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PKCSReq as Windows builds it (windows-scep.md, 3), the CertPoll that asks again for a pended
 * one (4.12), and the CertRep that answers them (4), with OpenSSL's CMS as pen and eye. Functions
 * give HRESULTs: what Windows would show.
 */
#ifndef SIGNET_DEVICE_SCEP_MESSAGE_H
#define SIGNET_DEVICE_SCEP_MESSAGE_H

#include "device/scep_ca.h"
#include "device/scep_caps.h"
#include "device/scep_settings.h"

enum { SCEP_NONCE_SIZE = 16 };

struct scep_request { /* zero-initialise; scep_request_free */
    EVP_PKEY *key;    /* the certificate's, new at every PKCSReq */
    EVP_PKEY *signer_key;
    X509 *signer;                      /* CN=SCEP Protocol Certificate, or what is renewed */
    X509_NAME *subject;                /* the CSR's */
    char transaction[THUMBPRINT_SIZE]; /* 40 lower-case hex digits */
    uint8_t nonce[SCEP_NONCE_SIZE];    /* of `message` */
    struct span message;               /* DER */
};

struct scep_answer {
    int status;       /* enum scep_pki_status */
    int fail_info;    /* -1 when there is none */
    struct span text; /* the server's message, may be empty */
    X509 *cert;       /* with SUCCESS; the caller frees */
};

/* Who enrolls, as CSR and events name it: "WORKGROUP\\HOST$", or "HOST\\user". */
const char *scep_account(const struct host *h, struct arena *a, bool user_scope)
    __attribute__((returns_nonnull));

/*
 * The PKCS#10 of an enrollment. `signer` is whose hash the switch csr-signer-hash puts into it, or
 * NULL. `*csr` is NULL on failure; the caller frees it.
 */
uint32_t scep_csr_make(const struct host *h, const struct scep_settings *s, EVP_PKEY *key,
                       const X509 *signer, X509_REQ **csr);

/* The throw-away signer, for the key of the CSR. False when OpenSSL fails; the caller frees it. */
bool scep_signer_make(const struct host *h, EVP_PKEY *signer_key, EVP_PKEY *csr_key,
                      const EVP_MD *digest, X509 **out);

/*
 * A PKCSReq: keys, CSR, throw-away signer and the message. Where `out` has a signer with its key
 * already, that one signs: a renewal (4.15).
 */
uint32_t scep_request_make(const struct host *h, const struct scep_settings *s,
                           const struct scep_ca *ca, const struct scep_caps *caps, struct arena *a,
                           struct scep_request *out);

/* A CertPoll in place of the request's message: same transaction and signer, a new nonce. */
uint32_t scep_poll_make(const struct host *h, const struct scep_ca *ca,
                        const struct scep_caps *caps, struct arena *a, struct scep_request *r);

/*
 * Checks the answer to `request`: signer, signature, the five attributes, transaction, nonce; with
 * SUCCESS decrypts it and takes out the certificate, which must be one and hold the request's key.
 * Switches: check-recipient-nonce, missing-nonce, check-leaf-only, open-des.
 */
uint32_t scep_answer_read(const struct host *h, struct arena *a, struct span message,
                          const struct scep_request *request, const struct scep_ca *ca,
                          struct scep_answer *out);

/* The content of an EnvelopedData for the request's signer, found by issuer and serial (4.9). */
uint32_t scep_envelope_open(const struct host *h, struct arena *a, struct span der,
                            const struct scep_request *r, struct span *out);

void scep_request_free(struct scep_request *r);

#endif
