/* SPDX-License-Identifier: Apache-2.0 */
#include "cms_fixture.h"

#include "cms/enveloped.h"
#include "cms/signed.h"
#include "crypto/public.h"

static struct pair key, other;

static int make_keys(void **state) {
    (void)state;
    key = pair_new(2048);
    other = pair_new(1024);
    return 0;
}

static int free_keys(void **state) {
    (void)state;
    pair_free(&key);
    pair_free(&other);
    return 0;
}

static const struct {
    const EVP_CIPHER *(*theirs)(void);
    enum content_cipher ours;
} ciphers[] = {{EVP_aes_128_cbc, CIPHER_AES128_CBC}, {EVP_aes_256_cbc, CIPHER_AES256_CBC}};

static enum err open_for(struct arena *a, struct span der, struct span cert, const struct key *k,
                         struct span *content, uint32_t *good) {
    struct cms_enveloped env;
    struct cert c;
    enum key_transport transport;
    enum content_cipher cipher;
    *good = 0;
    TRY(cert_parse(cert, &c));
    TRY(cms_enveloped_read(der, &env));
    return cms_enveloped_open(a, &env, c.issuer, c.serial, k, &transport, &cipher, content, good);
}

static bool opens(struct arena *a, struct span der, struct span cert, const struct key *k,
                  struct span wanted) {
    struct span content;
    uint32_t good;
    return open_for(a, der, cert, k, &content, &good) == OK && good && span_eq(content, wanted);
}

/* Both transports and both ciphers, theirs read by us and ours read by them, for many lengths. */
static void envelopes_both_ways(void **state) {
    (void)state;
    ARENA_AUTO(a);
    uint8_t data[600];
    assert_ok(random_bytes(data, sizeof data));
    struct span cert = cert_new(&a, "CN=r", key.ours, "CN=r", key.ours, false), back, der;
    struct cert c;
    assert_ok(cert_parse(cert, &c));
    const size_t sizes[] = {1, 15, 16, 17, 100, 600};
    for (int i = 0; i < 24; i++) {
        bool oaep = i & 1;
        int cipher = i >> 1 & 1;
        struct span content = span_of(data, sizes[i / 4]);
        der = their_envelope(&a, content, &cert, 1, ciphers[cipher].theirs(),
                             (struct transport){.oaep = oaep});
        assert_true(opens(&a, der, cert, key.ours, content));
        struct cms_sealing s = {content,
                                c.issuer,
                                c.serial,
                                c.spki,
                                oaep ? TRANSPORT_OAEP : TRANSPORT_PKCS1,
                                ciphers[cipher].ours};
        assert_ok(cms_enveloped_build(&a, &s, &der));
        assert_true(their_decrypt(&a, der, cert, key.theirs, &back));
        assert_true(span_eq(back, content));
        assert_true(opens(&a, der, cert, key.ours, content));
    }
}

static void several_recipients(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span content = span_str("hello"), out;
    struct span certs[] = {cert_new(&a, "CN=a", other.ours, "CN=a", other.ours, false),
                           cert_new(&a, "CN=b", key.ours, "CN=b", key.ours, false),
                           cert_new(&a, "CN=c", other.ours, "CN=c", other.ours, false)};
    for (int first = 0; first < 3; first++) {
        struct span order[] = {certs[first], certs[(first + 1) % 3], certs[(first + 2) % 3]};
        struct span der = their_envelope(&a, content, order, 3, EVP_aes_128_cbc(),
                                         (struct transport){.oaep = true});
        assert_true(opens(&a, der, certs[1], key.ours, content));
        assert_true(opens(&a, der, certs[0], other.ours, content));
    }
    struct span der =
        their_envelope(&a, content, certs, 1, EVP_aes_128_cbc(), (struct transport){.oaep = true});
    uint32_t good;
    assert_int_equal(open_for(&a, der, certs[1], key.ours, &out, &good), ERR_CERT_ID);
}

