/* SPDX-License-Identifier: Apache-2.0 */
/* The header with the certificate that a proxy forwards: its two forms, and what is neither. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "server/forwarded.h"
#include "server/judges.h"
#include "x509/pem.h"

static struct arena arena;
static struct span der;

/* As small as a certificate can be; nobody looks at its signature here. */
static int prepare(void **state) {
    (void)state;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    unsigned char *bytes = NULL;
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 4711);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 60);
    X509_set_pubkey(x, key);
    X509_sign(x, key, EVP_sha256());
    int n = i2d_X509(x, &bytes);
    der = arena_copy(&arena, span_of(bytes, (size_t)n));
    OPENSSL_free(bytes);
    X509_free(x);
    EVP_PKEY_free(key);
    return n > 0 ? 0 : -1;
}

static int clean_up(void **state) {
    (void)state;
    arena_free(&arena);
    return 0;
}

static const char *base64_of(struct span bytes) {
    BUF_AUTO(b);
    base64_encode(&b, bytes);
    return arena_str(&arena, buf_view(&b));
}

/* As nginx writes it: all but letters, digits and some marks are escaped. */
static const char *escaped(const char *text) {
    BUF_AUTO(b);
    for (; *text; text++)
        if (strchr("\n +/= ", *text))
            buf_printf(&b, "%%%02X", (unsigned char)*text);
        else
            buf_char(&b, *text);
    return arena_str(&arena, buf_view(&b));
}

static const char *pem_of(struct span bytes) {
    BUF_AUTO(b);
    pem_put(&b, PEM_CERTIFICATE, bytes);
    return arena_str(&arena, buf_view(&b));
}

static void expect(const char *value, struct span wanted) {
    struct span got;
    enum err e = forwarded_read(&arena, value, &got);
    if (e != OK)
        fail_msg("%s: %s", value, err_detail());
    assert_true(span_eq(got, wanted));
}

static void refused(const char *value, const char *why) {
    struct span got = der;
    if (forwarded_read(&arena, value, &got) != ERR_PARSE)
        fail_msg("taken: %s", value);
    assert_int_equal(got.n, 0);
    if (!strstr(err_detail(), why))
        fail_msg("%s: not '%s' but: %s", value, why, err_detail());
}

static void both_forms_are_read(void **state) {
    (void)state;
    expect(arena_printf(&arena, ":%s:", base64_of(der)), der);
    expect(escaped(pem_of(der)), der);
    expect(arena_printf(&arena, "%s%%0d%%0A", escaped(pem_of(der))), der);
}

/* What proxies send when the host showed none. */
static void none_is_no_certificate(void **state) {
    (void)state;
    expect("", SPAN_NONE);
    expect("::", SPAN_NONE);
}

static void byte_sequences_are_strict(void **state) {
    (void)state;
    const char *good = base64_of(der);
    refused(":", "does not end in ':'");
    refused(arena_printf(&arena, ":%s", good), "does not end in ':'");
    refused(arena_printf(&arena, ":%s:;a=1", good), "does not end in ':'");
    refused(arena_printf(&arena, ":%s:, :%s:", good, good), "white space");
    refused(arena_printf(&arena, ":%s:,:%s:", good, good), "");
    refused(arena_printf(&arena, ": %s:", good), "white space");
    refused(arena_printf(&arena, ":%.40s:", good), "");
    refused(arena_printf(&arena, ":%s:", base64_of(span_str("no certificate"))), "");
    struct span longer = arena_copy(&arena, span_of(der.p, der.n));
    ((uint8_t *)(uintptr_t)longer.p)[0] = 0x31; /* no SEQUENCE */
    refused(arena_printf(&arena, ":%s:", base64_of(longer)), "");
    uint8_t *more = arena_alloc(&arena, der.n + 1);
    memcpy(more, der.p, der.n);
    refused(arena_printf(&arena, ":%s:", base64_of(span_of(more, der.n + 1))), "");
}

static void pem_is_one_certificate(void **state) {
    (void)state;
    const char *good = escaped(pem_of(der));
    refused(good + 1, "neither :base64: nor a PEM certificate");
    refused("MIIB", "neither :base64: nor a PEM certificate");
    refused(arena_printf(&arena, "%s%s", good, good), "something follows");
    refused(arena_printf(&arena, "%sx", good), "something follows");
    refused(arena_printf(&arena, "%%0A%s", good), "neither");
    refused(arena_printf(&arena, "%.80s", good), "without its end");
    refused(arena_printf(&arena, "%s%%", good), "without two hex digits");
    refused(arena_printf(&arena, "%s%%4", good), "without two hex digits");
    refused(arena_printf(&arena, "%s%%zz", good), "without two hex digits");
    refused(
        "-----BEGIN%20CERTIFICATE%20REQUEST-----%0AMIIB%0A-----END%20CERTIFICATE%20REQUEST-----",
        "neither");
    refused(escaped(pem_of(span_str("no certificate"))), "");
}

