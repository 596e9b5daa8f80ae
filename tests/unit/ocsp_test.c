/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that `openssl ocsp` makes, and responses that it judges. */
#include "crypto_fixture.h"

#include <openssl/ocsp.h>

#include "der/writer.h"
#include "x509/ocsp.h"

enum { HOUR = 3600000 };

static struct pair ca, responder, host;
static char *folder;
static struct arena certs;
static struct span ca_cert, responder_cert, leaf, other_leaf;

/* The delegated certificate: EKU OCSPSigning, nocheck. */
static struct span responder_new(struct arena *a, const struct key *key, const char *eku_oid) {
    struct span der, name, issuer, eku;
    assert_ok(name_from_x500(a, span_str("CN=OCSP"), &name));
    assert_ok(name_from_x500(a, span_str("CN=CA"), &issuer));
    assert_ok(eku_build(a, &eku_oid, 1, &eku));
    struct cert_template t = {.serial = span_str("\x11"),
                              .issuer = issuer,
                              .subject = name,
                              .spki = key_spki(key),
                              .issuer_spki = key_spki(ca.ours),
                              .not_before = clock_ms() - 60000,
                              .not_after = clock_ms() + HOUR,
                              .key_usage = KU_DIGITAL_SIGNATURE,
                              .eku = eku,
                              .ocsp_no_check = true};
    assert_ok(cert_build(a, &t, ca.ours, &der));
    return der;
}

static int set_up(void **state) {
    (void)state;
    ca = pair_new(2048);
    responder = pair_new(2048);
    host = pair_new(2048);
    folder = scratch_new();
    ca_cert = cert_new(&certs, "CN=CA", ca.ours, "CN=CA", ca.ours, true);
    leaf = cert_new(&certs, "CN=leaf", host.ours, "CN=CA", ca.ours, false);
    other_leaf = cert_new(&certs, "CN=leaf2", host.ours, "CN=CA", ca.ours, false);
    responder_cert = responder_new(&certs, responder.ours, OID_OCSP_SIGNING);
    scratch_put_certs(folder, "ca.pem", ca_cert);
    scratch_put_certs(folder, "leaf.pem", leaf);
    scratch_put_certs(folder, "leaf2.pem", other_leaf);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    pair_free(&ca);
    pair_free(&responder);
    pair_free(&host);
    arena_free(&certs);
    scratch_free(folder);
    return 0;
}

static void run(const char *command) {
    BUF_AUTO(out);
    if (!scratch_run(folder, command, &out))
        fail_msg("%s: %s", command, buf_cstr(&out));
}

/* The request of `openssl ocsp` with these options. */
static struct span request_of(struct arena *a, const char *options) {
    run(arena_printf(a, "openssl ocsp -issuer ca.pem %s -reqout req", options));
    return scratch_get(a, folder, "req");
}

/* ---- requests ---- */

static void reads_requests(void **state) {
    (void)state;
    static const struct {
        const char *options;
        enum digest digest;
        bool nonce;
    } all[] = {
        {"-cert leaf.pem", DIGEST_SHA1, true},
        {"-cert leaf.pem -no_nonce", DIGEST_SHA1, false},
        {"-sha256 -cert leaf.pem", DIGEST_SHA256, true},
        {"-sha384 -cert leaf.pem -no_nonce", DIGEST_SHA384, false},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        ARENA_AUTO(a);
        struct ocsp_request request;
        struct cert issuer, c;
        assert_ok(cert_parse(ca_cert, &issuer));
        assert_ok(cert_parse(leaf, &c));
        assert_ok(ocsp_request_parse(request_of(&a, all[i].options), &request));
        assert_int_equal(request.count, 1);
        assert_int_equal(request.certs[0].digest, all[i].digest);
        assert_true(span_eq(request.certs[0].serial, c.serial));
        assert_int_equal(request.nonce.n, all[i].nonce ? 18 : 0);
        assert_true(ocsp_names_issuer(&request.certs[0], issuer.subject, issuer.spki));
        assert_false(ocsp_names_issuer(&request.certs[0], c.subject, issuer.spki));
        assert_false(ocsp_names_issuer(&request.certs[0], issuer.subject, c.spki));
    }
}

