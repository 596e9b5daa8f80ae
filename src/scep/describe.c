/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `signet scep decode`: one model, in JSON, of what a message says of itself. Nothing that a
 * stranger wrote goes into it without being made printable.
 */
#include "scep/describe.h"

#include "base/clock.h"
#include "base/text.h"
#include "cms/enveloped.h"
#include "cms/signed.h"
#include "crypto/public.h"
#include "scep/attributes.h"
#include "scep/message.h"
#include "x509/attribute.h"
#include "x509/csr.h"
#include "x509/extension.h"
#include "x509/name.h"

struct named {
    const char *oid, *name;
};

static const struct named names[] = {
    {OID_SCEP_MESSAGE_TYPE, "messageType"},
    {OID_SCEP_PKI_STATUS, "pkiStatus"},
    {OID_SCEP_FAIL_INFO, "failInfo"},
    {OID_SCEP_SENDER_NONCE, "senderNonce"},
    {OID_SCEP_RECIPIENT_NONCE, "recipientNonce"},
    {OID_SCEP_TRANSACTION_ID, "transactionID"},
    {OID_SCEP_FAIL_INFO_TEXT, "failInfoText"},
    {OID_MS_SCEP_SERVER_MESSAGE, "Microsoft server message"},
    {"1.3.6.1.4.1.311.21.33", "Microsoft error"},
    {OID_CONTENT_TYPE, "contentType"},
    {OID_MESSAGE_DIGEST, "messageDigest"},
    {OID_SIGNING_TIME, "signingTime"},
    {OID_PKCS7_DATA, "pkcs7-data"},
    {OID_PKCS7_SIGNED, "pkcs7-signedData"},
    {OID_PKCS7_ENVELOPED, "pkcs7-envelopedData"},
    {OID_SUBJECT_KEY_ID, "subjectKeyIdentifier"},
    {OID_AUTHORITY_KEY_ID, "authorityKeyIdentifier"},
    {OID_KEY_USAGE, "keyUsage"},
    {OID_EXT_KEY_USAGE, "extKeyUsage"},
    {OID_SUBJECT_ALT_NAME, "subjectAltName"},
    {OID_BASIC_CONSTRAINTS, "basicConstraints"},
};

static const char *name_of(struct span oid) {
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (oid_is(oid, names[i].oid))
            return names[i].name;
    const char *algorithm = algorithm_name(oid);
    return algorithm ? algorithm : "unknown";
}

static const char *message_type_name(int type) {
    switch (type) {
    case SCEP_CERT_REP:
        return "CertRep";
    case SCEP_RENEWAL_REQ:
        return "RenewalReq";
    case SCEP_PKCS_REQ:
        return "PKCSReq";
    case SCEP_CERT_POLL:
        return "CertPoll";
    case SCEP_GET_CERT:
        return "GetCert";
    case SCEP_GET_CRL:
        return "GetCRL";
    default:
        return "unknown";
    }
}

static const char *status_name(int status) {
    return status == SCEP_SUCCESS   ? "SUCCESS"
           : status == SCEP_FAILURE ? "FAILURE"
           : status == SCEP_PENDING ? "PENDING"
                                    : "unknown";
}

/* ---- values ---- */

static json_t *hex(struct arena *a, struct span s) {
    return json_string(hex_text(a, s));
}

static json_t *printable(uint8_t tag, struct span s) {
    BUF_AUTO(b);
    string_show(&b, tag, s);
    return json_string(buf_cstr(&b));
}

static json_t *when(int64_t ms) {
    char text[CLOCK_ISO_SIZE];
    return json_string(clock_iso(ms, text));
}

static json_t *value_of(struct arena *a, const struct der_item *value) {
    struct der d = der_of(value->whole);
    int64_t ms;
    switch (value->tag) {
    case DER_PRINTABLE_STRING:
    case DER_UTF8_STRING:
    case DER_IA5_STRING:
    case DER_T61_STRING:
    case DER_BMP_STRING:
        return printable(value->tag, value->content);
    case DER_OID:
        return json_string(name_of(value->content));
    case DER_UTC_TIME:
    case DER_GENERALIZED_TIME:
        return der_time(&d, &ms) == OK ? when(ms) : hex(a, value->content);
    case DER_OCTET_STRING:
        return hex(a, value->content);
    default:
        return hex(a, value->whole);
    }
}

static const char *type_of(uint8_t tag) {
    switch (tag) {
    case DER_PRINTABLE_STRING:
        return "PrintableString";
    case DER_UTF8_STRING:
        return "UTF8String";
    case DER_IA5_STRING:
        return "IA5String";
    case DER_OID:
        return "OBJECT IDENTIFIER";
    case DER_OCTET_STRING:
        return "OCTET STRING";
    case DER_UTC_TIME:
        return "UTCTime";
    case DER_GENERALIZED_TIME:
        return "GeneralizedTime";
    case DER_INTEGER:
        return "INTEGER";
    default:
        return "other";
    }
}

