/* SPDX-License-Identifier: Apache-2.0 */
/* A CSR against the promise, and a certificate: each part, and what tries to look like it. */
#include "csr_fixture.h"

#include "ca/promise.h"

static EVP_PKEY *rsa, *small, *ec;

static int make_keys(void **state) {
    (void)state;
    rsa = rsa_key(2048);
    small = rsa_key(1024);
    ec = ec_key("P-256");
    return 0;
}

static int free_keys(void **state) {
    (void)state;
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(small);
    EVP_PKEY_free(ec);
    return 0;
}

#define PROMISED                                                                                  \
    .cn = "host", .o = "Example, Inc.", .key_usage = "critical,digitalSignature,keyEncipherment", \
    .eku = "clientAuth,1.3.6.1.4.1.311.20.2.2",                                                   \
    .san = "DNS:host.example.com,otherName:1.3.6.1.4.1.311.20.2.3;UTF8:alice@example.com",        \
    .key = rsa

static const struct promise promise = {
    .subject = "CN=host,O=\"Example, Inc.\"",
    .san = "11+alice@example.com;3+host.example.com",
    .eku = "1.3.6.1.5.5.7.3.2+1.3.6.1.4.1.311.20.2.2",
    .key_usage = 160,
    .key_length = 2048,
};

static enum err check_with(const struct promise *p, const struct asked *w) {
    ARENA_AUTO(a);
    struct csr csr;
    TRY(asked_csr(&a, w, &csr));
    return promise_check(&a, p, &csr);
}

static enum err check(struct asked w) {
    return check_with(&promise, &w);
}

static void refused_by(const struct promise *p, struct asked w, const char *word) {
    assert_int_equal(check_with(p, &w), ERR_REFUSED);
    if (!strstr(err_detail(), word))
        fail_msg("'%s' is not in: %s", word, err_detail());
}

static void refused(struct asked w, const char *word) {
    refused_by(&promise, w, word);
}

static void what_was_promised(void **state) {
    (void)state;
    assert_ok(check((struct asked){PROMISED}));
}

static void in_any_order(void **state) {
    (void)state;
    struct asked w = {PROMISED};
    w.eku = "1.3.6.1.4.1.311.20.2.2,clientAuth";
    w.san = "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:alice@example.com,DNS:host.example.com";
    assert_ok(check(w));
    struct promise p = promise;
    p.subject = "O=\"Example, Inc.\",CN=host"; /* the RDNs reversed */
    assert_ok(check_with(&p, &w));
}

static void subject(void **state) {
    (void)state;
    static const char *const others[] = {"hos", "hostx", "root", "", "host,O=Example"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct asked w = {PROMISED};
        w.cn = others[i];
        refused(w, "the subject");
    }
    struct asked w = {PROMISED};
    w.o = NULL;
    refused(w, "the subject");
    w.o = "Example";
    refused(w, "the subject");
    w = (struct asked){PROMISED};
    w.cn = NULL;
    refused(w, "the subject");
}

static void ekus(void **state) {
    (void)state;
    static const char *const others[] = {"clientAuth",
                                         "1.3.6.1.4.1.311.20.2.2",
                                         NULL,
                                         "serverAuth,1.3.6.1.4.1.311.20.2.2",
                                         "clientAuth,1.3.6.1.4.1.311.20.2.2,codeSigning",
                                         "anyExtendedKeyUsage",
                                         "clientAuth,1.3.6.1.4.1.311.20.2.2,anyExtendedKeyUsage",
                                         "clientAuth,1.3.6.1.4.1.311.20.2.22",
                                         "OCSPSigning,clientAuth"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct asked w = {PROMISED};
        w.eku = others[i];
        refused(w, "the EKUs");
    }
    struct promise none = promise;
    none.eku = NULL;
    struct asked w = {PROMISED};
    assert_int_equal(check_with(&none, &w), ERR_REFUSED);
    w.eku = NULL;
    assert_ok(check_with(&none, &w));
}

static void names(void **state) {
    (void)state;
    static const char *const others[] = {
        NULL,
        "DNS:host.example.com",
        "DNS:host.example.com,otherName:1.3.6.1.4.1.311.20.2.3;UTF8:root@example.com",
        "DNS:host.example.com,email:alice@example.com",
        "URI:host.example.com,otherName:1.3.6.1.4.1.311.20.2.3;UTF8:alice@example.com",
        "DNS:host.example.com,otherName:1.2.3;UTF8:alice@example.com",
        "DNS:*.example.com,otherName:1.3.6.1.4.1.311.20.2.3;UTF8:alice@example.com",
        "DNS:host.example.com,DNS:evil.example.com,"
        "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:alice@example.com",
        "DNS:host.example.com,otherName:1.3.6.1.4.1.311.20.2.3;UTF8:alice@example.com,IP:10.0.0.1",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct asked w = {PROMISED};
        w.san = others[i];
        refused(w, "the alternative names");
    }
    struct promise none = promise;
    none.san = NULL;
    struct asked w = {PROMISED};
    assert_int_equal(check_with(&none, &w), ERR_REFUSED);
    w.san = NULL;
    assert_ok(check_with(&none, &w));
}

