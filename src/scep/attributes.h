/* SPDX-License-Identifier: Apache-2.0 */
/* The signed attributes of a SCEP message (RFC 8894, 3.2.1), read once and strictly. */
#ifndef SIGNET_SCEP_ATTRIBUTES_H
#define SIGNET_SCEP_ATTRIBUTES_H

#include "cms/signed.h"
#include "wire/scep.h"

/* Longer ones are refused: Windows and jscep use 28 to 40 characters. */
enum { SCEP_MAX_TRANSACTION_ID = 255, SCEP_MAX_NONCE = 255 };

struct scep_attributes {
    int message_type;
    struct span transaction_id;
    struct span sender_nonce, recipient_nonce;  /* p NULL: absent */
    int pki_status, fail_info;                  /* -1: absent */
    struct span fail_info_text, server_message; /* empty: absent, or no string */
};

/*
 * Reads those that are there; the message_type is -1, and the transaction_id empty, when it is
 * missing. None may stand there twice but the two texts, which are for people. Values are what the
 * RFC says: decimal PrintableStrings, a PrintableString of 1 to 255 visible characters, OCTET
 * STRINGs. ERR_PARSE.
 */
enum err scep_attributes_scan(const struct cms_signer *signer,
                              struct scep_attributes *out) ERR_MUST_USE;

/* The same, and messageType and transactionID must be there. ERR_PARSE. */
enum err scep_attributes_read(const struct cms_signer *signer,
                              struct scep_attributes *out) ERR_MUST_USE;

/* The failInfo's name in RFC 8894 (3.2.1.4), "badRequest"; "unknown" for another number. */
const char *scep_fail_info_name(int fail_info) __attribute__((returns_nonnull));

#endif
