/* SPDX-License-Identifier: Apache-2.0 */
#include "device_pfx_fixture.h"

#include "device/pfx.h"

struct fixture {
    struct arena a;
    EVP_PKEY *key, *ca_key;
    X509 *cert, *ca;
    STACK_OF(X509) * others;
};

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->ca_key = EVP_EC_gen("P-256");
    f->ca = make_cert(f->ca_key, (struct made_cert){.cn = "CA", .ca = true});
    f->key = EVP_EC_gen("P-256");
    f->cert =
        make_cert(f->key, (struct made_cert){.cn = "x", .issuer = f->ca, .issuer_key = f->ca_key});
    f->others = sk_X509_new_null();
    sk_X509_push(f->others, f->ca);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    arena_free(&f->a);
    EVP_PKEY_free(f->key);
    EVP_PKEY_free(f->ca_key);
    X509_free(f->cert);
    X509_free(f->ca);
    sk_X509_free(f->others);
    free(f);
    return 0;
}

/* The pair that came out is the one that went in. */
static void assert_pair(struct fixture *f, const struct pfx_content *c) {
    struct span wanted = ossl_x509_der(&f->a, f->cert);
    OSSL_AUTO(BIO) pem = ossl_reader(c->key);
    OSSL_AUTO(EVP_PKEY) key = PEM_read_bio_PrivateKey(pem, NULL, NULL, NULL);
    assert_true(span_eq(c->cert, wanted));
    assert_non_null(key);
    assert_int_equal(EVP_PKEY_eq(key, f->key), 1);
}

static void assert_opens(struct fixture *f, struct made_pfx m, const char *password) {
    struct pfx_content c;
    m.key = f->key;
    m.cert = f->cert;
    m.others = f->others;
    assert_int_equal(pfx_open(&f->a, make_pfx(&f->a, m), password, &c), PFX_OPENED);
    assert_null(c.why);
    assert_pair(f, &c);
}

static void assert_unusable(struct fixture *f, struct span pfx, const char *why) {
    struct pfx_content c;
    assert_int_equal(pfx_open(&f->a, pfx, "pw", &c), PFX_UNUSABLE);
    assert_non_null(strstr(c.why, why));
    assert_int_equal(c.key.n, 0);
}

static void test_ciphers(void **state) {
    struct fixture *f = *state;
    enum { DES3 = NID_pbe_WithSHA1And3_Key_TripleDES_CBC, RC2 = NID_pbe_WithSHA1And40BitRC2_CBC };
    assert_opens(f, (struct made_pfx){.password = "pw"}, "pw");
    assert_opens(f, (struct made_pfx){.password = "pw", .key_cipher = DES3, .cert_cipher = DES3},
                 "pw");
    assert_opens(f, (struct made_pfx){.password = "pw", .key_cipher = DES3, .cert_cipher = RC2},
                 "pw");
    assert_opens(f, (struct made_pfx){.password = "pw", .key_cipher = -1, .cert_cipher = -1}, "pw");
    assert_opens(f, (struct made_pfx){.password = "p\xc3\xa4ss w\xc3\xb6rt"},
                 "p\xc3\xa4ss w\xc3\xb6rt");
    assert_opens(f, (struct made_pfx){.password = "pw", .iterations = 2048, .mac_iterations = 2048},
                 "pw");
}

static void test_rsa(void **state) {
    struct fixture *f = *state;
    EVP_PKEY_free(f->key);
    X509_free(f->cert);
    f->key = EVP_RSA_gen(2048);
    f->cert = make_cert(f->key, (struct made_cert){.cn = "rsa"});
    assert_opens(f, (struct made_pfx){.password = "pw"}, "pw");
}

static void test_passwords(void **state) {
    struct fixture *f = *state;
    struct pfx_content c;
    static const char *const wrong[] = {NULL, "", "PW", "pw ", "p"};
    struct span pfx =
        make_pfx(&f->a, (struct made_pfx){.key = f->key, .cert = f->cert, .password = "pw"});
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(pfx_open(&f->a, pfx, wrong[i], &c), PFX_WRONG_PASSWORD);
        assert_string_equal(c.why, "wrong password");
        assert_int_equal(c.cert.n + c.key.n, 0);
    }
    assert_opens(f, (struct made_pfx){.password = ""}, NULL);
    assert_opens(f, (struct made_pfx){.password = ""}, "");
    assert_opens(f, (struct made_pfx){.password = NULL}, NULL);
    assert_opens(f, (struct made_pfx){.password = NULL}, "");
}

