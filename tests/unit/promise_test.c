/* SPDX-License-Identifier: Apache-2.0 */
/* A CSR against the promise: each part of it, and what tries to look like it. */
#include "crypto_fixture.h"

#include <openssl/x509v3.h>

#include "ca/promise.h"

static struct pair rsa, small, ec;

static int make_keys(void **state) {
    (void)state;
    rsa = pair_new(2048);
    small = pair_new(1024);
    ec = pair_new(0);
    return 0;
}

static int free_keys(void **state) {
    (void)state;
    pair_free(&rsa);
    pair_free(&small);
    pair_free(&ec);
    return 0;
}

/* What a CSR asks for, in OpenSSL's words; NULL leaves an extension out. */
struct asked {
    const char *cn, *o;
    const char *key_usage, *eku, *san;
    struct span san_der; /* instead of `san` */
    const struct pair *key;
};

#define PROMISED                                                                                  \
    .cn = "host", .o = "Example, Inc.", .key_usage = "critical,digitalSignature,keyEncipherment", \
    .eku = "clientAuth,1.3.6.1.4.1.311.20.2.2",                                                   \
    .san = "DNS:host.example.com,otherName:1.3.6.1.4.1.311.20.2.3;UTF8:alice@example.com",        \
    .key = &rsa

static const struct promise promise = {
    .subject = "CN=host,O=\"Example, Inc.\"",
    .san = "11+alice@example.com;3+host.example.com",
    .eku = "1.3.6.1.5.5.7.3.2+1.3.6.1.4.1.311.20.2.2",
    .key_usage = 160,
    .key_length = 2048,
};

static void add(STACK_OF(X509_EXTENSION) * list, int nid, const char *value) {
    X509V3_CTX ctx;
    if (!value)
        return;
    X509V3_set_ctx(&ctx, NULL, NULL, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&ctx);
    X509_EXTENSION *x = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(x);
    sk_X509_EXTENSION_push(list, x);
}

static void add_der(STACK_OF(X509_EXTENSION) * list, int nid, struct span der) {
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(value, der.p, (int)der.n);
    sk_X509_EXTENSION_push(list, X509_EXTENSION_create_by_NID(NULL, nid, 0, value));
    ASN1_OCTET_STRING_free(value);
}

static void add_name(X509_REQ *req, const char *type, const char *value) {
    if (value)
        X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), type, MBSTRING_UTF8,
                                   (const uint8_t *)value, -1, -1, 0);
}

static enum err check_with(const struct promise *p, const struct asked *w) {
    ARENA_AUTO(a);
    X509_REQ *req = X509_REQ_new();
    STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
    add_name(req, "CN", w->cn);
    add_name(req, "O", w->o);
    X509_REQ_set_pubkey(req, w->key->theirs);
    add(list, NID_key_usage, w->key_usage);
    add(list, NID_ext_key_usage, w->eku);
    if (w->san_der.n)
        add_der(list, NID_subject_alt_name, w->san_der);
    else
        add(list, NID_subject_alt_name, w->san);
    X509_REQ_add_extensions(req, list);
    assert_true(X509_REQ_sign(req, w->key->theirs, EVP_sha256()) > 0);
    unsigned char *der = NULL;
    int n = i2d_X509_REQ(req, &der);
    struct csr csr;
    enum err e = csr_parse(span_of(der, (size_t)n), &csr);
    if (e == OK)
        e = promise_check(&a, p, &csr);
    OPENSSL_free(der);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    X509_REQ_free(req);
    return e;
}

static enum err check(struct asked w) {
    return check_with(&promise, &w);
}

static void refused(struct asked w, const char *word) {
    assert_int_equal(check(w), ERR_REFUSED);
    if (!strstr(err_detail(), word))
        fail_msg("'%s' is not in: %s", word, err_detail());
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
    w.key = &small;
    refused(w, "an RSA key of 2048 bits, the request has 1024");
    struct promise p = promise;
    p.key_length = 1024;
    assert_ok(check_with(&p, &w));
    w.key = &ec;
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
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
