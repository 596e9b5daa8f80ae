/* SPDX-License-Identifier: Apache-2.0 */
/* The outer layer of requests, replies, and the description; envelopes are in scep_open_test.c. */
#include "scep_message_fixture.h"

#include <jansson.h>

#include "cms/signed.h"

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

static const struct {
    const EVP_CIPHER *(*theirs)(void);
    enum cipher ours, reply;
} ciphers[] = {{EVP_aes_128_cbc, CIPHER_AES128_CBC, CIPHER_AES128_CBC},
               {EVP_aes_192_cbc, CIPHER_AES192_CBC, CIPHER_AES192_CBC},
               {EVP_aes_256_cbc, CIPHER_AES256_CBC, CIPHER_AES256_CBC},
               {EVP_des_ede3_cbc, CIPHER_DES3_CBC, CIPHER_AES128_CBC},
               {EVP_des_cbc, CIPHER_DES_CBC, CIPHER_AES128_CBC}};

static const EVP_MD *(*const mds[])(void) = {EVP_sha1, EVP_sha256, EVP_sha384, EVP_sha512};

/* How the reply is written: signed with which digest, encrypted for whom and how. */
static void check_mirrored(struct arena *a, struct span reply, enum digest digest,
                           enum cipher cipher, enum key_transport transport) {
    struct cms_signed msg;
    struct cms_enveloped env;
    struct cms_recipient r;
    enum cipher used;
    assert_ok(cms_signed_read(a, reply, &msg));
    assert_false(msg.has_certs);
    assert_true(oid_is(msg.signer.digest.oid, digest_oid(digest)));
    assert_true(oid_is(msg.signer.signature_algorithm.oid, OID_RSA));
    assert_ok(cms_enveloped_read(a, msg.content, &env));
    assert_ok(cms_enveloped_cipher(&env, &used));
    assert_int_equal(used, cipher);
    struct der d = der_of(env.recipients);
    assert_ok(cms_recipient_next(&d, &r));
    assert_true(oid_is(r.transport.oid, transport == TRANSPORT_OAEP ? OID_RSAES_OAEP : OID_RSA));
    assert_true(der_is_empty(&d));
}

/* Each transport, cipher and digest, in DER and in BER, the signer named in both ways. */
static void enrolls(void **state) {
    (void)state;
    for (int i = 0; i < 2 * 5 * 4 * 2; i++) {
        ARENA_AUTO(a);
        int c = i / 2 % 5, digest = i / 10 % 4;
        bool oaep = i & 1, ber = i / 40;
        struct their_message m = request(&a);
        m.content = their_envelope(&a, csr_der, &ra, 1, ciphers[c].theirs(),
                                   (struct transport){.oaep = oaep, .indefinite = ber});
        m.md = mds[digest]();
        m.flags = (ber ? CMS_STREAM : 0U) | (c == 2 ? CMS_USE_KEYID : 0U);
        struct scep_request r;
        struct span der;
        struct scep_content content;
        assert_ok(scep_read(&a, their_signed(&a, &m), &r));
        assert_int_equal(r.message_type, SCEP_PKCS_REQ);
        assert_true(span_is(r.transaction_id, m.transaction_id));
        assert_true(span_is(r.sender_nonce, m.nonce));
        assert_true(span_eq(r.signer, client));
        assert_int_equal(r.digest, digest);
        assert_ok(scep_open(&a, &r, &ra_pair, 1, true, &content));
        assert_true(span_eq(content.csr.der, csr_der));
        assert_true(span_is(content.csr.challenge, "S3cret"));
        assert_int_equal(r.transport, oaep ? TRANSPORT_OAEP : TRANSPORT_PKCS1);
        assert_int_equal(r.cipher, ciphers[c].ours);
        struct scep_reply reply = {.status = SCEP_SUCCESS, .text = "Issued", .cert = client};
        for (int mirror = 0; mirror < 2; mirror++) {
            assert_ok(scep_build_reply(&a, &r, &reply, &ra_pair, mirror, &der));
            check_issued(&a, der, client);
            check_mirrored(&a, der, digest == DIGEST_SHA1 && !mirror ? DIGEST_SHA256 : digest,
                           ciphers[c].reply, r.transport);
        }
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
    assert_ok(scep_read(&a, their_signed(&a, &m), &r));
    struct scep_reply reply = {.status = SCEP_FAILURE,
                               .fail_info = SCEP_BAD_REQUEST,
                               .text = "the challenge is not known"};
    assert_ok(scep_build_reply(&a, &r, &reply, &ra_pair, false, &der));
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
        assert_int_equal(scep_read(&a, their_signed(&a, &m), &r), wanted);
    }
    assert_null(r.sender_nonce.p);
    struct span der, content;
    struct scep_reply reply = {.status = SCEP_PENDING};
    assert_ok(scep_build_reply(&a, &r, &reply, &ra_pair, false, &der));
    assert_true(their_verify(&a, der, ra, &content));
}

