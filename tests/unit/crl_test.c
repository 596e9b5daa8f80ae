/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto_fixture.h"

#include "der/der.h"
#include "x509/crl.h"

enum { HOUR = 3600000 };

static struct pair rsa, ec, p384, host;
static char *folder;

static int set_up(void **state) {
    (void)state;
    rsa = pair_new(2048);
    ec = pair_new(0);
    p384 = pair_curve("P-384");
    host = pair_new(2048);
    folder = scratch_new();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    pair_free(&rsa);
    pair_free(&ec);
    pair_free(&p384);
    pair_free(&host);
    scratch_free(folder);
    return 0;
}

static void reasons(void **state) {
    (void)state;
    enum crl_reason reason = CRL_UNSPECIFIED;
    for (int i = 0; i < 12; i++) {
        const char *name = crl_reason_name((enum crl_reason)i);
        bool known = i != 6 && i != 7 && i != 8 && i < 10;
        assert_int_equal(strcmp(name, "unspecified") == 0, i == 0 || !known);
        assert_true(crl_reason_parse(name, &reason));
        assert_int_equal(reason, known ? i : CRL_UNSPECIFIED);
    }
    assert_true(crl_reason_parse("KEYCOMPROMISE", &reason));
    assert_int_equal(reason, CRL_KEY_COMPROMISE);
    assert_false(crl_reason_parse("certificateHold", &reason));
    assert_false(crl_reason_parse("", &reason));
}

static struct span name_of(struct arena *a, const char *text) {
    struct span der;
    assert_ok(name_from_x500(a, span_str(text), &der));
    return der;
}

static struct crl_template template_for(struct arena *a, const struct key *ca) {
    return (struct crl_template){
        .issuer = name_of(a, "CN=CA"),
        .issuer_spki = key_spki(ca),
        .this_update = clock_ms() - 60000,
        .next_update = clock_ms() + HOUR,
        .number = 1,
    };
}

static bool judge(const char *command, const char *wanted) {
    BUF_AUTO(out);
    bool good = scratch_run(folder, command, &out);
    bool found = !wanted || strstr(buf_cstr(&out), wanted);
    if (good && !found)
        print_message("%s: no \"%s\" in: %s\n", command, wanted, buf_cstr(&out));
    return good && found;
}

/* Also of a P-256 and a P-384 CA; the leaf is revoked, or not. */
static void verified_by_openssl(void **state) {
    (void)state;
    const struct pair *const keys[] = {&rsa, &ec, &p384};
    const char *const algorithms[] = {"sha256WithRSAEncryption", "ecdsa-with-SHA256",
                                      "ecdsa-with-SHA384"};
    for (int i = 0; i < 3; i++) {
        ARENA_AUTO(a);
        const struct key *ca = keys[i]->ours;
        struct span root = cert_new(&a, "CN=CA", ca, "CN=CA", ca, true), der;
        struct span leaf = cert_new(&a, "CN=leaf", host.ours, "CN=CA", ca, false);
        struct cert c;
        assert_ok(cert_parse(leaf, &c));
        struct crl_template t = template_for(&a, ca);
        assert_ok(crl_build(&a, &t, ca, &der));
        scratch_put_certs(folder, "ca.pem", root);
        scratch_put_certs(folder, "leaf.pem", leaf);
        scratch_put(folder, "crl", der);
        assert_true(
            judge("openssl crl -inform DER -in crl -CAfile ca.pem -verify -noout", "verify OK"));
        assert_true(judge("openssl crl -inform DER -in crl -noout -text", algorithms[i]));
        assert_true(
            judge("openssl crl -inform DER -in crl -noout -text", "No Revoked Certificates."));
        assert_true(judge("openssl crl -inform DER -in crl -out crl.pem && openssl verify "
                          "-x509_strict -CAfile ca.pem -crl_check -CRLfile crl.pem leaf.pem",
                          "leaf.pem: OK"));
        struct crl_entry entry = {c.serial, clock_ms() - 1000, CRL_KEY_COMPROMISE};
        t.entries = &entry;
        t.count = 1;
        assert_ok(crl_build(&a, &t, ca, &der));
        scratch_put(folder, "crl", der);
        assert_true(
            judge("openssl crl -inform DER -in crl -CAfile ca.pem -verify -noout", "verify OK"));
        assert_true(judge("openssl crl -inform DER -in crl -out crl.pem && ! openssl verify "
                          "-x509_strict -CAfile ca.pem -crl_check -CRLfile crl.pem leaf.pem",
                          "certificate revoked"));
    }
}

