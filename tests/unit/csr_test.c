/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto_fixture.h"

#include <openssl/x509v3.h>

#include "crypto/algorithm.h"
#include "wire/scep.h"
#include "x509/csr.h"
#include "x509/pem.h"

static struct pair rsa, ec, p384;

static int make_keys(void **state) {
    (void)state;
    rsa = pair_new(2048);
    ec = pair_new(0);
    p384 = pair_curve("P-384");
    return 0;
}

static int free_keys(void **state) {
    (void)state;
    pair_free(&rsa);
    pair_free(&ec);
    pair_free(&p384);
    return 0;
}

static void add_extension(STACK_OF(X509_EXTENSION) * list, int nid, const char *value) {
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, NULL, NULL, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&ctx);
    X509_EXTENSION *x = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(x);
    sk_X509_EXTENSION_push(list, x);
}

/* A request as OpenSSL makes it, with all that signet reads. */
static struct span make_csr(struct arena *a, EVP_PKEY *key, const EVP_MD *md) {
    X509_REQ *req = X509_REQ_new();
    X509_NAME *name = X509_REQ_get_subject_name(req);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)"host", -1, -1, 0);
    X509_REQ_set_pubkey(req, key);
    STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
    add_extension(list, NID_key_usage, "digitalSignature,keyEncipherment");
    add_extension(list, NID_ext_key_usage, "clientAuth,1.3.6.1.4.1.311.20.2.2");
    add_extension(list, NID_subject_alt_name,
                  "DNS:a.example,email:b@c.d,URI:urn:x,IP:192.0.2.7,IP:2001:db8::1,RID:1.2.3,"
                  "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:u@v.w,otherName:1.2.3;UTF8:hi");
    ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(id, (const uint8_t *)"DEVICE\0", 7);
    ASN1_OBJECT *oid = OBJ_txt2obj(OID_MS_DEVICE_ID, 1);
    X509_EXTENSION *x = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, id);
    sk_X509_EXTENSION_push(list, x);
    X509_REQ_add_extensions(req, list);
    X509_REQ_add1_attr_by_NID(req, NID_pkcs9_challengePassword, V_ASN1_PRINTABLESTRING,
                              (const uint8_t *)"S3cret", 6);
    X509_REQ_add1_attr_by_txt(req, OID_MS_OS_VERSION, V_ASN1_IA5STRING,
                              (const uint8_t *)"10.0.19043.2", 12);
    assert_true(X509_REQ_sign(req, key, md) > 0);
    unsigned char *der = NULL;
    int n = i2d_X509_REQ(req, &der);
    struct span out = arena_copy(a, span_of(der, (size_t)n));
    OPENSSL_free(der);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    ASN1_OCTET_STRING_free(id);
    ASN1_OBJECT_free(oid);
    X509_REQ_free(req);
    return out;
}

static void reads_all(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct csr csr;
    assert_ok(csr_parse(make_csr(&a, rsa.theirs, EVP_sha256()), &csr));
    assert_ok(csr_verify(&csr));
    assert_string_equal(name_text(&a, csr.subject), "CN=host");
    assert_true(span_is(csr.challenge, "S3cret"));
    assert_true(csr.has_key_usage);
    assert_int_equal(csr.key_usage, 0xa0);
    assert_true(span_is(csr.device_id, "DEVICE"));
    assert_true(span_eq(csr.spki, key_spki(rsa.ours)));
    assert_int_equal(spki_rsa_bits(csr.spki), 2048);
    assert_int_equal(spki_rsa_bits(key_spki(ec.ours)), 0);
    const char *oid;
    struct span rest = csr.eku;
    assert_true(eku_next(&a, &rest, &oid));
    assert_string_equal(oid, "1.3.6.1.5.5.7.3.2");
    assert_true(eku_next(&a, &rest, &oid));
    assert_string_equal(oid, "1.3.6.1.4.1.311.20.2.2");
    assert_false(eku_next(&a, &rest, &oid));
}

