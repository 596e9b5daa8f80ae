/* SPDX-License-Identifier: Apache-2.0 */
#include "cms_fixture.h"

#include <jansson.h>

#include "crypto/public.h"
#include "scep/message.h"
#include "wire/oid.h"
#include "x509/csr.h"

static struct pair ra_key, client_key, ec_key;
static struct arena shared;
static struct span ra, client, csr_der;

static struct span new_csr(EVP_PKEY *key) {
    X509_REQ *req = X509_REQ_new();
    unsigned char *der = NULL;
    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN", MBSTRING_UTF8,
                               (const uint8_t *)"host", -1, -1, 0);
    X509_REQ_set_pubkey(req, key);
    X509_REQ_add1_attr_by_NID(req, NID_pkcs9_challengePassword, V_ASN1_PRINTABLESTRING,
                              (const uint8_t *)"S3cret", 6);
    assert_true(X509_REQ_sign(req, key, EVP_sha256()) > 0);
    int n = i2d_X509_REQ(req, &der);
    struct span out = arena_copy(&shared, span_of(der, (size_t)n));
    OPENSSL_free(der);
    X509_REQ_free(req);
    return out;
}

static int set_up(void **state) {
    (void)state;
    ra_key = pair_new(2048);
    client_key = pair_new(2048);
    ec_key = pair_new(0);
    ra = cert_new(&shared, "CN=RA,O=x", ra_key.ours, "CN=CA,O=x", ra_key.ours, false);
    client = cert_new(&shared, "CN=SCEP Protocol Certificate", client_key.ours,
                      "CN=SCEP Protocol Certificate", client_key.ours, false);
    csr_der = new_csr(client_key.theirs);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    pair_free(&ra_key);
    pair_free(&client_key);
    pair_free(&ec_key);
    arena_free(&shared);
    return 0;
}

static struct span envelope(struct arena *a, struct span content, const EVP_CIPHER *cipher,
                            bool oaep) {
    return their_envelope(a, content, &ra, 1, cipher, (struct transport){.oaep = oaep});
}

/* A PKCSReq as a client of OpenSSL writes it. */
static struct their_message request(struct arena *a) {
    return (struct their_message){
        .content = envelope(a, csr_der, EVP_aes_128_cbc(), true),
        .cert = client,
        .key = client_key.theirs,
        .md = EVP_sha256(),
        .type = "19",
        .transaction_id = "HVvzN0228V+AW=",
        .nonce = "0123456789abcdef",
    };
}

/* ---- the whole way ---- */

static void check_issued(struct arena *a, struct span reply, struct span issued) {
    struct span enveloped, inside;
    assert_true(their_verify(a, reply, ra, &enveloped));
    assert_true(their_decrypt(a, enveloped, client, client_key.theirs, &inside));
    CMS_ContentInfo *cms = cms_from_span(inside);
    STACK_OF(X509) *list = CMS_get1_certs(cms);
    X509 *wanted = x509_of(issued);
    assert_int_equal(sk_X509_num(list), 1);
    assert_int_equal(X509_cmp(sk_X509_value(list, 0), wanted), 0);
    X509_free(wanted);
    sk_X509_pop_free(list, X509_free);
    CMS_ContentInfo_free(cms);
}

static void enrolls(void **state) {
    (void)state;
    const EVP_MD *const mds[] = {EVP_sha1(), EVP_sha256(), EVP_sha384(), EVP_sha512()};
    for (int i = 0; i < 16; i++) {
        ARENA_AUTO(a);
        bool oaep = i & 1, aes256 = i & 2;
        struct their_message m = request(&a);
        m.content = envelope(&a, csr_der, aes256 ? EVP_aes_256_cbc() : EVP_aes_128_cbc(), oaep);
        m.md = mds[i / 4];
        struct scep_request r;
        struct span der;
        struct csr csr;
        assert_ok(scep_read(their_signed(&a, &m), &r));
        assert_int_equal(r.message_type, SCEP_PKCS_REQ);
        assert_true(span_is(r.transaction_id, m.transaction_id));
        assert_true(span_is(r.sender_nonce, m.nonce));
        assert_true(span_eq(r.signer, client));
        assert_int_equal(r.digest, i / 4);
        assert_ok(scep_open(&a, &r, ra, ra_key.ours, &csr));
        assert_true(span_eq(csr.der, csr_der));
        assert_int_equal(r.transport, oaep ? TRANSPORT_OAEP : TRANSPORT_PKCS1);
        assert_int_equal(r.cipher, aes256 ? CIPHER_AES256_CBC : CIPHER_AES128_CBC);
        struct scep_reply reply = {.status = SCEP_SUCCESS, .text = "Issued", .cert = client};
        assert_ok(scep_build_reply(&a, &r, &reply, ra, ra_key.ours, &der));
        check_issued(&a, der, client);
    }
}

