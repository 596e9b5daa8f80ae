/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PKCSReq as Windows builds it (windows-scep.md, 3) and the CertRep that answers it (4), with
 * OpenSSL's CMS as pen and eye. Functions give HRESULTs: what Windows would show.
 */
#ifndef SIGNET_DEVICE_SCEP_MESSAGE_H
#define SIGNET_DEVICE_SCEP_MESSAGE_H

#include "device/scep_ca.h"
#include "device/scep_settings.h"

enum { SCEP_NONCE_SIZE = 16 };

struct scep_request { /* zero-initialise; scep_request_free */
    EVP_PKEY *key;    /* the certificate's, new at every attempt */
    EVP_PKEY *signer_key;
    X509 *signer;                      /* CN=SCEP Protocol Certificate */
    char transaction[THUMBPRINT_SIZE]; /* 40 lower-case hex digits */
    uint8_t nonce[SCEP_NONCE_SIZE];
    struct span message; /* DER */
};

struct scep_answer {
    int status;       /* enum scep_pki_status */
    int fail_info;    /* -1 when there is none */
    struct span text; /* the server's message, may be empty */
    X509 *cert;       /* with SUCCESS; the caller frees */
};

/* The PKCS#10 of an enrollment. `*csr` is NULL on failure; the caller frees it. */
uint32_t scep_csr_make(const struct host *h, const struct scep_settings *s, EVP_PKEY *key,
                       X509_REQ **csr);

/* Keys, CSR, throw-away signer and the message. `aes` is false for servers that know 3DES only. */
uint32_t scep_request_make(const struct host *h, const struct scep_settings *s,
                           const struct scep_ca *ca, bool aes, struct arena *a,
                           struct scep_request *out);

/*
 * Checks the answer to `request`: signer, signature, the five attributes, transaction, nonce; with
 * SUCCESS decrypts it and takes out the certificate, which must be one and hold the request's key.
 */
uint32_t scep_answer_read(struct arena *a, struct span message, const struct scep_request *request,
                          const struct scep_ca *ca, bool check_nonce, struct scep_answer *out);

void scep_request_free(struct scep_request *r);

#endif