static void iterates_names(void **state) {
    (void)state;
    static const struct {
        unsigned type;
        const char *value;
    } wanted[] = {{3, "a.example"},   {2, "b@c.d"}, {7, "urn:x"},  {8, "192.0.2.7"},
                  {8, "2001:db8::1"}, {9, "1.2.3"}, {11, "u@v.w"}, {1, "1.2.3:0c026869"}};
    ARENA_AUTO(a);
    struct csr csr;
    assert_ok(csr_parse(make_csr(&a, rsa.theirs, EVP_sha256()), &csr));
    struct span rest = csr.san, value;
    unsigned type;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        assert_true(san_next(&a, &rest, &type, &value));
        assert_int_equal(type, wanted[i].type);
        assert_string_equal(arena_str(&a, value), wanted[i].value);
    }
    assert_false(san_next(&a, &rest, &type, &value));
    /* bad DER is told once, and then it is over */
    for (size_t n = 1; n < csr.san.n; n++) {
        uint8_t *copy = exact_copy(csr.san, n);
        rest = span_of(copy, n);
        assert_true(san_next(&a, &rest, &type, &value));
        assert_int_equal(type, 0);
        assert_false(san_next(&a, &rest, &type, &value));
        rest = span_of(copy, n);
        free(copy);
    }
}

/* A list in a list is neither a name nor an OID: as the last element it was once entered. */
static void no_list_in_a_list(void **state) {
    (void)state;
    static const uint8_t names[] = {0x30, 8, 0x82, 1, 'a', 0x30, 3, 0x82, 1, 'b'},
                         last_is_empty[] = {0x30, 5, 0x82, 1, 'a', 0x30, 0},
                         oids[] = {0x30, 8, 0x06, 1, 0x2a, 0x30, 3, 0x06, 1, 0x2b};
    ARENA_AUTO(a);
    struct span rest, value;
    const char *oid;
    unsigned type;
    const struct span sans[] = {span_of(names, sizeof names),
                                span_of(last_is_empty, sizeof last_is_empty)};
    for (size_t i = 0; i < 2; i++) {
        rest = sans[i];
        assert_true(san_next(&a, &rest, &type, &value));
        assert_int_equal(type, 0);
        assert_false(san_next(&a, &rest, &type, &value));
    }
    rest = span_of(oids, sizeof oids);
    assert_false(eku_next(&a, &rest, &oid));
    assert_true(rest.n > 0); /* by which callers know that it was not the end */
}

static void all_signatures(void **state) {
    (void)state;
    const EVP_MD *const mds[] = {EVP_sha1(), EVP_sha256(), EVP_sha384(), EVP_sha512()};
    const struct pair *const keys[] = {&rsa, &ec, &p384};
    for (int i = 0; i < 12; i++) {
        ARENA_AUTO(a);
        struct csr csr;
        struct span der = make_csr(&a, keys[i % 3]->theirs, mds[i / 3]);
        assert_ok(csr_parse(der, &csr));
        assert_ok(csr_verify(&csr));
        uint8_t *copy = exact_copy(csr.info, csr.info.n);
        copy[csr.info.n - 1] ^= 1;
        csr.info = span_of(copy, csr.info.n);
        assert_int_equal(csr_verify(&csr), ERR_REFUSED);
        free(copy);
    }
    ARENA_AUTO(a);
    struct csr csr;
    assert_ok(csr_parse(make_csr(&a, rsa.theirs, EVP_sha224()), &csr));
    assert_int_equal(csr_verify(&csr), ERR_ALGORITHM);
}

static void tampering(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span der = make_csr(&a, rsa.theirs, EVP_sha256());
    struct csr csr;
    for (size_t n = 0; n < der.n; n++) {
        uint8_t *copy = exact_copy(der, n);
        assert_int_equal(csr_parse(span_of(copy, n), &csr), ERR_PARSE);
        free(copy);
    }
    for (size_t i = 0; i < der.n; i++) {
        uint8_t *copy = exact_copy(der, der.n);
        copy[i] ^= (uint8_t)(1 << i % 8);
        if (csr_parse(span_of(copy, der.n), &csr) == OK)
            assert_int_not_equal(csr_verify(&csr), OK);
        free(copy);
    }
    uint8_t *longer = exact_copy(der, der.n);
    longer = realloc(longer, der.n + 1);
    longer[der.n] = 0;
    assert_int_equal(csr_parse(span_of(longer, der.n + 1), &csr), ERR_PARSE);
    free(longer);
}

/* ---- requests that OpenSSL would not write ---- */

struct odd {
    struct span subject, attributes; /* attributes: elements of the SET */
    const char *signature_oid;
};