static json_t *described(struct span der) {
    BUF_AUTO(text);
    assert_ok(scep_describe(der, true, &text));
    json_t *o = json_loads(buf_cstr(&text), 0, NULL);
    assert_non_null(o);
    return o;
}

static const char *text_at(json_t *o, const char *a, const char *b) {
    json_t *v = json_object_get(o, a);
    const char *s = json_string_value(b ? json_object_get(v, b) : v);
    return s ? s : "(none)";
}

static bool has_attribute(json_t *o, const char *oid, const char *value) {
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(o, "signedAttributes"), i, entry) {
        if (strcmp(text_at(entry, "oid", NULL), oid) == 0)
            return !value || strcmp(text_at(entry, "value", NULL), value) == 0;
    }
    return false;
}

static void failure_reply(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct their_message m = request(&a);
    m.md = EVP_sha1();
    struct scep_request r;
    struct span der, content;
    assert_ok(scep_read(their_signed(&a, &m), &r));
    struct scep_reply reply = {.status = SCEP_FAILURE,
                               .fail_info = SCEP_BAD_REQUEST,
                               .text = "the challenge is not known"};
    assert_ok(scep_build_reply(&a, &r, &reply, ra, ra_key.ours, &der));
    assert_true(their_verify(&a, der, ra, &content));
    assert_int_equal(content.n, 0);
    json_t *o = described(der);
    assert_string_equal(text_at(o, "pkiStatus", "name"), "FAILURE");
    assert_string_equal(text_at(o, "failInfo", "name"), "badRequest");
    assert_string_equal(text_at(o, "transactionId", NULL), m.transaction_id);
    assert_string_equal(text_at(o, "recipientNonce", NULL), "30313233343536373839616263646566");
    assert_int_equal(strlen(text_at(o, "senderNonce", NULL)), 32);
    assert_string_not_equal(text_at(o, "senderNonce", NULL), text_at(o, "recipientNonce", NULL));
    assert_true(has_attribute(o, OID_SCEP_MESSAGE_TYPE, "3"));
    assert_true(has_attribute(o, OID_MS_SCEP_SERVER_MESSAGE, reply.text));
    assert_true(has_attribute(o, OID_SCEP_FAIL_INFO_TEXT, reply.text));
    assert_true(json_is_null(json_object_get(o, "envelope")));
    assert_true(json_is_null(json_object_get(o, "certificates")));
    /* SHA-1 is not given back */
    assert_string_equal(text_at(json_object_get(o, "signer"), "digest", "name"), "sha256");
    assert_string_equal(text_at(json_object_get(o, "signer"), "signatureAlgorithm", "name"),
                        "rsaEncryption");
    json_decref(o);
}

/* ---- the outer layer's refusals ---- */

static void refuses_attributes(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct scep_request r;
    char *longest = arena_alloc(&a, 257);
    memset(longest, 'x', 256);
    for (int i = 0; i < 9; i++) {
        struct their_message m = request(&a);
        enum err wanted = ERR_PARSE;
        switch (i) {
        case 0:
            m.type = NULL;
            break;
        case 1:
            m.type = "abc";
            break;
        case 2:
            m.type = "1234";
            break;
        case 3:
            m.type = "-1";
            break;
        case 4:
            m.transaction_id = NULL;
            break;
        case 5:
            m.transaction_id = "a\nb";
            break;
        case 6:
            m.transaction_id = longest;
            break;
        case 7:
            m.transaction_id = longest + 1;
            wanted = OK;
            break;
        default:
            m.nonce = NULL;
            wanted = OK;
            break;
        }
        assert_int_equal(scep_read(their_signed(&a, &m), &r), wanted);
    }
    assert_int_equal(r.sender_nonce.n, 0);
    struct span der, content;
    struct scep_reply reply = {.status = SCEP_PENDING};
    assert_ok(scep_build_reply(&a, &r, &reply, ra, ra_key.ours, &der));
    assert_true(their_verify(&a, der, ra, &content));
}