static void length_is_bounded(void **state) {
    (void)state;
    char *text = arena_alloc(&arena, FORWARDED_MAX + 2);
    memset(text, 'A', FORWARDED_MAX + 1);
    text[0] = text[FORWARDED_MAX] = ':';
    refused(text, "longer than");
}

/* ---- who may judge a proxy ---- */

struct subject {
    EVP_PKEY *key;
    X509 *cert;
    struct span der;
};

/* Issued by `above`; NULL: by itself. */
static struct subject issue(const char *name, EVP_PKEY *key, const struct subject *above) {
    struct subject s = {key, X509_new(), SPAN_NONE};
    unsigned char *bytes = NULL;
    X509_set_version(s.cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(s.cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(s.cert), 0);
    X509_gmtime_adj(X509_getm_notAfter(s.cert), 60);
    X509_set_pubkey(s.cert, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(s.cert), "CN", MBSTRING_UTF8,
                               (const uint8_t *)name, -1, -1, 0);
    X509_set_issuer_name(s.cert, X509_get_subject_name(above ? above->cert : s.cert));
    assert_true(X509_sign(s.cert, above ? above->key : key, EVP_sha256()) > 0);
    int n = i2d_X509(s.cert, &bytes);
    s.der = arena_copy(&arena, span_of(bytes, (size_t)n));
    OPENSSL_free(bytes);
    return s;
}

static enum err judge_by(struct span first, struct span second, const struct pki *pki,
                         struct span device_ca) {
    char path[] = "/tmp/forwarded_test.XXXXXX";
    FILE *f = fdopen(mkstemp(path), "w");
    fputs(pem_of(first), f);
    fputs(second.n ? pem_of(second) : "", f);
    fclose(f);
    enum err e = judges_check(path, pki, device_ca);
    unlink(path);
    return e;
}

/* Of a host that shows its certificate with our CA's, each of these would make a proxy. */
static void no_judge_believes_our_hosts(void **state) {
    (void)state;
    static struct pki pki; /* it is large */
    EVP_PKEY *keys[6];
    for (size_t i = 0; i < 6; i++)
        keys[i] = EVP_EC_gen("P-256");
    struct subject root = issue("root", keys[0], NULL), between = issue("sub", keys[1], &root),
                   ca = issue("CA", keys[2], &between), next = issue("CA", keys[3], NULL),
                   device = issue("devices", keys[4], NULL), proxy = issue("proxy", keys[5], NULL),
                   again = issue("elsewhere", keys[2], NULL),
                   namesake = issue("root", keys[5], NULL);
    struct subject *all[] = {&root, &between, &ca, &next, &device, &proxy, &again, &namesake};
    pki.ca_count = 2;
    pki.cas[1].issuer.cert = ca.der;
    pki.cas[1].chain[0] = between.der; /* without the root, which is above it all the same */
    pki.cas[1].chain_count = 1;
    pki.cas[0].issuer.cert = device.der;
    pki.cas[0].next = next.der;
    const struct subject *bad[] = {&root, &between, &ca, &next, &device, &again};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(judge_by(bad[i]->der, SPAN_NONE, &pki, device.der), ERR_CONFIG);
        assert_int_equal(judge_by(proxy.der, bad[i]->der, &pki, device.der), ERR_CONFIG);
        assert_non_null(strstr(err_detail(), "or one above it"));
    }
    assert_int_equal(judge_by(proxy.der, namesake.der, &pki, device.der), OK);
    pki.ca_count = 0;
    assert_int_equal(judge_by(device.der, SPAN_NONE, &pki, device.der), ERR_CONFIG);
    assert_int_equal(judge_by(root.der, SPAN_NONE, &pki, device.der), OK);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        X509_free(all[i]->cert);
    for (size_t i = 0; i < 6; i++)
        EVP_PKEY_free(keys[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_are_read),       cmocka_unit_test(none_is_no_certificate),
        cmocka_unit_test(byte_sequences_are_strict), cmocka_unit_test(pem_is_one_certificate),
        cmocka_unit_test(length_is_bounded),         cmocka_unit_test(no_judge_believes_our_hosts),
    };
    return cmocka_run_group_tests_name("forwarded", tests, prepare, clean_up);
}