/* The AlgorithmIdentifier's parameters, replaced in the finished message. */
static struct span with_oaep_params(struct arena *a, struct span der, struct span params) {
    struct cms_enveloped env;
    struct cms_recipient r;
    assert_ok(cms_enveloped_read(der, &env));
    struct der d = der_of(env.recipients);
    assert_ok(cms_recipient_next(&d, &r));
    struct der_writer w = der_writer_in(a);
    struct der tail = der_of(span_from(der, (size_t)(env.recipients.p + env.recipients.n - der.p)));
    der_put(&w, span_of(tail.p, (size_t)(tail.end - tail.p)));
    size_t set = der_mark(&w);
    der_put_item(&w, DER_OCTET_STRING, r.encrypted_key);
    size_t alg = der_mark(&w);
    der_put(&w, params);
    der_put_oid(&w, OID_RSAES_OAEP);
    der_wrap(&w, DER_SEQUENCE, alg);
    size_t rid = der_mark(&w);
    der_put_item(&w, DER_INTEGER, r.serial);
    der_put(&w, r.issuer);
    der_wrap(&w, DER_SEQUENCE, rid);
    der_put_small(&w, 0);
    der_wrap(&w, DER_SEQUENCE, set);
    der_wrap(&w, DER_SET, set);
    der_put_small(&w, 0);
    der_wrap(&w, DER_SEQUENCE, 0);
    der_wrap(&w, DER_CONTEXT_CONSTRUCTED(0), 0);
    der_put_oid(&w, OID_PKCS7_ENVELOPED);
    der_wrap(&w, DER_SEQUENCE, 0);
    return der_written(&w);
}

static void oaep_parameters(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span content = span_str("hello"), out;
    struct span cert = cert_new(&a, "CN=r", key.ours, "CN=r", key.ours, false);
    struct span der =
        their_envelope(&a, content, &cert, 1, EVP_aes_128_cbc(), (struct transport){.oaep = true});
    uint32_t good;
    assert_true(
        opens(&a, with_oaep_params(&a, der, span_of("\x30\x00", 2)), cert, key.ours, content));
    assert_true(
        opens(&a, with_oaep_params(&a, der, span_of("\x05\x00", 2)), cert, key.ours, content));
    assert_true(opens(&a, with_oaep_params(&a, der, SPAN_NONE), cert, key.ours, content));
    const struct span bad[] = {span_of("\x30\x02\x05\x00", 4), span_of("\x02\x01\x00", 3),
                               span_of("\x04\x00", 2)};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(
            open_for(&a, with_oaep_params(&a, der, bad[i]), cert, key.ours, &out, &good),
            ERR_ALGORITHM);
    const struct transport others[] = {{.oaep = true, .md = EVP_sha256()},
                                       {.oaep = true, .label = "label"}};
    for (int i = 0; i < 2; i++) {
        der = their_envelope(&a, content, &cert, 1, EVP_aes_128_cbc(), others[i]);
        assert_int_equal(open_for(&a, der, cert, key.ours, &out, &good), ERR_ALGORITHM);
        /* told to be the default, it must not open either */
        der = with_oaep_params(&a, der, SPAN_NONE);
        assert_false(opens(&a, der, cert, key.ours, content));
    }
    der =
        their_envelope(&a, content, &cert, 1, EVP_des_ede3_cbc(), (struct transport){.oaep = true});
    assert_int_equal(open_for(&a, der, cert, key.ours, &out, &good), ERR_ALGORITHM);
}

/* Puts another RSA ciphertext of the same length into the message. */
static void replace_key(uint8_t *message, struct span der, struct span encrypted) {
    struct cms_enveloped env;
    struct cms_recipient r;
    assert_ok(cms_enveloped_read(der, &env));
    struct der d = der_of(env.recipients);
    assert_ok(cms_recipient_next(&d, &r));
    assert_int_equal(r.encrypted_key.n, encrypted.n);
    memcpy(message + (r.encrypted_key.p - der.p), encrypted.p, encrypted.n);
}

/* Bad padding and keys of a wrong length go on with a random key: no error, only other bytes. */
static void wrong_keys_tell_nothing(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span cert = cert_new(&a, "CN=r", key.ours, "CN=r", key.ours, false), out, encrypted;
    struct public_key *pub = NULL;
    uint8_t junk[255], data[64] = {0};
    uint32_t good;
    assert_ok(random_bytes(junk, sizeof junk));
    assert_ok(public_load(key_spki(key.ours), &pub));
    for (int oaep = 0; oaep < 2; oaep++) {
        struct span der = their_envelope(&a, span_of(data, sizeof data), &cert, 1,
                                         EVP_aes_128_cbc(), (struct transport){.oaep = oaep});
        uint8_t *copy = exact_copy(der, der.n);
        const size_t lengths[] = {0, 1, 8, 15, 17, 24, 32};
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            assert_ok(public_encrypt(pub, oaep, span_of(junk, lengths[i]), &a, &encrypted));
            replace_key(copy, der, encrypted);
            assert_ok(open_for(&a, span_of(copy, der.n), cert, key.ours, &out, &good));
            assert_false(good && span_eq(out, span_of(data, sizeof data)));
        }
        /* the other transport's padding, and none at all */
        assert_ok(public_encrypt(pub, !oaep, span_of(junk, 16), &a, &encrypted));
        replace_key(copy, der, encrypted);
        assert_ok(open_for(&a, span_of(copy, der.n), cert, key.ours, &out, &good));
        uint8_t small[256] = {0};
        memcpy(small + 1, junk, 255);
        replace_key(copy, der, span_of(small, 256));
        assert_ok(open_for(&a, span_of(copy, der.n), cert, key.ours, &out, &good));
        free(copy);
    }
    public_free(pub);
}

