/* SPDX-License-Identifier: Apache-2.0 */
#include "scep/attributes.h"

static enum err bad(const char *name, const char *what) {
    return err_set(ERR_PARSE, "signed attribute %s: %s", name, what);
}

/* A decimal number below 1000; `out` is -1 until it is read. */
static enum err read_number(const char *name, const struct der_item *value, int *out) {
    int64_t number;
    struct span s = value->content;
    if (*out != -1)
        return bad(name, "stands there twice");
    if (value->tag != DER_PRINTABLE_STRING || s.n > 3 || !span_int(s, &number) || number < 0)
        return bad(name, "not a decimal number in a PrintableString");
    *out = (int)number;
    return OK;
}

/* Clients with a nonce of no octets exist (scep-interop.md). */
static enum err read_nonce(const char *name, const struct der_item *value, struct span *out) {
    if (out->p)
        return bad(name, "stands there twice");
    if (value->tag != DER_OCTET_STRING || value->content.n > SCEP_MAX_NONCE)
        return bad(name, "not an OCTET STRING of at most 255 octets");
    *out = value->content;
    return OK;
}

/* Any visible characters are taken, since clients do not agree on what a PrintableString holds. */
static enum err read_transaction_id(const struct der_item *value, struct span *out) {
    struct span s = value->content;
    if (out->n)
        return bad("transactionID", "stands there twice");
    if (value->tag != DER_PRINTABLE_STRING || s.n == 0 || s.n > SCEP_MAX_TRANSACTION_ID)
        return bad("transactionID", "not a PrintableString of 1 to 255 characters");
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x20 || s.p[i] > 0x7e)
            return bad("transactionID", "has a character that is not printable");
    *out = s;
    return OK;
}

/* Some servers write the wrong kind of string; what is no string at all is passed over. */
static void read_text(const struct der_item *value, struct span *out) {
    uint8_t tag = value->tag;
    bool is_text = tag == DER_UTF8_STRING || tag == DER_PRINTABLE_STRING || tag == DER_IA5_STRING;
    if (is_text && !out->n)
        *out = value->content;
}

static enum err read_one(const struct cms_attribute *attribute, struct scep_attributes *out) {
    const struct der_item *value = &attribute->value;
    struct span oid = attribute->oid;
    if (oid_is(oid, OID_SCEP_MESSAGE_TYPE))
        return read_number("messageType", value, &out->message_type);
    if (oid_is(oid, OID_SCEP_PKI_STATUS))
        return read_number("pkiStatus", value, &out->pki_status);
    if (oid_is(oid, OID_SCEP_FAIL_INFO))
        return read_number("failInfo", value, &out->fail_info);
    if (oid_is(oid, OID_SCEP_TRANSACTION_ID))
        return read_transaction_id(value, &out->transaction_id);
    if (oid_is(oid, OID_SCEP_SENDER_NONCE))
        return read_nonce("senderNonce", value, &out->sender_nonce);
    if (oid_is(oid, OID_SCEP_RECIPIENT_NONCE))
        return read_nonce("recipientNonce", value, &out->recipient_nonce);
    if (oid_is(oid, OID_SCEP_FAIL_INFO_TEXT))
        read_text(value, &out->fail_info_text);
    if (oid_is(oid, OID_MS_SCEP_SERVER_MESSAGE))
        read_text(value, &out->server_message);
    return OK;
}

enum err scep_attributes_scan(const struct cms_signer *signer, struct scep_attributes *out) {
    struct der d = cms_attributes(signer);
    struct cms_attribute attribute;
    *out = (struct scep_attributes){.message_type = -1, .pki_status = -1, .fail_info = -1};
    while (!der_is_empty(&d)) {
        TRY(cms_attribute_next(&d, &attribute));
        TRY(read_one(&attribute, out));
    }
    return OK;
}

enum err scep_attributes_read(const struct cms_signer *signer, struct scep_attributes *out) {
    TRY(scep_attributes_scan(signer, out));
    if (out->message_type == -1)
        return bad("messageType", "missing");
    if (out->transaction_id.n == 0)
        return bad("transactionID", "missing");
    return OK;
}

const char *scep_fail_info_name(int fail_info) {
    static const char *const names[] = {"badAlg", "badMessageCheck", "badRequest", "badTime",
                                        "badCertId"};
    return fail_info >= 0 && fail_info <= SCEP_BAD_CERT_ID ? names[fail_info] : "unknown";
}