static struct span make_odd(struct arena *a, const struct odd *odd) {
    struct der_writer info = der_writer_in(a), w = der_writer_in(a);
    struct span signature;
    der_put_item(&info, DER_CONTEXT_CONSTRUCTED(0), odd->attributes);
    der_put(&info, key_spki(rsa.ours));
    der_put(&info, odd->subject);
    der_put_small(&info, 0);
    der_wrap(&info, DER_SEQUENCE, 0);
    bool sha256 = strcmp(odd->signature_oid, OID_SHA256_RSA) == 0;
    assert_ok(key_sign(rsa.ours, sha256 ? DIGEST_SHA256 : DIGEST_SHA1, der_written(&info), a,
                       &signature));
    der_put_bits(&w, signature);
    algorithm_put(&w, odd->signature_oid, PARAMS_NULL);
    der_put(&w, der_written(&info));
    der_wrap(&w, DER_SEQUENCE, 0);
    return der_written(&w);
}

static struct span extension(struct arena *a, const char *oid, struct span value) {
    struct der_writer w = der_writer_in(a);
    der_put_item(&w, DER_OCTET_STRING, value);
    der_put_oid(&w, oid);
    der_wrap(&w, DER_SEQUENCE, 0);
    return der_written(&w);
}

static struct span attribute(struct arena *a, const char *oid, struct span value) {
    struct der_writer w = der_writer_in(a);
    der_put(&w, value);
    der_wrap(&w, DER_SET, 0);
    der_put_oid(&w, oid);
    der_wrap(&w, DER_SEQUENCE, 0);
    return der_written(&w);
}

static struct span item(struct arena *a, uint8_t tag, const char *text, size_t n) {
    struct der_writer w = der_writer_in(a);
    der_put_item(&w, tag, span_of(text, n));
    return der_written(&w);
}

static struct span twice(struct arena *a, struct span x, struct span y) {
    struct der_writer w = der_writer_in(a);
    der_put(&w, y);
    der_put(&w, x);
    return der_written(&w);
}

static struct span sequence(struct arena *a, struct span content) {
    struct der_writer w = der_writer_in(a);
    der_put_item(&w, DER_SEQUENCE, content);
    return der_written(&w);
}

/* '!' and a NUL in a PrintableString, and the OIW's OID: as Windows 10 enrolls. */
static void windows_habits(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct der_writer w = der_writer_in(&a);
    der_put_item(&w, DER_PRINTABLE_STRING, span_of("0123!4567\0", 10));
    der_put_oid(&w, OID_CN);
    der_wrap(&w, DER_SEQUENCE, 0);
    der_wrap(&w, DER_SET, 0);
    der_wrap(&w, DER_SEQUENCE, 0);
    /* cA FALSE, as DER forbids it, with a pathLen, as RFC 5280 does */
    struct span bc =
        extension(&a, OID_BASIC_CONSTRAINTS, item(&a, DER_SEQUENCE, "\x02\x01\x00", 3));
    struct span id = extension(&a, OID_MS_DEVICE_ID, span_of("ABC\0", 4));
    struct odd odd = {
        .subject = der_written(&w),
        .attributes = attribute(&a, OID_EXTENSION_REQUEST, sequence(&a, twice(&a, bc, id))),
        .signature_oid = OID_OIW_SHA1_RSA,
    };
    struct csr csr;
    assert_ok(csr_parse(make_odd(&a, &odd), &csr));
    assert_ok(csr_verify(&csr));
    assert_string_equal(name_text(&a, csr.subject), "CN=0123!4567\\x00");
    assert_true(span_is(csr.device_id, "ABC"));
    odd.attributes = attribute(&a, OID_MS_CERT_EXTENSIONS, sequence(&a, id));
    assert_ok(csr_parse(make_odd(&a, &odd), &csr));
    assert_true(span_is(csr.device_id, "ABC"));
    odd.signature_oid = "1.2.840.113549.1.1.4"; /* MD5 */
    assert_ok(csr_parse(make_odd(&a, &odd), &csr));
    assert_int_equal(csr_verify(&csr), ERR_ALGORITHM);
}