static void refuses_signers(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct scep_request r;
    struct their_message m = request(&a);
    m.flags = CMS_NOCERTS;
    assert_int_equal(scep_read(their_signed(&a, &m), &r), ERR_MESSAGE_CHECK);
    assert_int_equal(r.signer.n, 0);
    assert_true(span_is(r.transaction_id, m.transaction_id));
    m.flags = 0;
    m.md = EVP_md5();
    assert_int_equal(scep_read(their_signed(&a, &m), &r), ERR_ALGORITHM);
    assert_true(span_eq(r.signer, client));
    assert_int_equal(r.digest, DIGEST_SHA256);
    m.md = EVP_sha256();
    m.cert = cert_new(&a, "CN=ec", ec_key.ours, "CN=ec", ec_key.ours, false);
    m.key = ec_key.theirs;
    assert_int_equal(scep_read(their_signed(&a, &m), &r), ERR_ALGORITHM);
    assert_int_equal(r.signer.n, 0);
    /* the signature's last octet */
    m = request(&a);
    struct span der = their_signed(&a, &m);
    uint8_t *copy = exact_copy(der, der.n);
    copy[der.n - 1] ^= 1;
    assert_int_equal(scep_read(span_of(copy, der.n), &r), ERR_MESSAGE_CHECK);
    assert_true(span_is(r.transaction_id, m.transaction_id));
    assert_true(span_is(r.sender_nonce, m.nonce));
    assert_true(span_eq(r.signer, client));
    free(copy);
}

static void tampering(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct their_message m = request(&a);
    struct span der = their_signed(&a, &m);
    struct scep_request good, r;
    BUF_AUTO(text);
    assert_ok(scep_read(der, &good));
    for (size_t n = 0; n < der.n; n++) {
        uint8_t *copy = exact_copy(der, n);
        assert_int_equal(scep_read(span_of(copy, n), &r), ERR_PARSE);
        assert_int_equal(scep_describe(span_of(copy, n), false, &text), ERR_PARSE);
        assert_non_null(strstr(err_detail(), "offset "));
        free(copy);
    }
    for (size_t i = 0; i < der.n; i++) {
        uint8_t *copy = exact_copy(der, der.n);
        copy[i] ^= (uint8_t)(1 << i % 8);
        struct span changed = span_of(copy, der.n);
        if (scep_read(changed, &r) == OK) {
            assert_true(span_eq(r.enveloped, good.enveloped));
            assert_true(span_eq(r.transaction_id, good.transaction_id));
            assert_true(span_eq(r.sender_nonce, good.sender_nonce));
            assert_true(span_eq(r.signer_cert.spki, good.signer_cert.spki));
            assert_int_equal(r.message_type, good.message_type);
        }
        if (i % 4 == 0)
            (void)!scep_describe(changed, i % 8 == 0, &text);
        free(copy);
    }
}

/* ---- the envelope's one answer ---- */

static enum err open_content(struct arena *a, struct span enveloped, struct span ra_cert,
                             const struct key *key) {
    struct their_message m = request(a);
    m.content = enveloped;
    struct scep_request r;
    struct csr csr;
    assert_ok(scep_read(their_signed(a, &m), &r));
    enum err e = scep_open(a, &r, ra_cert, key, &csr);
    if (e != OK)
        assert_int_equal(csr.der.n, 0);
    return e;
}

/* The RSA block of `key_n` octets in the place of the right one; key_n 0 leaves it broken. */
static struct span with_key(struct arena *a, struct span der, bool oaep, size_t key_n) {
    struct cms_enveloped env;
    struct cms_recipient r;
    uint8_t cek[64] = {7};
    struct span encrypted;
    struct public_key *pub = NULL;
    assert_ok(cms_enveloped_read(der, &env));
    struct der d = der_of(env.recipients);
    assert_ok(cms_recipient_next(&d, &r));
    struct span copy = arena_copy(a, der);
    uint8_t *at = (uint8_t *)(uintptr_t)copy.p + (r.encrypted_key.p - der.p);
    at[100] ^= 1;
    if (key_n == 0)
        return copy;
    assert_ok(public_load(key_spki(ra_key.ours), &pub));
    assert_ok(public_encrypt(pub, oaep, span_of(cek, key_n), a, &encrypted));
    public_free(pub);
    memcpy(at, encrypted.p, encrypted.n);
    return copy;
}