static void several_and_signed(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct ocsp_request request;
    struct cert c;
    assert_ok(cert_parse(other_leaf, &c));
    assert_ok(ocsp_request_parse(request_of(&a, "-cert leaf.pem -cert leaf2.pem"), &request));
    assert_int_equal(request.count, 2);
    assert_true(span_eq(request.certs[1].serial, c.serial));
    char path[128];
    snprintf(path, sizeof path, "%s/key.pem", folder);
    assert_ok(key_save(host.ours, SPAN_NONE, path));
    struct span der = request_of(&a, "-cert leaf.pem -signer leaf.pem -signkey key.pem");
    assert_ok(ocsp_request_parse(der, &request));
    assert_int_equal(request.count, 1);
    BUF_AUTO(options);
    for (int i = 0; i < OCSP_MAX_CERTS; i++)
        buf_printf(&options, "-serial %d ", i + 1);
    assert_ok(ocsp_request_parse(request_of(&a, buf_cstr(&options)), &request));
    assert_int_equal(request.count, OCSP_MAX_CERTS);
    buf_str(&options, "-serial 99");
    assert_int_equal(ocsp_request_parse(request_of(&a, buf_cstr(&options)), &request), ERR_LIMIT);
}

/* An MD5 CertID is well-formed, but names nobody. */
static void unknown_hash(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct ocsp_request request;
    struct cert issuer;
    assert_ok(cert_parse(ca_cert, &issuer));
    assert_ok(ocsp_request_parse(request_of(&a, "-md5 -cert leaf.pem"), &request));
    assert_int_equal(request.count, 1);
    assert_false(ocsp_names_issuer(&request.certs[0], issuer.subject, issuer.spki));
}

struct parts {
    size_t count;    /* of CertIDs */
    size_t serial_n; /* octets of their serials; 0: a small number */
    const char *oid; /* of a request extension, or NULL */
    bool critical, twice;
    struct span value;
};

static struct span make_request(struct arena *a, const struct parts *parts) {
    struct der_writer w = der_writer_in(a), x = der_writer_in(a);
    static const uint8_t serial[OCSP_MAX_SERIAL + 1] = {1};
    if (parts->oid) {
        der_put_item(&x, DER_OCTET_STRING, parts->value);
        if (parts->critical)
            der_put_true(&x);
        der_put_oid(&x, parts->oid);
        der_wrap(&x, DER_SEQUENCE, 0);
        for (int i = 0; i <= parts->twice; i++)
            der_put(&w, der_written(&x));
        der_wrap(&w, DER_SEQUENCE, 0);
        der_wrap(&w, DER_CONTEXT_CONSTRUCTED(2), 0);
    }
    size_t list = der_mark(&w);
    for (size_t i = 0; i < parts->count; i++) {
        size_t mark = der_mark(&w);
        if (parts->serial_n)
            der_put_item(&w, DER_INTEGER, span_of(serial, parts->serial_n));
        else
            der_put_small(&w, 7);
        der_put_item(&w, DER_OCTET_STRING, span_str("key"));
        der_put_item(&w, DER_OCTET_STRING, span_str("name"));
        algorithm_put(&w, OID_SHA1, PARAMS_NULL);
        der_wrap(&w, DER_SEQUENCE, mark);
        der_wrap(&w, DER_SEQUENCE, mark);
    }
    der_wrap(&w, DER_SEQUENCE, list);
    der_wrap(&w, DER_SEQUENCE, 0);
    der_wrap(&w, DER_SEQUENCE, 0);
    return der_written(&w);
}

