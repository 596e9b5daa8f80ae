/* SPDX-License-Identifier: Apache-2.0 */
/* What is learnt of an upstream and pinned, what hosts get of it, its settings, imports. */
#include "gateway_fixture.h"

/* ---- learning and pinning ---- */

static void an_ra_and_its_chain(void **state) {
    (void)state;
    struct span certs[SCEP_CLIENT_MAX_CERTS];
    struct upstream u = add_relay();
    assert_string_equal(u.thumbprint, sha1_of("sub"));
    assert_null(u.offered);
    assert_int_equal(u.timeout, 1000);
    assert_int_equal(u.max_requests, 32);
    assert_true(u.learnt > 0 && u.created > 0);
    struct gateway_status status;
    gateway_status(gateway, &arena, "corp", &status);
    assert_int_equal(status.health, GATEWAY_UP); /* it has answered just now */
    const struct gateway_upstream *v = gateway_acquire(gateway, "CORP");
    assert_non_null(v);
    assert_string_equal(v->thumbprint, sha1_of("sub"));
    assert_string_equal(v->root_sha1, sha1_of("root"));
    assert_int_equal(v->cert_count, 3);
    assert_int_equal(v->chain_count, 2);
    assert_true(span_eq(v->chain[0], der_of_file("sub")));
    assert_true(span_eq(v->chain[1], der_of_file("root")));
    assert_true(span_eq(v->recipient.der, der_of_file("agent")));
    assert_string_equal(v->capabilities, "SHA-256\nSHA-1\nAES\nDES3\nPOSTPKIOperation\n");
    assert_true(v->post && v->aes && v->sha256);
    assert_int_equal(told(v, certs), 3);
    assert_true(span_eq(certs[0], der_of_file("agent")));
    gateway_release(v);
    assert_null(gateway_acquire(gateway, "other"));
}

static void a_single_ca(void **state) {
    (void)state;
    struct upstream u = relay_of("corp");
    serve_body(der_of_file("root"));
    serve_caps("DES3");
    u.message = "my CA/1";
    u = add(&u);
    assert_string_equal(u.thumbprint, sha1_of("root"));
    assert_string_equal(server.query, "GET /scep?operation=GetCACert&message=my%20CA%2F1 HTTP/1.1");
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_true(v->ca_certs_single);
    assert_true(span_eq(v->ca_certs, der_of_file("root")));
    assert_true(span_eq(v->recipient.der, der_of_file("root")));
    assert_string_equal(v->capabilities, "DES3\nPOSTPKIOperation\n");
    assert_false(v->post || v->aes || v->sha256);
    gateway_release(v);
}

/* Windows takes no PKCS#7 without RAs: it gets the CA that issues, alone. */
static void cas_only(void **state) {
    (void)state;
    serve_body(BUNDLE("root", "sub"));
    struct upstream u = add_relay();
    assert_string_equal(u.thumbprint, sha1_of("sub"));
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_true(v->ca_certs_single);
    assert_true(span_eq(v->ca_certs, der_of_file("sub")));
    assert_int_equal(v->chain_count, 2);
    gateway_release(v);
}

static void a_chain_from_the_settings(void **state) {
    (void)state;
    struct span certs[SCEP_CLIENT_MAX_CERTS];
    struct upstream u = relay_of("corp");
    serve_body(BUNDLE("agent", "sub"));
    u.chain = pem_of("root");
    add(&u);
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_int_equal(v->chain_count, 2);
    assert_string_equal(v->root_sha1, sha1_of("root"));
    assert_int_equal(told(v, certs), 3);
    assert_int_equal(v->cert_count, 2); /* the root that we brought signs no CertRep */
    gateway_release(v);
    u.name = "two";
    u.chain = pem_of("stranger");
    not_added(&u, ERR_CONFIG, "CN=stranger");
    /* The CA itself is missing. */
    serve_body(BUNDLE("agent"));
    u.chain = NULL;
    serve_body(BUNDLE("agent", "root"));
    not_added(&u, ERR_PARSE, "--chain");
    u.chain = pem_of("sub");
    u = add(&u);
    assert_string_equal(u.thumbprint, sha1_of("sub"));
}