/* Fields as OpenSSL reads them, with numbers that fill their octets. */
static void fields(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span der;
    struct crl_template t = template_for(&a, rsa.ours);
    const struct crl_entry entries[] = {
        {span_str("\x41\x01"), 1700000000000, CRL_SUPERSEDED},
        {span_str("\x42"), 1700000000000, CRL_UNSPECIFIED},
        {span_str("\x43"), 2600000000000, CRL_PRIVILEGE_WITHDRAWN}, /* 2052 */
    };
    t.entries = entries;
    t.count = 3;
    t.this_update = 1800000000000;
    t.next_update = 2600000000000;
    static const struct {
        int64_t number;
        const char *text;
    } numbers[] = {{1, "0x01"},
                   {127, "0x7F"},
                   {128, "0x80"},
                   {65536, "0x010000"},
                   {INT64_MAX, "0x7FFFFFFFFFFFFFFF"}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        t.number = numbers[i].number;
        assert_ok(crl_build(&a, &t, rsa.ours, &der));
        assert_ok(der_check(der));
        scratch_put(folder, "crl", der);
        assert_true(judge("openssl crl -inform DER -in crl -noout -crlnumber", numbers[i].text));
    }
    static const char *const wanted[] = {
        "Version 2 (0x1)",
        "Issuer: CN = CA",
        "Last Update: Jan 15 08:00:00 2027 GMT",
        "Next Update: May 22 14:13:20 2052 GMT",
        "X509v3 Authority Key Identifier: ",
        "Serial Number: 4101\n        Revocation Date: Nov 14 22:13:20 2023 GMT\n        CRL entry "
        "extensions:\n            X509v3 CRL Reason Code: \n                Superseded\n",
        "Serial Number: 42\n        Revocation Date: Nov 14 22:13:20 2023 GMT\n    Serial",
        "Serial Number: 43\n        Revocation Date: May 22 14:13:20 2052 GMT\n",
        "Privilege Withdrawn",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        assert_true(judge("openssl crl -inform DER -in crl -noout -text", wanted[i]));
}

static void tampering(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span der;
    struct crl_template t = template_for(&a, ec.ours);
    struct crl_entry entry = {span_str("\x42"), clock_ms(), CRL_SUPERSEDED};
    t.entries = &entry;
    t.count = 1;
    assert_ok(crl_build(&a, &t, ec.ours, &der));
    const unsigned char *p = der.p;
    X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.n);
    assert_non_null(crl);
    assert_int_equal(X509_CRL_verify(crl, ec.theirs), 1);
    assert_int_not_equal(X509_CRL_verify(crl, rsa.theirs), 1);
    X509_CRL_free(crl);
    for (size_t i = 0; i < der.n; i++) {
        uint8_t *copy = exact_copy(der, der.n);
        copy[i] ^= 1;
        p = copy;
        crl = d2i_X509_CRL(NULL, &p, (long)der.n);
        if (crl)
            assert_int_not_equal(X509_CRL_verify(crl, ec.theirs), 1);
        X509_CRL_free(crl);
        free(copy);
    }
}

/* As many as a large organisation revokes in a year. */
static void many_entries(void **state) {
    (void)state;
    enum { COUNT = 20000 };
    ARENA_AUTO(a);
    struct span der;
    struct crl_template t = template_for(&a, rsa.ours);
    struct crl_entry *entries = arena_alloc(&a, COUNT * sizeof *entries);
    uint8_t *serials = arena_alloc(&a, (size_t)COUNT * 16);
    for (int i = 0; i < COUNT; i++) {
        uint8_t *serial = serials + (size_t)i * 16;
        serial[0] = 0x40;
        serial[14] = (uint8_t)(i >> 8);
        serial[15] = (uint8_t)i;
        entries[i] = (struct crl_entry){span_of(serial, 16), clock_ms(), CRL_SUPERSEDED};
    }
    t.entries = entries;
    t.count = COUNT;
    assert_ok(crl_build(&a, &t, rsa.ours, &der));
    const unsigned char *p = der.p;
    X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.n);
    assert_non_null(crl);
    assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), COUNT);
    assert_int_equal(X509_CRL_verify(crl, rsa.theirs), 1);
    X509_CRL_free(crl);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons),      cmocka_unit_test(verified_by_openssl),
        cmocka_unit_test(fields),       cmocka_unit_test(tampering),
        cmocka_unit_test(many_entries),
    };
    return cmocka_run_group_tests_name("crl", tests, set_up, tear_down);
}