#define UPN                                                                                     \
    0xa0, 0x21, 0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x14, 0x02, 0x03, 0xa0,   \
        0x13, 0x0c, 0x11, 'a', 'l', 'i', 'c', 'e', '@', 'e', 'x', 'a', 'm', 'p', 'l', 'e', '.', \
        'c', 'o', 'm'
#define DNS_HOST 'h', 'o', 's', 't', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e', '.', 'c', 'o', 'm'

/* "host.example.com\0.evil.com" ends early for whoever believes in NULs. */
static void a_nul_ends_no_name(void **state) {
    (void)state;
    static const uint8_t good[] = {0x30, 18 + 35, 0x82, 16, DNS_HOST, UPN};
    static const uint8_t evil[] = {0x30, 24 + 35, 0x82, 22,  DNS_HOST, 0,
                                   '.',  'e',     'v',  'i', 'l',      UPN};
    static const uint8_t bare[] = {0x30, 19 + 35, 0x82, 17, DNS_HOST, 0, UPN};
    struct asked w = {PROMISED};
    w.san_der = span_of(good, sizeof good);
    assert_ok(check(w));
    w.san_der = span_of(evil, sizeof evil);
    assert_int_equal(check(w), ERR_REFUSED);
    w.san_der = span_of(bare, sizeof bare);
    assert_int_equal(check(w), ERR_REFUSED);
}

static void malformed_names(void **state) {
    (void)state;
    static const uint8_t cut[] = {0x30, 18 + 35, 0x82, 17, DNS_HOST, UPN};
    static const uint8_t more[] = {0x30, 18 + 35 + 2, 0x82, 16, DNS_HOST, UPN, 0x9f, 0x7f};
    static const uint8_t ip[] = {0x30, 18 + 35 + 5, 0x82, 16, DNS_HOST, UPN, 0x87, 3, 10, 0, 0};
    static const struct span all[] = {{cut, sizeof cut}, {more, sizeof more}, {ip, sizeof ip}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct asked w = {PROMISED};
        w.san_der = all[i];
        assert_int_not_equal(check(w), OK);
    }
}

static void key_usage(void **state) {
    (void)state;
    static const char *const others[] = {NULL,
                                         "digitalSignature",
                                         "keyEncipherment",
                                         "digitalSignature,keyEncipherment,keyCertSign",
                                         "digitalSignature,keyEncipherment,cRLSign",
                                         "digitalSignature,nonRepudiation,keyEncipherment",
                                         "keyCertSign"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct asked w = {PROMISED};
        w.key_usage = others[i];
        refused(w, "promises KeyUsage 160");
    }
}

static void keys(void **state) {
    (void)state;
    struct asked w = {PROMISED};
    w.key = small;
    refused(w, "an RSA key of 2048 bits, the request has 1024");
    struct promise p = promise;
    p.key_length = 1024;
    assert_ok(check_with(&p, &w));
    w.key = ec;
    assert_int_not_equal(check(w), OK);
}

/* A promise that cannot be read serves nobody. */
static void broken_promises(void **state) {
    (void)state;
    static const char *const subjects[] = {"", NULL, "CN", "host", "CN=\"host", "XX=host"};
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        struct promise p = promise;
        p.subject = subjects[i];
        struct asked w = {PROMISED};
        assert_int_equal(check_with(&p, &w), ERR_REFUSED);
    }
}

/* signet challenge new --subject: the name is bound, an empty SAN too; the usages are not. */
static void any_usage(void **state) {
    (void)state;
    struct promise p = {.subject = "CN=host,O=\"Example, Inc.\"", .any_usage = true};
    struct asked w = {PROMISED};
    refused_by(&p, w, "promises the alternative names none");
    w.san = NULL;
    assert_ok(check_with(&p, &w));
    w.key = ec;
    w.key_usage = NULL;
    w.eku = "serverAuth";
    assert_ok(check_with(&p, &w));
    p.eku = "1.3.6.1.5.5.7.3.2";
    refused_by(&p, w, "the EKUs");
    w.eku = "clientAuth";
    assert_ok(check_with(&p, &w));
    w.cn = "root";
    refused_by(&p, w, "the subject");
}

/* A challenge that is bound to nothing: policy_grant's rules are all there is. */
static void any_name(void **state) {
    (void)state;
    struct promise p = {.any_name = true, .any_usage = true, .subject = "CN=other"};
    struct asked w = {PROMISED};
    assert_ok(check_with(&p, &w));
    p.any_usage = false;
    p.eku = promise.eku;
    refused_by(&p, w, "KeyUsage");
    p.key_usage = 160;
    assert_ok(check_with(&p, &w));
    p.key_length = 4096;
    refused_by(&p, w, "an RSA key of 4096 bits");
}

/* ---- certificates of somebody else ---- */

