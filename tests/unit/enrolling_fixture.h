/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that enrolls, without HTTP, and a host that sends it what one may send. The host's side
 * is OpenSSL's: keys, CSRs, and the CMS of a renewal.
 */
#ifndef SIGNET_TESTS_ENROLLING_FIXTURE_H
#define SIGNET_TESTS_ENROLLING_FIXTURE_H

#include "ca_fixture.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/log.h"
#include "base/text.h"
#include "guess_now.h"
#include "mde/mde.h"
#include "mdm/enrolling.h"
#include "mdm/password.h"
#include "store/journal.h"
#include "wire/mdm.h"
#include "wire/oid.h"

#define HOST  "0123456789ABCDEF0123456789ABCDEF"
#define OTHER "FEDCBA9876543210FEDCBA9876543210"

static struct folder folder;
static struct authority *authority;
static struct store *store;
static struct mdm mdm;
static struct arena arena;
static EVP_PKEY *keys[3]; /* of hosts */
static int64_t moved;     /* ms that the clock is ahead */

/* Wrong passwords of one test must not lock out the next: each has an address of its own, from
 * which both accounts were right before. */
enum { PEERS = 40 };
static char peer[16];
static unsigned peer_number;

static inline void move_clock(int64_t ms) {
    clock_shift(ms);
    moved += ms;
}

/* ---- the server ---- */

static inline enum err add_accounts(struct tx *tx, void *user) {
    static const char *const names[] = {"alice", "bob"};
    for (size_t i = 0; i < 2; i++) {
        struct account account = {.name = names[i], .password = user, .created = 1};
        TRY(account_add(tx, &account));
    }
    return OK;
}

static inline int tear_down(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        EVP_PKEY_free(keys[i]);
    authority_free(authority);
    folder_free(&folder);
    return 0;
}

static inline int open_house(void **state) {
    const char *hash;
    (void)state;
    snprintf(peer, sizeof peer, "192.0.2.%u", ++peer_number);
    assert_ok(store_open(arena_printf(&arena, "%s/db", folder.path), &store));
    mdm = (struct mdm){.store = store,
                       .authority = authority,
                       .policy_url = "https://mdm.test/p",
                       .enrollment_url = "https://mdm.test/e",
                       .management_url = "https://mdm.test/m",
                       .renew_url = "https://mdm.test:8443/d",
                       .renew_policy_url = "https://mdm.test:8443/p",
                       .renew_enrollment_url = "https://mdm.test:8443/e",
                       .provider_id = "signet",
                       .name = "signet",
                       .identity_validity = 730 * DAY};
    assert_ok(guesses_new(&mdm.guesses));
    assert_ok(revocation_open(store, &mdm.revocation));
    assert_ok(password_hash(&arena, span_str("swordfish"), &hash));
    assert_ok(store_write(store, add_accounts, (void *)(uintptr_t)hash));
    return 0;
}

static inline int close_house(void **state) {
    (void)state;
    guesses_free(mdm.guesses);
    revocation_close(mdm.revocation);
    store_close(store);
    sh(&folder, "rm -f db*");
    arena_free(&arena);
    move_clock(-moved);
    return 0;
}

/* ---- the host ---- */

static inline struct span i2d_copy(int n, unsigned char *p) {
    assert_true(n > 0);
    struct span copy = arena_copy(&arena, span_of(p, (size_t)n));
    OPENSSL_free(p);
    return copy;
}

/* With szOID of the DeviceID, as Windows sends it (C.5); NULL: without. */
static inline struct span csr_of(EVP_PKEY *key, const char *device_id) {
    X509_REQ *req = X509_REQ_new();
    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN", MBSTRING_UTF8,
                               (const uint8_t *)"562A7F9A!host", -1, -1, 0);
    X509_REQ_set_pubkey(req, key);
    if (device_id) {
        STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
        ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
        ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.4.1.311.66.1.0", 1);
        ASN1_OCTET_STRING_set(value, (const uint8_t *)device_id, (int)strlen(device_id) + 1);
        sk_X509_EXTENSION_push(list, X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value));
        X509_REQ_add_extensions(req, list);
        ASN1_OBJECT_free(oid);
        ASN1_OCTET_STRING_free(value);
        sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    }
    assert_true(X509_REQ_sign(req, key, EVP_sha256()) > 0);
    unsigned char *p = NULL;
    int n = i2d_X509_REQ(req, &p);
    X509_REQ_free(req);
    return i2d_copy(n, p);
}

