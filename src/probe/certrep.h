/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the judgement of a CertRep (certrep.c): its signed attributes. */
#ifndef SIGNET_PROBE_CERTREP_H
#define SIGNET_PROBE_CERTREP_H

#include "cms/signed.h" /* before OpenSSL's headers, which make macros of our KU_ names */
#include "probe/internal.h"

enum known {
    CONTENT_TYPE,
    MESSAGE_DIGEST,
    MESSAGE_TYPE,
    PKI_STATUS,
    TRANSACTION_ID,
    SENDER_NONCE,
    RECIPIENT_NONCE,
    REQUIRED, /* so many */
    FAIL_INFO = REQUIRED,
    SERVER_MESSAGE,
    FAIL_INFO_TEXT,
    KNOWN
};

struct certrep {
    struct probe *p;
    const struct scep_request *request;
    struct cms_signed msg;
    int seen[KNOWN];          /* how often */
    struct span value[KNOWN]; /* empty: missing or malformed */
    int status;               /* -1: not to be told */
};

/* Fills in seen and value; what is missing or malformed is found. */
void certrep_read_attributes(struct certrep *r);

/* Holds the values against the request. Sets status. */
void certrep_judge_values(struct certrep *r);

/* A value, cleaned. */
const char *certrep_claim(struct certrep *r, enum known which);

#endif
