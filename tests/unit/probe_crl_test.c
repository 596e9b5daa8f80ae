/* SPDX-License-Identifier: Apache-2.0 */
/* What the probe says of the CRLs that certificates name. */
#include "device_fixture.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe/internal.h"

struct fixture {
    struct arena a;
    struct probe p;
    struct probe_options options;
    struct probe_report report;
    EVP_PKEY *key, *other_key;
    X509 *ca, *ra;
    int listener, port;
};

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    f->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(f->listener, (struct sockaddr *)&at, n), 0);
    assert_int_equal(listen(f->listener, 4), 0);
    getsockname(f->listener, (struct sockaddr *)&at, &n);
    f->port = ntohs(at.sin_port);
    f->key = EVP_RSA_gen(2048);
    f->other_key = EVP_RSA_gen(2048);
    f->ca = make_cert(f->key, (struct made_cert){.cn = "CA", .ca = true});
    f->ra =
        make_cert(f->key, (struct made_cert){.cn = "RA", .issuer = f->ca, .issuer_key = f->key});
    f->options.timeout_ms = 3000;
    f->p = (struct probe){.options = &f->options, .a = &f->a, .report = &f->report};
    f->p.ca.all = sk_X509_new_null();
    sk_X509_push(f->p.ca.all, f->ca);
    sk_X509_push(f->p.ca.all, f->ra);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    close(f->listener);
    sk_X509_pop_free(f->p.ca.all, X509_free);
    EVP_PKEY_free(f->key);
    EVP_PKEY_free(f->other_key);
    arena_free(&f->a);
    free(f);
    return 0;
}

/* Has the RA name this place. */
static void name_place(struct fixture *f, const char *fmt) {
    char place[100], value[120];
    snprintf(place, sizeof place, fmt, f->port);
    snprintf(value, sizeof value, "URI:%s", place);
    add_extension(f->ra, NID_crl_distribution_points, value);
    assert_true(X509_sign(f->ra, f->key, EVP_sha256()) > 0);
}

struct made_crl {
    EVP_PKEY *key;
    long next_s;   /* from now */
    X509 *revoked; /* or NULL */
};

static struct span make_crl(struct fixture *f, struct made_crl m) {
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *t = ASN1_TIME_new();
    X509_CRL_set_version(crl, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(crl, X509_get_subject_name(f->ca));
    X509_CRL_set1_lastUpdate(crl, X509_gmtime_adj(t, -86400));
    X509_CRL_set1_nextUpdate(crl, X509_gmtime_adj(t, m.next_s));
    if (m.revoked) {
        X509_REVOKED *entry = X509_REVOKED_new();
        X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(m.revoked));
        X509_REVOKED_set_revocationDate(entry, X509_gmtime_adj(t, -60));
        X509_CRL_add0_revoked(crl, entry);
    }
    assert_true(X509_CRL_sign(crl, m.key, EVP_sha256()) > 0);
    unsigned char *der = NULL;
    int n = i2d_X509_CRL(crl, &der);
    struct span copy = arena_copy(&f->a, span_of(der, (size_t)n));
    OPENSSL_free(der);
    ASN1_TIME_free(t);
    X509_CRL_free(crl);
    return copy;
}

static void serve_one(int listener, const char *status, struct span body) {
    char request[8192], head[200];
    int c = accept(listener, NULL, NULL);
    int n =
        snprintf(head, sizeof head,
                 "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", status, body.n);
    bool sent = read(c, request, sizeof request) > 0 && write(c, head, (size_t)n) == n &&
                write(c, body.p, body.n) == (ssize_t)body.n;
    close(c);
    _exit(!sent);
}

