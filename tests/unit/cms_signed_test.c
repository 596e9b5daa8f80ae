/* SPDX-License-Identifier: Apache-2.0 */
#include "cms_fixture.h"

#include "cms/signed.h"
#include "crypto/public.h"

static struct pair key, other;

static int make_keys(void **state) {
    (void)state;
    key = pair_new(2048);
    other = pair_new(2048);
    return 0;
}

static int free_keys(void **state) {
    (void)state;
    pair_free(&key);
    pair_free(&other);
    return 0;
}

static enum err verify(const struct cms_signed *msg, struct span spki) {
    ARENA_AUTO(a);
    struct public_key *k;
    assert_ok(public_load(&a, spki, &k));
    return cms_signed_verify(msg, k);
}

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
        assert_ok(cms_signed_read(&a, their_signed(&a, &m), &msg));
        assert_true(span_is(msg.content, "content"));
        assert_true(span_eq(cms_signer_cert(&msg), cert));
        assert_ok(verify(&msg, c.spki));
        assert_int_equal(verify(&msg, key_spki(other.ours)), ERR_MESSAGE_CHECK);
        struct span attribute = cms_attribute_build(&a, "1.2.3", DER_UTF8_STRING, span_str("v"));
        struct cms_signing s = {.content = span_str("ours"),
                                .attributes = &attribute,
                                .attribute_count = 1,
                                .digest = digests[i].ours,
                                .issuer = c.issuer,
                                .serial = c.serial,
                                .key = key.ours};
        assert_ok(cms_signed_build(&a, &s, &der));
        assert_true(their_verify(&a, der, cert, &out));
        assert_true(span_is(out, "ours"));
        assert_ok(cms_signed_read(&a, der, &msg));
        assert_false(msg.has_certs);
        assert_int_equal(cms_signer_cert(&msg).n, 0);
        assert_ok(verify(&msg, c.spki));
        s.content = SPAN_NONE;
        assert_ok(cms_signed_build(&a, &s, &der));
        assert_true(their_verify(&a, der, cert, &out));
        assert_ok(cms_signed_read(&a, der, &msg));
        assert_false(msg.has_content);
        assert_ok(verify(&msg, c.spki));
        s.cert = cert;
        assert_ok(cms_signed_build(&a, &s, &der));
        assert_true(their_verify(&a, der, cert, &out));
        assert_ok(cms_signed_read(&a, der, &msg));
        assert_true(span_eq(msg.certs, cert));
        assert_true(span_eq(cms_signer_cert(&msg), cert));
        assert_ok(verify(&msg, c.spki));
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
    struct cms_signing s = {.content = span_str("x"),
                            .attributes = list,
                            .attribute_count = 3,
                            .digest = DIGEST_SHA256,
                            .issuer = c.issuer,
                            .serial = c.serial,
                            .key = key.ours};
    assert_ok(cms_signed_build(&a, &s, &der));
    assert_ok(cms_signed_read(&a, der, &msg));
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
    m.flags = CMS_NOATTR;
    m.type = NULL;
    assert_int_equal(cms_signed_read(&a, their_signed(&a, &m), &msg), ERR_PARSE);
    m.flags = 0;
    /* sha256WithRSAEncryption in the place of rsaEncryption: outside of what is signed */
    assert_ok(cms_signed_read(&a, their_signed(&a, &m), &msg));
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
        assert_int_equal(verify(&msg, c.spki), forms[i].e);
    }
}

