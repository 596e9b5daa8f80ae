/* SPDX-License-Identifier: Apache-2.0 */
/* What our SCEP client sends, read by our own server's code and by OpenSSL. */
#include "scep_message_fixture.h"

#include "cms/signed.h"
#include "scep/client.h"

#define TRANSACTION "3f786850e387550fdab836ed7e6dc881de23001b"

static struct scep_key self;

static int prepare(void **state) {
    set_up(state);
    self = scep_key_of(client, client_key.ours);
    return 0;
}

static struct scep_asking asking(int type) {
    return (struct scep_asking){.message_type = type,
                                .csr = csr_der,
                                .issuer = ra_pair.parsed.issuer,
                                .transaction_id = TRANSACTION,
                                .self = &self,
                                .recipient = &ra_pair.parsed,
                                .digest = DIGEST_SHA256,
                                .cipher = CIPHER_AES128_CBC};
}

static struct span build(struct arena *a, const struct scep_asking *q,
                         uint8_t nonce[SCEP_CLIENT_NONCE]) {
    struct span message;
    assert_ok(scep_client_build(a, q, nonce, &message));
    assert_ok(der_check(message));
    return message;
}

/* ---- requests ---- */

static void our_server_reads_it(void **state) {
    (void)state;
    for (int i = 0; i < 4 * 4; i++) {
        ARENA_AUTO(a);
        struct scep_asking q = asking(SCEP_PKCS_REQ);
        uint8_t nonce[SCEP_CLIENT_NONCE];
        struct scep_request r;
        struct scep_content content;
        q.digest = (enum digest)(i % 4);
        q.cipher = (enum cipher)(i / 4);
        assert_ok(scep_read(&a, build(&a, &q, nonce), &r));
        assert_int_equal(r.message_type, SCEP_PKCS_REQ);
        assert_true(span_is(r.transaction_id, TRANSACTION));
        assert_true(span_eq(r.sender_nonce, span_of(nonce, sizeof nonce)));
        assert_true(span_eq(r.signer, client));
        assert_int_equal(r.digest, q.digest);
        assert_ok(scep_open(&a, &r, &ra_pair, 1, false, &content));
        assert_true(span_eq(content.csr.der, csr_der));
        assert_int_equal(r.transport, TRANSPORT_PKCS1);
        assert_int_equal(r.cipher, q.cipher);
    }
}

static void a_poll_names_issuer_and_subject(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct scep_asking q = asking(SCEP_CERT_POLL);
    uint8_t nonce[SCEP_CLIENT_NONCE];
    struct scep_request r;
    struct scep_content content;
    struct csr csr;
    assert_ok(csr_parse(csr_der, &csr));
    assert_ok(scep_read(&a, build(&a, &q, nonce), &r));
    assert_int_equal(r.message_type, SCEP_CERT_POLL);
    assert_true(span_is(r.transaction_id, TRANSACTION));
    assert_ok(scep_open(&a, &r, &ra_pair, 1, false, &content));
    assert_true(span_eq(content.issuer, ra_pair.parsed.issuer));
    assert_true(span_eq(content.subject, csr.subject));
}

/* OpenSSL as the server: signature, the signer's certificate in it, the envelope, the CSR. */
static void openssl_reads_it(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        ARENA_AUTO(a);
        struct scep_asking q = asking(SCEP_PKCS_REQ);
        uint8_t nonce[SCEP_CLIENT_NONCE];
        struct span enveloped, inside;
        q.cipher = (enum cipher)i;
        struct span message = build(&a, &q, nonce);
        assert_true(their_verify(&a, message, client, &enveloped));
        assert_false(their_verify(&a, message, ra, &inside));
        assert_true(their_decrypt(&a, enveloped, ra, ra_key.theirs, &inside));
        assert_true(span_eq(inside, csr_der));
        CMS_ContentInfo *cms = cms_from_span(message);
        STACK_OF(X509) *certs = CMS_get1_certs(cms);
        X509 *own = x509_of(client);
        assert_int_equal(sk_X509_num(certs), 1);
        assert_int_equal(X509_cmp(sk_X509_value(certs, 0), own), 0);
        X509_free(own);
        sk_X509_pop_free(certs, X509_free);
        CMS_ContentInfo_free(cms);
    }
}

static void each_message_has_its_nonce(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct scep_asking q = asking(SCEP_PKCS_REQ);
    uint8_t first[SCEP_CLIENT_NONCE], second[SCEP_CLIENT_NONCE];
    build(&a, &q, first);
    build(&a, &q, second);
    assert_memory_not_equal(first, second, sizeof first);
}