static void a_thumbprint_of_the_administrator(void **state) {
    (void)state;
    struct upstream u = relay_of("corp");
    u.thumbprint = sha1_of("stranger");
    not_added(&u, ERR_CONFLICT, sha1_of("sub"));
    u.thumbprint = "12";
    not_added(&u, ERR_CONFIG, "40");
    u.thumbprint = sha1_of("root"); /* the root that he trusts; what issues is pinned */
    u = add(&u);
    assert_string_equal(u.thumbprint, sha1_of("sub"));
}

/* What somebody on the way has put beside the genuine CA counts for nothing. */
static void a_stranger_beside_it(void **state) {
    (void)state;
    struct span certs[SCEP_CLIENT_MAX_CERTS];
    struct upstream u = relay_of("corp");
    serve_body(BUNDLE("strange-ra", "stranger", "agent", "sub", "root"));
    u.thumbprint = sha1_of("sub");
    add(&u);
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_int_equal(v->cert_count, 3);
    assert_false(has_cert(v->certs, v->cert_count, "strange-ra"));
    assert_true(span_eq(v->recipient.der, der_of_file("agent")));
    assert_int_equal(told(v, certs), 3);
    gateway_release(v);
    /* An RA of a stranger alone, with the genuine CA beside it. */
    serve_body(BUNDLE("strange-ra", "stranger", "sub"));
    assert_int_equal(refresh(&u), ERR_CONFLICT);
}

static void ndes_form(void **state) {
    (void)state;
    serve_body(BUNDLE("sign", "agent", "sub", "root"));
    add_relay();
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_int_equal(v->cert_count, 4);
    assert_true(span_eq(v->recipient.der, der_of_file("agent")));
    gateway_release(v);
}

/* ---- upstreams that are none ---- */

static void what_is_no_scep_server(void **state) {
    (void)state;
    struct upstream u = relay_of("corp");
    serve_body(span_str("<!DOCTYPE html><html>Welcome</html>"));
    not_added(&u, ERR_PARSE, "HTML");
    serve_body(span_str("oops"));
    not_added(&u, ERR_PARSE, "GetCACert");
    serve_body(SPAN_NONE);
    not_added(&u, ERR_PARSE, "GetCACert");
    serve_body(BUNDLE("agent", "sub"));
    serve_caps("<html>");
    not_added(&u, ERR_PARSE, "GetCACaps");
    serve_caps(CAPS);
    serve_status(200, 500, NULL);
    not_added(&u, ERR_IO, "HTTP 500");
    serve_status(200, 404, NULL);
    not_added(&u, ERR_PARSE, "HTTP 404");
    serve_status(200, 302, "https://elsewhere.test/\x1b[2J");
    not_added(&u, ERR_PARSE, "https://elsewhere.test/\\x1b[2J");
    serve_status(500, 200, NULL);
    not_added(&u, ERR_IO, "GetCACaps");
    be_silent(true);
    not_added(&u, ERR_IO, "GetCA");
    u.url = "http://127.0.0.1:1/";
    not_added(&u, ERR_IO, "GetCA");
    unsigned all, down;
    gateway_count(gateway, &all, &down);
    assert_int_equal(all, 0);
}

static void no_capabilities(void **state) {
    (void)state;
    serve_status(404, 200, NULL);
    struct upstream u = add_relay();
    assert_string_equal(u.capabilities, "");
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_string_equal(v->capabilities, "POSTPKIOperation\n");
    assert_false(v->post);
    gateway_release(v);
}

static void capabilities_are_cleaned(void **state) {
    (void)state;
    serve_caps("SCEPStandard\r\n\x1b[31mred\r\n\r\nsha-512\r\n");
    struct upstream u = add_relay();
    assert_string_equal(u.capabilities, "SCEPStandard\n\\x1b[31mred\nsha-512");
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_string_equal(v->capabilities, "SHA-256\nSHA-512\nAES\nPOSTPKIOperation\nSCEPStandard\n");
    assert_true(v->post && v->aes && v->sha256);
    gateway_release(v);
}

/* ---- settings ---- */

