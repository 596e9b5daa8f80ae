/* SPDX-License-Identifier: Apache-2.0 */
/* What the probe finds in a CertRep: each fault, made with OpenSSL, gives exactly its finding. */
#include "device_scep_fixture.h"

#include "probe/internal.h"

struct fixture {
    struct arena a;
    struct authority y;
    struct probe p;
    struct probe_report report;
    struct scep_request request;
    EVP_PKEY *strange_key;
    X509 *stranger;
};

static const struct made_cert good_leaf = {.cn = "x",
                                           .usage = "critical,digitalSignature,keyEncipherment",
                                           .eku = "clientAuth",
                                           .not_before_s = -600,
                                           .not_after_s = 86400};

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    static const struct scep_settings settings = {.challenge = "secret",
                                                  .subject = "CN=x",
                                                  .ekus = "1.3.6.1.5.5.7.3.2",
                                                  .hash = "SHA-2",
                                                  .key_usage = 0xa0,
                                                  .key_length = 2048,
                                                  .key_protection = 3};
    authority_make(&f->y);
    f->strange_key = EVP_RSA_gen(2048);
    f->stranger = make_cert(f->strange_key, (struct made_cert){.cn = "Stranger", .ca = true});
    f->p = (struct probe){.a = &f->a, .report = &f->report};
    f->p.host.name = "PROBE";
    f->p.host.switches = json_object();
    f->p.ca.all = sk_X509_new_null();
    X509_up_ref(f->y.ra);
    X509_up_ref(f->y.ca);
    sk_X509_push(f->p.ca.all, f->y.ra);
    sk_X509_push(f->p.ca.all, f->y.ca);
    f->p.ca.sign = f->p.ca.encrypt = f->y.ra;
    f->p.ca.issuer = f->y.ca;
    f->p.caps.aes = true;
    assert_int_equal(
        scep_request_make(&f->p.host, &settings, &f->p.ca, &f->p.caps, &f->a, &f->request), 0);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    scep_request_free(&f->request);
    scep_ca_free(&f->p.ca);
    json_decref(f->p.host.switches);
    X509_free(f->stranger);
    EVP_PKEY_free(f->strange_key);
    authority_free(&f->y);
    arena_free(&f->a);
    free(f);
    return 0;
}

/* ---- making ---- */

static X509 *issue(struct fixture *f, struct made_cert m) {
    if (!m.issuer) {
        m.issuer = f->y.ca;
        m.issuer_key = f->y.ca_key;
    }
    return make_cert(f->request.key, m);
}

/* The envelope of a PKCS#7 with that certificate, and another behind it. */
static struct span sealed(struct fixture *f, X509 *leaf, X509 *other, const struct reply *how) {
    X509 *certs[] = {leaf, other};
    struct span bag = bundle(&f->a, certs, other ? 2 : 1);
    if (how->cipher)
        return encrypt_legacy(&f->a, f->request.signer, bag, how);
    OSSL_AUTO(CMS_ContentInfo) cms = encrypt_to(f->request.signer, bag, how, NULL);
    return cms_bytes(&f->a, cms);
}

static struct span good_content(struct fixture *f) {
    OSSL_AUTO(X509) leaf = issue(f, good_leaf);
    return sealed(f, leaf, NULL, &(struct reply){0});
}

static struct asked asked(const struct fixture *f) {
    return (struct asked){f->request.signer, f->request.key, f->request.transaction,
                          f->request.nonce};
}

static struct span reply_of(struct fixture *f, struct reply r) {
    struct asked q = asked(f);
    if (!r.content.n)
        r.content = good_content(f);
    return make_reply(&f->y, &q, &r);
}

static struct span with_content(struct fixture *f, struct span content) {
    return reply_of(f, (struct reply){.content = content});
}

