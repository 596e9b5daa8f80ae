/* SPDX-License-Identifier: Apache-2.0 */
/* The emulated host's SCEP messages: what it sends, and what it refuses to believe. */
#include "device_scep_fixture.h"

#include "device/hresult.h"
#include "device/scep_pending.h"

struct fixture {
    char *dir;
    struct host *h;
    struct authority y;
    struct scep_ca ca;
    struct scep_caps caps;
    struct scep_settings settings;
    struct scep_request request;
};

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->dir = temporary_dir();
    f->h = enrolled_host(f->dir);
    authority_make(&f->y);
    X509 *both[] = {f->y.ra, f->y.ca};
    assert_int_equal(
        scep_ca_read(f->h, bundle(&f->y.a, both, 2), thumbprint(&f->y.a, f->y.ca), &f->ca), HR_OK);
    scep_caps_read(span_str("AES\nPOSTPKIOperation"), &f->caps);
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
    authority_free(&f->y);
    host_close(f->h);
    remove_dir(f->dir);
    free(f);
    return 0;
}

static uint32_t make_request(struct fixture *f) {
    scep_request_free(&f->request);
    return scep_request_make(f->h, &f->settings, &f->ca, &f->caps, &f->y.a, &f->request);
}

static void set_switch(struct fixture *f, const char *name, const char *value) {
    assert_int_equal(host_set_switch(f->h, name, value), OK);
}

/* ---- PKCSReq ---- */