static json_t *algorithm(struct arena *a, const struct algorithm *alg) {
    const char *params = alg->form == PARAMS_ABSENT           ? "absent"
                         : alg->form == PARAMS_NULL           ? "NULL"
                         : alg->form == PARAMS_EMPTY_SEQUENCE ? "3000"
                                                              : hex_text(a, alg->params);
    return json_pack("{ss, ss, ss}", "name", name_of(alg->oid), "oid", oid_text(a, alg->oid),
                     "parameters", params);
}

static json_t *name_json(struct arena *a, struct span name) {
    return json_string(name_text(a, name));
}

/* How a signer or a recipient is named: by one of two ways. */
static json_t *named_by(struct arena *a, struct span issuer, struct span serial,
                        struct span key_id) {
    if (issuer.n)
        return json_pack("{so, so}", "issuer", name_json(a, issuer), "serial", hex(a, serial));
    return json_pack("{so}", "keyId", hex(a, key_id));
}

/* ---- the outer layer ---- */

static enum err attribute_list(struct arena *a, const struct cms_signer *signer, json_t *list) {
    struct der d = cms_attributes(signer);
    struct cms_attribute attribute;
    while (!der_is_empty(&d)) {
        TRY(cms_attribute_next(&d, &attribute));
        json_array_append_new(list, json_pack("{ss, ss, ss, so}", "oid", oid_text(a, attribute.oid),
                                              "name", name_of(attribute.oid), "type",
                                              type_of(attribute.value.tag), "value",
                                              value_of(a, &attribute.value)));
    }
    return OK;
}

static enum err digest_list(struct arena *a, struct span elements, json_t *list) {
    struct der d = der_of(elements);
    while (!der_is_empty(&d)) {
        struct algorithm alg;
        TRY(algorithm_read(&d, &alg));
        json_array_append_new(list, algorithm(a, &alg));
    }
    return OK;
}

static json_t *extension_list(struct arena *a, const struct cert *cert) {
    json_t *list = json_array();
    struct der d = der_of(cert->extensions), inside;
    struct extension x;
    if (cert->extensions.n && der_enter(&d, DER_SEQUENCE, &inside) == OK)
        while (!der_is_empty(&inside) && extension_next(&inside, &x) == OK)
            json_array_append_new(list, json_pack("{ss, ss, sb, so}", "oid", oid_text(a, x.oid),
                                                  "name", name_of(x.oid), "critical", x.critical,
                                                  "value", hex(a, x.value)));
    return list;
}

static json_t *certificate(struct arena *a, struct span der) {
    struct cert cert;
    uint8_t hash[DIGEST_MAX_SIZE];
    if (cert_parse(der, &cert) != OK)
        return json_pack("{ss}", "error", "malformed");
    if (digest_of(DIGEST_SHA1, der, hash) != OK)
        memset(hash, 0, sizeof hash);
    bool own = span_eq(cert.subject, cert.issuer) && cert_verify(&cert, cert.spki) == OK;
    return json_pack("{so, so, so, so, so, so, si, sb, so}", "subject", name_json(a, cert.subject),
                     "issuer", name_json(a, cert.issuer), "serial", hex(a, cert.serial),
                     "notBefore", when(cert.not_before), "notAfter", when(cert.not_after), "sha1",
                     hex(a, span_of(hash, 20)), "rsaBits", (int)spki_rsa_bits(cert.spki),
                     "selfSigned", own, "extensions", extension_list(a, &cert));
}

static json_t *certificate_list(struct arena *a, const struct cms_signed *msg) {
    struct der d = der_of(msg->certs);
    struct span whole;
    if (!msg->has_certs)
        return json_null();
    json_t *list = json_array();
    while (!der_is_empty(&d) && der_read_whole(&d, DER_SEQUENCE, &whole) == OK)
        json_array_append_new(list, certificate(a, whole));
    return list;
}

static json_t *verdict(struct arena *a, const struct cms_signed *msg) {
    struct span der = cms_signer_cert(msg);
    struct cert cert;
    struct public_key *key;
    if (der.n == 0 || cert_parse(der, &cert) != OK)
        return json_pack("{ss, ss}", "verdict", "unknown", "reason",
                         "the signer's certificate is not in the message");
    if (public_load(a, cert.spki, &key) == OK && cms_signed_verify(msg, key) == OK)
        return json_pack("{ss}", "verdict", "good");
    return json_pack("{ss, so}", "verdict", "bad", "reason",
                     printable(DER_UTF8_STRING, span_str(arena_printf(a, "%s", err_detail()))));
}

static json_t *signer_json(struct arena *a, const struct cms_signed *msg) {
    const struct cms_signer *signer = &msg->signer;
    json_t *o = named_by(a, signer->issuer, signer->serial, signer->key_id);
    json_object_set_new(o, "digest", algorithm(a, &signer->digest));
    json_object_set_new(o, "signatureAlgorithm", algorithm(a, &signer->signature_algorithm));
    json_object_set_new(o, "signature", verdict(a, msg));
    return o;
}

/* ---- the envelope ---- */

