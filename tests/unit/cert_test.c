/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto_fixture.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "crypto/algorithm.h"
#include "wire/oid.h"
#include "x509/csr.h"

static struct pair rsa, ec, p384, other;

static int make_keys(void **state) {
    (void)state;
    rsa = pair_new(2048);
    ec = pair_new(0);
    p384 = pair_curve("P-384");
    other = pair_new(2048);
    return 0;
}

static int free_keys(void **state) {
    (void)state;
    pair_free(&rsa);
    pair_free(&ec);
    pair_free(&p384);
    pair_free(&other);
    return 0;
}

/* `openssl verify`, with every check that RFC 5280 knows. */
static bool chain_holds(struct span leaf, struct span ca) {
    X509 *x = x509_of(leaf), *root = x509_of(ca);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509_STORE_add_cert(store, root);
    X509_STORE_set_flags(store, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
    X509_STORE_CTX_init(ctx, store, x, NULL);
    bool good = X509_verify_cert(ctx) == 1;
    if (!good)
        print_message("%s\n", X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    X509_free(root);
    X509_free(x);
    return good;
}

static void chains(void **state) {
    (void)state;
    const struct key *const issuers[] = {rsa.ours, ec.ours, p384.ours};
    const char *const signatures[] = {OID_SHA256_RSA, OID_ECDSA_SHA256, OID_ECDSA_SHA384};
    for (int i = 0; i < 3; i++) {
        ARENA_AUTO(a);
        struct span ca = cert_new(&a, "CN=CA,O=x", issuers[i], "CN=CA,O=x", issuers[i], true);
        struct span leaf = cert_new(&a, "CN=leaf", other.ours, "CN=CA,O=x", issuers[i], false);
        struct cert c, root;
        assert_true(chain_holds(ca, ca));
        assert_true(chain_holds(leaf, ca));
        assert_ok(cert_parse(leaf, &c));
        assert_ok(cert_parse(ca, &root));
        assert_ok(cert_verify(&c, root.spki));
        assert_ok(cert_verify(&root, root.spki));
        assert_int_equal(cert_verify(&c, key_spki(other.ours)), ERR_REFUSED);
        assert_true(span_eq(c.issuer, root.subject));
        struct der d = der_of(c.signature_algorithm);
        struct algorithm alg;
        assert_ok(algorithm_read(&d, &alg));
        assert_true(oid_is(alg.oid, signatures[i]));
    }
}

static void fields(void **state) {
    (void)state;
    ARENA_AUTO(a);
    const char *const oids[] = {"1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"};
    struct span name, eku, san, der, value, rest;
    struct cert c;
    bool critical;
    assert_ok(name_from_x500(&a, span_str("CN=h"), &name));
    assert_ok(eku_build(&a, oids, 2, &eku));
    assert_ok(san_build_host(&a, "h.example", &san));
    struct cert_template t = {
        .serial = span_str("\x01\x02"),
        .issuer = name,
        .subject = name,
        .spki = key_spki(rsa.ours),
        .not_before = 1700000000000,
        .not_after = 2600000000000, /* 2052: GeneralizedTime */
        .key_usage = KU_DIGITAL_SIGNATURE,
        .eku = eku,
        .san = san,
    };
    assert_ok(cert_build(&a, &t, rsa.ours, &der));
    assert_ok(cert_parse(der, &c));
    assert_true(span_is(c.serial, "\x01\x02"));
    assert_int_equal(c.not_before, t.not_before);
    assert_int_equal(c.not_after, t.not_after);
    assert_true(span_eq(c.spki, t.spki));
    assert_true(cert_extension(&c, OID_KEY_USAGE, &value, &critical));
    assert_true(critical);
    assert_true(span_is(value, "\x03\x02\x07\x80"));
    assert_true(cert_extension(&c, OID_EXT_KEY_USAGE, &value, &critical));
    assert_false(critical);
    assert_true(span_eq(value, eku));
    assert_false(cert_extension(&c, OID_BASIC_CONSTRAINTS, &value, &critical));
    assert_false(cert_extension(&c, OID_AUTHORITY_KEY_ID, &value, &critical));
    assert_true(cert_extension(&c, OID_SUBJECT_KEY_ID, &value, &critical));
    X509 *x = x509_of(der);
    assert_int_equal(X509_get_version(x), X509_VERSION_3);
    assert_int_equal(X509_get_key_usage(x), KU_DIGITAL_SIGNATURE);
    assert_int_equal(X509_check_host(x, "h.example", 0, 0, NULL), 1);
    unsigned char id[EVP_MAX_MD_SIZE];
    unsigned n;
    X509_pubkey_digest(x, EVP_sha1(), id, &n);
    assert_memory_equal(value.p + 2, id, 20);
    X509_free(x);
    unsigned type;
    rest = san;
    assert_true(san_next(&a, &rest, &type, &value));
    assert_int_equal(type, 3);
    const char *const hosts[] = {"192.0.2.1", "2001:db8::5"};
    for (int i = 0; i < 2; i++) {
        assert_ok(san_build_host(&a, hosts[i], &rest));
        assert_true(san_next(&a, &rest, &type, &value));
        assert_int_equal(type, 8);
        assert_string_equal(arena_str(&a, value), hosts[i]);
    }
    const char *const bad[] = {"1.2", "clientAuth"};
    assert_int_equal(eku_build(&a, bad, 2, &eku), ERR_PARSE);
}

/* All the extensions that point to services or to an account, read back by OpenSSL. */
static void pointers(void **state) {
    (void)state;
    ARENA_AUTO(a);
    BUF_AUTO(text);
    const char *const oids[] = {OID_OCSP_SIGNING};
    struct span name, eku, der, value;
    struct cert c;
    bool critical = true;
    assert_ok(name_from_x500(&a, span_str("CN=h"), &name));
    assert_ok(eku_build(&a, oids, 1, &eku));
    struct cert_template t = {
        .serial = span_str("\x01"),
        .issuer = name,
        .subject = name,
        .spki = key_spki(rsa.ours),
        .not_before = clock_ms(),
        .not_after = clock_ms() + 1000,
        .eku = eku,
        .crl_url = "http://ca.example/crl/default.crl",
        .ocsp_url = "http://ca.example/ocsp",
        .issuer_url = "http://ca.example/default.crt",
        .sid = "S-1-5-21-1004336348-1177238915-682003330-1105",
        .ocsp_no_check = true,
    };
    assert_ok(cert_build(&a, &t, rsa.ours, &der));
    char *folder = scratch_new();
    scratch_put_certs(folder, "c.pem", der);
    assert_true(scratch_run(folder, "openssl x509 -in c.pem -noout -text", &text));
    scratch_free(folder);
    static const char *const wanted[] = {
        "X509v3 CRL Distribution Points: \n",
        "Full Name:\n                  URI:http://ca.example/crl/default.crl\n",
        "OCSP - URI:http://ca.example/ocsp\n",
        "CA Issuers - URI:http://ca.example/default.crt\n",
        "OCSP No Check: \n",
        "OCSP Signing",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!strstr(buf_cstr(&text), wanted[i]))
            fail_msg("no \"%s\" in %s", wanted[i], buf_cstr(&text));
    assert_null(strstr(buf_cstr(&text), "critical"));
    assert_ok(cert_parse(der, &c));
    assert_true(cert_extension(&c, OID_OCSP_NO_CHECK, &value, &critical));
    assert_true(span_eq(value, span_of("\x05\x00", 2)));
    t.crl_url = t.ocsp_url = t.sid = NULL;
    t.ocsp_no_check = false;
    assert_ok(cert_build(&a, &t, rsa.ours, &der));
    assert_ok(cert_parse(der, &c));
    assert_true(cert_extension(&c, OID_AUTHORITY_INFO, &value, &critical));
    assert_false(cert_extension(&c, OID_CRL_POINTS, &value, &critical));
    assert_false(cert_extension(&c, OID_OCSP_NO_CHECK, &value, &critical));
    assert_false(cert_extension(&c, OID_NTDS_CA_SECURITY_EXT, &value, &critical));
}

/* Octet for octet as Active Directory's CAs write it: GeneralNames { [0] { OID, [0] { text } } }.
 */
static void strong_mapping(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span name, der, value;
    struct cert c;
    bool critical = true;
    assert_ok(name_from_x500(&a, span_str("CN=h"), &name));
    struct cert_template t = {.serial = span_str("\x01"),
                              .issuer = name,
                              .subject = name,
                              .spki = key_spki(rsa.ours),
                              .sid = "S-1-5-21-1-2-3-500"};
    assert_ok(cert_build(&a, &t, rsa.ours, &der));
    assert_ok(cert_parse(der, &c));
    assert_true(cert_extension(&c, OID_NTDS_CA_SECURITY_EXT, &value, &critical));
    assert_false(critical);
    static const char wanted[] = "\x30\x24\xa0\x22\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x19\x02\x01"
                                 "\xa0\x14\x04\x12S-1-5-21-1-2-3-500";
    assert_true(span_eq(value, span_of(wanted, sizeof wanted - 1)));
    const unsigned char *p = value.p; /* OpenSSL too takes it for names */
    GENERAL_NAMES *names = d2i_GENERAL_NAMES(NULL, &p, (long)value.n);
    assert_non_null(names);
    assert_int_equal(sk_GENERAL_NAME_num(names), 1);
    assert_int_equal(sk_GENERAL_NAME_value(names, 0)->type, GEN_OTHERNAME);
    GENERAL_NAMES_free(names);
    static const char *const bad[] = {"",          "S-1-",   "S-2-5-21",  "s-1-5-21",
                                      "S-1-5--21", "S-1-5-", "S-1-5-21 ", "S-1-5-21;S-1-5-9",
                                      "S-1-5-x",   "x",      "S-1-5-21\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        t.sid = bad[i];
        assert_int_equal(cert_build(&a, &t, rsa.ours, &der), ERR_PARSE);
    }
}

static void adds_uris(void **state) {
    (void)state;
    ARENA_AUTO(a);
    const char *tag = "tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-500";
    struct span san, more, value;
    unsigned type;
    assert_ok(san_add_uri(&a, SPAN_NONE, tag, &san));
    assert_ok(san_add_uri(&a, san, "urn:b", &more));
    assert_true(san_next(&a, &more, &type, &value));
    assert_int_equal(type, 7);
    assert_true(span_is(value, tag));
    assert_true(san_next(&a, &more, &type, &value));
    assert_true(span_is(value, "urn:b"));
    assert_false(san_next(&a, &more, &type, &value));
    assert_ok(san_build_host(&a, "h.example", &san));
    assert_ok(san_add_uri(&a, san, tag, &more));
    assert_true(san_next(&a, &more, &type, &value));
    assert_int_equal(type, 3);
    assert_true(span_is(value, "h.example"));
    assert_true(san_next(&a, &more, &type, &value));
    assert_true(span_is(value, tag));
    assert_int_equal(san_add_uri(&a, san, "urn:\xc3\xa9", &more), ERR_PARSE);
    assert_int_equal(san_add_uri(&a, san, "urn:\n", &more), ERR_PARSE);
    assert_int_equal(san_add_uri(&a, span_of(san.p, san.n - 1), tag, &more), ERR_PARSE);
    assert_int_equal(san_add_uri(&a, span_of("\x04\x00", 2), tag, &more), ERR_PARSE);
}

static void names_from_text(void **state) {
    (void)state;
    ARENA_AUTO(a);
    static const struct {
        unsigned type;
        const char *value;
    } wanted[] = {{3, "h.example"},      {11, "\xc3\xa9@example.com"},
                  {2, "me@example.com"}, {7, "urn:a+b"},
                  {8, "192.0.2.1"},      {8, "2001:db8::1"}};
    static const char *const bad[] = {"3",
                                      "3+",
                                      "h.example",
                                      "3+h;x",
                                      "1+1.2:05",
                                      "5+CN=x",
                                      "8+300.0.0.1",
                                      "3+h\nx",
                                      "3+\xc3\xa9",
                                      "11+\xff",
                                      "99999999999999999999+x"};
    struct span san, rest, value;
    unsigned type;
    assert_ok(san_from_text(&a,
                            span_str(" 3+h.example;11+\xc3\xa9@example.com ; 2+me@example.com;"
                                     "7+urn:a+b;;8+192.0.2.1;8+2001:db8::1;"),
                            &san));
    rest = san;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        assert_true(san_next(&a, &rest, &type, &value));
        assert_int_equal(type, wanted[i].type);
        assert_true(span_is(value, wanted[i].value));
    }
    assert_false(san_next(&a, &rest, &type, &value));
    assert_ok(san_from_text(&a, span_str(" ; "), &san));
    assert_int_equal(san.n, 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(san_from_text(&a, span_str(bad[i]), &san), ERR_PARSE);
}

static void bad_templates(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span name, der;
    assert_ok(name_from_x500(&a, span_str("CN=h"), &name));
    struct cert_template good = {
        .serial = span_str("\x01"), .issuer = name, .subject = name, .spki = key_spki(rsa.ours)};
    const struct span serials[] = {SPAN_NONE, span_str("\x80"), span_of("\0", 1),
                                   span_of("\0\1", 2), span_str("123456789012345678901")};
    for (size_t i = 0; i < sizeof serials / sizeof *serials; i++) {
        struct cert_template t = good;
        t.serial = serials[i];
        assert_int_equal(cert_build(&a, &t, rsa.ours, &der), ERR_PARSE);
    }
    struct cert_template t = good;
    t.subject = span_str("0");
    assert_int_equal(cert_build(&a, &t, rsa.ours, &der), ERR_PARSE);
    t = good;
    t.crl_url = "http://x/ y";
    assert_int_equal(cert_build(&a, &t, rsa.ours, &der), ERR_PARSE);
    t = good;
    t.spki = span_of(t.spki.p, t.spki.n - 1);
    assert_int_equal(cert_build(&a, &t, rsa.ours, &der), ERR_PARSE);
    assert_ok(cert_build(&a, &good, rsa.ours, &der));
}

static void tampering(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span der = cert_new(&a, "CN=x", rsa.ours, "CN=x", rsa.ours, false);
    struct cert c;
    for (size_t n = 0; n < der.n; n++) {
        uint8_t *copy = exact_copy(der, n);
        assert_int_equal(cert_parse(span_of(copy, n), &c), ERR_PARSE);
        free(copy);
    }
    for (size_t i = 0; i < der.n; i++) {
        uint8_t *copy = exact_copy(der, der.n);
        copy[i] ^= (uint8_t)(1 << i % 8);
        if (cert_parse(span_of(copy, der.n), &c) == OK)
            assert_int_not_equal(cert_verify(&c, key_spki(rsa.ours)), OK);
        free(copy);
    }
}

static void serials(void **state) {
    (void)state;
    uint8_t a[CERT_SERIAL_SIZE], b[CERT_SERIAL_SIZE];
    assert_ok(cert_new_serial(a));
    usleep(2000);
    assert_ok(cert_new_serial(b));
    assert_true(memcmp(a, b, 6) < 0);
    assert_memory_not_equal(a + 6, b + 6, 10);
    assert_int_equal(a[0] & 0x80, 0);
    assert_int_not_equal(a[0], 0);
}

static void pem_files(void **state) {
    (void)state;
    ARENA_AUTO(a);
    char path[] = "/tmp/signet-test-XXXXXX";
    close(mkstemp(path));
    struct span x = cert_new(&a, "CN=x", rsa.ours, "CN=x", rsa.ours, false), got;
    struct span y = cert_new(&a, "CN=y", rsa.ours, "CN=y", rsa.ours, true);
    uint8_t *both = arena_alloc(&a, x.n + y.n);
    memcpy(both, x.p, x.n);
    memcpy(both + x.n, y.p, y.n);
    assert_ok(cert_save_pem(span_of(both, x.n + y.n), path));
    assert_ok(cert_load_pem(&a, path, &got));
    assert_true(span_eq(got, x));
    FILE *f = fopen(path, "r");
    for (int i = 0; i < 2; i++) {
        X509 *cert = PEM_read_X509(f, NULL, NULL, NULL);
        assert_non_null(cert);
        X509_free(cert);
    }
    fclose(f);
    struct span all[2];
    size_t count = 0;
    assert_ok(cert_load_pem_all(&a, path, all, 2, &count));
    assert_int_equal(count, 2);
    assert_true(span_eq(all[0], x));
    assert_true(span_eq(all[1], y));
    assert_int_equal(cert_load_pem_all(&a, path, all, 1, &count), ERR_LIMIT);
    BUF_AUTO(text);
    buf_str(&text, "what people write above\n");
    assert_ok(cert_to_pem(x, &text));
    buf_str(&text, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    assert_ok(cert_to_pem(y, &text));
    assert_ok(cert_parse_pem_all(&a, buf_view(&text), all, 2, &count));
    assert_int_equal(count, 2);
    assert_true(span_eq(all[1], y));
    assert_int_equal(cert_parse_pem_all(&a, span_of(text.p, text.n - 5), all, 2, &count),
                     ERR_PARSE);
    assert_int_equal(cert_parse_pem_all(&a, SPAN_NONE, all, 2, &count), ERR_PARSE);
    assert_int_equal(cert_to_pem(span_of(x.p, x.n - 1), &text), ERR_PARSE);
    assert_ok(file_write(path,
                         span_str("-----BEGIN CERTIFICATE-----\nMAA=\n"
                                  "-----END CERTIFICATE-----\n"),
                         0644));
    assert_int_equal(cert_load_pem(&a, path, &got), ERR_PARSE);
    assert_ok(file_write(path, span_str("hello"), 0644));
    assert_int_equal(cert_load_pem(&a, path, &got), ERR_PARSE);
    unlink(path);
}

static void windows_signer(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct cert c;
    struct span value;
    bool critical = false;
    assert_ok(cert_parse(capture(&a, "windows-pkcsreq.signer.der"), &c));
    assert_ok(cert_verify(&c, c.spki));
    assert_true(cert_extension(&c, OID_AUTHORITY_KEY_ID, &value, &critical));
    assert_true(critical);
    assert_string_equal(name_text(&a, c.subject), "CN=SCEP Protocol Certificate");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains),         cmocka_unit_test(fields),
        cmocka_unit_test(pointers),       cmocka_unit_test(strong_mapping),
        cmocka_unit_test(adds_uris),      cmocka_unit_test(names_from_text),
        cmocka_unit_test(bad_templates),  cmocka_unit_test(tampering),
        cmocka_unit_test(serials),        cmocka_unit_test(pem_files),
        cmocka_unit_test(windows_signer),
    };
    return cmocka_run_group_tests_name("cert", tests, make_keys, free_keys);
}