static struct span open_request(struct fixture *f) {
    OSSL_AUTO(CMS_ContentInfo) outer = cms_read(f->request.message);
    OSSL_AUTO(BIO) content = BIO_new(BIO_s_mem());
    assert_int_equal(
        CMS_verify(outer, NULL, NULL, NULL, content, CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY), 1);
    OSSL_AUTO(CMS_ContentInfo) inner = cms_read(ossl_content(&f->y.a, content));
    OSSL_AUTO(BIO) clear = BIO_new(BIO_s_mem());
    assert_int_equal(CMS_decrypt(inner, f->y.ra_key, f->y.ra, NULL, clear, CMS_BINARY), 1);
    return ossl_content(&f->y.a, clear);
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
    cert_thumbprint(ossl_x509_der(&f->y.a, s), id);
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

/* ---- CertPoll ---- */

/* Tags and OIDs in their order, with nothing of the values: what two messages have in common. */
static void outline(struct span der, struct buf *out) {
    const unsigned char *p = der.p, *end = der.p + der.n;
    while (p < end) {
        const unsigned char *start = p;
        long n;
        int tag, class, form = ASN1_get_object(&p, &n, &tag, &class, end - p);
        assert_false(form & 0x80);
        buf_add(out, start, 1);
        if (form & V_ASN1_CONSTRUCTED) {
            outline(span_of(p, (size_t)n), out);
            buf_char(out, '.');
        } else if (tag == V_ASN1_OBJECT && class == V_ASN1_UNIVERSAL) {
            buf_add(out, p, (size_t)n);
        } else if (tag == V_ASN1_OCTET_STRING && class == V_ASN1_UNIVERSAL && n > 300) {
            outline(span_of(p, (size_t)n), out); /* the EnvelopedData: no other is so long */
        }
        p += n;
    }
}

static void assert_same_shape(struct span x, struct span y) {
    BUF_AUTO(first);
    BUF_AUTO(second);
    outline(x, &first);
    outline(y, &second);
    assert_int_equal(first.n, second.n);
    assert_memory_equal(first.p, second.p, first.n);
}

static void test_poll(void **state) {
    struct fixture *f = *state;
    struct scep_request *r = &f->request;
    char transaction[THUMBPRINT_SIZE];
    uint8_t nonce[SCEP_NONCE_SIZE];
    assert_int_equal(make_request(f), HR_OK);
    struct span first = r->message;
    memcpy(transaction, r->transaction, sizeof transaction);
    memcpy(nonce, r->nonce, sizeof nonce);
    assert_int_equal(scep_poll_make(f->h, &f->ca, &f->caps, &f->y.a, r), HR_OK);
    assert_string_equal(r->transaction, transaction);
    assert_memory_not_equal(r->nonce, nonce, sizeof nonce);
    assert_null(memmem(r->message.p, r->message.n,
                       "\x13\x02"
                       "19",
                       4));
    assert_non_null(memmem(r->message.p, r->message.n,
                           "\x13\x02"
                           "20",
                           4));
    assert_int_equal(f->ca.issuer, sk_X509_value(f->ca.all, 1));
    struct span inner = open_request(f), both;
    const unsigned char *p = inner.p;
    BUF_AUTO(wanted);
    for (int i = 0; i < 2; i++) {
        const X509_NAME *name = i ? r->subject : X509_get_subject_name(f->y.ca);
        X509_NAME_get0_der(name, &both.p, &both.n);
        buf_span(&wanted, both);
    }
    long n;
    int tag, class;
    assert_int_equal(ASN1_get_object(&p, &n, &tag, &class, (long)inner.n), V_ASN1_CONSTRUCTED);
    assert_int_equal(tag, V_ASN1_SEQUENCE);
    assert_int_equal(n, wanted.n);
    assert_memory_equal(p, wanted.p, wanted.n);
    assert_int_equal(p + n - inner.p, inner.n);
    /* the outside is the PKCSReq's */
    assert_int_equal(scep_poll_make(f->h, &f->ca, &f->caps, &f->y.a, r), HR_OK);
    assert_same_shape(first, r->message);
}

/* A pended request comes back whole, from the host's folder. */
static void test_pending_round_trip(void **state) {
    struct fixture *f = *state;
    static const char key[] = SCEP_KEY_USER "\\Test MDM\\one";
    struct scep_request again = {0};
    const char *url = NULL;
    f->settings.key = key;
    f->settings.user_scope = true;
    registry_create(f->h->registry, key);
    assert_int_equal(make_request(f), HR_OK);
    assert_false(scep_pending_load(f->h, &f->settings, &f->y.a, &again, &url));
    assert_true(scep_pending_keep(f->h, &f->settings, "https://a/pkiclient.exe", &f->request));
    assert_int_equal(host_save(f->h), OK);
    host_close(f->h);
    assert_int_equal(host_open(f->dir, HOST_CHANGE, &f->h), OK);
    assert_true(scep_pending_load(f->h, &f->settings, &f->y.a, &again, &url));
    assert_string_equal(url, "https://a/pkiclient.exe");
    assert_string_equal(again.transaction, f->request.transaction);
    assert_int_equal(X509_cmp(again.signer, f->request.signer), 0);
    assert_int_equal(EVP_PKEY_eq(again.key, f->request.key), 1);
    assert_int_equal(EVP_PKEY_eq(again.signer_key, f->request.signer_key), 1);
    assert_int_equal(X509_NAME_cmp(again.subject, f->request.subject), 0);
    scep_request_free(&again);
    /* half of it is nothing */
    char gone[THUMBPRINT_SIZE];
    cert_thumbprint(ossl_x509_der(&f->y.a, f->request.signer), gone);
    assert_true(certstore_remove(&f->h->certs, STORE_USER_REQUEST, span_str(gone)));
    assert_false(scep_pending_load(f->h, &f->settings, &f->y.a, &again, &url));
    assert_null(again.key);
    scep_pending_drop(f->h, key);
    assert_int_equal(f->h->certs.count, 0);
    assert_null(registry_open(f->h->registry, SCEP_KEY_USER "\\Test MDM\\one\\Pending"));
    scep_pending_drop(f->h, key); /* nothing is there: nothing happens */
}

/* ---- what capabilities change ---- */

static int request_digest(struct fixture *f) {
    assert_int_equal(make_request(f), HR_OK);
    OSSL_AUTO(CMS_ContentInfo) cms = cms_read(f->request.message);
    X509_ALGOR *digest;
    CMS_SignerInfo_get0_algs(sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0), NULL, NULL,
                             &digest, NULL);
    return OBJ_obj2nid(digest->algorithm);
}