/* The signer by its subjectKeyIdentifier, and what is BER. */
static void signers_by_key_id(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span cert = cert_new(&a, "CN=s", key.ours, "CN=s", key.ours, false);
    struct their_message m = {.content = span_str("content"),
                              .cert = cert,
                              .key = key.theirs,
                              .md = EVP_sha256(),
                              .type = "19"};
    struct cms_signed msg;
    for (int i = 0; i < 4; i++) {
        m.flags = (i & 1 ? CMS_USE_KEYID : 0U) | (i & 2 ? CMS_STREAM : 0U);
        struct span message = their_signed(&a, &m);
        assert_ok(cms_signed_read(&a, message, &msg));
        assert_int_equal(msg.signer.key_id.n, i & 1 ? 20 : 0);
        assert_int_equal(msg.signer.issuer.n == 0, i & 1);
        assert_true(span_is(msg.content, "content"));
        assert_true(span_eq(cms_signer_cert(&msg), cert));
        assert_ok(verify(&msg, key_spki(key.ours)));
        assert_int_equal(verify(&msg, key_spki(other.ours)), ERR_MESSAGE_CHECK);
        if (i & 1) {
            msg.signer.key_id = span_str("somebody else's key!");
            assert_int_equal(cms_signer_cert(&msg).n, 0);
        }
    }
}

/* A Name of one CN in that string type. */
static struct span name_in(struct arena *a, uint8_t tag, const char *cn) {
    struct der_writer w = der_writer_in(a);
    der_put_item(&w, tag, span_str(cn));
    der_put_oid(&w, OID_CN);
    der_wrap(&w, DER_SEQUENCE, 0);
    der_wrap(&w, DER_SET, 0);
    der_wrap(&w, DER_SEQUENCE, 0);
    return der_written(&w);
}

/* The ways in which a signer may name its certificate, and what is no such way. */
static void signer_names(void **state) {
    (void)state;
    ARENA_AUTO(a);
    uint8_t id[20];
    struct cert cert;
    assert_ok(cert_parse(cert_new(&a, "CN=s", key.ours, "CN=s", key.ours, false), &cert));
    assert_ok(spki_key_id(cert.spki, id));
    const struct cms_signer good[] = {
        {.issuer = cert.issuer, .serial = cert.serial},
        {.issuer = name_in(&a, DER_PRINTABLE_STRING, "s"), .serial = cert.serial},
        {.key_id = span_of(id, sizeof id)},
    };
    const struct cms_signer bad[] = {
        {.issuer = name_in(&a, DER_UTF8_STRING, "t"), .serial = cert.serial},
        {.issuer = cert.issuer, .serial = span_str("\x01")},
        {.issuer = cert.issuer},
        {.key_id = span_of(id, sizeof id - 1)},
        {.key_id = span_of(&good, sizeof id)},
        {.serial = cert.serial},
    };
    for (int without_id = 0; without_id < 2; without_id++) {
        for (size_t i = 0; i < sizeof good / sizeof *good; i++)
            assert_true(cms_signer_is(&good[i], &cert));
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
            assert_false(cms_signer_is(&bad[i], &cert));
        cert.extensions = SPAN_NONE; /* the key's SHA-1 still names it */
    }
}

/* The message with other attributes, in this order, and another signature. */
static struct span with_attributes(struct arena *a, const struct cms_signed *msg,
                                   struct span attributes, struct span signature) {
    struct der_writer w = der_writer_in(a);
    der_put_item(&w, DER_OCTET_STRING, signature);
    algorithm_put(&w, OID_RSA, PARAMS_NULL);
    der_put_item(&w, DER_CONTEXT_CONSTRUCTED(0), attributes);
    algorithm_put(&w, OID_SHA256, PARAMS_NULL);
    size_t sid = der_mark(&w);
    der_put_item(&w, DER_INTEGER, msg->signer.serial);
    der_put(&w, msg->signer.issuer);
    der_wrap(&w, DER_SEQUENCE, sid);
    der_put_small(&w, 1);
    der_wrap(&w, DER_SEQUENCE, 0);
    der_wrap(&w, DER_SET, 0);
    size_t info = der_mark(&w);
    der_put_item(&w, DER_OCTET_STRING, msg->content);
    der_wrap(&w, DER_CONTEXT_CONSTRUCTED(0), info);
    der_put_oid(&w, OID_PKCS7_DATA);
    der_wrap(&w, DER_SEQUENCE, info);
    der_put_item(&w, DER_SET, SPAN_NONE);
    der_put_small(&w, 1);
    der_wrap(&w, DER_SEQUENCE, 0);
    der_wrap(&w, DER_CONTEXT_CONSTRUCTED(0), 0);
    der_put_oid(&w, OID_PKCS7_SIGNED);
    der_wrap(&w, DER_SEQUENCE, 0);
    return der_written(&w);
}