static void envelope_tampering(void **state) {
    (void)state;
    ARENA_AUTO(outer);
    struct span content = span_str("some content of two blocks");
    struct span cert = cert_new(&outer, "CN=r", key.ours, "CN=r", key.ours, false);
    struct span der = their_envelope(&outer, content, &cert, 1, EVP_aes_128_cbc(),
                                     (struct transport){.oaep = true});
    struct cms_enveloped env;
    for (size_t n = 0; n < der.n; n++) {
        uint8_t *copy = exact_copy(der, n);
        assert_int_equal(cms_enveloped_read(span_of(copy, n), &env), ERR_PARSE);
        free(copy);
    }
    for (size_t i = 0; i < der.n; i++) {
        ARENA_AUTO(a);
        uint8_t *copy = exact_copy(der, der.n);
        struct span out = SPAN_NONE;
        uint32_t good;
        copy[i] ^= (uint8_t)(1 << i % 8);
        (void)!open_for(&a, span_of(copy, der.n), cert, key.ours, &out, &good);
        free(copy);
    }
}

/* ---- SignedData ---- */

static const struct {
    const EVP_MD *(*theirs)(void);
    enum digest ours;
} digests[] = {{EVP_sha1, DIGEST_SHA1},
               {EVP_sha256, DIGEST_SHA256},
               {EVP_sha384, DIGEST_SHA384},
               {EVP_sha512, DIGEST_SHA512}};

static void signatures_both_ways(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span cert = cert_new(&a, "CN=s,O=x", key.ours, "CN=s,O=x", key.ours, false), der, out;
    struct cert c;
    assert_ok(cert_parse(cert, &c));
    for (size_t i = 0; i < 4; i++) {
        struct their_message m = {.content = span_str("content"),
                                  .cert = cert,
                                  .key = key.theirs,
                                  .md = digests[i].theirs(),
                                  .type = "19"};
        struct cms_signed msg;
        assert_ok(cms_signed_read(their_signed(&a, &m), &msg));
        assert_true(span_is(msg.content, "content"));
        assert_true(span_eq(cms_signer_cert(&msg), cert));
        assert_ok(cms_signed_verify(&msg, c.spki));
        assert_int_equal(cms_signed_verify(&msg, key_spki(other.ours)), ERR_MESSAGE_CHECK);
        struct span attribute = cms_attribute_build(&a, "1.2.3", DER_UTF8_STRING, span_str("v"));
        struct cms_signing s = {span_str("ours"), &attribute, 1,       digests[i].ours,
                                c.issuer,         c.serial,   key.ours};
        assert_ok(cms_signed_build(&a, &s, &der));
        assert_true(their_verify(&a, der, cert, &out));
        assert_true(span_is(out, "ours"));
        assert_ok(cms_signed_read(der, &msg));
        assert_false(msg.has_certs);
        assert_int_equal(cms_signer_cert(&msg).n, 0);
        assert_ok(cms_signed_verify(&msg, c.spki));
        s.content = SPAN_NONE;
        assert_ok(cms_signed_build(&a, &s, &der));
        assert_true(their_verify(&a, der, cert, &out));
        assert_ok(cms_signed_read(der, &msg));
        assert_false(msg.has_content);
        assert_ok(cms_signed_verify(&msg, c.spki));
    }
}

static void attributes_are_sorted(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span cert = cert_new(&a, "CN=s", key.ours, "CN=s", key.ours, false), der;
    struct cert c;
    struct cms_signed msg;
    assert_ok(cert_parse(cert, &c));
    struct span list[] = {
        cms_attribute_build(&a, "1.2.840.113549.1.9.99", DER_UTF8_STRING, span_str("long value")),
        cms_attribute_build(&a, "1.2.3", DER_PRINTABLE_STRING, span_str("b")),
        cms_attribute_build(&a, "1.2.3.4", DER_PRINTABLE_STRING, span_str("a"))};
    struct cms_signing s = {span_str("x"), list, 3, DIGEST_SHA256, c.issuer, c.serial, key.ours};
    assert_ok(cms_signed_build(&a, &s, &der));
    assert_ok(cms_signed_read(der, &msg));
    struct der d = cms_attributes(&msg.signer);
    struct span last = SPAN_NONE, whole;
    int count = 0;
    while (!der_is_empty(&d)) {
        assert_ok(der_read_whole(&d, DER_SEQUENCE, &whole));
        size_t n = last.n < whole.n ? last.n : whole.n;
        assert_true(n == 0 || memcmp(last.p, whole.p, n) < 0);
        last = whole;
        count++;
    }
    assert_int_equal(count, 5);
}