static void one_answer(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span oaep = envelope(&a, csr_der, EVP_aes_128_cbc(), true);
    struct span pkcs1 = envelope(&a, csr_der, EVP_aes_128_cbc(), false);
    struct span last = arena_copy(&a, oaep);
    ((uint8_t *)(uintptr_t)last.p)[last.n - 1] ^= 1;
    const struct span bad[] = {
        with_key(&a, oaep, true, 0),
        with_key(&a, pkcs1, false, 0),
        with_key(&a, oaep, true, 15),
        with_key(&a, oaep, true, 16),
        with_key(&a, pkcs1, false, 32),
        with_key(&a, oaep, false, 16),
        with_key(&a, pkcs1, true, 16),
        last,
        envelope(&a, span_str("not a CSR"), EVP_aes_128_cbc(), true),
        envelope(&a, span_of(csr_der.p, csr_der.n - 1), EVP_aes_128_cbc(), false),
        envelope(&a, csr_der, EVP_des_ede3_cbc(), true),
        their_envelope(&a, csr_der, &client, 1, EVP_aes_128_cbc(),
                       (struct transport){.oaep = true}),
        their_envelope(&a, csr_der, &ra, 1, EVP_aes_128_cbc(),
                       (struct transport){.oaep = true, .md = EVP_sha256()}),
        their_envelope(&a, csr_der, &ra, 1, EVP_aes_128_cbc(),
                       (struct transport){.oaep = true, .label = "x"}),
        span_str("garbage"),
        csr_der,
    };
    assert_ok(open_content(&a, oaep, ra, ra_key.ours));
    assert_ok(open_content(&a, pkcs1, ra, ra_key.ours));
    assert_int_equal(open_content(&a, oaep, ra, client_key.ours), ERR_MESSAGE_CHECK);
    const char *detail = arena_str(&a, span_str(err_detail()));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err_set(ERR_INTERNAL, "before");
        assert_int_equal(open_content(&a, bad[i], ra, ra_key.ours), ERR_MESSAGE_CHECK);
        assert_string_equal(err_detail(), detail);
    }
    /* two recipients: ours is found where it stands */
    struct span both[] = {client, ra};
    assert_ok(open_content(
        &a,
        their_envelope(&a, csr_der, both, 2, EVP_aes_256_cbc(), (struct transport){.oaep = true}),
        ra, ra_key.ours));
}

static void envelope_tampering(void **state) {
    (void)state;
    ARENA_AUTO(outer);
    struct span der = envelope(&outer, csr_der, EVP_aes_128_cbc(), true);
    for (size_t i = 0; i < der.n; i += 3) {
        ARENA_AUTO(a);
        struct scep_request r = {.enveloped = arena_copy(&a, der)};
        ((uint8_t *)(uintptr_t)r.enveloped.p)[i] ^= (uint8_t)(1 << i % 8);
        struct csr csr;
        if (scep_open(&a, &r, ra, ra_key.ours, &csr) != OK)
            continue;
        /* CBC lets single bits of the CSR change: its own signature must then fail */
        assert_ok(csr_parse(csr.der, &csr));
        assert_true(span_eq(csr.der, csr_der) || csr_verify(&csr) != OK);
    }
}

/* ---- real messages ---- */

static void windows_request(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span der = capture(&a, "windows-pkcsreq.der");
    struct scep_request r;
    assert_ok(scep_read(der, &r));
    assert_int_equal(r.message_type, SCEP_PKCS_REQ);
    assert_int_equal(r.digest, DIGEST_SHA1);
    assert_int_equal(r.transaction_id.n, 40);
    assert_int_equal(r.sender_nonce.n, 16);
    assert_int_equal(r.signer.n, 795);
    assert_int_equal(r.enveloped.n, 5941);
    json_t *o = described(der), *cert = json_array_get(json_object_get(o, "certificates"), 0);
    static const char *const order[] = {"messageType", "contentType",   "signingTime",
                                        "senderNonce", "messageDigest", "transactionID"};
    json_t *list = json_object_get(o, "signedAttributes");
    assert_int_equal(json_array_size(list), 6);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(text_at(json_array_get(list, i), "name", NULL), order[i]);
    assert_true(json_is_true(json_object_get(o, "transactionIdIsSignerSha1")));
    assert_string_equal(text_at(o, "messageType", "name"), "PKCSReq");
    assert_string_equal(text_at(json_object_get(o, "signer"), "digest", "parameters"), "NULL");
    assert_string_equal(text_at(json_object_get(o, "signer"), "signature", "verdict"), "good");
    assert_string_equal(text_at(cert, "subject", NULL), "CN=SCEP Protocol Certificate");
    json_t *aki = json_array_get(json_object_get(cert, "extensions"), 0);
    assert_string_equal(text_at(aki, "oid", NULL), OID_AUTHORITY_KEY_ID);
    assert_true(json_is_true(json_object_get(aki, "critical")));
    json_t *env = json_object_get(o, "envelope");
    json_t *recipient = json_array_get(json_object_get(env, "recipients"), 0);
    assert_string_equal(text_at(recipient, "keyTransport", "parameters"), "3000");
    assert_string_equal(text_at(env, "cipher", "name"), "aes-128-cbc");
    assert_int_equal(json_integer_value(json_object_get(env, "ciphertextLength")), 5504);
    json_decref(o);
}