static void odd_requests(void **state) {
    (void)state;
    char longest[34] = "\x04\x20", longer[35] = "\x04\x21";
    const struct {
        struct parts parts;
        enum err e;
    } all[] = {
        {{.count = 1}, OK},
        {{.count = 1, .serial_n = OCSP_MAX_SERIAL}, OK},
        {{.count = 1, .serial_n = OCSP_MAX_SERIAL + 1}, ERR_LIMIT},
        {{.count = 0}, ERR_PARSE},
        {{.count = OCSP_MAX_CERTS + 1}, ERR_LIMIT},
        {{1, 0, OID_OCSP_NONCE, false, false, span_of(longest, 34)}, OK},
        {{1, 0, OID_OCSP_NONCE, true, false, span_of(longest, 34)}, OK},
        {{1, 0, OID_OCSP_NONCE, false, false, span_of(longer, 35)}, ERR_LIMIT},
        {{1, 0, OID_OCSP_NONCE, false, false, SPAN_NONE}, ERR_PARSE},
        {{1, 0, OID_OCSP_NONCE, false, true, span_of(longest, 34)}, ERR_PARSE},
        {{1, 0, "1.2.3", false, false, span_str("x")}, OK},
        {{1, 0, "1.2.3", true, false, span_str("x")}, ERR_PARSE},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        ARENA_AUTO(a);
        struct ocsp_request request;
        assert_int_equal(ocsp_request_parse(make_request(&a, &all[i].parts), &request), all[i].e);
    }
}

static void hostile_requests(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct ocsp_request request;
    struct span der = request_of(&a, "-cert leaf.pem");
    for (size_t n = 0; n < der.n; n++) {
        uint8_t *copy = exact_copy(der, n);
        assert_int_equal(ocsp_request_parse(span_of(copy, n), &request), ERR_PARSE);
        free(copy);
    }
    for (size_t i = 0; i < der.n * 8; i++) {
        uint8_t *copy = exact_copy(der, der.n);
        copy[i / 8] ^= (uint8_t)(1 << i % 8);
        if (ocsp_request_parse(span_of(copy, der.n), &request) == OK)
            assert_int_equal(request.count, 1);
        free(copy);
    }
    uint8_t *longer = calloc(1, der.n + 1);
    memcpy(longer, der.p, der.n);
    assert_int_equal(ocsp_request_parse(span_of(longer, der.n + 1), &request), ERR_PARSE);
    free(longer);
}

/* ---- responses ---- */

/* Answers the request in the file `req` with a status for each, in the file `resp`. */
static struct span answer(struct arena *a, const struct key *key, struct span cert,
                          enum ocsp_status status, enum crl_reason reason) {
    struct ocsp_request request;
    struct ocsp_single singles[OCSP_MAX_CERTS];
    struct span der;
    assert_ok(ocsp_request_parse(scratch_get(a, folder, "req"), &request));
    for (size_t i = 0; i < request.count; i++)
        singles[i] = (struct ocsp_single){.cert_id = request.certs[i].whole,
                                          .status = status,
                                          .revoked = 1700000000000,
                                          .reason = reason,
                                          .this_update = clock_ms() - 1000,
                                          .next_update = clock_ms() + HOUR};
    struct ocsp_template t = {.singles = singles,
                              .count = request.count,
                              .produced = clock_ms(),
                              .nonce = request.nonce,
                              .responder = cert};
    assert_ok(ocsp_response_build(a, &t, key, &der));
    assert_ok(der_check(der));
    scratch_put(folder, "resp", der);
    return der;
}

static bool said(const char *command, const char *const *wanted, const char *unwanted) {
    BUF_AUTO(out);
    bool good = scratch_run(folder, command, &out) && !strstr(buf_cstr(&out), unwanted);
    for (int i = 0; good && wanted[i]; i++)
        good = strstr(buf_cstr(&out), wanted[i]);
    if (!good)
        print_message("%s: %s\n", command, buf_cstr(&out));
    return good;
}

/*
 * What `openssl ocsp` says of the response in the file `resp`: to the request in `req` with its
 * nonce, and then for each certificate (with -cert it makes a request of its own).
 */
static bool judged(const char *certs_of_request, const char *const *wanted) {
    ARENA_AUTO(a);
    const char *const verified[] = {"Response verify OK", NULL};
    return said("openssl ocsp -issuer ca.pem -reqin req -respin resp -CAfile ca.pem", verified,
                "once") &&
           said(arena_printf(&a,
                             "openssl ocsp -issuer ca.pem %s -no_nonce -respin resp -CAfile "
                             "ca.pem",
                             certs_of_request),
                wanted, "WARNING");
}