/* A critical flag in a request binds nobody, and is no reason to refuse it. */
static void criticals(void **state) {
    (void)state;
    ARENA_AUTO(a);
    static const struct {
        const char *oid, *value;
        size_t n;
    } all[] = {{OID_KEY_USAGE, "\x03\x02\x05\xa0", 4},
               {OID_EXT_KEY_USAGE, "\x30\x04\x06\x02\x2a\x03", 6},
               {OID_SUBJECT_ALT_NAME, "\x30\x03\x82\x01h", 5}};
    struct der_writer w = der_writer_in(&a);
    for (size_t i = 0; i < 3; i++) {
        size_t mark = der_mark(&w);
        der_put_item(&w, DER_OCTET_STRING, span_of(all[i].value, all[i].n));
        der_put_true(&w);
        der_put_oid(&w, all[i].oid);
        der_wrap(&w, DER_SEQUENCE, mark);
    }
    struct span name;
    struct csr csr;
    assert_ok(name_from_x500(&a, span_str("CN=a"), &name));
    struct odd odd = {name, attribute(&a, OID_EXTENSION_REQUEST, sequence(&a, der_written(&w))),
                      OID_SHA1_RSA};
    assert_ok(csr_parse(make_odd(&a, &odd), &csr));
    assert_ok(csr_verify(&csr));
    assert_int_equal(csr.key_usage, 0xa0);
    assert_int_equal(csr.eku.n, 6);
    assert_int_equal(csr.san.n, 5);
}

static void refuses_doubles(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span name, x = extension(&a, OID_MS_DEVICE_ID, span_str("A"));
    assert_ok(name_from_x500(&a, span_str("CN=a"), &name));
    struct span challenge = attribute(&a, OID_CHALLENGE_PASSWORD, item(&a, 0x13, "x", 1));
    struct span two = twice(&a, item(&a, 0x13, "x", 1), item(&a, 0x13, "y", 1));
    struct span request = attribute(&a, OID_EXTENSION_REQUEST, sequence(&a, x));
    struct span eku = extension(&a, OID_EXT_KEY_USAGE, span_of("\x30\x00", 2));
    struct span strange = extension(&a, "1.2.3", span_str("A")), many = SPAN_NONE;
    struct span empty = attribute(&a, OID_EXTENSION_REQUEST, sequence(&a, SPAN_NONE));
    for (int i = 0; i < 33; i++)
        many = twice(&a, many, extension(&a, arena_printf(&a, "1.2.%d", i), span_str("A")));
    const struct span bad[] = {
        twice(&a, challenge, challenge),
        attribute(&a, OID_CHALLENGE_PASSWORD, two),
        attribute(&a, OID_CHALLENGE_PASSWORD, item(&a, 0x30, "", 0)),
        attribute(&a, OID_EXTENSION_REQUEST, sequence(&a, twice(&a, x, x))),
        twice(&a, request, request),
        twice(&a, request, attribute(&a, OID_MS_CERT_EXTENSIONS, sequence(&a, x))),
        attribute(&a, OID_EXTENSION_REQUEST, sequence(&a, eku)),
        attribute(&a, OID_EXTENSION_REQUEST, sequence(&a, twice(&a, strange, strange))),
        attribute(&a, OID_EXTENSION_REQUEST, sequence(&a, many)),
        twice(&a, request, empty),
        twice(&a, empty, empty),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct odd odd = {name, bad[i], OID_SHA1_RSA};
        struct csr csr;
        assert_int_equal(csr_parse(make_odd(&a, &odd), &csr), ERR_PARSE);
    }
    struct odd odd = {name, challenge, OID_SHA1_RSA};
    struct csr csr;
    assert_ok(csr_parse(make_odd(&a, &odd), &csr));
    assert_true(span_is(csr.challenge, "x"));
}

/* ---- a CA's own request ---- */