static inline struct span cms_of(struct span csr, struct span cert, EVP_PKEY *key, unsigned flags) {
    const unsigned char *at = cert.p;
    X509 *x = d2i_X509(NULL, &at, (long)cert.n);
    BIO *in = BIO_new_mem_buf(csr.p, (int)csr.n);
    assert_non_null(x);
    CMS_ContentInfo *cms = CMS_sign(x, key, NULL, in, CMS_BINARY | flags);
    assert_non_null(cms);
    unsigned char *p = NULL;
    int n = i2d_CMS_ContentInfo(cms, &p);
    CMS_ContentInfo_free(cms);
    BIO_free(in);
    X509_free(x);
    return i2d_copy(n, p);
}

struct asking {
    const char *user, *password; /* NULL: no UsernameToken */
    const char *token;           /* wresult; NULL: none */
    const char *device, *hw;     /* NULL: no such item */
    const char *type, *device_type;
    bool renew, no_security;
    struct span content; /* CSR or CMS */
};

static inline void put_security(struct buf *b, const struct asking *q) {
    if (q->no_security)
        return;
    buf_str(b, "<wsse:Security>");
    if (q->user) {
        buf_str(b, "<wsse:UsernameToken>");
        xml_leaf(b, "wsse:Username", span_str(q->user));
        xml_leaf(b, "wsse:Password", span_str(q->password));
        buf_str(b, "</wsse:UsernameToken>");
    }
    if (q->token) {
        buf_str(b, "<wsse:BinarySecurityToken ValueType=\"" VALUE_USER_TOKEN "\">");
        base64_encode(b, span_str(q->token));
        buf_str(b, "</wsse:BinarySecurityToken>");
    }
    buf_str(b, "</wsse:Security>");
}

static inline void put_item(struct buf *b, const char *name, const char *value) {
    if (!value)
        return;
    buf_printf(b, "<ContextItem Name=\"%s\">", name);
    xml_leaf(b, "Value", span_str(value));
    buf_str(b, "</ContextItem>");
}

static inline void put_envelope(struct buf *b, const char *action, const struct asking *q) {
    buf_printf(b,
               "<s:Envelope xmlns:s=\"" NS_SOAP "\" xmlns:a=\"" NS_ADDRESSING
               "\" xmlns:wsse=\"" NS_WSSE "\"><s:Header><a:Action>%s</a:Action>"
               "<a:MessageID>urn:uuid:1</a:MessageID>",
               action);
    put_security(b, q);
    buf_str(b, "</s:Header><s:Body>");
}

static inline void put_request(struct buf *b, const struct asking *q) {
    put_envelope(b, ACTION_RST, q);
    buf_printf(b,
               "<RequestSecurityToken xmlns=\"" NS_WST "\"><TokenType>" TOKEN_DEVICE_ENROLLMENT
               "</TokenType><RequestType>%s</RequestType><BinarySecurityToken>",
               q->renew ? REQUEST_RENEW : REQUEST_ISSUE);
    base64_encode(b, q->content);
    buf_str(b, "</BinarySecurityToken><AdditionalContext>");
    put_item(b, "DeviceID", q->device);
    put_item(b, "HWDevID", q->hw);
    put_item(b, "EnrollmentType", q->type);
    put_item(b, "DeviceType", q->device_type);
    put_item(b, "DeviceName", "PC");
    buf_str(b, "</AdditionalContext></RequestSecurityToken></s:Body></s:Envelope>");
}

/* ---- what it hears ---- */

static struct xml_node *document; /* of the last answer */
static struct span identity_cert; /* the certificate in it */
static const char *fault_text;

