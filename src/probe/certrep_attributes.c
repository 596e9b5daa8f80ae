/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/certrep.h"

#include "base/text.h"
#include "scep/attributes.h"

enum { TEXT_MAX = 300 };

static const struct {
    const char *oid, *name;
    uint8_t tag; /* 0: any */
} attributes[KNOWN] = {
    [CONTENT_TYPE] = {OID_CONTENT_TYPE, "contentType", DER_OID},
    [MESSAGE_DIGEST] = {OID_MESSAGE_DIGEST, "messageDigest", DER_OCTET_STRING},
    [MESSAGE_TYPE] = {OID_SCEP_MESSAGE_TYPE, "messageType", DER_PRINTABLE_STRING},
    [PKI_STATUS] = {OID_SCEP_PKI_STATUS, "pkiStatus", DER_PRINTABLE_STRING},
    [TRANSACTION_ID] = {OID_SCEP_TRANSACTION_ID, "transactionID", DER_PRINTABLE_STRING},
    [SENDER_NONCE] = {OID_SCEP_SENDER_NONCE, "senderNonce", DER_OCTET_STRING},
    [RECIPIENT_NONCE] = {OID_SCEP_RECIPIENT_NONCE, "recipientNonce", DER_OCTET_STRING},
    [FAIL_INFO] = {OID_SCEP_FAIL_INFO, "failInfo", 0},
    [SERVER_MESSAGE] = {OID_MS_SCEP_SERVER_MESSAGE, "server message", 0},
    [FAIL_INFO_TEXT] = {OID_SCEP_FAIL_INFO_TEXT, "failInfoText", 0},
};

const char *certrep_claim(struct certrep *r, enum known which) {
    return text_claim(r->p->a, r->value[which], TEXT_MAX);
}

/* Seen with 0x80091006 is an attribute that is missing; what a malformed one gives is not known. */
static void malformed(struct certrep *r, int which, const char *what) {
    if (which < REQUIRED)
        probe_found_as(r->p, PROBE_REPLY_ATTRIBUTE, 0, "%s %s", attributes[which].name, what);
}

static int known_attribute(struct span oid) {
    int i = 0;
    while (i < KNOWN && !oid_is(oid, attributes[i].oid))
        i++;
    return i;
}

static enum err take_value(struct certrep *r, int which, struct der *values) {
    struct der_item item;
    if (r->seen[which]++) {
        if (r->seen[which] == 2)
            malformed(r, which, "stands there more than once");
        return OK;
    }
    if (der_is_empty(values)) {
        malformed(r, which, "has no value");
        return OK;
    }
    TRY(der_next(values, &item));
    if (attributes[which].tag && item.tag != attributes[which].tag)
        malformed(r, which, arena_printf(r->p->a, "is of another type (tag 0x%02x)", item.tag));
    else if (!item.content.n)
        malformed(r, which, "is empty");
    else
        r->value[which] = item.content;
    if (!der_is_empty(values))
        malformed(r, which, "has several values");
    return OK;
}

static enum err walk_attributes(struct certrep *r) {
    struct der d = cms_attributes(&r->msg.signer), body, values;
    struct span oid;
    while (!der_is_empty(&d)) {
        TRY(der_enter(&d, DER_SEQUENCE, &body));
        TRY(der_oid(&body, &oid));
        TRY(der_enter(&body, DER_SET, &values));
        int which = known_attribute(oid);
        if (which < KNOWN)
            TRY(take_value(r, which, &values));
    }
    return OK;
}

void certrep_read_attributes(struct certrep *r) {
    if (walk_attributes(r) != OK)
        probe_found_as(r->p, PROBE_REPLY_ATTRIBUTE, 0, "the signed attributes are malformed: %s",
                       err_detail());
    for (int i = 0; i < REQUIRED; i++)
        if (!r->seen[i])
            probe_found(r->p, PROBE_REPLY_ATTRIBUTE, "%s is missing", attributes[i].name);
}

/* Without pkiStatus, what there is to open speaks for a SUCCESS: so the rest is judged too. */
static void judge_status(struct certrep *r) {
    int64_t status;
    struct span value = r->value[PKI_STATUS];
    r->status = -1;
    if (!value.n && r->msg.content.n)
        r->status = SCEP_SUCCESS;
    if (span_int(value, &status) &&
        (status == SCEP_SUCCESS || status == SCEP_FAILURE || status == SCEP_PENDING))
        r->status = (int)status;
    else if (value.n)
        probe_found_as(r->p, PROBE_REPLY_ATTRIBUTE, 0, "pkiStatus is '%s', not 0, 2 or 3",
                       certrep_claim(r, PKI_STATUS));
}

void certrep_judge_values(struct certrep *r) {
    struct span nonce = span_of(r->request->nonce, SCEP_NONCE_SIZE);
    const struct span *value = r->value;
    if (value[MESSAGE_TYPE].n && !span_is(value[MESSAGE_TYPE], "3"))
        probe_found_as(r->p, PROBE_REPLY_ATTRIBUTE, 0, "messageType is '%s', not 3 (CertRep)",
                       certrep_claim(r, MESSAGE_TYPE));
    judge_status(r);
    if (value[TRANSACTION_ID].n && !span_is(value[TRANSACTION_ID], r->request->transaction))
        probe_found(r->p, PROBE_REPLY_TRANSACTION, "'%s' instead of '%s'",
                    certrep_claim(r, TRANSACTION_ID), r->request->transaction);
    if (value[RECIPIENT_NONCE].n && !span_eq(value[RECIPIENT_NONCE], nonce))
        probe_found(r->p, PROBE_REPLY_NONCE, "%zu other octets than the request's %zu",
                    value[RECIPIENT_NONCE].n, nonce.n);
    if (span_eq(value[SENDER_NONCE], nonce))
        probe_found(r->p, PROBE_REPLY_NONCE_COPIED, "the request's %zu octets", nonce.n);
}
