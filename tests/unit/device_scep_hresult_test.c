/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each failure that windows-scep.md ties to an HRESULT (6.4, and the rows of 1, 2 and 4 that it
 * sums up), provoked by a server or a host that is wrong in that one way. The codes stand here as
 * the reference writes them.
 */
#include "device_task_fixture.h"

static X509 *only[3];

/* ---- the ways to be wrong ---- */

static void status_404(struct fixture *f) {
    f->v->status = 404;
}
static void status_401(struct fixture *f) {
    f->v->status = 401;
}
static void status_500(struct fixture *f) {
    f->v->status = 500;
}
static void web_page(struct fixture *f) {
    f->v->html = "<!DOCTYPE html><html>";
}
static void nobody_listens(struct fixture *f) {
    set_text(f, "ServerURL", "http://127.0.0.1:1/scep");
}
static void no_such_name(struct fixture *f) {
    set_text(f, "ServerURL", "http://scep.invalid/scep");
}
static void hangs_up(struct fixture *f) {
    f->v->hangs_up = true;
}
static void no_url(struct fixture *f) {
    set_text(f, "ServerURL", " ; ");
}
static void no_scheme(struct fixture *f) {
    char url[100];
    snprintf(url, sizeof url, "127.0.0.1:%d/scep", f->v->port);
    set_text(f, "ServerURL", url);
}
static void tls_13_only(struct fixture *f) {
    server_use_tls(f->v, TLS1_3_VERSION);
    set_url(f, "https");
}
static void tls_untrusted(struct fixture *f) {
    server_use_tls(f->v, TLS1_2_VERSION);
    set_url(f, "https");
    certstore_remove(&f->h->certs, STORE_ROOT, span_str(thumbprint(&f->v->y.a, f->v->y.ca)));
}
static void tls_other_name(struct fixture *f) {
    char url[100];
    server_use_tls(f->v, TLS1_2_VERSION);
    snprintf(url, sizeof url, "https://localhost:%d/scep", f->v->port);
    set_text(f, "ServerURL", url);
}
static void tls_asks_for_certificate(struct fixture *f) {
    server_use_tls(f->v, TLS1_2_VERSION);
    SSL_CTX_set_verify(f->v->tls, SSL_VERIFY_PEER, NULL);
    set_url(f, "https");
    set_switch(f, "client-cert-request", "fail");
}
static void other_thumbprint(struct fixture *f) {
    set_text(f, "CAThumbprint", "3559DC5D5C4017BD4CDBD0466AF14DDA41655E57");
}
static void ca_only(struct fixture *f) {
    only[0] = f->v->y.ca;
    only[1] = NULL;
    f->v->answer_ca = only;
}
static void root_is_not_trusted(struct fixture *f) {
    certstore_remove(&f->h->certs, STORE_ROOT, span_str(thumbprint(&f->v->y.a, f->v->y.ca)));
}
static void underscore(struct fixture *f) {
    reg_set_text(f->h->registry, registry_create(f->h->registry, KEY "\\Install\\Challenge"),
                 "Challenge", span_str("se_cret"));
}
static void no_sender_nonce(struct fixture *f) {
    f->v->reply = (struct reply){.no_sender = true};
}
static void no_recipient_nonce(struct fixture *f) {
    f->v->reply = (struct reply){.no_recipient = true};
}
static void other_nonce(struct fixture *f) {
    f->v->reply = (struct reply){.wrong_nonce = true};
}
static void other_transaction(struct fixture *f) {
    f->v->reply = (struct reply){.transaction = "0000"};
}
static void signed_by_the_ca(struct fixture *f) {
    f->v->reply = (struct reply){.signer = f->v->y.ca, .signer_key = f->v->y.ca_key};
}
static void other_key(struct fixture *f) {
    f->v->reply = (struct reply){.leaf_key = f->v->y.ra_key};
}
static void not_valid_yet(struct fixture *f) {
    f->v->reply = (struct reply){.not_before_s = 3600};
}
static void no_message(struct fixture *f) {
    f->v->garbage = span_str("garbage");
}
static void otp_is_used(struct fixture *f) {
    f->v->reply = (struct reply){.status = "2", .fail = "2", .text = "used 0x800B0110 (...)"};
}
static void no_otp(struct fixture *f) {
    f->v->reply = (struct reply){.status = "2", .fail = "2", .text = "0x80096004"};
}
static void otp_unknown(struct fixture *f) {
    f->v->reply = (struct reply){.status = "2", .fail = "2", .text = "Element 0x80070490"};
}
static void bad_subject(struct fixture *f) {
    f->v->reply = (struct reply){.status = "2", .fail = "2", .text = "0x80094001"};
}
static void key_too_short(struct fixture *f) {
    f->v->reply = (struct reply){.status = "2", .fail = "2", .text = "0x80094811 (CERTSRV_E)"};
}
static void ca_unreachable(struct fixture *f) {
    f->v->reply = (struct reply){.status = "2", .fail = "2", .text = "0x800706BA"};
}