static void test_digest_of_capabilities(void **state) {
    static const struct {
        const char *caps;
        int nid;
    } cases[] = {{"AES\nSHA-256\r\nSHA-1\n", NID_sha256}, {"SHA-1\nSHA-256\n", NID_sha1},
                 {"sha-512\nSHA-256", NID_sha512},        {"AES\nSHA-384\n", NID_sha384},
                 {"SHA-3-256\nAES\n", NID_sha1},          {"", NID_sha1}};
    struct fixture *f = *state;
    f->settings.key_length = 2048;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scep_caps_read(span_str(cases[i].caps), &f->caps);
        set_switch(f, "digest", "sha1");
        assert_int_equal(request_digest(f), NID_sha1);
        set_switch(f, "digest", "first-of-caps");
        assert_int_equal(request_digest(f), cases[i].nid);
    }
}

static bool holds_oid(struct span der, int nid) {
    const ASN1_OBJECT *o = OBJ_nid2obj(nid);
    return memmem(der.p, der.n, OBJ_get0_data(o), OBJ_length(o)) != NULL;
}

static void test_cipher(void **state) {
    struct fixture *f = *state;
    assert_int_equal(make_request(f), HR_OK);
    assert_true(holds_oid(f->request.message, NID_aes_128_cbc));
    set_switch(f, "cipher", "aes256");
    assert_int_equal(make_request(f), HR_OK);
    assert_true(holds_oid(f->request.message, NID_aes_256_cbc));
    open_request(f);
    set_switch(f, "cipher", "des3");
    assert_int_equal(make_request(f), HR_OK);
    assert_true(holds_oid(f->request.message, NID_des_ede3_cbc));
    set_switch(f, "cipher", "aes256");
    scep_caps_read(span_str("SHA-256\nAES-GCM\n"), &f->caps);
    assert_false(f->caps.aes || f->caps.post || f->caps.chain);
    assert_int_equal(make_request(f), HR_OK);
    assert_true(holds_oid(f->request.message, NID_des_ede3_cbc));
    open_request(f);
    scep_caps_read(span_str("SCEPStandard\r\nGetCaCertChain"), &f->caps);
    assert_true(f->caps.aes && f->caps.post && f->caps.chain);
}

/* ---- CertRep ---- */

static struct asked asked(struct fixture *f) {
    const struct scep_request *q = &f->request;
    return (struct asked){q->signer, q->key, q->transaction, q->nonce};
}

static struct span reply_to(struct fixture *f, const struct reply *r) {
    struct asked q = asked(f);
    return make_reply(&f->y, &q, r);
}

static uint32_t read_message(struct fixture *f, struct span message, struct scep_answer *answer) {
    *answer = (struct scep_answer){0};
    return scep_answer_read(f->h, &f->y.a, message, &f->request, &f->ca, answer);
}

static uint32_t read_reply(struct fixture *f, const struct reply *r) {
    struct scep_answer answer;
    uint32_t hr = read_message(f, reply_to(f, r), &answer);
    assert_true((hr == HR_OK && answer.status == SCEP_SUCCESS) == (answer.cert != NULL));
    X509_free(answer.cert);
    return hr;
}

static void test_success(void **state) {
    struct fixture *f = *state;
    assert_int_equal(make_request(f), HR_OK);
    assert_int_equal(read_reply(f, &(struct reply){0}), HR_OK);
    assert_int_equal(read_reply(f, &(struct reply){.oaep_null = true}), HR_OK);
}