static enum err recipient_list(struct arena *a, struct span elements, json_t *list) {
    struct der d = der_of(elements);
    while (!der_is_empty(&d)) {
        struct cms_recipient r;
        TRY(cms_recipient_next(&d, &r));
        if (r.issuer.n == 0 && r.key_id.n == 0) {
            json_array_append_new(list, json_pack("{ss}", "kind", "not key transport"));
            continue;
        }
        json_t *o = named_by(a, r.issuer, r.serial, r.key_id);
        json_object_set_new(o, "keyTransport", algorithm(a, &r.transport));
        json_object_set_new(o, "encryptedKeyLength", json_integer((json_int_t)r.encrypted_key.n));
        json_array_append_new(list, o);
    }
    return OK;
}

static json_t *envelope_json(struct arena *a, const struct cms_signed *msg) {
    struct cms_enveloped env;
    if (msg->content.n == 0) /* in a FAILURE of ours it is there, and empty */
        return json_null();
    json_t *recipients = json_array();
    if (cms_enveloped_read(a, msg->content, &env) != OK ||
        recipient_list(a, env.recipients, recipients) != OK) {
        json_decref(recipients);
        return json_pack("{so, si}", "error",
                         printable(DER_UTF8_STRING, span_str(arena_printf(a, "%s", err_detail()))),
                         "length", (int)msg->content.n);
    }
    return json_pack("{ss, so, ss, so, si}", "encoding",
                     der_check(msg->content) == OK ? "DER" : "BER", "recipients", recipients,
                     "contentType", name_of(env.content_type), "cipher", algorithm(a, &env.cipher),
                     "ciphertextLength", (int)env.ciphertext.n);
}

/* ---- the whole ---- */

/* Windows' transaction id is the SHA-1 of its throw-away certificate (windows-scep.md, 3). */
static bool is_hash_of_signer(struct span id, const struct cms_signed *msg) {
    uint8_t hash[DIGEST_MAX_SIZE];
    char text[41];
    struct span der = cms_signer_cert(msg);
    if (der.n == 0 || digest_of(DIGEST_SHA1, der, hash) != OK)
        return false;
    hex_lower(span_of(hash, 20), text);
    return span_is(id, text);
}

static json_t *numbered(int number, const char *name) {
    return number < 0 ? json_null() : json_pack("{si, ss}", "number", number, "name", name);
}

static void add_attributes(struct arena *a, json_t *o, const struct cms_signed *msg,
                           const struct scep_attributes *s) {
    json_object_set_new(o, "messageType",
                        numbered(s->message_type, message_type_name(s->message_type)));
    json_object_set_new(o, "pkiStatus", numbered(s->pki_status, status_name(s->pki_status)));
    json_object_set_new(o, "failInfo", numbered(s->fail_info, scep_fail_info_name(s->fail_info)));
    json_object_set_new(o, "transactionId", printable(DER_PRINTABLE_STRING, s->transaction_id));
    json_object_set_new(o, "transactionIdIsSignerSha1",
                        msg->has_certs ? json_boolean(is_hash_of_signer(s->transaction_id, msg))
                                       : json_null());
    json_object_set_new(o, "senderNonce",
                        s->sender_nonce.n ? hex(a, s->sender_nonce) : json_null());
    json_object_set_new(o, "recipientNonce",
                        s->recipient_nonce.n ? hex(a, s->recipient_nonce) : json_null());
}

enum err describe_message(struct arena *a, struct span der, json_t **out) {
    struct cms_signed msg;
    struct scep_attributes attributes;
    TRY(cms_signed_read(a, der, &msg));
    TRY(scep_attributes_read(&msg.signer, &attributes));
    json_t *digests = json_array(), *list = json_array();
    enum err e = digest_list(a, msg.digest_algorithms, digests);
    if (e == OK)
        e = attribute_list(a, &msg.signer, list);
    if (e != OK) {
        json_decref(digests);
        json_decref(list);
        return e;
    }
    json_t *o = json_pack("{si, ss}", "length", (int)der.n, "encoding",
                          der_check(der) == OK ? "DER" : "BER");
    add_attributes(a, o, &msg, &attributes);
    json_object_set_new(o, "contentType", json_string(name_of(msg.content_type)));
    json_object_set_new(o, "digestAlgorithms", digests);
    json_object_set_new(o, "signedAttributes", list);
    json_object_set_new(o, "signer", signer_json(a, &msg));
    json_object_set_new(o, "certificates", certificate_list(a, &msg));
    json_object_set_new(o, "envelope", envelope_json(a, &msg));
    *out = o;
    return OK;
}

enum err scep_describe(struct span der, bool json, struct buf *out) {
    ARENA_AUTO(a);
    json_t *message = NULL;
    TRY(describe_message(&a, der, &message));
    if (json) {
        char *text = json_dumps(message, JSON_INDENT(2));
        buf_str(out, text ? text : "null");
        buf_char(out, '\n');
        free(text);
    } else {
        describe_as_text(message, out);
    }
    json_decref(message);
    return OK;
}