static void signature_forms(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span cert = cert_new(&a, "CN=s", key.ours, "CN=s", key.ours, false);
    struct their_message m = {.content = span_str("x"),
                              .cert = cert,
                              .key = key.theirs,
                              .md = EVP_sha256(),
                              .type = "19"};
    struct cms_signed msg;
    struct cert c;
    assert_ok(cert_parse(cert, &c));
    m.flags = CMS_USE_KEYID;
    assert_int_equal(cms_signed_read(their_signed(&a, &m), &msg), ERR_PARSE);
    m.flags = CMS_NOATTR;
    m.type = NULL;
    assert_int_equal(cms_signed_read(their_signed(&a, &m), &msg), ERR_PARSE);
    m.flags = 0;
    /* sha256WithRSAEncryption in the place of rsaEncryption: outside of what is signed */
    assert_ok(cms_signed_read(their_signed(&a, &m), &msg));
    uint8_t oid[OID_MAX_SIZE];
    const struct {
        const char *oid;
        enum err e;
    } forms[] = {{OID_SHA256_RSA, OK},
                 {OID_SHA512_RSA, ERR_ALGORITHM},
                 {OID_SHA1_RSA, ERR_ALGORITHM},
                 {OID_ECDSA_SHA256, ERR_ALGORITHM},
                 {"1.2.840.113549.1.1.10", ERR_ALGORITHM},
                 {OID_RSAES_OAEP, ERR_ALGORITHM}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        msg.signer.signature_algorithm.oid = span_of(oid, oid_encode(forms[i].oid, oid));
        assert_int_equal(cms_signed_verify(&msg, c.spki), forms[i].e);
    }
}

static void signed_tampering(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span cert = cert_new(&a, "CN=s", key.ours, "CN=s", key.ours, false);
    struct their_message m = {.content = span_str("x"),
                              .cert = cert,
                              .key = key.theirs,
                              .md = EVP_sha256(),
                              .type = "19"};
    struct span der = their_signed(&a, &m);
    struct cms_signed msg, good;
    struct cert c;
    assert_ok(cert_parse(cert, &c));
    assert_ok(cms_signed_read(der, &good));
    for (size_t n = 0; n < der.n; n++) {
        uint8_t *copy = exact_copy(der, n);
        assert_int_equal(cms_signed_read(span_of(copy, n), &msg), ERR_PARSE);
        free(copy);
    }
    for (size_t i = 0; i < der.n; i++) {
        uint8_t *copy = exact_copy(der, der.n);
        copy[i] ^= (uint8_t)(1 << i % 8);
        /* what is not signed (the certificates, versions, the signer's name) may change, but
           never what is: content, attributes, digest */
        if (cms_signed_read(span_of(copy, der.n), &msg) == OK &&
            cms_signed_verify(&msg, c.spki) == OK) {
            assert_true(span_eq(msg.content, good.content));
            assert_true(span_eq(msg.signer.attributes, good.signer.attributes));
            assert_true(span_eq(msg.signer.digest.oid, good.signer.digest.oid));
        }
        free(copy);
    }
}

static void degenerate(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span certs[] = {cert_new(&a, "CN=1", key.ours, "CN=1", key.ours, false),
                           cert_new(&a, "CN=2", other.ours, "CN=2", other.ours, true)};
    CMS_ContentInfo *cms = cms_from_span(cms_certs_only(&a, certs, 2));
    STACK_OF(X509) *list = CMS_get1_certs(cms);
    assert_int_equal(sk_X509_num(list), 2);
    X509 *first = x509_of(certs[0]);
    assert_int_equal(X509_cmp(sk_X509_value(list, 0), first), 0);
    X509_free(first);
    sk_X509_pop_free(list, X509_free);
    CMS_ContentInfo_free(cms);
    struct cms_signed msg;
    assert_int_equal(cms_signed_read(cms_certs_only(&a, certs, 2), &msg), ERR_PARSE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(envelopes_both_ways),   cmocka_unit_test(several_recipients),
        cmocka_unit_test(oaep_parameters),       cmocka_unit_test(wrong_keys_tell_nothing),
        cmocka_unit_test(envelope_tampering),    cmocka_unit_test(signatures_both_ways),
        cmocka_unit_test(attributes_are_sorted), cmocka_unit_test(signature_forms),
        cmocka_unit_test(signed_tampering),      cmocka_unit_test(degenerate),
    };
    return cmocka_run_group_tests_name("cms", tests, make_keys, free_keys);
}