/* The reply with one signed attribute less (value NULL) or another value in it, signed again. */
static struct span changed(struct fixture *f, struct span reply, const char *oid, int type,
                           const void *value, int n) {
    OSSL_AUTO(CMS_ContentInfo) before = cms_read(reply);
    OSSL_AUTO(ASN1_OBJECT) object = OBJ_txt2obj(oid, 1);
    CMS_SignerInfo *si = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(before), 0);
    int at = CMS_signed_get_attr_by_OBJ(si, object, -1);
    assert_true(at >= 0);
    X509_ATTRIBUTE_free(CMS_signed_delete_attr(si, at));
    if (value)
        assert_int_equal(CMS_signed_add1_attr_by_txt(si, oid, type, value, n), 1);
    /* Read again, for the order of DER, which is what is signed. */
    OSSL_AUTO(CMS_ContentInfo) after = cms_read(cms_bytes(&f->a, before));
    si = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(after), 0);
    drop_signing_time(si, f->y.ra_key, EVP_sha256());
    return cms_bytes(&f->a, after);
}

static struct span without(struct fixture *f, const char *oid) {
    return changed(f, reply_of(f, (struct reply){0}), oid, 0, NULL, 0);
}

/* ---- looking ---- */

static const struct probe_finding *judge(struct fixture *f, struct span reply) {
    f->report = (struct probe_report){0};
    probe_certrep(&f->p, &f->request, reply);
    return f->report.findings;
}

/* The codes of all findings with blanks between, "" for none. */
static void expect(struct fixture *f, struct span reply, const char *codes) {
    BUF_AUTO(found);
    for (const struct probe_finding *x = judge(f, reply); x; x = x->next) {
        buf_printf(&found, "%s%s", found.n ? " " : "", x->entry->name);
        assert_non_null(x->detail);
    }
    assert_string_equal(buf_cstr(&found), codes);
}

static void expect_detail(struct fixture *f, struct span reply, const char *codes, uint32_t hresult,
                          const char *detail) {
    expect(f, reply, codes);
    assert_int_equal(f->report.findings->hresult, hresult);
    if (!strstr(f->report.findings->detail, detail))
        fail_msg("'%s' lacks '%s'", f->report.findings->detail, detail);
}

static const char *fact(const struct fixture *f, const char *name) {
    for (const struct probe_fact *x = f->report.facts; x; x = x->next)
        if (strcmp(x->name, name) == 0)
            return x->value;
    return "none";
}

/* ---- tests ---- */

static void test_good(void **state) {
    struct fixture *f = *state;
    expect(f, reply_of(f, (struct reply){0}), "");
    assert_true(f->report.enrolled);
    assert_string_equal(fact(f, "reply"), "SHA-256, AES-128-CBC, RSAES-OAEP");
    assert_non_null(strstr(fact(f, "issued"), "CN=x"));
    assert_non_null(f->report.checked->next);
    OSSL_AUTO(X509) leaf = issue(f, good_leaf);
    expect(f, with_content(f, sealed(f, leaf, NULL, &(struct reply){.pkcs1 = true})), "");
    assert_string_equal(fact(f, "reply"), "SHA-256, AES-128-CBC, RSAES-PKCS1-v1_5");
}

static void test_form(void **state) {
    struct fixture *f = *state;
    struct span reply = reply_of(f, (struct reply){0});
    expect(f, span_str("no CertRep"), "reply-form");
    expect_detail(f, SPAN_NONE, "reply-form", 0, "empty");
    assert_string_equal(f->report.unknown->name, "whether a certificate was issued");
    f->p.other_attempt = "the other was refused";
    expect_detail(f, SPAN_NONE, "reply-form", 0, "an empty body; the other was refused");
    f->p.other_attempt = NULL;
    expect(f, span_of(reply.p, reply.n - 1), "reply-form");
    expect(f, good_content(f), "reply-form");
    assert_false(f->report.enrolled);
}

static void test_missing_attributes(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *oid, *detail;
    } all[] = {
        {"1.2.840.113549.1.9.3", "contentType is missing"},
        {"1.2.840.113549.1.9.4", "messageDigest is missing"},
        {OID_SCEP_MESSAGE_TYPE, "messageType is missing"},
        {OID_SCEP_PKI_STATUS, "pkiStatus is missing"},
        {OID_SCEP_TRANSACTION_ID, "transactionID is missing"},
        {OID_SCEP_SENDER_NONCE, "senderNonce is missing"},
        {OID_SCEP_RECIPIENT_NONCE, "recipientNonce is missing"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        expect_detail(f, without(f, all[i].oid), "reply-attribute", 0x80091006, all[i].detail);
        assert_true(f->report.enrolled); /* it went on */
    }
}