static void settings_that_are_refused(void **state) {
    (void)state;
    struct upstream u = relay_of("Corp");
    not_added(&u, ERR_CONFIG, "lower-case");
    u = relay_of("../x");
    not_added(&u, ERR_CONFIG, "letters");
    u = relay_of("lab");
    not_added(&u, ERR_EXISTS, "endpoint");
    u = relay_of("corp");
    u.url = "ftp://x/";
    not_added(&u, ERR_CONFIG, "http");
    u = relay_of("corp");
    u.mode = 3;
    not_added(&u, ERR_CONFIG, "mode");
    u = relay_of("corp");
    u.timeout = 200000;
    not_added(&u, ERR_CONFIG, "time-out");
    u = relay_of("corp");
    u.max_requests = 1000;
    not_added(&u, ERR_CONFIG, "256");
    u = relay_of("corp");
    u.trust = "no PEM";
    not_added(&u, ERR_CONFIG, "https");
    u = relay_of("corp");
    u.message = "a\nb";
    not_added(&u, ERR_CONFIG, "message");
    u = relay_of("corp");
    u.ca = "default";
    not_added(&u, ERR_CONFIG, "mode ra");
    u = relay_of("corp");
    u.ndes_url = "http://ndes.test/";
    not_added(&u, ERR_CONFIG, "credentials");
    u.ndes_credentials = "/none";
    u.ndes_auth = UPSTREAM_AUTH_BASIC;
    not_added(&u, ERR_CONFIG, "Basic");
    u.mode = UPSTREAM_RA;
    not_added(&u, ERR_CONFIG, "relay");
    u = relay_of("corp");
    u.mode = UPSTREAM_RA;
    u.ca = "nobody";
    not_added(&u, ERR_CONFIG, "nobody");
    unsigned before = asked();
    add_relay();
    assert_int_equal(asked(), before + 2); /* the refused ones were not asked */
    u = relay_of("corp");
    not_added(&u, ERR_EXISTS, "corp");
    assert_int_equal(asked(), before + 2);
}

/* ---- import ---- */

static enum err add_enrollment(struct tx *tx, void *user) {
    const struct account account = {.name = "a", .password = "hash", .created = 1};
    struct device device = {.device_id = "PC1",
                            .name = "PC1",
                            .hw_dev_id = "h",
                            .os_version = "10",
                            .account = "a",
                            .enrolled = 1};
    struct enrollment e = {.id = "e1",
                           .profile = "p",
                           .endpoint = "corp",
                           .body = "x",
                           .state = STATE_REPORTED,
                           .created = 1,
                           .subject = "CN=leaf",
                           .key_usage = KU_DIGITAL_SIGNATURE,
                           .host_thumbprint = user,
                           .host_status = "1",
                           .asks = 1,
                           .answers = 1,
                           .successes = 1};
    TRY(account_add(tx, &account));
    TRY(device_put(tx, &device));
    e.device = device.id;
    TRY(enrollment_add(tx, &e));
    return enrollment_update(tx, &e);
}

static void an_import(void **state) {
    (void)state;
    const char *id = NULL;
    add_relay();
    assert_int_equal(gateway_import(gateway, &arena, "corp", der_of_file("strange-ra"), &id),
                     ERR_REFUSED);
    assert_int_equal(gateway_import(gateway, &arena, "none", der_of_file("leaf"), &id),
                     ERR_NOT_FOUND);
    assert_int_equal(gateway_import(gateway, &arena, "corp", der_of_file("leaf"), &id),
                     ERR_NOT_FOUND);
    assert_ok(store_write(store, add_enrollment, (void *)(uintptr_t)sha1_of("leaf")));
    assert_ok(gateway_import(gateway, &arena, "corp", der_of_file("leaf"), &id));
    assert_string_equal(id, "e1");
    assert_int_equal(gateway_import(gateway, &arena, "corp", span_str("no DER"), &id), ERR_PARSE);
}

static void urls(void **state) {
    (void)state;
    assert_string_equal(gateway_url(gateway, &arena, "corp", NULL),
                        "https://signet.test:8443/gateway/corp");
    assert_string_equal(gateway_url(gateway, &arena, "corp", "TOKEN"),
                        "https://signet.test:8443/gateway/corp/TOKEN");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        T(an_ra_and_its_chain),
        T(a_single_ca),
        T(cas_only),
        T(a_chain_from_the_settings),
        T(a_thumbprint_of_the_administrator),
        T(a_stranger_beside_it),
        T(ndes_form),
        T(what_is_no_scep_server),
        T(no_capabilities),
        T(capabilities_are_cleaned),
        T(settings_that_are_refused),
        T(an_import),
        T(urls),
    };
    return cmocka_run_group_tests(tests, build, tear_down);
}