static void what_cannot_be_asked(void **state) {
    (void)state;
    ARENA_AUTO(a);
    uint8_t nonce[SCEP_CLIENT_NONCE];
    struct span message;
    struct cert ec;
    struct span ec_der = cert_new(&a, "CN=ec", ec_key.ours, "CN=ec", ec_key.ours, false);
    struct scep_key ec_self = scep_key_of(ec_der, ec_key.ours);
    struct scep_asking q = asking(SCEP_PKCS_REQ);
    assert_ok(cert_parse(ec_der, &ec));
    q.recipient = &ec;
    assert_int_equal(scep_client_build(&a, &q, nonce, &message), ERR_ALGORITHM);
    assert_non_null(strstr(err_detail(), "the server's certificate CN=ec: its key is not RSA"));
    q = asking(SCEP_PKCS_REQ);
    q.self = &ec_self;
    assert_int_equal(scep_client_build(&a, &q, nonce, &message), ERR_ALGORITHM);
    q = asking(SCEP_PKCS_REQ);
    q.cipher = CIPHER_DES_CBC;
    assert_int_equal(scep_client_build(&a, &q, nonce, &message), ERR_ALGORITHM);
    q = asking(SCEP_GET_CRL);
    assert_int_equal(scep_client_build(&a, &q, nonce, &message), ERR_INTERNAL);
    q = asking(SCEP_CERT_POLL);
    q.csr = span_str("no CSR");
    assert_int_equal(scep_client_build(&a, &q, nonce, &message), ERR_PARSE);
}

/* ---- the client's certificate ---- */

static void check_name(X509 *x, const char *name) {
    char cn[128];
    X509_NAME *subject = X509_get_subject_name(x);
    assert_int_equal(X509_NAME_entry_count(subject), 1);
    assert_true(X509_NAME_get_text_by_NID(subject, NID_commonName, cn, sizeof cn) > 0);
    assert_string_equal(cn, name);
    assert_int_equal(X509_NAME_cmp(subject, X509_get_issuer_name(x)), 0);
}

static void a_certificate_for_ten_years(void **state) {
    (void)state;
    char longest[65];
    const char *const names[] = {"signet", "a \"b\", O=x + c;d\\", "\xc3\xa4", longest};
    snprintf(longest, sizeof longest, "%064d", 7);
    time_t years = 10 * 365 * 86400 - 3600, now = (time_t)(clock_ms() / 1000);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ARENA_AUTO(a);
        struct span der;
        assert_ok(scep_client_certificate(&a, client_key.ours, names[i], clock_ms(), &der));
        X509 *x = x509_of(der);
        check_name(x, names[i]);
        assert_int_equal(X509_verify(x, client_key.theirs), 1);
        assert_true(X509_cmp_time(X509_get0_notBefore(x), &now) < 0);
        time_t then = now + years;
        assert_true(X509_cmp_time(X509_get0_notAfter(x), &then) > 0);
        then += 7200;
        assert_true(X509_cmp_time(X509_get0_notAfter(x), &then) < 0);
        assert_int_equal(X509_get_key_usage(x), KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT);
        X509_free(x);
    }
}

static void a_certificate_that_is_refused(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span der;
    char *long_name = arena_alloc(&a, 66);
    memset(long_name, 'x', 65);
    assert_int_equal(scep_client_certificate(&a, client_key.ours, long_name, 0, &der), ERR_PARSE);
    assert_int_equal(scep_client_certificate(&a, client_key.ours, "", 0, &der), ERR_PARSE);
    assert_int_equal(scep_client_certificate(&a, ec_key.ours, "x", 0, &der), ERR_ALGORITHM);
}

/* With it, the answer to a request opens. */
static void the_certificate_serves(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct scep_asking q = asking(SCEP_PKCS_REQ);
    uint8_t nonce[SCEP_CLIENT_NONCE];
    struct span der, reply, certs[1];
    struct scep_request r;
    struct scep_content content;
    struct scep_certrep rep;
    size_t n;
    assert_ok(scep_client_certificate(&a, client_key.ours, "signet", clock_ms(), &der));
    struct scep_key own = scep_key_of(der, client_key.ours);
    q.self = &own;
    assert_ok(scep_read(&a, build(&a, &q, nonce), &r));
    assert_ok(scep_open(&a, &r, &ra_pair, 1, false, &content));
    struct scep_reply answer = {.status = SCEP_SUCCESS, .cert = client};
    assert_ok(scep_build_reply(&a, &r, &answer, &ra_pair, false, &reply));
    assert_ok(scep_certrep_read(&a, reply, &ra, 1, &rep));
    assert_true(span_eq(rep.recipient_nonce, span_of(nonce, sizeof nonce)));
    assert_ok(scep_certrep_open(&a, &rep, &own, certs, 1, &n));
    assert_true(n == 1 && span_eq(certs[0], client));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_server_reads_it),
        cmocka_unit_test(a_poll_names_issuer_and_subject),
        cmocka_unit_test(openssl_reads_it),
        cmocka_unit_test(each_message_has_its_nonce),
        cmocka_unit_test(what_cannot_be_asked),
        cmocka_unit_test(a_certificate_for_ten_years),
        cmocka_unit_test(a_certificate_that_is_refused),
        cmocka_unit_test(the_certificate_serves),
    };
    return cmocka_run_group_tests_name("scep_asking", tests, prepare, tear_down);
}
