/* SPDX-License-Identifier: Apache-2.0 */
#include "device/mde_message.h"

#include <stdio.h>

#include "base/text.h"
#include "wire/mdm.h"
#include "wire/scep.h"
#include "xml/xml.h"

/* Windows uses the same MessageIDs every time (C.2). */
#define ID_DISCOVER "urn:uuid:748132ec-a575-4329-b01b-6171a9cf8478"
#define ID_POLICIES "urn:uuid:72048B64-0F19-448F-8C2E-B4C661860AA0"
#define ID_RST      "urn:uuid:0d5a1441-5891-453b-becf-a2e5f6ea3749"

#define ENVELOPE                                                                          \
    "<s:Envelope xmlns:s=\"" NS_SOAP "\" xmlns:a=\"" NS_ADDRESSING "\" xmlns:u=\"" NS_WSU \
    "\" xmlns:wsse=\"" NS_WSSE "\" xmlns:wst=\"" NS_WST "\" xmlns:ac=\"" NS_AUTHZ "\">"

static void write_addressing(struct buf *b, const char *action, const char *id, const char *to) {
    buf_printf(b,
               "<s:Header><a:Action s:mustUnderstand=\"1\">%s</a:Action><a:MessageID>%s"
               "</a:MessageID><a:ReplyTo><a:Address>" NS_ADDRESSING "/anonymous</a:Address>"
               "</a:ReplyTo>",
               action, id);
    xml_leaf(b, "a:To s:mustUnderstand=\"1\"", span_str(to));
}

void mde_write_discover(const struct host *h, const char *url, const char *user, struct buf *b) {
    buf_str(b, "<s:Envelope xmlns:a=\"" NS_ADDRESSING "\" xmlns:s=\"" NS_SOAP "\">");
    write_addressing(b, ACTION_DISCOVER, ID_DISCOVER, url);
    buf_str(b,
            "</s:Header><s:Body><Discover xmlns=\"" NS_MDE "\"><request xmlns:i=\"" NS_XSI "\">");
    xml_leaf(b, "EmailAddress", span_str(user));
    buf_str(b, "<RequestVersion>4.0</RequestVersion><DeviceType>CIMClient_Windows</DeviceType>");
    xml_leaf(b, "ApplicationVersion", span_str(host_build(h)->version));
    buf_str(b, "<OSEdition>" HOST_OS_EDITION "</OSEdition><AuthPolicies>"
               "<AuthPolicy>OnPremise</AuthPolicy><AuthPolicy>Federated</AuthPolicy>"
               "</AuthPolicies></request></Discover></s:Body></s:Envelope>");
}

/* The Password's Type stands in wsse's namespace on a real host, unlike in the documents (C.3). */
static void write_password(struct buf *b, const struct mde_user *u) {
    buf_str(b, "<wsse:Security s:mustUnderstand=\"1\"><wsse:UsernameToken "
               "u:Id=\"uuid-cc1ccc1f-2fba-4bcf-b063-ffc0cac77917-4\">");
    xml_leaf(b, "wsse:Username", span_str(u->name));
    xml_leaf(b, "wsse:Password wsse:Type=\"" PASSWORD_TEXT "\"", span_str(u->password));
    buf_str(b, "</wsse:UsernameToken></wsse:Security></s:Header>");
}

/* What the sign-in page gave is opaque: base64 of it (C.3). */
static void write_security(struct buf *b, const struct mde_user *u) {
    if (!u->token.n) {
        write_password(b, u);
        return;
    }
    buf_str(
        b,
        "<wsse:Security s:mustUnderstand=\"1\"><wsse:BinarySecurityToken ValueType=\"" VALUE_USER_TOKEN
        "\" EncodingType=\"" ENCODING_BASE64 "\">");
    base64_encode(b, u->token);
    buf_str(b, "</wsse:BinarySecurityToken></wsse:Security></s:Header>");
}

void mde_write_get_policies(const char *url, const struct mde_user *u, struct buf *b) {
    buf_str(b, ENVELOPE);
    write_addressing(b, ACTION_GET_POLICIES, ID_POLICIES, url);
    write_security(b, u);
    buf_str(b, "<s:Body xmlns:xsi=\"" NS_XSI "\" xmlns:xsd=\"" NS_XSD
               "\"><GetPolicies xmlns=\"" NS_XCEP
               "\"><client><lastUpdate xsi:nil=\"true\"/><preferredLanguage "
               "xsi:nil=\"true\"/></client><requestFilter xsi:nil=\"true\"/></GetPolicies></s:Body>"
               "</s:Envelope>");
}

static void write_item(struct buf *b, const char *name, const char *value) {
    buf_printf(b, "<ac:ContextItem Name=\"%s\">", name);
    xml_leaf(b, "ac:Value", span_str(value));
    buf_str(b, "</ac:ContextItem>");
}

/* One for each network adapter, some of them twice (C.5); made from the DeviceID. */
static void write_macs(struct buf *b, const char *id) {
    static const int source[] = {0, 8, 8, 12, 16, 20};
    for (size_t i = 0; i < sizeof source / sizeof *source; i++) {
        const char *p = id + source[i];
        char mac[18];
        snprintf(mac, sizeof mac, "02-0C-29-%.2s-%.2s-%.2s", p, p + 2, p + 4);
        write_item(b, "MAC", mac);
    }
}