static inline unsigned fault_number(struct xml_node *fault) {
    struct span type = xml_path_text(fault, "Detail/DeviceEnrollmentServiceError/ErrorType");
    struct span subcode = xml_path_text(fault, "Code/Subcode/Value");
    for (unsigned f = 0; f < MDE_FAULT__MAX; f++) {
        BUF_AUTO(b);
        struct xml_node *root;
        mde_write_fault(&b, NULL, (enum mde_fault)f, "x");
        assert_ok(xml_parse(&arena, buf_view(&b), &root));
        root = xml_path(root, "Body/Fault");
        if (span_eq(subcode, xml_path_text(root, "Code/Subcode/Value")) &&
            span_eq(type, xml_path_text(root, "Detail/DeviceEnrollmentServiceError/ErrorType")))
            return mde_fault_hresult((enum mde_fault)f);
    }
    fail_msg("no fault of C.7");
    return 0;
}

static inline struct span find_cert(const struct xml_node *n, const char *type) {
    for (n = xml_child(n, "characteristic"); n; n = xml_next(n))
        if (span_is(xml_attr(n, "type"), type))
            break;
    while (n && !xml_child(n, "parm"))
        n = xml_child(n, "characteristic");
    struct span der = SPAN_NONE;
    for (n = xml_child(n, "parm"); n; n = xml_next(n))
        if (span_is(xml_attr(n, "name"), "EncodedCertificate"))
            assert_ok(base64_decode(&arena, xml_attr(n, "value"), &der));
    return der;
}

/* 0, or the HRESULT that Windows shows. */
static inline unsigned hear(struct buf *reply, bool ok) {
    struct xml_node *root, *body;
    struct span text;
    assert_ok(xml_parse(&arena, buf_view(reply), &root));
    body = xml_path(root, "Body")->child;
    fault_text = arena_str(&arena, xml_path_text(body, "Reason/Text"));
    identity_cert = SPAN_NONE;
    document = NULL;
    if (!ok)
        return fault_number(body);
    assert_false(span_is(body->name, "Fault"));
    if (!span_is(body->name, "RequestSecurityTokenResponseCollection"))
        return 0;
    assert_ok(base64_decode(&arena,
                            xml_path_text(body, "RequestSecurityTokenResponse/"
                                                "RequestedSecurityToken/BinarySecurityToken"),
                            &text));
    assert_ok(xml_parse(&arena, text, &document));
    identity_cert = find_cert(xml_child(document, "characteristic"), "My");
    assert_true(identity_cert.n > 0);
    return 0;
}

static inline bool answered(struct enrolling *q, struct buf *reply) {
    guess_now(mdm.guesses, mdm_guess(q));
    return mdm_answer(q, reply);
}

static inline unsigned request_token(const struct asking *q) {
    BUF_AUTO(soap);
    BUF_AUTO(reply);
    put_request(&soap, q);
    bool ok = answered(mdm_request_token(&mdm, &arena, buf_view(&soap), peer, false), &reply);
    return hear(&reply, ok);
}

static inline unsigned get_policies(const struct asking *q) {
    BUF_AUTO(soap);
    BUF_AUTO(reply);
    put_envelope(&soap, ACTION_GET_POLICIES, q);
    buf_str(&soap, "<GetPolicies/></s:Body></s:Envelope>");
    bool ok = answered(mdm_get_policies(&mdm, &arena, buf_view(&soap), peer, false), &reply);
    return hear(&reply, ok);
}

static inline int build(void **state) {
    log_set_level(LOG_ERROR);
    folder = folder_new(state);
    assert_ok(authority_create(folder.path, "mdm.test"));
    assert_ok(authority_load(folder.path, &authority));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        keys[i] = EVP_RSA_gen(2048);
    open_house(state);
    for (peer_number = 1; peer_number < PEERS; peer_number++) {
        struct asking q = {.user = "alice", .password = "swordfish"};
        snprintf(peer, sizeof peer, "192.0.2.%u", peer_number);
        assert_int_equal(get_policies(&q), 0);
        q.user = "bob";
        assert_int_equal(get_policies(&q), 0);
    }
    peer_number = 0;
    return close_house(state);
}

/* A request that is all right. */
static inline struct asking good(EVP_PKEY *key) {
    return (struct asking){.user = "alice",
                           .password = "swordfish",
                           .device = HOST,
                           .hw = "AB12",
                           .type = "Full",
                           .content = csr_of(key, HOST)};
}

#endif