static struct span backwards(struct arena *a, struct der d) {
    struct der_writer w = der_writer_in(a); /* puts what comes later before it */
    struct span whole;
    while (!der_is_empty(&d)) {
        assert_ok(der_read_whole(&d, DER_SEQUENCE, &whole));
        der_put(&w, whole);
    }
    return der_written(&w);
}

static struct span as_set(struct arena *a, struct span elements) {
    struct der_writer w = der_writer_in(a);
    der_put_item(&w, DER_SET, elements);
    return der_written(&w);
}

/* RFC 5652, 5.4: signed is the DER, whatever the order on the wire; some sign what they sent. */
static void unsorted_attributes(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span cert = cert_new(&a, "CN=s", key.ours, "CN=s", key.ours, false), der;
    struct span attribute = cms_attribute_build(&a, "1.2.3", DER_UTF8_STRING, span_str("v"));
    struct cert c;
    struct cms_signed msg, turned;
    assert_ok(cert_parse(cert, &c));
    struct cms_signing s = {.content = span_str("x"),
                            .attributes = &attribute,
                            .attribute_count = 1,
                            .digest = DIGEST_SHA256,
                            .issuer = c.issuer,
                            .serial = c.serial,
                            .key = key.ours};
    assert_ok(cms_signed_build(&a, &s, &der));
    assert_ok(cms_signed_read(&a, der, &msg));
    struct span order = backwards(&a, cms_attributes(&msg.signer)), as_sent;
    struct span sorted = backwards(&a, der_of(order)), one_less = order;
    assert_false(span_eq(order, sorted));
    der = with_attributes(&a, &msg, order, msg.signer.signature);
    assert_ok(cms_signed_read(&a, der, &turned));
    assert_ok(verify(&turned, c.spki));
    assert_ok(key_sign(key.ours, DIGEST_SHA256, as_set(&a, order), &a, &as_sent));
    der = with_attributes(&a, &msg, order, as_sent);
    assert_ok(cms_signed_read(&a, der, &turned));
    assert_ok(verify(&turned, c.spki));
    /* sorted on the wire, and another order signed: that is neither */
    der = with_attributes(&a, &msg, sorted, as_sent);
    assert_ok(cms_signed_read(&a, der, &turned));
    assert_int_equal(verify(&turned, c.spki), ERR_MESSAGE_CHECK);
    /* without one of those that were signed */
    struct der d = der_of(order);
    struct span first;
    assert_ok(der_read_whole(&d, DER_SEQUENCE, &first));
    one_less = span_from(order, first.n);
    for (int i = 0; i < 2; i++) {
        der = with_attributes(&a, &msg, one_less, i ? as_sent : msg.signer.signature);
        assert_ok(cms_signed_read(&a, der, &turned));
        assert_int_equal(verify(&turned, c.spki), ERR_MESSAGE_CHECK);
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
    assert_ok(cms_signed_read(&a, der, &good));
    for (size_t n = 0; n < der.n; n++) {
        uint8_t *copy = exact_copy(der, n);
        assert_int_equal(cms_signed_read(&a, span_of(copy, n), &msg), ERR_PARSE);
        free(copy);
    }
    for (size_t i = 0; i < der.n; i++) {
        uint8_t *copy = exact_copy(der, der.n);
        copy[i] ^= (uint8_t)(1 << i % 8);
        /* what is not signed (the certificates, versions, the signer's name) may change, but
           never what is: content, attributes, digest */
        if (cms_signed_read(&a, span_of(copy, der.n), &msg) == OK && verify(&msg, c.spki) == OK) {
            assert_true(span_eq(msg.content, good.content));
            assert_true(span_eq(msg.signer.attributes, good.signer.attributes));
            assert_true(span_eq(msg.signer.digest.oid, good.signer.digest.oid));
        }
        free(copy);
    }
}

/* Nothing depends on them, but a reader that is strict reads them: `scep decode` shows them. */
static void digest_algorithms_are_read(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span cert = cert_new(&a, "CN=s", key.ours, "CN=s", key.ours, false);
    struct their_message m = {
        .content = span_str("x"), .cert = cert, .key = key.theirs, .md = EVP_sha256()};
    struct span der = their_signed(&a, &m);
    struct cms_signed msg;
    assert_ok(cms_signed_read(&a, der, &msg));
    uint8_t *oid_tag = (uint8_t *)(uintptr_t)msg.digest_algorithms.p + 2;
    assert_int_equal(*oid_tag, DER_OID);
    *oid_tag = DER_OCTET_STRING;
    assert_ok(der_check(der));
    assert_int_equal(cms_signed_read(&a, der, &msg), ERR_PARSE);
}

static struct span their_crl(struct arena *a) {
    X509_CRL *crl = X509_CRL_new();
    X509_NAME *name = X509_NAME_new();
    ASN1_TIME *now = ASN1_TIME_set(NULL, (time_t)(clock_ms() / 1000));
    unsigned char *der = NULL;
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)"CA", -1, -1, 0);
    X509_CRL_set_version(crl, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(crl, name);
    X509_CRL_set1_lastUpdate(crl, now);
    X509_CRL_set1_nextUpdate(crl, now);
    assert_true(X509_CRL_sign(crl, key.theirs, EVP_sha256()) > 0);
    int n = i2d_X509_CRL(crl, &der);
    struct span out = arena_copy(a, span_of(der, (size_t)n));
    OPENSSL_free(der);
    ASN1_TIME_free(now);
    X509_NAME_free(name);
    X509_CRL_free(crl);
    return out;
}