static void test_failure(void **state) {
    struct fixture *f = *state;
    struct scep_answer answer;
    assert_int_equal(make_request(f), HR_OK);
    struct reply r = {.status = "2", .fail = "2", .text = "unknown challenge"};
    assert_int_equal(read_message(f, reply_to(f, &r), &answer), HR_OK);
    assert_int_equal(answer.status, SCEP_FAILURE);
    assert_int_equal(answer.fail_info, SCEP_BAD_REQUEST);
    assert_string_equal(arena_str(&f->y.a, answer.text), "unknown challenge");
    assert_null(answer.cert);
    r = (struct reply){.status = "3"};
    assert_int_equal(read_message(f, reply_to(f, &r), &answer), HR_OK);
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
        assert_int_equal(read_reply(f, &missing[i]), HR_CRYPT_AUTH_ATTR_MISSING);
    assert_int_equal(read_reply(f, &(struct reply){.type = "19"}), HR_CRYPT_UNEXPECTED_TYPE);
    assert_int_equal(read_reply(f, &(struct reply){.status = "1"}), HR_INVALID_DATA);
    assert_int_equal(read_reply(f, &(struct reply){.transaction = "other"}), HR_INVALID_DATA);
    assert_int_equal(read_reply(f, &(struct reply){.wrong_nonce = true}), HR_INVALID_DATA);
    set_switch(f, "check-recipient-nonce", "no");
    assert_int_equal(read_reply(f, &(struct reply){.wrong_nonce = true}), HR_OK);
}

static void test_tampering(void **state) {
    struct fixture *f = *state;
    assert_int_equal(make_request(f), HR_OK);
    struct span m = reply_to(f, &(struct reply){0});
    struct scep_answer answer;
    for (size_t at = 60; at < m.n; at += 97) {
        uint8_t *bytes = (uint8_t *)arena_str(&f->y.a, m);
        bytes[at] ^= 0x01;
        assert_int_not_equal(read_message(f, span_of(bytes, m.n), &answer), HR_OK);
        assert_null(answer.cert);
    }
    for (size_t n = 0; n < m.n; n += 131)
        assert_int_equal(read_message(f, span_of(m.p, n), &answer), HR_CRYPT_ASN1_BADTAG);
}

static void test_wrong_hands(void **state) {
    struct fixture *f = *state;
    assert_int_equal(make_request(f), HR_OK);
    OSSL_AUTO(EVP_PKEY) other = EVP_RSA_gen(1024);
    OSSL_AUTO(X509) stranger = make_cert(other, (struct made_cert){.cn = "RA"});
    assert_int_equal(read_reply(f, &(struct reply){.signer = stranger, .signer_key = other}),
                     HR_CRYPT_SIGNER_NOT_FOUND);
    assert_int_equal(read_reply(f, &(struct reply){.signer = f->y.ca, .signer_key = f->y.ca_key}),
                     HR_CRYPT_SIGNER_NOT_FOUND);
    /* the RA's name and serial, another key */
    OSSL_AUTO(X509) twin = with_key(f->y.ra, other);
    assert_int_equal(read_reply(f, &(struct reply){.signer = twin, .signer_key = other}),
                     HR_NTE_BAD_SIGNATURE);
    assert_int_equal(read_reply(f, &(struct reply){.leaf_key = other}), HR_NTE_BAD_PUBLIC_KEY);
    assert_int_equal(read_reply(f, &(struct reply){.not_before_s = 3600}), HR_CERT_EXPIRED);
    assert_int_equal(read_reply(f, &(struct reply){.content = span_str("rubbish")}),
                     HR_CRYPT_ASN1_BADTAG);
    /* an envelope for somebody else's attempt */
    struct asked q = asked(f);
    struct span old = envelope(&f->y, &q, &(struct reply){0});
    assert_int_equal(make_request(f), HR_OK);
    assert_int_equal(read_reply(f, &(struct reply){.content = old}), HR_NTE_BAD_DATA);
    /* with the right name and serial, and a key that nobody here has: OpenSSL then opens with a
     * random key, so that it is rubbish by its padding or by its content */
    uint32_t hr = read_reply(f, &(struct reply){.other_recipient_key = true});
    assert_true(hr == HR_NTE_BAD_DATA || hr == HR_CRYPT_ASN1_BADTAG);
}