static void test_malformed_attributes(void **state) {
    struct fixture *f = *state;
    struct span reply = reply_of(f, (struct reply){0});
    expect_detail(
        f, changed(f, reply, OID_SCEP_SENDER_NONCE, V_ASN1_PRINTABLESTRING, "0123456789", 10),
        "reply-attribute", 0, "senderNonce is of another type");
    expect_detail(f, changed(f, reply, OID_SCEP_SENDER_NONCE, V_ASN1_OCTET_STRING, "", 0),
                  "reply-attribute", 0, "senderNonce is empty");
    expect_detail(f, reply_of(f, (struct reply){.type = "19"}), "reply-attribute", 0,
                  "messageType is '19'");
    expect_detail(f, reply_of(f, (struct reply){.status = "11"}), "reply-attribute", 0,
                  "pkiStatus is '11'");
    expect_detail(f, reply_of(f, (struct reply){.status = "\x1b[1m"}), "reply-attribute", 0,
                  "pkiStatus is '\\x1b[1m'");
}

static void test_transaction_and_nonces(void **state) {
    struct fixture *f = *state;
    struct span reply = reply_of(f, (struct reply){0});
    expect_detail(f, reply_of(f, (struct reply){.transaction = "other"}), "reply-transaction", 0,
                  "'other' instead of '");
    expect(f, reply_of(f, (struct reply){.wrong_nonce = true}), "reply-nonce");
    expect(f,
           changed(f, reply, OID_SCEP_SENDER_NONCE, V_ASN1_OCTET_STRING, f->request.nonce,
                   SCEP_NONCE_SIZE),
           "reply-nonce-copied");
}

static void test_signature(void **state) {
    struct fixture *f = *state;
    struct reply strange = {.signer = f->stranger, .signer_key = f->strange_key};
    expect_detail(f, reply_of(f, strange), "reply-signer", 0, "CN=Stranger");
    strange.outer[0] = f->stranger;
    expect_detail(f, reply_of(f, strange), "reply-signer", 0, "signed by CN=Stranger");
    expect_detail(f, reply_of(f, (struct reply){.signer = f->y.ca, .signer_key = f->y.ca_key}),
                  "reply-signer", 0, "signed by CN=CA, which GetCACert sends too");
    OSSL_AUTO(X509) same_name = with_key(f->y.ra, f->strange_key);
    expect(f, reply_of(f, (struct reply){.signer = same_name, .signer_key = f->strange_key}),
           "reply-signature");
    expect(f, reply_of(f, (struct reply){.digest = EVP_sha1()}), "reply-sha-1");
}

static void test_refused(void **state) {
    struct fixture *f = *state;
    struct reply r = {.status = "2", .fail = "2", .text = "no such challenge\x1b[31m"};
    expect_detail(f, reply_of(f, r), "refused", 0,
                  "failInfo 2 (badRequest): no such challenge\\x1b[31m");
    assert_false(f->report.enrolled);
    r.text = "Key too short 0x80094811 (-2146875375)";
    expect_detail(f, reply_of(f, r), "refused", 0x80094811, "Key too short");
    f->p.other_attempt = "it came before";
    expect_detail(f, reply_of(f, (struct reply){.status = "2"}), "refused", 0,
                  "no failInfo; it came before");
    f->p.other_attempt = NULL;
    expect(f, reply_of(f, (struct reply){.status = "3"}), "pending");
}

static void test_envelope(void **state) {
    struct fixture *f = *state;
    struct asked q = asked(f);
    OSSL_AUTO(X509) leaf = issue(f, good_leaf);
    expect(f, with_content(f, sealed(f, leaf, NULL, &(struct reply){.cipher = EVP_des_cbc()})),
           "reply-des");
    expect_detail(f, make_reply(&f->y, &q, &(struct reply){.other_recipient_key = true}),
                  "reply-closed", 0, "another key");
    assert_true(f->report.enrolled); /* so says its pkiStatus */
    expect_detail(f, with_content(f, span_str("no envelope")), "reply-closed", 0,
                  "no EnvelopedData");
}