static void judged_by_openssl(void **state) {
    (void)state;
    static const struct {
        const char *options, *certs;
        enum ocsp_status status;
        enum crl_reason reason;
        const char *wanted[5];
    } all[] = {
        {"-cert leaf.pem",
         "-cert leaf.pem",
         OCSP_GOOD,
         0,
         {"Response verify OK", "leaf.pem: good"}},
        {"-cert leaf.pem -no_nonce",
         "-cert leaf.pem",
         OCSP_GOOD,
         0,
         {"Response verify OK", "leaf.pem: good"}},
        {"-sha256 -cert leaf.pem",
         "-sha256 -cert leaf.pem",
         OCSP_REVOKED,
         CRL_KEY_COMPROMISE,
         {"Response verify OK", "leaf.pem: revoked", "Reason: keyCompromise",
          "Revocation Time: Nov 14 22:13:20 2023 GMT"}},
        {"-cert leaf.pem",
         "-cert leaf.pem",
         OCSP_REVOKED,
         CRL_UNSPECIFIED,
         {"Response verify OK", "leaf.pem: revoked"}},
        {"-cert leaf.pem",
         "-cert leaf.pem",
         OCSP_UNKNOWN,
         0,
         {"Response verify OK", "leaf.pem: unknown"}},
        {"-cert leaf.pem -cert leaf2.pem",
         "-cert leaf.pem -cert leaf2.pem",
         OCSP_GOOD,
         0,
         {"Response verify OK", "leaf.pem: good", "leaf2.pem: good"}},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        ARENA_AUTO(a);
        request_of(&a, all[i].options);
        answer(&a, responder.ours, responder_cert, all[i].status, all[i].reason);
        assert_true(judged(all[i].certs, all[i].wanted));
    }
}

/* The responder's key on curves too; and what OpenSSL must refuse, to know that it looks. */
static void responders(void **state) {
    (void)state;
    static const char *const good[] = {"Response verify OK", "leaf.pem: good", NULL};
    const char *const curves[] = {"P-256", "P-384"};
    for (int i = 0; i < 2; i++) {
        ARENA_AUTO(a);
        struct pair key = pair_curve(curves[i]);
        request_of(&a, "-cert leaf.pem");
        answer(&a, key.ours, responder_new(&a, key.ours, OID_OCSP_SIGNING), OCSP_GOOD, 0);
        assert_true(judged("-cert leaf.pem", good));
        answer(&a, key.ours, responder_new(&a, key.ours, "1.3.6.1.5.5.7.3.2"), OCSP_GOOD, 0);
        BUF_AUTO(out);
        scratch_run(folder, "openssl ocsp -issuer ca.pem -reqin req -respin resp -CAfile ca.pem",
                    &out);
        assert_non_null(strstr(buf_cstr(&out), "Response Verify Failure"));
        pair_free(&key);
    }
    ARENA_AUTO(a);
    struct span der;
    struct ocsp_template t = {.responder = leaf};
    assert_int_equal(ocsp_response_build(&a, &t, responder.ours, &der), ERR_PARSE);
    t.responder = SPAN_NONE;
    assert_int_equal(ocsp_response_build(&a, &t, responder.ours, &der), ERR_PARSE);
}

/* producedAt and the others are GeneralizedTime in every year; byKey; the nonce is echoed. */
static void fields(void **state) {
    (void)state;
    ARENA_AUTO(a);
    BUF_AUTO(out);
    struct span req = request_of(&a, "-cert leaf.pem");
    struct ocsp_request request;
    assert_ok(ocsp_request_parse(req, &request));
    struct span der = answer(&a, responder.ours, responder_cert, OCSP_GOOD, 0);
    const unsigned char *p = der.p;
    OCSP_RESPONSE *resp = d2i_OCSP_RESPONSE(NULL, &p, (long)der.n);
    assert_non_null(resp);
    assert_ptr_equal(p, der.p + der.n);
    p = req.p;
    OCSP_REQUEST *theirs = d2i_OCSP_REQUEST(NULL, &p, (long)req.n);
    OCSP_BASICRESP *basic = OCSP_response_get1_basic(resp);
    assert_int_equal(OCSP_check_nonce(theirs, basic), 1);
    const ASN1_OCTET_STRING *id = NULL;
    const X509_NAME *name = NULL;
    assert_int_equal(OCSP_resp_get0_id(basic, &id, &name), 1);
    assert_non_null(id);
    assert_null(name);
    assert_int_equal(ASN1_STRING_length(id), 20);
    assert_int_equal(ASN1_STRING_type(OCSP_resp_get0_produced_at(basic)), V_ASN1_GENERALIZEDTIME);
    assert_int_equal(sk_X509_num(OCSP_resp_get0_certs(basic)), 1);
    OCSP_BASICRESP_free(basic);
    OCSP_REQUEST_free(theirs);
    OCSP_RESPONSE_free(resp);
}