static void refuses_signers(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct scep_request r;
    struct their_message m = request(&a);
    m.flags = CMS_NOCERTS;
    assert_int_equal(scep_read(&a, their_signed(&a, &m), &r), ERR_MESSAGE_CHECK);
    assert_int_equal(r.signer.n, 0);
    assert_true(span_is(r.transaction_id, m.transaction_id));
    m.flags = 0;
    m.md = EVP_md5();
    assert_int_equal(scep_read(&a, their_signed(&a, &m), &r), ERR_ALGORITHM);
    assert_true(span_eq(r.signer, client));
    assert_int_equal(r.digest, DIGEST_SHA256);
    m.md = EVP_sha256();
    m.cert = cert_new(&a, "CN=ec", ec_key.ours, "CN=ec", ec_key.ours, false);
    m.key = ec_key.theirs;
    assert_int_equal(scep_read(&a, their_signed(&a, &m), &r), ERR_ALGORITHM);
    assert_int_equal(r.signer.n, 0);
    /* the signature's last octet */
    m = request(&a);
    struct span der = their_signed(&a, &m);
    uint8_t *copy = exact_copy(der, der.n);
    copy[der.n - 1] ^= 1;
    assert_int_equal(scep_read(&a, span_of(copy, der.n), &r), ERR_MESSAGE_CHECK);
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
    assert_ok(scep_read(&a, der, &good));
    for (size_t n = 0; n < der.n; n++) {
        uint8_t *copy = exact_copy(der, n);
        assert_int_equal(scep_read(&a, span_of(copy, n), &r), ERR_PARSE);
        assert_int_equal(scep_describe(span_of(copy, n), false, &text), ERR_PARSE);
        assert_non_null(strstr(err_detail(), "offset "));
        free(copy);
    }
    for (size_t i = 0; i < der.n; i++) {
        uint8_t *copy = exact_copy(der, der.n);
        copy[i] ^= (uint8_t)(1 << i % 8);
        struct span changed = span_of(copy, der.n);
        if (scep_read(&a, changed, &r) == OK) {
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

/* ---- real messages ---- */

static void windows_request(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span der = capture(&a, "windows-pkcsreq.der");
    struct scep_request r;
    assert_ok(scep_read(&a, der, &r));
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
    const char *const bad[] = {"", "hello", "0\x80\x06\x09*\x86H\x86\xf7\r\x01\x07\x02",
                               "\x04\x01x"};
    for (int i = 0; i < 4; i++) {
        buf_clear(&text);
        assert_int_equal(scep_describe(span_str(bad[i]), false, &text), ERR_PARSE);
        assert_int_equal(text.n, 0);
    }
    assert_non_null(strstr(err_detail(), "OCTET STRING where SEQUENCE is expected"));
}

/* What the other kinds of names and BER look like to people. */
static void describes_ber(void **state) {
    (void)state;
    ARENA_AUTO(a);
    BUF_AUTO(text);
    struct their_message m = request(&a);
    m.content = their_envelope(&a, csr_der, &ra, 1, EVP_des_ede3_cbc(),
                               (struct transport){.key_id = true, .indefinite = true});
    m.flags = CMS_STREAM | CMS_USE_KEYID;
    m.type = "22";
    struct span ber = their_signed(&a, &m);
    json_t *o = described(ber), *env = json_object_get(o, "envelope");
    json_t *recipient = json_array_get(json_object_get(env, "recipients"), 0);
    assert_string_equal(text_at(o, "encoding", NULL), "BER");
    assert_string_equal(text_at(env, "encoding", NULL), "BER");
    assert_string_equal(text_at(o, "messageType", "name"), "GetCRL");
    assert_string_equal(text_at(env, "cipher", "name"), "des-ede3-cbc");
    assert_int_equal(strlen(text_at(recipient, "keyId", NULL)), 40);
    assert_int_equal(strlen(text_at(json_object_get(o, "signer"), "keyId", NULL)), 40);
    assert_string_equal(text_at(json_object_get(o, "signer"), "signature", "verdict"), "good");
    assert_true(json_integer_value(json_object_get(env, "ciphertextLength")) > (int)csr_der.n);
    json_decref(o);
    assert_ok(scep_describe(ber, false, &text));
    assert_non_null(strstr(buf_cstr(&text), "bytes, in BER\n"));
    assert_non_null(strstr(buf_cstr(&text), "recipient's key id"));
    assert_non_null(strstr(buf_cstr(&text), "signer's key id"));
    assert_non_null(strstr(buf_cstr(&text), "of pkcs7-data, in BER\n"));
}

/* GetCRL's answer: the CRL alone, in an envelope. */
static void crl_reply(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct their_message m = request(&a);
    struct scep_request r;
    struct scep_content content;
    struct span der, enveloped, inside, crl = span_of("\x30\x00", 2);
    assert_ok(scep_read(&a, their_signed(&a, &m), &r));
    assert_ok(scep_open(&a, &r, &ra_pair, 1, false, &content));
    struct scep_reply reply = {.status = SCEP_SUCCESS, .crl = crl};
    assert_ok(scep_build_reply(&a, &r, &reply, &ra_pair, false, &der));
    assert_true(their_verify(&a, der, ra, &enveloped));
    assert_true(their_decrypt(&a, enveloped, client, client_key.theirs, &inside));
    assert_true(span_eq(inside, cms_certs_only(&a, NULL, 0, crl)));
    reply.crl = span_of("\x30\x01", 2);
    assert_int_equal(scep_build_reply(&a, &r, &reply, &ra_pair, false, &der), ERR_PARSE);
    reply = (struct scep_reply){.status = SCEP_SUCCESS, .cert = span_from(client, 1)};
    assert_int_equal(scep_build_reply(&a, &r, &reply, &ra_pair, false, &der), ERR_PARSE);
}

/* PENDING and FAILURE have no envelope, a nonce of no octets comes back as such. */
static void replies_without_envelope(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct their_message m = request(&a);
    m.nonce = "";
    struct scep_request r;
    struct cms_signed msg;
    struct span der, content;
    assert_ok(scep_read(&a, their_signed(&a, &m), &r));
    assert_non_null(r.sender_nonce.p);
    assert_int_equal(r.sender_nonce.n, 0);
    const struct scep_reply replies[] = {
        {.status = SCEP_PENDING, .cert = client},
        {.status = SCEP_FAILURE, .fail_info = SCEP_BAD_ALG, .cert = client}};
    for (int i = 0; i < 2; i++) {
        assert_ok(scep_build_reply(&a, &r, &replies[i], &ra_pair, false, &der));
        assert_true(their_verify(&a, der, ra, &content));
        assert_ok(cms_signed_read(&a, der, &msg));
        assert_true(msg.has_content); /* absent content is too much for OpenSSL's PKCS7_verify */
        assert_int_equal(msg.content.n, 0);
        json_t *o = described(der);
        assert_string_equal(text_at(o, "pkiStatus", "name"), i ? "FAILURE" : "PENDING");
        assert_true(has_attribute(o, OID_SCEP_RECIPIENT_NONCE, ""));
        assert_false(has_attribute(o, i ? "1.2.3" : OID_SCEP_FAIL_INFO, NULL));
        json_decref(o);
    }
}

/* The next CA's certificates inside of what today's RA signed. */
static void next_ca(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span der, inside, certs[] = {client, ra}, broken = span_from(ra, 1);
    assert_ok(scep_next_ca(&a, certs, 2, &ra_pair, &der));
    assert_true(their_verify(&a, der, ra, &inside));
    CMS_ContentInfo *cms = cms_from_span(inside);
    STACK_OF(X509) *list = CMS_get1_certs(cms);
    assert_int_equal(sk_X509_num(list), 2);
    sk_X509_pop_free(list, X509_free);
    CMS_ContentInfo_free(cms);
    uint8_t *copy = exact_copy(der, der.n);
    *(uint8_t *)memmem(copy, der.n, client.p, client.n) ^= 1;
    assert_false(their_verify(&a, span_of(copy, der.n), ra, &inside));
    free(copy);
    assert_int_equal(scep_next_ca(&a, &broken, 1, &ra_pair, &der), ERR_PARSE);
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
        cmocka_unit_test(windows_request),
        cmocka_unit_test(ndes_reply),
        cmocka_unit_test(describes_safely),
        cmocka_unit_test(describes_ber),
        cmocka_unit_test(crl_reply),
        cmocka_unit_test(replies_without_envelope),
        cmocka_unit_test(next_ca),
        cmocka_unit_test(certs_only),
    };
    return cmocka_run_group_tests_name("scep", tests, set_up, tear_down);
}