static void write_context(struct buf *b, const struct host *h, const struct mde_user *u) {
    buf_str(b, "<ac:AdditionalContext xmlns=\"" NS_AUTHZ "\">");
    write_item(b, "UXInitiated", "true");
    write_item(b, "HWDevID", h->hw_id);
    write_item(b, "Locale", HOST_LANGUAGE);
    write_item(b, "TargetedUserLoggedIn",
               host_switch_is(h, "login-status", "user") ? "true" : "false");
    write_item(b, "OSEdition", HOST_OS_EDITION);
    write_item(b, "DeviceName", h->name);
    write_macs(b, h->device_id);
    write_item(b, "DeviceID", h->device_id);
    write_item(b, "EnrollmentType", u->type);
    write_item(b, "DeviceType", "CIMClient_Windows");
    write_item(b, "OSVersion", host_build(h)->version);
    write_item(b, "ApplicationVersion", host_build(h)->version);
    write_item(b, "NotInOobe", "false");
    buf_str(b, "</ac:AdditionalContext>");
}

static void write_request(struct buf *b, const char *url, const struct mde_user *u,
                          const char *request_type, const char *value_type, struct span content) {
    buf_str(b, ENVELOPE);
    write_addressing(b, ACTION_RST, ID_RST, url);
    write_security(b, u);
    buf_printf(b,
               "<s:Body><wst:RequestSecurityToken><wst:TokenType>" TOKEN_DEVICE_ENROLLMENT
               "</wst:TokenType><wst:RequestType>%s</wst:RequestType>"
               "<wsse:BinarySecurityToken ValueType=\"%s\" EncodingType=\"" ENCODING_BASE64 "\">",
               request_type, value_type);
    base64_encode(b, content);
    buf_str(b, "</wsse:BinarySecurityToken>");
}

static void close_request(struct buf *b) {
    buf_str(b, "</wst:RequestSecurityToken></s:Body></s:Envelope>");
}

void mde_write_rst(const struct host *h, const char *url, const struct mde_user *u, struct span csr,
                   struct buf *b) {
    write_request(b, url, u, REQUEST_ISSUE, VALUE_PKCS10, csr);
    write_context(b, h, u);
    close_request(b);
}

void mde_write_renew(const struct host *h, const char *url, const char *user, struct span cms,
                     struct buf *b) {
    const struct mde_user u = {.name = user, .password = ""};
    write_request(b, url, &u, REQUEST_RENEW, VALUE_PKCS7, cms);
    buf_str(b, "<ac:AdditionalContext xmlns=\"" NS_AUTHZ "\">");
    write_item(b, "DeviceType", "CIMClient_Windows");
    write_item(b, "ApplicationVersion", host_build(h)->version);
    buf_str(b, "</ac:AdditionalContext>");
    close_request(b);
}

/* "!" and NUL are illegal in a PrintableString; Windows 10 sends them all the same. */
static bool set_subject(X509_REQ *csr, const struct host *h, bool utf8) {
    char cn[65];
    OSSL_AUTO(X509_NAME) name = X509_NAME_new();
    snprintf(cn, sizeof cn, "%.30s!%.32s", h->guid, h->device_id);
    int type = utf8 ? V_ASN1_UTF8STRING : V_ASN1_PRINTABLESTRING;
    return X509_NAME_add_entry_by_NID(name, NID_commonName, type, (const unsigned char *)cn,
                                      (int)strlen(cn) + !utf8, -1, 0) == 1 &&
           X509_REQ_set_subject_name(csr, name) == 1;
}

static bool add_extensions(X509_REQ *csr, const char *id, bool eku) {
    OSSL_EXTS_AUTO exts = sk_X509_EXTENSION_new_null();
    if (eku)
        sk_X509_EXTENSION_push(exts,
                               X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage, "clientAuth"));
    OSSL_AUTO(ASN1_OBJECT) oid = OBJ_txt2obj(OID_MS_DEVICE_ID, 1);
    OSSL_AUTO(ASN1_STRING) value = ASN1_STRING_type_new(V_ASN1_OCTET_STRING);
    ASN1_STRING_set(value, id, (int)strlen(id) + 1); /* with its NUL */
    sk_X509_EXTENSION_push(exts, X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value));
    return X509_REQ_add_extensions(csr, exts) == 1;
}

/* The algorithm's OID is not under the signature, so that it can be changed after signing. */
static bool set_oiw_algorithm(X509_REQ *csr) {
    X509_ALGOR *oiw = X509_ALGOR_new();
    bool ok = X509_ALGOR_set0(oiw, OBJ_nid2obj(NID_sha1WithRSA), V_ASN1_NULL, NULL) == 1 &&
              X509_REQ_set1_signature_algo(csr, oiw) == 1;
    X509_ALGOR_free(oiw);
    return ok;
}

struct span mde_csr(const struct host *h, EVP_PKEY *key, bool sha256, struct arena *a) {
    OSSL_AUTO(X509_REQ) csr = X509_REQ_new();
    unsigned char *p = NULL;
    bool utf8 = host_switch_is(h, "mde-csr", "utf8");
    sha256 = sha256 || utf8;
    bool ok = set_subject(csr, h, utf8) && X509_REQ_set_pubkey(csr, key) == 1 &&
              add_extensions(csr, h->device_id, utf8) &&
              X509_REQ_sign(csr, key, sha256 ? EVP_sha256() : EVP_sha1()) > 0 &&
              (sha256 || set_oiw_algorithm(csr));
    int n = ok ? i2d_X509_REQ(csr, &p) : 0;
    struct span der = n > 0 ? arena_copy(a, span_of(p, (size_t)n)) : SPAN_NONE;
    OPENSSL_free(p);
    return der;
}