/* Encrypted to the new certificate: the fault is named, and the rest judged all the same. */
static void test_sealed_for_csr_key(void **state) {
    struct fixture *f = *state;
    OSSL_AUTO(X509) leaf = issue(f, good_leaf);
    struct span bag = bundle(&f->a, &leaf, 1);
    OSSL_AUTO(CMS_ContentInfo) cms = encrypt_to(leaf, bag, &(struct reply){0}, NULL);
    expect_detail(f, with_content(f, cms_bytes(&f->a, cms)), "reply-closed", 0,
                  "the key in the CSR opens it");
    assert_true(f->report.enrolled);
}

static void expect_leaf(struct fixture *f, struct made_cert m, const char *codes,
                        const char *detail) {
    OSSL_AUTO(X509) leaf = issue(f, m);
    expect_detail(f, with_content(f, sealed(f, leaf, NULL, &(struct reply){0})), codes, 0, detail);
}

static void test_certificate(void **state) {
    struct fixture *f = *state;
    OSSL_AUTO(X509) leaf = issue(f, good_leaf);
    OSSL_AUTO(X509) other = make_leaf(&f->y, f->strange_key, 0);
    const struct reply plain = {0};
    expect(f, with_content(f, sealed(f, leaf, f->y.ca, &plain)), "reply-certs");
    expect(f, with_content(f, sealed(f, other, NULL, &plain)), "cert-key");
    OSSL_AUTO(CMS_ContentInfo)
    empty = encrypt_to(f->request.signer, bundle(&f->a, NULL, 0), &plain, NULL);
    expect(f, with_content(f, cms_bytes(&f->a, empty)), "cert-key");
    struct made_cert m = good_leaf;
    m.issuer = f->stranger;
    m.issuer_key = f->strange_key;
    expect_leaf(f, m, "cert-chain", "CN=Stranger");
}

static void test_validity(void **state) {
    struct fixture *f = *state;
    struct made_cert m = good_leaf;
    m.not_before_s = -1;
    expect_leaf(f, m, "cert-validity", "before the server's time");
    m.not_before_s = 3600;
    expect_leaf(f, m, "cert-validity", "after the server's time");
    m.not_before_s = -7200;
    m.not_after_s = -3600;
    expect_leaf(f, m, "cert-expired", "it has ended");
    f->p.clock_skew_ms = -600 * 1000; /* the server's clock is behind: not back-dated at all */
    expect_leaf(f, good_leaf, "cert-validity", "s ");
    f->p.clock_skew_ms = 0;
}

static void test_content(void **state) {
    struct fixture *f = *state;
    struct made_cert m = good_leaf;
    m.cn = "y";
    expect_leaf(f, m, "cert-content", "the subject is CN=y instead of CN=x");
    m = good_leaf;
    m.eku = "serverAuth,clientAuth";
    expect_leaf(f, m, "cert-content", "the EKU serverAuth was not asked for");
    m.eku = "serverAuth";
    expect_leaf(f, m, "cert-content", "the EKU clientAuth is missing");
    m = good_leaf;
    m.usage = "digitalSignature";
    expect_leaf(f, m, "cert-content",
                "KeyUsage is digitalSignature instead of digitalSignature, keyEncipherment");
    m.usage = NULL;
    expect_leaf(f, m, "cert-content", "no KeyUsage");
    m = good_leaf;
    m.ca = true;
    expect_leaf(f, m, "cert-content", "a CA's");
}

/* Whatever octet is wrong, something is found, but in version and outer algorithms: unsigned. */
static void test_any_octet(void **state) {
    struct fixture *f = *state;
    struct span reply = reply_of(f, (struct reply){0});
    size_t unseen = 0;
    for (size_t i = 0; i < reply.n; i += 5) {
        uint8_t *copy = arena_alloc(&f->a, reply.n);
        memcpy(copy, reply.p, reply.n);
        copy[i] ^= (uint8_t)(1u << i % 8);
        unseen += !judge(f, span_of(copy, reply.n));
    }
    assert_true(unseen <= 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_missing_attributes),
        cmocka_unit_test(test_malformed_attributes),
        cmocka_unit_test(test_transaction_and_nonces),
        cmocka_unit_test(test_signature),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_envelope),
        cmocka_unit_test(test_sealed_for_csr_key),
        cmocka_unit_test(test_certificate),
        cmocka_unit_test(test_validity),
        cmocka_unit_test(test_content),
        cmocka_unit_test(test_any_octet),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