static enum err judge_with(const struct promise *p, const struct asked *w) {
    ARENA_AUTO(a);
    struct cert c;
    TRY(cert_parse(asked_cert(&a, w), &c));
    return promise_check_cert(&a, p, &c);
}

static void cert_refused(struct asked w, const char *words) {
    assert_int_equal(judge_with(&promise, &w), ERR_REFUSED);
    if (!strstr(err_detail(), words))
        fail_msg("'%s' is not in: %s", words, err_detail());
}

static void a_certificate_as_promised(void **state) {
    (void)state;
    struct asked w = {PROMISED};
    w.basic_constraints = "critical,CA:FALSE";
    assert_ok(judge_with(&promise, &w));
    w.san = "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:alice@example.com,DNS:host.example.com";
    w.eku = "1.3.6.1.4.1.311.20.2.2,clientAuth";
    assert_ok(judge_with(&promise, &w)); /* the order does not matter */
}

#define CERT_WITHOUT(change, words)   \
    do {                              \
        struct asked w_ = {PROMISED}; \
        w_.change;                    \
        cert_refused(w_, words);      \
    } while (0)

static void certificates_that_differ(void **state) {
    (void)state;
    CERT_WITHOUT(cn = "root", "the profile promises the subject 'CN=host");
    CERT_WITHOUT(o = NULL, "the certificate has 'CN=host'");
    CERT_WITHOUT(san = "DNS:host.example.com", "the certificate has 3+host.example.com");
    CERT_WITHOUT(san = NULL, "the certificate has none");
    CERT_WITHOUT(eku = "clientAuth", "the profile promises the EKUs");
    CERT_WITHOUT(eku = NULL, "the profile promises the EKUs");
    CERT_WITHOUT(eku = "clientAuth,1.3.6.1.4.1.311.20.2.2,serverAuth", "the EKUs");
    CERT_WITHOUT(key_usage = "digitalSignature", "promises KeyUsage 160, the certificate has 128");
    CERT_WITHOUT(key_usage = NULL, "the certificate has none");
    /* all that differs is named at once */
    CERT_WITHOUT(key_usage = "digitalSignature";
                 w_.eku = "clientAuth", "has 128; the profile promises the EKUs");
    CERT_WITHOUT(cn = "root"; w_.key = small, "has 1024; the profile promises the subject");
    CERT_WITHOUT(key = small, "an RSA key of 2048 bits, the certificate has 1024");
    CERT_WITHOUT(key = ec, "an RSA key of 2048 bits, the certificate has 0");
    CERT_WITHOUT(basic_constraints = "critical,CA:TRUE", "that of a CA");
    CERT_WITHOUT(basic_constraints = "CA:TRUE,pathlen:0", "that of a CA");
}

/* Where the profile says nothing, the upstream's own policy stands; but not for the subject. */
static void an_upstream_may_add(void **state) {
    (void)state;
    struct promise p = promise;
    struct asked w = {PROMISED};
    p.san = NULL;
    p.eku = NULL;
    p.key_length = 0;
    assert_ok(judge_with(&p, &w));
    w.key = small;
    w.san = w.eku = NULL;
    assert_ok(judge_with(&p, &w));
    p.subject = NULL;
    assert_int_equal(judge_with(&p, &w), ERR_REFUSED);
}

/* Which of two is the one that counts? Each reader has his own answer. */
static void no_extension_twice(void **state) {
    (void)state;
    static const uint8_t san[] = {0x30, 6, 0x82, 4, 'e', 'v', 'i', 'l'};
    ARENA_AUTO(a);
    struct asked w = {PROMISED};
    struct span der = asked_cert(&a, &w);
    const unsigned char *p = der.p;
    X509 *x = d2i_X509(NULL, &p, (long)der.n);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(value, san, sizeof san);
    X509_EXTENSION *more = X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, value);
    X509_add_ext(x, more, -1);
    assert_true(X509_sign(x, rsa, EVP_sha256()) > 0);
    unsigned char *again = NULL;
    int n = i2d_X509(x, &again);
    struct cert c;
    assert_ok(cert_parse(span_of(again, (size_t)n), &c));
    assert_int_equal(promise_check_cert(&a, &promise, &c), ERR_REFUSED);
    assert_non_null(strstr(err_detail(), "more than once"));
    OPENSSL_free(again);
    X509_EXTENSION_free(more);
    ASN1_OCTET_STRING_free(value);
    X509_free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_promised),
        cmocka_unit_test(in_any_order),
        cmocka_unit_test(subject),
        cmocka_unit_test(ekus),
        cmocka_unit_test(names),
        cmocka_unit_test(a_nul_ends_no_name),
        cmocka_unit_test(malformed_names),
        cmocka_unit_test(key_usage),
        cmocka_unit_test(keys),
        cmocka_unit_test(broken_promises),
        cmocka_unit_test(any_usage),
        cmocka_unit_test(any_name),
        cmocka_unit_test(a_certificate_as_promised),
        cmocka_unit_test(certificates_that_differ),
        cmocka_unit_test(an_upstream_may_add),
        cmocka_unit_test(no_extension_twice),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