static void ndes_reply(void **state) {
    (void)state;
    ARENA_AUTO(a);
    BUF_AUTO(text);
    struct span der = capture(&a, "ndes-certrep.der");
    json_t *o = described(der);
    assert_string_equal(text_at(o, "messageType", "name"), "CertRep");
    assert_string_equal(text_at(o, "pkiStatus", "name"), "SUCCESS");
    assert_true(has_attribute(o, OID_MS_SCEP_SERVER_MESSAGE, "Issued"));
    assert_false(has_attribute(o, OID_SIGNING_TIME, NULL));
    assert_true(json_is_null(json_object_get(o, "certificates")));
    assert_string_equal(text_at(json_object_get(o, "signer"), "signature", "verdict"), "unknown");
    json_decref(o);
    assert_ok(scep_describe(der, false, &text));
    assert_non_null(strstr(buf_cstr(&text), "1.3.6.1.4.1.311.21.38"));
    assert_non_null(strstr(buf_cstr(&text), "HVvzN0228V+AW+dUuDe8OPyDXD0="));
}

/* What a stranger writes must not reach the terminal as it is. */
static void describes_safely(void **state) {
    (void)state;
    ARENA_AUTO(a);
    BUF_AUTO(text);
    struct their_message m = request(&a);
    m.cert = cert_new(&a, "CN=\"a\x1b[31m, O=Bank\"", client_key.ours, "CN=\"a\x1b[31m, O=Bank\"",
                      client_key.ours, false);
    struct span der = their_signed(&a, &m);
    assert_ok(scep_describe(der, false, &text));
    assert_null(strchr(buf_cstr(&text), 0x1b));
    assert_non_null(strstr(buf_cstr(&text), "CN=\"a\\x1b[31m, O=Bank\""));
    assert_non_null(strstr(buf_cstr(&text), "(is not the SHA-1 of the signer's certificate)"));
    uint8_t *copy = exact_copy(der, der.n);
    copy[der.n - 1] ^= 1;
    buf_clear(&text);
    assert_ok(scep_describe(span_of(copy, der.n), false, &text));
    assert_non_null(strstr(buf_cstr(&text), "bad: the message's signature does not hold"));
    free(copy);
    const char *const bad[] = {"", "hello", "0\x80\x06\x09*\x86H\x86\xf7\r\x01\x07\x02"};
    for (int i = 0; i < 3; i++) {
        buf_clear(&text);
        assert_int_equal(scep_describe(span_str(bad[i]), false, &text), ERR_PARSE);
        assert_int_equal(text.n, 0);
    }
    assert_non_null(strstr(err_detail(), "BER"));
}

static void certs_only(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span der, list[] = {client, ra}, broken = span_of(ra.p, ra.n - 1);
    assert_ok(scep_certs_only(&a, list, 2, &der));
    CMS_ContentInfo *cms = cms_from_span(der);
    STACK_OF(X509) *certs = CMS_get1_certs(cms);
    assert_int_equal(sk_X509_num(certs), 2);
    sk_X509_pop_free(certs, X509_free);
    CMS_ContentInfo_free(cms);
    assert_int_equal(scep_certs_only(&a, &broken, 1, &der), ERR_PARSE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enrolls),
        cmocka_unit_test(failure_reply),
        cmocka_unit_test(refuses_attributes),
        cmocka_unit_test(refuses_signers),
        cmocka_unit_test(tampering),
        cmocka_unit_test(one_answer),
        cmocka_unit_test(envelope_tampering),
        cmocka_unit_test(windows_request),
        cmocka_unit_test(ndes_reply),
        cmocka_unit_test(describes_safely),
        cmocka_unit_test(certs_only),
    };
    return cmocka_run_group_tests_name("scep", tests, set_up, tear_down);
}
