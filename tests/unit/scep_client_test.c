/* SPDX-License-Identifier: Apache-2.0 */
/* The emulated host's SCEP messages: what it sends, and what it refuses to believe. */
#include "device_fixture.h"

#include <openssl/rsa.h>

#include "device/hresult.h"
#include "device/scep_message.h"
#include "wire/scep.h"

struct fixture {
    char *dir;
    struct host *h;
    struct arena a;
    EVP_PKEY *ca_key, *ra_key;
    X509 *ca_cert, *ra_cert;
    struct scep_ca ca;
    struct scep_settings settings;
    struct scep_request request;
};

static struct span bundle(struct fixture *f, X509 *const *certs, size_t n) {
    STACK_OF(X509) *list = sk_X509_new_null();
    for (size_t i = 0; i < n; i++)
        sk_X509_push(list, certs[i]);
    PKCS7 *p7 = PKCS7_new();
    PKCS7_set_type(p7, NID_pkcs7_signed);
    PKCS7_content_new(p7, NID_pkcs7_data);
    for (size_t i = 0; i < n; i++)
        PKCS7_add_certificate(p7, certs[i]);
    unsigned char *p = NULL;
    int size = i2d_PKCS7(p7, &p);
    struct span der = arena_copy(&f->a, span_of(p, (size_t)size));
    OPENSSL_free(p);
    PKCS7_free(p7);
    sk_X509_free(list);
    return der;
}

static const char *thumbprint(struct fixture *f, const X509 *x) {
    char *text = arena_alloc(&f->a, THUMBPRINT_SIZE);
    cert_thumbprint(ossl_x509_der(&f->a, x), text);
    return text;
}

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->dir = temporary_dir();
    f->h = enrolled_host(f->dir);
    f->ca_key = EVP_RSA_gen(2048);
    f->ra_key = EVP_RSA_gen(2048);
    f->ca_cert = make_cert(
        f->ca_key,
        (struct made_cert){.cn = "CA", .ca = true, .usage = "critical,keyCertSign,cRLSign"});
    f->ra_cert =
        make_cert(f->ra_key, (struct made_cert){.cn = "RA",
                                                .issuer = f->ca_cert,
                                                .issuer_key = f->ca_key,
                                                .usage = "digitalSignature,keyEncipherment",
                                                .eku = "serverAuth"});
    X509 *both[] = {f->ra_cert, f->ca_cert};
    assert_int_equal(scep_ca_read(bundle(f, both, 2), thumbprint(f, f->ca_cert), true, &f->ca),
                     HR_OK);
    f->settings = (struct scep_settings){.id = "one",
                                         .server_url = "https://localhost/scep",
                                         .challenge = "secret",
                                         .ekus = "1.3.6.1.5.5.7.3.2",
                                         .subject = "CN=x",
                                         .hash = "SHA-1",
                                         .ca_thumbprint = "",
                                         .key_usage = 160,
                                         .key_length = 1024,
                                         .key_protection = 3};
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    scep_request_free(&f->request);
    scep_ca_free(&f->ca);
    X509_free(f->ca_cert);
    X509_free(f->ra_cert);
    EVP_PKEY_free(f->ca_key);
    EVP_PKEY_free(f->ra_key);
    host_close(f->h);
    arena_free(&f->a);
    remove_dir(f->dir);
    free(f);
    return 0;
}

static uint32_t make_request(struct fixture *f) {
    scep_request_free(&f->request);
    return scep_request_make(f->h, &f->settings, &f->ca, true, &f->a, &f->request);
}

/* ---- GetCACert ---- */

static uint32_t read_ca(struct span body, const char *wanted, bool eku) {
    struct scep_ca ca = {0};
    uint32_t hr = scep_ca_read(body, wanted, eku, &ca);
    scep_ca_free(&ca);
    return hr;
}