static void test_more_than_the_leaf(void **state) {
    struct fixture *f = *state;
    assert_int_equal(make_request(f), HR_OK);
    assert_int_equal(read_reply(f, &(struct reply){.extra = f->y.ca}), HR_INVALID_DATA);
    set_switch(f, "check-leaf-only", "no");
    assert_int_equal(read_reply(f, &(struct reply){.extra = f->y.ca}), HR_OK);
    OSSL_AUTO(EVP_PKEY) other = EVP_RSA_gen(1024);
    assert_int_equal(read_reply(f, &(struct reply){.extra = f->y.ca, .leaf_key = other}),
                     HR_NTE_BAD_PUBLIC_KEY);
}

/* What servers were seen to send, and each was accepted (windows-scep.md, 4.3 to 4.8). */
static void test_tolerance(void **state) {
    struct fixture *f = *state;
    assert_int_equal(make_request(f), HR_OK);
    OSSL_AUTO(X509) leaf = make_leaf(&f->y, f->request.key, 0);
    const struct reply good[] = {
        {.cipher = EVP_aes_192_cbc()},
        {.cipher = EVP_aes_256_cbc()},
        {.cipher = EVP_des_ede3_cbc()},
        {.cipher = EVP_des_cbc()},
        {.cipher = EVP_des_cbc(), .pkcs1 = true},
        {.cipher = EVP_aes_256_cbc(), .pkcs1 = true},
        {.digest = EVP_sha1()},
        {.digest = EVP_sha384()},
        {.digest = EVP_sha512()},
        {.no_signing_time = true},
        {.no_signing_time = true, .digest = EVP_sha1()},
        {.outer = {f->y.ra}},
        {.outer = {leaf, f->y.ra}},
        {.outer = {f->y.ca}},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(read_reply(f, &good[i]), HR_OK);
    assert_int_equal(read_reply(f, &(struct reply){.cipher = EVP_camellia_128_cbc()}),
                     HR_NTE_BAD_ALGID);
    assert_int_equal(read_reply(f, &(struct reply){.digest = EVP_md5()}), HR_NTE_BAD_ALGID);
    set_switch(f, "open-des", "no");
    assert_int_equal(read_reply(f, &(struct reply){.cipher = EVP_des_cbc()}), HR_NTE_BAD_ALGID);
    assert_int_equal(read_reply(f, &(struct reply){.cipher = EVP_des_ede3_cbc()}), HR_OK);
}

static void test_des_goes_wrong(void **state) {
    struct fixture *f = *state;
    struct reply des = {.cipher = EVP_des_cbc()};
    assert_int_equal(make_request(f), HR_OK);
    struct asked q = asked(f);
    struct span old = envelope(&f->y, &q, &des);
    assert_int_equal(make_request(f), HR_OK);
    assert_int_equal(read_reply(f, &(struct reply){.content = old}), HR_NTE_BAD_DATA);
    des.other_recipient_key = true;
    uint32_t hr = read_reply(f, &des);
    assert_true(hr == HR_NTE_BAD_DATA || hr == HR_CRYPT_ASN1_BADTAG);
    /* the legacy provider came and went: the default context still has no single DES */
    EVP_CIPHER *here = EVP_CIPHER_fetch(NULL, "DES-CBC", NULL);
    assert_null(here);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_request_shape),
        TEST(test_request_content),
        TEST(test_each_attempt_is_new),
        TEST(test_switches),
        TEST(test_request_refusals),
        TEST(test_poll),
        TEST(test_pending_round_trip),
        TEST(test_digest_of_capabilities),
        TEST(test_cipher),
        TEST(test_success),
        TEST(test_failure),
        TEST(test_attributes),
        TEST(test_tampering),
        TEST(test_wrong_hands),
        TEST(test_more_than_the_leaf),
        TEST(test_tolerance),
        TEST(test_des_goes_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