static bool basic_holds(struct span der) {
    const unsigned char *p = der.p;
    OCSP_RESPONSE *resp = d2i_OCSP_RESPONSE(NULL, &p, (long)der.n);
    OCSP_BASICRESP *basic = resp ? OCSP_response_get1_basic(resp) : NULL;
    X509 *signer = x509_of(responder_cert);
    STACK_OF(X509) *trusted = sk_X509_new_null();
    sk_X509_push(trusted, signer);
    bool good = basic && OCSP_response_status(resp) == 0 &&
                OCSP_basic_verify(basic, trusted, NULL, OCSP_TRUSTOTHER | OCSP_NOINTERN) == 1;
    sk_X509_free(trusted);
    X509_free(signer);
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(resp);
    return good;
}

/* ResponseData and the signature's bits: outside them nothing is protected, nor means anything. */
static void find_parts(struct span der, struct span *data, struct span *signature) {
    struct der d = der_of(der), response, bytes, basic;
    struct span body, ignored;
    assert_ok(der_enter(&d, DER_SEQUENCE, &response));
    assert_ok(der_read(&response, 0x0a, &ignored));
    assert_ok(der_enter(&response, DER_CONTEXT_CONSTRUCTED(0), &bytes));
    assert_ok(der_enter(&bytes, DER_SEQUENCE, &bytes));
    assert_ok(der_oid(&bytes, &ignored));
    assert_ok(der_read(&bytes, DER_OCTET_STRING, &body));
    d = der_of(body);
    assert_ok(der_enter(&d, DER_SEQUENCE, &basic));
    assert_ok(der_read_whole(&basic, DER_SEQUENCE, data));
    assert_ok(der_read(&basic, DER_SEQUENCE, &ignored));
    assert_ok(der_bits(&basic, signature));
}

static void tampering(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span parts[2];
    request_of(&a, "-cert leaf.pem");
    struct span der = answer(&a, responder.ours, responder_cert, OCSP_GOOD, 0);
    assert_true(basic_holds(der));
    find_parts(der, &parts[0], &parts[1]);
    for (int part = 0; part < 2; part++)
        for (size_t i = 0; i < parts[part].n; i++) {
            uint8_t *copy = exact_copy(der, der.n);
            copy[(size_t)(parts[part].p - der.p) + i] ^= 2;
            assert_false(basic_holds(span_of(copy, der.n)));
            free(copy);
        }
}

static void errors(void **state) {
    (void)state;
    static const unsigned statuses[] = {1, 2, 3, 6};
    for (int i = 0; i < 4; i++) {
        struct span der = ocsp_error(statuses[i]);
        const unsigned char *p = der.p;
        OCSP_RESPONSE *resp = d2i_OCSP_RESPONSE(NULL, &p, (long)der.n);
        assert_non_null(resp);
        assert_int_equal(OCSP_response_status(resp), statuses[i]);
        OCSP_RESPONSE_free(resp);
    }
    assert_true(span_eq(ocsp_error(77), ocsp_error(2)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_requests),   cmocka_unit_test(several_and_signed),
        cmocka_unit_test(unknown_hash),     cmocka_unit_test(odd_requests),
        cmocka_unit_test(hostile_requests), cmocka_unit_test(judged_by_openssl),
        cmocka_unit_test(responders),       cmocka_unit_test(fields),
        cmocka_unit_test(tampering),        cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests_name("ocsp", tests, set_up, tear_down);
}