static void builds(void **state) {
    (void)state;
    const struct pair *const keys[] = {&rsa, &ec, &p384};
    for (int i = 0; i < 3; i++) {
        ARENA_AUTO(a);
        BUF_AUTO(pem);
        BUF_AUTO(text);
        struct span name, der;
        struct csr csr;
        assert_ok(name_from_x500(&a, span_str("CN=Issuing CA,O=x"), &name));
        assert_ok(csr_build(&a, name, keys[i]->ours, CERT_CA | KU_DIGITAL_SIGNATURE, &der));
        assert_ok(csr_parse(der, &csr));
        assert_ok(csr_verify(&csr));
        assert_int_equal(csr.key_usage, 0x86);
        assert_true(span_eq(csr.spki, key_spki(keys[i]->ours)));
        assert_true(span_eq(csr.subject, name));
        char *folder = scratch_new();
        pem_put(&pem, PEM_REQUEST, der);
        scratch_put(folder, "ca.csr", buf_view(&pem));
        assert_true(scratch_run(folder, "openssl req -in ca.csr -verify -noout -text", &text));
        assert_non_null(strstr(buf_cstr(&text), "verify OK"));
        assert_non_null(strstr(buf_cstr(&text), "Basic Constraints: critical\n"
                                                "                    CA:TRUE\n"));
        assert_non_null(strstr(buf_cstr(&text), "Key Usage: critical\n                    Digital "
                                                "Signature, Certificate Sign, CRL Sign\n"));
        /* one bit of the signed part */
        uint8_t *copy = exact_copy(der, der.n);
        copy[csr.subject.p - der.p + 15] ^= 1;
        buf_clear(&pem);
        pem_put(&pem, PEM_REQUEST, span_of(copy, der.n));
        scratch_put(folder, "ca.csr", buf_view(&pem));
        buf_clear(&text);
        scratch_run(folder, "openssl req -in ca.csr -verify -noout", &text);
        assert_null(strstr(buf_cstr(&text), "verify OK"));
        free(copy);
        scratch_free(folder);
    }
    ARENA_AUTO(a);
    struct span name, der;
    assert_ok(name_from_x500(&a, span_str("CN=x"), &name));
    assert_int_equal(csr_build(&a, name, rsa.ours, 0, &der), ERR_PARSE);
    assert_int_equal(csr_build(&a, span_of(name.p, name.n - 1), rsa.ours, CERT_CA, &der),
                     ERR_PARSE);
}

static void real_windows_10(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct csr csr;
    assert_ok(csr_parse(capture(&a, "windows10-wstep-csr.der"), &csr));
    assert_ok(csr_verify(&csr));
    assert_int_equal(csr.device_id.n, 32);
    assert_int_equal(spki_rsa_bits(csr.spki), 2048);
    struct der d = der_of(csr.signature_algorithm);
    struct algorithm alg;
    assert_ok(algorithm_read(&d, &alg));
    assert_true(oid_is(alg.oid, OID_OIW_SHA1_RSA));
    assert_non_null(strstr(name_text(&a, csr.subject), "!"));
}

/* C.5: a UTF8String of 63 characters without the NUL, sha256WithRSA, an EKU beside the DeviceID. */
static void newer_windows(void **state) {
    (void)state;
    static const char cn[] = "562A7F9A-6CD8-40B0-9E7E-0DBDD8!0123456789ABCDEF0123456789ABCDEF";
    ARENA_AUTO(a);
    struct der_writer w = der_writer_in(&a);
    assert_int_equal(sizeof cn - 1, 63);
    der_put_item(&w, DER_UTF8_STRING, span_str(cn));
    der_put_oid(&w, OID_CN);
    der_wrap(&w, DER_SEQUENCE, 0);
    der_wrap(&w, DER_SET, 0);
    der_wrap(&w, DER_SEQUENCE, 0);
    struct span eku =
        extension(&a, OID_EXT_KEY_USAGE,
                  item(&a, DER_SEQUENCE, "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02", 10));
    struct span id = extension(&a, OID_MS_DEVICE_ID, span_of(cn + 31, 33)); /* with its NUL */
    struct odd odd = {
        .subject = der_written(&w),
        .attributes = attribute(&a, OID_EXTENSION_REQUEST, sequence(&a, twice(&a, eku, id))),
        .signature_oid = OID_SHA256_RSA,
    };
    struct csr csr;
    const char *oid;
    assert_ok(csr_parse(make_odd(&a, &odd), &csr));
    assert_true(span_is(csr.device_id, "0123456789ABCDEF0123456789ABCDEF"));
    assert_string_equal(name_text(&a, csr.subject), arena_printf(&a, "CN=%s", cn));
    assert_true(eku_next(&a, &csr.eku, &oid));
    assert_string_equal(oid, "1.3.6.1.5.5.7.3.2");
    assert_ok(csr_verify(&csr));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_all),       cmocka_unit_test(iterates_names),
        cmocka_unit_test(all_signatures),  cmocka_unit_test(tampering),
        cmocka_unit_test(windows_habits),  cmocka_unit_test(criticals),
        cmocka_unit_test(builds),          cmocka_unit_test(refuses_doubles),
        cmocka_unit_test(real_windows_10), cmocka_unit_test(no_list_in_a_list),
        cmocka_unit_test(newer_windows),
    };
    return cmocka_run_group_tests_name("csr", tests, make_keys, free_keys);
}