/* The run, against a server that answers once so. */
static void check(struct fixture *f, const char *status, struct span body) {
    pid_t pid = fork();
    if (pid == 0)
        serve_one(f->listener, status, body);
    probe_crls(&f->p);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void expect(struct fixture *f, const char *name, const char *words) {
    const struct probe_finding *found = f->report.findings;
    assert_non_null(found);
    assert_string_equal(found->entry->name, name);
    assert_non_null(strstr(found->detail, words));
    assert_null(found->next);
}

static void expect_finding(struct fixture *f, const char *words) {
    expect(f, "crl", words);
}

static void test_good(void **state) {
    struct fixture *f = *state;
    name_place(f, "http://127.0.0.1:%d/ca.crl");
    check(f, "200 OK", make_crl(f, (struct made_crl){f->key, 3600, NULL}));
    assert_null(f->report.findings);
    assert_null(f->report.unknown);
    assert_string_equal(f->report.checked->name, "CRLs over http");
}

static void test_none(void **state) {
    struct fixture *f = *state;
    probe_crls(&f->p);
    assert_null(f->report.findings);
    assert_string_equal(f->report.facts->name, "crl");
}

static void test_ldap(void **state) {
    struct fixture *f = *state;
    name_place(f, "ldap://127.0.0.1:%d/cn=ca");
    probe_crls(&f->p);
    assert_null(f->report.findings);
    assert_non_null(f->report.unknown);
}

static void test_https(void **state) {
    struct fixture *f = *state;
    name_place(f, "https://127.0.0.1:%d/ca.crl");
    probe_crls(&f->p);
    expect_finding(f, "over https");
}

static void test_old(void **state) {
    struct fixture *f = *state;
    name_place(f, "http://127.0.0.1:%d/ca.crl");
    check(f, "200 OK", make_crl(f, (struct made_crl){f->key, -3600, NULL}));
    expect_finding(f, "is old");
}

static void test_forged(void **state) {
    struct fixture *f = *state;
    name_place(f, "http://127.0.0.1:%d/ca.crl");
    check(f, "200 OK", make_crl(f, (struct made_crl){f->other_key, 3600, NULL}));
    expect_finding(f, "is not signed by CN=CA");
}

static void test_revoked(void **state) {
    struct fixture *f = *state;
    name_place(f, "http://127.0.0.1:%d/ca.crl");
    check(f, "200 OK", make_crl(f, (struct made_crl){f->key, 3600, f->ra}));
    expect(f, "revoked", "says that CN=RA is revoked");
}

/* Nothing is fetched for an answer that nobody vouches for. */
static void test_refuted(void **state) {
    static const enum probe_code codes[] = {PROBE_TLS_TRUST, PROBE_TLS_ROOT, PROBE_TLS_NAME,
                                            PROBE_THUMBPRINT, PROBE_ROOT_TRUST};
    struct fixture *f = *state;
    name_place(f, "http://127.0.0.1:1/ca.crl?%d");
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        f->report = (struct probe_report){0};
        assert_false(probe_is_refuted(&f->p));
        probe_found(&f->p, codes[i], "so");
        assert_true(probe_is_refuted(&f->p));
        probe_crls(&f->p);
        assert_null(f->report.findings->next);
        assert_string_equal(f->report.unknown->name, "CRLs: the server is not proved");
    }
}

static void test_issuer_unknown(void **state) {
    struct fixture *f = *state;
    name_place(f, "http://127.0.0.1:%d/ca.crl");
    struct span crl = make_crl(f, (struct made_crl){f->key, 3600, NULL});
    X509_free(sk_X509_shift(f->p.ca.all)); /* the RA alone, as a bare certificate */
    check(f, "200 OK", crl);
    assert_null(f->report.findings);
    assert_non_null(strstr(f->report.unknown->name, "CN=CA is not in GetCACert"));
}

static void test_not_there(void **state) {
    struct fixture *f = *state;
    name_place(f, "http://127.0.0.1:%d/ca.crl");
    check(f, "404 Not Found", SPAN_NONE);
    expect_finding(f, "HTTP 404");
}

static void test_pem(void **state) {
    struct fixture *f = *state;
    name_place(f, "http://127.0.0.1:%d/ca.crl");
    check(f, "200 OK", span_str("-----BEGIN X509 CRL-----\n"));
    expect_finding(f, "no CRL in DER, but PEM");
    assert_null(f->report.checked);
}

static void test_nobody(void **state) {
    struct fixture *f = *state;
    name_place(f, "http://127.0.0.1:1/ca.crl?%d");
    probe_crls(&f->p);
    expect_finding(f, "cannot reach 'http://127.0.0.1:1/");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_good),      TEST(test_none),   TEST(test_ldap),
        TEST(test_https),     TEST(test_old),    TEST(test_forged),
        TEST(test_revoked),   TEST(test_pem),    TEST(test_issuer_unknown),
        TEST(test_not_there), TEST(test_nobody), TEST(test_refuted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