/* Certificates in their order, a CRL, both and neither. */
static void degenerate(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span certs[] = {cert_new(&a, "CN=1", key.ours, "CN=1", key.ours, false),
                           cert_new(&a, "CN=2", other.ours, "CN=2", other.ours, true)};
    struct span crl = their_crl(&a);
    struct cms_signed msg;
    for (int i = 0; i < 4; i++) {
        bool has_certs = i & 1, has_crl = i & 2;
        struct span der = cms_certs_only(&a, certs, has_certs ? 2 : 0, has_crl ? crl : SPAN_NONE);
        assert_ok(der_check(der));
        CMS_ContentInfo *cms = cms_from_span(der);
        STACK_OF(X509) *list = CMS_get1_certs(cms);
        STACK_OF(X509_CRL) *crls = CMS_get1_crls(cms);
        assert_int_equal(list ? sk_X509_num(list) : 0, has_certs ? 2 : 0);
        assert_int_equal(crls ? sk_X509_CRL_num(crls) : 0, has_crl);
        if (has_certs) {
            X509 *first = x509_of(certs[0]);
            assert_int_equal(X509_cmp(sk_X509_value(list, 0), first), 0);
            X509_free(first);
        }
        if (has_crl)
            assert_int_equal(X509_CRL_verify(sk_X509_CRL_value(crls, 0), key.theirs), 1);
        sk_X509_pop_free(list, X509_free);
        sk_X509_CRL_pop_free(crls, X509_CRL_free);
        CMS_ContentInfo_free(cms);
        assert_int_equal(cms_signed_read(&a, der, &msg), ERR_PARSE);
        struct span read;
        assert_ok(cms_certs_read(&a, der, &read));
        assert_int_equal(read.n, has_certs ? certs[0].n + certs[1].n : 0);
        assert_true(!has_certs || span_eq(span_of(read.p, certs[0].n), certs[0]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_both_ways), cmocka_unit_test(attributes_are_sorted),
        cmocka_unit_test(signature_forms),      cmocka_unit_test(signers_by_key_id),
        cmocka_unit_test(signer_names),         cmocka_unit_test(unsorted_attributes),
        cmocka_unit_test(signed_tampering),     cmocka_unit_test(digest_algorithms_are_read),
        cmocka_unit_test(degenerate),
    };
    return cmocka_run_group_tests_name("cms_signed", tests, make_keys, free_keys);
}