static void test_ca_forms(void **state) {
    struct fixture *f = *state;
    X509 *only_ca[] = {f->ca_cert}, *both[] = {f->ca_cert, f->ra_cert};
    const char *ca = thumbprint(f, f->ca_cert);
    assert_int_equal(read_ca(ossl_x509_der(&f->a, f->ca_cert), ca, true), HR_OK);
    assert_int_equal(read_ca(bundle(f, both, 2), ca, true), HR_OK);
    assert_int_equal(read_ca(bundle(f, both, 2), thumbprint(f, f->ra_cert), true), HR_OK);
    assert_int_equal(read_ca(bundle(f, only_ca, 1), ca, true), HR_NO_SUCH_CERTIFICATE);
    assert_int_equal(read_ca(bundle(f, both, 2), "3559DC5D5C4017BD4CDBD0466AF14DDA41655E57", true),
                     HR_CRYPT_HASH_VALUE);
    assert_int_equal(read_ca(bundle(f, both, 2), "", true), HR_CRYPT_HASH_VALUE);
    assert_int_equal(read_ca(span_str("not a certificate"), ca, true), HR_CRYPT_ASN1_BADTAG);
    assert_int_equal(read_ca(SPAN_NONE, ca, true), HR_CRYPT_ASN1_BADTAG);
    struct span tail = ossl_x509_der(&f->a, f->ca_cert);
    tail.n--;
    assert_int_equal(read_ca(tail, ca, true), HR_CRYPT_ASN1_BADTAG);
}

static uint32_t read_with_ra(struct fixture *f, struct made_cert m, bool eku) {
    OSSL_AUTO(X509) ra = make_cert(f->ra_key, m);
    X509 *both[] = {ra, f->ca_cert};
    return read_ca(bundle(f, both, 2), thumbprint(f, f->ca_cert), eku);
}

static void test_ra_rules(void **state) {
    struct fixture *f = *state;
    struct made_cert good = {.cn = "RA",
                             .issuer = f->ca_cert,
                             .issuer_key = f->ca_key,
                             .usage = "digitalSignature,keyEncipherment",
                             .eku = "1.3.6.1.4.1.311.20.2.1"},
                     m = good;
    assert_int_equal(read_with_ra(f, good, true), HR_OK);
    m.usage = NULL;
    assert_int_equal(read_with_ra(f, m, true), HR_NO_SUCH_CERTIFICATE);
    m.usage = "digitalSignature";
    assert_int_equal(read_with_ra(f, m, true), HR_NO_SUCH_CERTIFICATE);
    m = good;
    m.eku = NULL;
    assert_int_equal(read_with_ra(f, m, true), HR_NO_SUCH_CERTIFICATE);
    assert_int_equal(read_with_ra(f, m, false), HR_OK);
    m = good;
    m.issuer = NULL;
    m.issuer_key = NULL;
    assert_int_equal(read_with_ra(f, m, true), HR_NO_SUCH_CERTIFICATE);
    m = good;
    m.issuer_key = f->ra_key; /* the CA's name without its key */
    assert_int_equal(read_with_ra(f, m, true), HR_NO_SUCH_CERTIFICATE);
}

static void test_trust(void **state) {
    struct fixture *f = *state;
    assert_int_equal(scep_ca_trusts(&f->ca, &f->h->certs, f->ra_cert), HR_CERT_UNTRUSTEDROOT);
    certstore_add(&f->h->certs, &f->h->mem, STORE_CA, ossl_x509_der(&f->a, f->ca_cert), SPAN_NONE);
    assert_int_equal(scep_ca_trusts(&f->ca, &f->h->certs, f->ra_cert), HR_CERT_UNTRUSTEDROOT);
    certstore_add(&f->h->certs, &f->h->mem, STORE_ROOT, ossl_x509_der(&f->a, f->ca_cert),
                  SPAN_NONE);
    assert_int_equal(scep_ca_trusts(&f->ca, &f->h->certs, f->ra_cert), HR_OK);
    clock_shift(90000000); /* 25 hours */
    assert_int_equal(scep_ca_trusts(&f->ca, &f->h->certs, f->ra_cert), HR_CERT_EXPIRED);
    clock_shift(-90000000);
}

/* ---- PKCSReq ---- */

static CMS_ContentInfo *read_cms(struct span der) {
    const unsigned char *p = der.p;
    return d2i_CMS_ContentInfo(NULL, &p, (long)der.n);
}