static void test_iterations_have_an_end(void **state) {
    struct fixture *f = *state;
    struct made_pfx m = {.key = f->key, .cert = f->cert, .password = "pw"};
    struct made_pfx many_mac = m, many_pbes1 = m, many_pbes2 = m;
    many_mac.mac_iterations = many_pbes1.iterations = many_pbes2.iterations = 600001;
    many_pbes1.key_cipher = NID_pbe_WithSHA1And3_Key_TripleDES_CBC;
    many_pbes1.cert_cipher = -1;
    many_pbes2.cert_cipher = -1;
    assert_unusable(f, make_pfx(&f->a, many_mac), "600000 at most");
    assert_unusable(f, make_pfx(&f->a, many_pbes1), "600000 at most");
    assert_unusable(f, make_pfx(&f->a, many_pbes2), "600000 at most");
    many_pbes2.key_cipher = -1;
    many_pbes2.cert_cipher = 0;
    assert_unusable(f, make_pfx(&f->a, many_pbes2), "600000 at most");
    assert_opens(
        f, (struct made_pfx){.password = "pw", .cert_cipher = -1, .mac_iterations = 600000}, "pw");
}

/* A PFX of `parts` encrypted parts, each with the key when `keys`. */
static struct span many_parts(struct fixture *f, int parts, bool keys) {
    STACK_OF(PKCS7) *safes = NULL;
    for (int i = 0; i < parts; i++) {
        STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
        if (keys)
            PKCS12_add_key(&bags, f->key, 0, 1, -1, NULL);
        else
            PKCS12_add_cert(&bags, f->cert);
        assert_int_equal(PKCS12_add_safe(&safes, bags, NID_aes_256_cbc, 1, "pw"), 1);
        sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    }
    OSSL_AUTO(PKCS12) p12 = PKCS12_add_safes(safes, NID_pkcs7_data);
    assert_int_equal(PKCS12_set_mac(p12, "pw", -1, NULL, 0, 1, NULL), 1);
    sk_PKCS7_pop_free(safes, PKCS7_free);
    return pfx_der(&f->a, p12);
}

static void test_what_is_not_taken(void **state) {
    struct fixture *f = *state;
    struct made_pfx m = {.key = f->key, .cert = f->cert, .password = "pw"};
    struct made_pfx no_mac = m, no_key = m, no_cert = m;
    no_mac.mac_iterations = -1;
    no_key.key = NULL;
    no_cert.cert = NULL;
    no_cert.others = f->others;
    assert_unusable(f, make_pfx(&f->a, no_mac), "no MAC");
    assert_unusable(f, make_pfx(&f->a, no_key), "no private key");
    assert_unusable(f, make_pfx(&f->a, no_cert), "no certificate for its private key");
    assert_unusable(f, many_parts(f, 5, false), "no private key");
    assert_unusable(f, many_parts(f, 6, false), "too many encrypted parts");
    assert_unusable(f, many_parts(f, 2, true), "more than one private key");
    assert_unusable(f, SPAN_NONE, "nothing at all");
    assert_unusable(f, span_str("secret"), "no PKCS#12");
    BUF_AUTO(longer);
    struct span pfx = make_pfx(&f->a, m);
    buf_add(&longer, pfx.p, pfx.n);
    buf_char(&longer, 0);
    assert_unusable(f, buf_view(&longer), "no PKCS#12");
    while (longer.n <= PFX_MAX)
        buf_char(&longer, 0);
    assert_unusable(f, buf_view(&longer), "more than 64 KiB");
}

/* What is cut off never opens; what is changed somewhere opens to the same pair or not at all. */
static void test_damage(void **state) {
    struct fixture *f = *state;
    struct pfx_content c;
    struct span pfx =
        make_pfx(&f->a, (struct made_pfx){.key = f->key, .cert = f->cert, .password = "pw"});
    uint8_t *bytes = (uint8_t *)(uintptr_t)arena_copy(&f->a, pfx).p;
    for (size_t n = 0; n < pfx.n; n++)
        assert_int_equal(pfx_open(&f->a, span_of(bytes, n), "pw", &c), PFX_UNUSABLE);
    for (size_t i = 0; i < pfx.n; i++) {
        ARENA_AUTO(a);
        bytes[i] ^= 1 << (i % 8);
        if (pfx_open(&a, span_of(bytes, pfx.n), "pw", &c) == PFX_OPENED)
            assert_pair(f, &c);
        else
            assert_non_null(c.why);
        bytes[i] = pfx.p[i];
    }
    assert_int_equal(pfx_open(&f->a, span_of(bytes, pfx.n), "pw", &c), PFX_OPENED);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_ciphers),           TEST(test_rsa),
        TEST(test_passwords),         TEST(test_iterations_have_an_end),
        TEST(test_what_is_not_taken), TEST(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