enum when { BEFORE, AFTER }; /* PKIOperation is sent */

static const struct {
    void (*wrong)(struct fixture *f);
    uint32_t code;
    enum when when;
} ways[] = {
    {status_404, 0x80190194, BEFORE},
    {status_401, 0x80190191, BEFORE},
    {status_500, 0x801901F4, BEFORE},
    {web_page, 0x800700CE, BEFORE},
    {nobody_listens, 0x80072EFD, BEFORE},
    {no_such_name, 0x80072EE7, BEFORE},
    {hangs_up, 0x80072EFE, BEFORE},
    {no_url, HR_WININET_INVALID_URL, BEFORE},
    {no_scheme, 0x80004005, BEFORE},
    {tls_13_only, 0x80072F8F, BEFORE},
    {tls_untrusted, 0x80072F8F, BEFORE},
    {tls_other_name, 0x80072F8F, BEFORE},
    {tls_asks_for_certificate, 0x80072F78, BEFORE},
    {other_thumbprint, 0x80091007, BEFORE},
    {ca_only, 0x8010002C, BEFORE},
    {root_is_not_trusted, 0x800B0109, BEFORE},
    {underscore, 0x80092021, BEFORE},
    {no_sender_nonce, 0x80091006, AFTER},
    {no_recipient_nonce, 0x80091006, AFTER},
    {other_nonce, HR_INVALID_DATA, AFTER},
    {other_transaction, HR_INVALID_DATA, AFTER},
    {signed_by_the_ca, HR_CRYPT_SIGNER_NOT_FOUND, AFTER},
    {other_key, HR_NTE_BAD_PUBLIC_KEY, AFTER},
    {not_valid_yet, HR_CERT_EXPIRED, AFTER},
    {no_message, HR_CRYPT_ASN1_BADTAG, AFTER},
    {otp_is_used, 0x800B0110, AFTER},
    {no_otp, 0x80096004, AFTER},
    {otp_unknown, 0x80070490, AFTER},
    {bad_subject, 0x80094001, AFTER},
    {key_too_short, 0x80094811, AFTER},
    {ca_unreachable, 0x800706BA, AFTER},
};
enum { WAYS = sizeof ways / sizeof *ways };

/* A right server and a right host again. Keys take most of such a test's time: they stay. */
static void make_right(struct fixture *f) {
    struct scep_server *v = f->v;
    SSL_CTX_free(v->tls);
    v->tls = NULL;
    v->status = v->posts = v->gets = v->count = 0;
    v->html = NULL;
    v->hangs_up = false;
    v->answer_ca = NULL;
    v->garbage = SPAN_NONE;
    v->reply = (struct reply){0};
    certstore_add(&f->h->certs, &f->h->mem, STORE_ROOT, ossl_x509_der(&v->y.a, v->y.ca), SPAN_NONE);
    set_switch(f, "client-cert-request", "ignore");
    write_profile(f);
}

/* Status, ErrorCode, no certificate, and how far it came. */
static void test_ways(void **state) {
    struct fixture *f = *state;
    for (size_t i = 0; i < WAYS; i++) {
        make_right(f);
        ways[i].wrong(f);
        uint32_t code = try_once(f);
        if (code != ways[i].code)
            fail_msg("way %zu: 0x%08x instead of 0x%08x", i, code, ways[i].code);
        assert_int_equal(f->v->posts + f->v->gets > 0, ways[i].when == AFTER);
        assert_int_equal(stored(f, STORE_MY), 0);
        assert_int_equal(stored(f, STORE_REQUEST), 0);
    }
    make_right(f);
    assert_int_equal(try_once(f), HR_OK);
}

/* What a server that is not there cannot be made to do in time. */
static void test_transport_codes(void **state) {
    (void)state;
    assert_int_equal(hresult_of_fetch(FETCH_TIMEOUT), 0x80072EE2);
    assert_int_equal(hresult_of_fetch(FETCH_NAME), 0x80072EE7);
    assert_int_equal(hresult_of_fetch(FETCH_CONNECT), 0x80072EFD);
    assert_int_equal(hresult_of_fetch(FETCH_RESET), 0x80072EFE);
    assert_int_equal(hresult_of_fetch(FETCH_INVALID), 0x80072F78);
    assert_int_equal(hresult_of_fetch(FETCH_TLS), 0x80072F8F);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_ways),
        cmocka_unit_test(test_transport_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