static struct span open_request(struct fixture *f) {
    OSSL_AUTO(CMS_ContentInfo) outer = read_cms(f->request.message);
    OSSL_AUTO(BIO) content = BIO_new(BIO_s_mem());
    assert_int_equal(
        CMS_verify(outer, NULL, NULL, NULL, content, CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY), 1);
    OSSL_AUTO(CMS_ContentInfo) inner = read_cms(ossl_content(&f->a, content));
    OSSL_AUTO(BIO) clear = BIO_new(BIO_s_mem());
    assert_int_equal(CMS_decrypt(inner, f->ra_key, f->ra_cert, NULL, clear, CMS_BINARY), 1);
    return ossl_content(&f->a, clear);
}

static void test_request_shape(void **state) {
    /* version, digestAlgorithms with NULL, as in the capture; then eContentType */
    static const char head[] = "\x02\x01\x01\x31\x0b\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00";
    /* the SignerInfo's digestAlgorithm with NULL, before the attributes [0] */
    static const char digest[] = "\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\xa0";
    static const char oaep[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07\x30\x00";
    struct fixture *f = *state;
    assert_int_equal(make_request(f), HR_OK);
    struct span m = f->request.message;
    assert_memory_equal(m.p + 23, head, sizeof head - 1);
    assert_non_null(memmem(m.p, m.n, digest, sizeof digest - 1));
    assert_non_null(memmem(m.p, m.n, oaep, sizeof oaep - 1));
    X509 *s = f->request.signer;
    int critical;
    OSSL_AUTO(AUTHORITY_KEYID)
    aki = X509_get_ext_d2i(s, NID_authority_key_identifier, &critical, NULL);
    assert_non_null(aki);
    assert_int_equal(critical, 1);
    assert_int_equal(X509_get_ext_count(s), 2);
    assert_int_equal(ASN1_STRING_length(X509_get0_serialNumber(s)), 16);
    assert_int_not_equal(EVP_PKEY_eq(f->request.key, X509_get0_pubkey(s)), 1);
    char id[THUMBPRINT_SIZE];
    cert_thumbprint(ossl_x509_der(&f->a, s), id);
    assert_int_equal(strcasecmp(id, f->request.transaction), 0);
    assert_null(strpbrk(f->request.transaction, "ABCDEF"));
}

static void test_request_content(void **state) {
    struct fixture *f = *state;
    assert_int_equal(make_request(f), HR_OK);
    struct span der = open_request(f);
    const unsigned char *p = der.p;
    OSSL_AUTO(X509_REQ) csr = d2i_X509_REQ(NULL, &p, (long)der.n);
    assert_non_null(csr);
    assert_int_equal(X509_REQ_verify(csr, X509_REQ_get0_pubkey(csr)), 1);
    assert_int_equal(EVP_PKEY_eq(X509_REQ_get0_pubkey(csr), f->request.key), 1);
    assert_int_equal(X509_REQ_get_signature_nid(csr), NID_sha1WithRSAEncryption);
    int at = X509_REQ_get_attr_by_NID(csr, NID_pkcs9_challengePassword, -1);
    ASN1_TYPE *v = X509_ATTRIBUTE_get0_type(X509_REQ_get_attr(csr, at), 0);
    assert_int_equal(v->type, V_ASN1_PRINTABLESTRING);
    assert_memory_equal(v->value.printablestring->data, "secret", 6);
    OSSL_EXTS_AUTO exts = X509_REQ_get_extensions(csr);
    int n = sk_X509_EXTENSION_num(exts);
    X509_EXTENSION *last = sk_X509_EXTENSION_value(exts, n - 1);
    assert_int_equal(OBJ_obj2nid(X509_EXTENSION_get_object(last)), NID_subject_key_identifier);
    ASN1_OCTET_STRING *bc = X509_EXTENSION_get_data(sk_X509_EXTENSION_value(exts, n - 2));
    assert_memory_equal(ASN1_STRING_get0_data(bc), "\x30\x03\x02\x01\x00", 5);
}

static void test_each_attempt_is_new(void **state) {
    struct fixture *f = *state;
    char first[THUMBPRINT_SIZE];
    assert_int_equal(make_request(f), HR_OK);
    memcpy(first, f->request.transaction, sizeof first);
    assert_int_equal(make_request(f), HR_OK);
    assert_string_not_equal(first, f->request.transaction);
}

static void test_switches(void **state) {
    struct fixture *f = *state;
    static const char oaep[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07\x30\x00";
    assert_int_equal(host_set_switch(f->h, "key-transport", "pkcs1"), OK);
    assert_int_equal(host_set_switch(f->h, "signer-key", "csr"), OK);
    assert_int_equal(host_set_switch(f->h, "digest", "sha256"), OK);
    f->settings.key_length = 2048;
    assert_int_equal(make_request(f), HR_OK);
    assert_null(memmem(f->request.message.p, f->request.message.n, oaep, sizeof oaep - 1));
    assert_int_equal(EVP_PKEY_eq(f->request.key, X509_get0_pubkey(f->request.signer)), 1);
    assert_int_equal(X509_get_signature_nid(f->request.signer), NID_sha256WithRSAEncryption);
    open_request(f);
}

static void test_request_refusals(void **state) {
    struct fixture *f = *state;
    struct scep_settings good = f->settings;
    f->settings.challenge = "se_cret";
    assert_int_equal(make_request(f), HR_CRYPT_NOT_PRINTABLE);
    assert_null(f->request.key);
    f->settings = good;
    f->settings.key_length = 1536;
    assert_int_equal(make_request(f), HR_NTE_BAD_LEN);
    f->settings = good;
    f->settings.subject = "CN=a\\,b";
    assert_int_equal(make_request(f), HR_CRYPT_BAD_X500);
    f->settings = good;
    f->settings.hash = "MD5";
    assert_int_equal(make_request(f), HR_NTE_BAD_ALGID);
    f->settings = good;
    f->settings.alt_names = "3";
    assert_int_equal(make_request(f), HR_INVALID_ARGUMENT);
}

/* ---- CertRep ---- */

struct reply {
    const char *type, *status, *fail, *text,
        *transaction; /* NULL: as it should be; "-": left out */
    bool no_sender, no_recipient, wrong_nonce;
    X509 *signer;
    EVP_PKEY *signer_key;
    EVP_PKEY *leaf_key;
    long not_before_s;
    X509 *extra;         /* a second certificate in the bag */
    struct span content; /* instead of the envelope */
    bool oaep_null;
};

static void add_text(CMS_SignerInfo *si, const char *oid, const char *value, int type) {
    if (value && strcmp(value, "-") != 0)
        assert_int_equal(CMS_signed_add1_attr_by_txt(si, oid, type, value, (int)strlen(value)), 1);
}

static struct span envelope(struct fixture *f, const struct reply *r) {
    OSSL_AUTO(X509)
    leaf = make_cert(r->leaf_key ? r->leaf_key : f->request.key,
                     (struct made_cert){.cn = "x",
                                        .issuer = f->ca_cert,
                                        .issuer_key = f->ca_key,
                                        .not_before_s = r->not_before_s ? r->not_before_s : -60,
                                        .not_after_s = 86400});
    X509 *certs[] = {leaf, r->extra};
    OSSL_AUTO(BIO) in = ossl_reader(bundle(f, certs, r->extra ? 2 : 1));
    OSSL_AUTO(CMS_ContentInfo)
    cms = CMS_encrypt(NULL, in, EVP_aes_128_cbc(), CMS_BINARY | CMS_PARTIAL);
    CMS_RecipientInfo *ri = CMS_add1_recipient_cert(cms, f->request.signer, CMS_KEY_PARAM);
    EVP_PKEY_CTX_set_rsa_padding(CMS_RecipientInfo_get0_pkey_ctx(ri), RSA_PKCS1_OAEP_PADDING);
    assert_int_equal(CMS_final(cms, in, NULL, CMS_BINARY | CMS_PARTIAL), 1);
    if (r->oaep_null) {
        X509_ALGOR *alg;
        CMS_RecipientInfo_ktri_get0_algs(ri, NULL, NULL, &alg);
        X509_ALGOR_set0(alg, OBJ_nid2obj(NID_rsaesOaep), V_ASN1_NULL, NULL);
    }
    unsigned char *p = NULL;
    int n = i2d_CMS_ContentInfo(cms, &p);
    struct span der = arena_copy(&f->a, span_of(p, (size_t)n));
    OPENSSL_free(p);
    return der;
}

static struct span make_reply(struct fixture *f, const struct reply *r) {
    const struct scep_request *q = &f->request;
    OSSL_AUTO(BIO) in = ossl_reader(r->content.n ? r->content : envelope(f, r));
    OSSL_AUTO(CMS_ContentInfo) cms = CMS_sign(NULL, NULL, NULL, in, CMS_BINARY | CMS_PARTIAL);
    CMS_SignerInfo *si = CMS_add1_signer(cms, r->signer ? r->signer : f->ra_cert,
                                         r->signer_key ? r->signer_key : f->ra_key, EVP_sha256(),
                                         CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP | CMS_NOCERTS);
    uint8_t nonce[SCEP_NONCE_SIZE];
    memcpy(nonce, q->nonce, sizeof nonce);
    nonce[0] ^= r->wrong_nonce;
    add_text(si, OID_SCEP_MESSAGE_TYPE, r->type ? r->type : "3", V_ASN1_PRINTABLESTRING);
    add_text(si, OID_SCEP_PKI_STATUS, r->status ? r->status : "0", V_ASN1_PRINTABLESTRING);
    add_text(si, OID_SCEP_FAIL_INFO, r->fail, V_ASN1_PRINTABLESTRING);
    add_text(si, OID_MS_SCEP_SERVER_MESSAGE, r->text, V_ASN1_UTF8STRING);
    add_text(si, OID_SCEP_TRANSACTION_ID, r->transaction ? r->transaction : q->transaction,
             V_ASN1_PRINTABLESTRING);
    if (!r->no_sender)
        CMS_signed_add1_attr_by_txt(si, OID_SCEP_SENDER_NONCE, V_ASN1_OCTET_STRING,
                                    "0123456789abcdef", 16);
    if (!r->no_recipient)
        CMS_signed_add1_attr_by_txt(si, OID_SCEP_RECIPIENT_NONCE, V_ASN1_OCTET_STRING, nonce,
                                    sizeof nonce);
    assert_int_equal(CMS_final(cms, in, NULL, CMS_BINARY), 1);
    unsigned char *p = NULL;
    int n = i2d_CMS_ContentInfo(cms, &p);
    struct span der = arena_copy(&f->a, span_of(p, (size_t)n));
    OPENSSL_free(p);
    return der;
}

static uint32_t read_reply(struct fixture *f, const struct reply *r, bool check_nonce) {
    struct scep_answer answer = {0};
    uint32_t hr =
        scep_answer_read(&f->a, make_reply(f, r), &f->request, &f->ca, check_nonce, &answer);
    assert_true((hr == HR_OK && answer.status == SCEP_SUCCESS) == (answer.cert != NULL));
    X509_free(answer.cert);
    return hr;
}

static void test_success(void **state) {
    struct fixture *f = *state;
    assert_int_equal(make_request(f), HR_OK);
    assert_int_equal(read_reply(f, &(struct reply){0}, true), HR_OK);
    assert_int_equal(read_reply(f, &(struct reply){.oaep_null = true}, true), HR_OK);
}

static void test_failure(void **state) {
    struct fixture *f = *state;
    struct scep_answer answer = {0};
    assert_int_equal(make_request(f), HR_OK);
    struct reply r = {.status = "2", .fail = "2", .text = "unknown challenge"};
    assert_int_equal(scep_answer_read(&f->a, make_reply(f, &r), &f->request, &f->ca, true, &answer),
                     HR_OK);
    assert_int_equal(answer.status, SCEP_FAILURE);
    assert_int_equal(answer.fail_info, SCEP_BAD_REQUEST);
    assert_string_equal(arena_str(&f->a, answer.text), "unknown challenge");
    assert_null(answer.cert);
    r = (struct reply){.status = "3"};
    assert_int_equal(scep_answer_read(&f->a, make_reply(f, &r), &f->request, &f->ca, true, &answer),
                     HR_OK);
    assert_int_equal(answer.status, SCEP_PENDING);
}

static void test_attributes(void **state) {
    struct fixture *f = *state;
    assert_int_equal(make_request(f), HR_OK);
    const struct reply missing[] = {{.type = "-"},
                                    {.status = "-"},
                                    {.transaction = "-"},
                                    {.no_sender = true},
                                    {.no_recipient = true}};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        assert_int_equal(read_reply(f, &missing[i], true), HR_CRYPT_AUTH_ATTR_MISSING);
    assert_int_equal(read_reply(f, &(struct reply){.type = "19"}, true), HR_CRYPT_UNEXPECTED_TYPE);
    assert_int_equal(read_reply(f, &(struct reply){.status = "1"}, true), HR_INVALID_DATA);
    assert_int_equal(read_reply(f, &(struct reply){.transaction = "other"}, true), HR_INVALID_DATA);
    assert_int_equal(read_reply(f, &(struct reply){.wrong_nonce = true}, true), HR_INVALID_DATA);
    assert_int_equal(read_reply(f, &(struct reply){.wrong_nonce = true}, false), HR_OK);
}

static void test_tampering(void **state) {
    struct fixture *f = *state;
    assert_int_equal(make_request(f), HR_OK);
    struct reply good = {0};
    struct span m = make_reply(f, &good);
    struct scep_answer answer = {0};
    for (size_t at = 60; at < m.n; at += 97) {
        uint8_t *bytes = (uint8_t *)arena_str(&f->a, m);
        bytes[at] ^= 0x01;
        assert_int_not_equal(
            scep_answer_read(&f->a, span_of(bytes, m.n), &f->request, &f->ca, true, &answer),
            HR_OK);
        assert_null(answer.cert);
    }
    for (size_t n = 0; n < m.n; n += 131)
        assert_int_equal(
            scep_answer_read(&f->a, span_of(m.p, n), &f->request, &f->ca, true, &answer),
            HR_CRYPT_ASN1_BADTAG);
}

static void test_wrong_hands(void **state) {
    struct fixture *f = *state;
    assert_int_equal(make_request(f), HR_OK);
    OSSL_AUTO(EVP_PKEY) other = EVP_RSA_gen(1024);
    OSSL_AUTO(X509) stranger = make_cert(other, (struct made_cert){.cn = "RA"});
    assert_int_equal(read_reply(f, &(struct reply){.signer = stranger, .signer_key = other}, true),
                     HR_CRYPT_SIGNER_NOT_FOUND);
    assert_int_equal(
        read_reply(f, &(struct reply){.signer = f->ca_cert, .signer_key = f->ca_key}, true),
        HR_CRYPT_SIGNER_NOT_FOUND);
    assert_int_equal(read_reply(f, &(struct reply){.leaf_key = other}, true),
                     HR_NTE_BAD_PUBLIC_KEY);
    assert_int_equal(read_reply(f, &(struct reply){.not_before_s = 3600}, true), HR_CERT_EXPIRED);
    assert_int_equal(read_reply(f, &(struct reply){.extra = f->ca_cert}, true), HR_INVALID_DATA);
    assert_int_equal(read_reply(f, &(struct reply){.content = span_str("rubbish")}, true),
                     HR_CRYPT_ASN1_BADTAG);
    /* an envelope for somebody else's attempt */
    struct span old = envelope(f, &(struct reply){0});
    assert_int_equal(make_request(f), HR_OK);
    assert_int_equal(read_reply(f, &(struct reply){.content = old}, true), HR_NTE_BAD_DATA);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_ca_forms),      TEST(test_ra_rules),         TEST(test_trust),
        TEST(test_request_shape), TEST(test_request_content),  TEST(test_each_attempt_is_new),
        TEST(test_switches),      TEST(test_request_refusals), TEST(test_success),
        TEST(test_failure),       TEST(test_attributes),       TEST(test_tampering),
        TEST(test_wrong_hands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
