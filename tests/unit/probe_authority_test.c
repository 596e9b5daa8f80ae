/* SPDX-License-Identifier: Apache-2.0 */
/* What the probe says of GetCACaps and GetCACert, without a network. */
#include "device_scep_fixture.h"

#include "base/text.h"
#include "device/hresult.h"
#include "probe/internal.h"
#include "x509/pem.h"

#define TYPE_ONE    SCEP_TYPE_CA_CERT
#define TYPE_BUNDLE SCEP_TYPE_CA_RA_CERT

struct fixture {
    struct authority y; /* CA, a root, and RA */
    EVP_PKEY *issuing_key;
    X509 *issuing; /* below the CA */
    struct arena a;
    struct probe_options options;
    struct probe_report report;
    struct probe p;
};

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    authority_make(&f->y);
    f->issuing_key = EVP_RSA_gen(2048);
    f->issuing = make_cert(f->issuing_key, (struct made_cert){.cn = "Issuing",
                                                              .issuer = f->y.ca,
                                                              .issuer_key = f->y.ca_key,
                                                              .ca = true,
                                                              .usage = "keyCertSign"});
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    scep_ca_free(&f->p.ca);
    arena_free(&f->a);
    X509_free(f->issuing);
    EVP_PKEY_free(f->issuing_key);
    authority_free(&f->y);
    free(f);
    return 0;
}

/* The keys of a test are those of the others. */
static int set_options(void **state) {
    struct fixture *f = *state;
    f->options = (struct probe_options){0};
    return 0;
}

static void anew(struct fixture *f) {
    scep_ca_free(&f->p.ca);
    f->report = (struct probe_report){0};
    f->p = (struct probe){.options = &f->options, .a = &f->a, .report = &f->report};
}

/* "ra-usage no-aes": the findings, with notes. */
static const char *found(struct fixture *f) {
    BUF_AUTO(names);
    for (const struct probe_finding *x = f->report.findings; x; x = x->next)
        buf_printf(&names, "%s%s", names.n ? " " : "", x->entry->name);
    return arena_str(&f->a, buf_view(&names));
}

static const char *judge(struct fixture *f, struct span body, const char *type) {
    anew(f);
    probe_judge_ca(&f->p, body, type);
    return found(f);
}

static const char *judge_one(struct fixture *f, X509 *x) {
    return judge(f, ossl_x509_der(&f->a, x), TYPE_ONE);
}

/* A PKCS#7 of the certificates up to a NULL. */
static const char *judge_bundle(struct fixture *f, X509 *const *certs) {
    size_t n = 0;
    while (certs[n])
        n++;
    return judge(f, bundle(&f->a, certs, n), TYPE_BUNDLE);
}

#define BUNDLE(...) ((X509 *[]){__VA_ARGS__, NULL})

static const char *detail(struct fixture *f) {
    return f->report.findings ? f->report.findings->detail : "";
}

static const char *nth(const struct probe_fact *list, const char *name, int n) {
    for (; list; list = list->next)
        if (strcmp(list->name, name) == 0 && n-- == 0)
            return list->value;
    return "";
}

static const char *fact(struct fixture *f, const char *name) {
    return nth(f->report.facts, name, 0);
}

static bool is_unknown(struct fixture *f, const char *words) {
    for (const struct probe_fact *u = f->report.unknown; u; u = u->next)
        if (strstr(u->name, words))
            return true;
    return false;
}

static bool plays(const X509 *actor, const X509 *wanted) {
    return actor && X509_cmp(actor, wanted) == 0;
}

/* ---- capabilities ---- */

static const char *judge_caps(struct fixture *f, const char *list) {
    anew(f);
    probe_judge_capabilities(&f->p, span_str(list));
    return found(f);
}

static void test_capabilities(void **state) {
    struct fixture *f = *state;
    assert_string_equal(judge_caps(f, "POSTPKIOperation\r\nSHA-256\r\nAES\r\n"), "");
    assert_string_equal(fact(f, "capabilities"), "POSTPKIOperation SHA-256 AES");
    assert_true(f->p.caps.post && f->p.caps.aes && !f->p.caps.chain);
    assert_string_equal(judge_caps(f, "postpkioperation\naes\nsha-512"), "");
    assert_string_equal(judge_caps(f, "SHA-1\nDES3\n"), "no-post no-aes no-sha-256");
    assert_string_equal(judge_caps(f, ""), "no-post no-aes no-sha-256");
    assert_string_equal(fact(f, "capabilities"), "none");
    assert_string_equal(judge_caps(f, "SCEPStandard"), "");
    assert_true(is_unknown(f, "SCEPStandard"));
    judge_caps(f, "SCEPStandard\nPOSTPKIOperation\nAES\nSHA-256");
    assert_false(is_unknown(f, "SCEPStandard"));
    judge_caps(f, "AES\n\x1b[31mRED\nGetCaCertChain");
    assert_true(f->p.caps.chain);
    assert_string_equal(fact(f, "capabilities"), "AES \\x1b[31mRED GetCaCertChain");
}

/* ---- the form ---- */

static void test_single(void **state) {
    struct fixture *f = *state;
    assert_string_equal(judge_one(f, f->y.ca), "");
    assert_string_equal(fact(f, "form"), "one certificate");
    assert_string_equal(fact(f, "recipient"), "CN=CA");
    const char *line =
        arena_printf(&f->a, "%s  CN=CA (issuing and root CA)", thumbprint(&f->a, f->y.ca));
    assert_string_equal(fact(f, "thumbprint"), line);
    assert_true(f->p.has_ca && f->p.ca.single && plays(f->p.ca.encrypt, f->y.ca));
    assert_true(is_unknown(f, "whether hosts trust CN=CA"));
    assert_string_equal(judge_one(f, f->issuing), "root-absent");
    assert_string_equal(detail(f), "the top is CN=Issuing, issued by CN=CA");
    assert_string_equal(judge_one(f, f->y.ra), "root-absent");
    assert_true(is_unknown(f, "no CA's"));
}

static void test_types(void **state) {
    struct fixture *f = *state;
    struct span one = ossl_x509_der(&f->a, f->y.ca);
    assert_string_equal(judge(f, one, "Application/X-X509-CA-Cert; charset=x"), "");
    assert_string_equal(judge(f, one, NULL), "");
    assert_string_equal(judge(f, one, TYPE_BUNDLE), "ca-cert-type");
    assert_string_equal(judge(f, one, ""), "ca-cert-type");
    assert_string_equal(detail(f), "none; application/x-x509-ca-cert is usual");
    X509 *certs[] = {f->y.ra, f->y.ca};
    assert_string_equal(judge(f, bundle(&f->a, certs, 2), TYPE_ONE), "ca-cert-type");
}

/* What can be told is mended, and judged on. */
static void test_forms(void **state) {
    struct fixture *f = *state;
    struct span der = ossl_x509_der(&f->a, f->y.ca);
    BUF_AUTO(text);
    pem_put(&text, PEM_CERTIFICATE, der);
    assert_string_equal(judge(f, buf_view(&text), TYPE_ONE), "ca-cert-form");
    assert_string_equal(detail(f), "PEM");
    assert_true(f->p.has_ca && f->p.ca.single);
    pem_put(&text, PEM_CERTIFICATE, ossl_x509_der(&f->a, f->y.ra));
    assert_string_equal(judge(f, buf_view(&text), TYPE_BUNDLE), "ca-cert-form");
    assert_true(f->p.has_ca && plays(f->p.ca.encrypt, f->y.ra));
    buf_clear(&text);
    pem_put(&text, "PKCS7", bundle(&f->a, BUNDLE(f->y.ra, f->y.ca), 2));
    assert_string_equal(judge(f, buf_view(&text), TYPE_BUNDLE), "ca-cert-form");
    assert_true(f->p.has_ca && plays(f->p.ca.encrypt, f->y.ra));
    buf_clear(&text);
    base64_encode(&text, der);
    assert_string_equal(judge(f, buf_view(&text), TYPE_ONE), "ca-cert-form");
    assert_string_equal(detail(f), "base64 of DER");
    assert_true(f->p.has_ca);
}

static void test_garbage(void **state) {
    struct fixture *f = *state;
    struct span der = ossl_x509_der(&f->a, f->y.ca);
    assert_string_equal(judge(f, SPAN_NONE, TYPE_ONE), "ca-cert-form");
    assert_string_equal(detail(f), "nothing: an empty body");
    assert_string_equal(judge(f, span_str("no\x1bsuch CA"), TYPE_ONE), "ca-cert-form");
    assert_string_equal(detail(f), "10 bytes that begin: no\\x1bsuch CA");
    assert_false(f->p.has_ca);
    assert_string_equal(judge(f, span_of(der.p, der.n - 1), TYPE_ONE), "ca-cert-form");
    assert_string_equal(judge(f, bundle(&f->a, NULL, 0), TYPE_BUNDLE), "ca-cert-form");
    assert_string_equal(detail(f), "a PKCS#7 without certificates");
    assert_string_equal(judge(f, span_str("-----BEGIN CERTIFICATE-----\nMA==\n"), TYPE_ONE),
                        "ca-cert-form");
    assert_false(f->p.has_ca);
    BUF_AUTO(longer);
    buf_span(&longer, der);
    buf_char(&longer, '\n');
    assert_string_equal(judge(f, buf_view(&longer), TYPE_ONE), "");
    assert_true(f->p.has_ca && is_unknown(f, "1 byte after its end"));
}

/* Indefinite lengths, as Java's servers write them. */
static void test_ber(void **state) {
    struct fixture *f = *state;
    struct span der = bundle(&f->a, BUNDLE(f->y.ra, f->y.ca), 2);
    assert_int_equal(der.p[1], 0x82);
    BUF_AUTO(ber);
    buf_add(&ber, "\x30\x80", 2);
    buf_span(&ber, span_from(der, 4));
    buf_add(&ber, "\0\0", 2);
    assert_string_equal(judge(f, buf_view(&ber), TYPE_BUNDLE), "");
    assert_string_equal(fact(f, "form"), "PKCS#7 with 2 certificates");
}

/* ---- the RA ---- */

static void test_bundle(void **state) {
    struct fixture *f = *state;
    assert_string_equal(judge_bundle(f, BUNDLE(f->y.ca, f->y.ra)), "");
    assert_true(plays(f->p.ca.sign, f->y.ra) && plays(f->p.ca.encrypt, f->y.ra));
    assert_true(plays(f->p.ca.issuer, f->y.ca) && !f->p.ca.single && f->p.has_ca);
    assert_non_null(strstr(nth(f->report.facts, "thumbprint", 1), "  CN=RA (RA)"));
    assert_string_equal(fact(f, "recipient"), "CN=RA");
}

static void test_only_cas(void **state) {
    struct fixture *f = *state;
    assert_string_equal(judge_bundle(f, BUNDLE(f->y.ca)), "no-ra");
    assert_string_equal(judge_bundle(f, BUNDLE(f->y.ca, f->issuing)), "no-ra");
    assert_int_equal(f->report.findings->hresult, HR_NO_SUCH_CERTIFICATE);
    assert_true(plays(f->p.ca.sign, f->issuing) && plays(f->p.ca.encrypt, f->issuing) &&
                plays(f->p.ca.issuer, f->issuing) && f->p.has_ca);
    assert_non_null(strstr(nth(f->report.facts, "thumbprint", 0), "(root CA)"));
    assert_non_null(strstr(nth(f->report.facts, "thumbprint", 1), "(issuing CA)"));
}

static const struct made_cert good_ra = {
    .cn = "RA", .usage = "digitalSignature,keyEncipherment", .eku = "1.3.6.1.4.1.311.20.2.1"};

static const char *judge_ra(struct fixture *f, struct made_cert m) {
    if (!m.issuer) {
        m.issuer = f->y.ca;
        m.issuer_key = m.issuer_key ? m.issuer_key : f->y.ca_key;
    }
    OSSL_AUTO(X509) ra = make_cert(f->y.ra_key, m);
    const char *names = judge_bundle(f, BUNDLE(ra, f->y.ca));
    assert_true(plays(f->p.ca.sign, ra) && plays(f->p.ca.encrypt, ra) && f->p.has_ca);
    return names;
}

static void test_usage(void **state) {
    struct fixture *f = *state;
    struct made_cert m = good_ra;
    assert_string_equal(judge_ra(f, m), "");
    m.usage = "digitalSignature";
    assert_string_equal(judge_ra(f, m), "ra-usage");
    assert_string_equal(detail(f), "keyEncipherment is missing on CN=RA: its KeyUsage is another");
    m.usage = "keyEncipherment";
    assert_string_equal(judge_ra(f, m), "ra-usage");
    m.usage = "nonRepudiation";
    assert_string_equal(judge_ra(f, m), "ra-usage");
    m.usage = m.eku = NULL;
    assert_string_equal(judge_ra(f, m), "ra-usage ra-eku");
    assert_string_equal(detail(f), "digitalSignature and keyEncipherment are missing on CN=RA: "
                                   "it has no KeyUsage");
}

static void test_eku(void **state) {
    struct fixture *f = *state;
    struct made_cert m = good_ra;
    m.eku = "emailProtection";
    assert_string_equal(judge_ra(f, m), "ra-eku");
    m.eku = "emailProtection,clientAuth";
    assert_string_equal(judge_ra(f, m), "");
    m.eku = NULL;
    assert_string_equal(judge_ra(f, m), "ra-eku");
    assert_string_equal(detail(f), "CN=RA: it has no EKU");
}

static void test_issuer(void **state) {
    struct fixture *f = *state;
    struct made_cert m = good_ra;
    m.issuer = f->issuing;
    m.issuer_key = f->issuing_key;
    assert_string_equal(judge_ra(f, m), "ra-issuer");
    assert_string_equal(detail(f), "CN=RA: its issuer CN=Issuing is not in the answer");
    assert_true(plays(f->p.ca.issuer, f->y.ca));
    m = good_ra;
    m.issuer_key = f->y.ra_key; /* the CA's name without its key */
    assert_string_equal(judge_ra(f, m), "ra-issuer");
    assert_non_null(strstr(detail(f), "did not sign it"));
    OSSL_AUTO(X509) own = make_cert(f->y.ra_key, good_ra);
    assert_string_equal(judge_bundle(f, BUNDLE(own, f->y.ca)), "ra-issuer");
    assert_string_equal(detail(f), "CN=RA: its issuer CN=RA is itself");
}

/* NDES has one RA that signs and one that opens; their order says nothing. */
static void test_split(void **state) {
    struct fixture *f = *state;
    struct made_cert m = good_ra;
    OSSL_AUTO(EVP_PKEY) key = EVP_RSA_gen(2048);
    m.issuer = f->y.ca;
    m.issuer_key = f->y.ca_key;
    m.cn = "Signer";
    m.usage = "digitalSignature";
    OSSL_AUTO(X509) sign = make_cert(f->y.ra_key, m);
    m.cn = "Opener";
    m.usage = "keyEncipherment";
    OSSL_AUTO(X509) open = make_cert(key, m);
    for (int turned = 0; turned < 2; turned++) {
        const char *names =
            judge_bundle(f, BUNDLE(turned ? open : sign, turned ? sign : open, f->y.ca));
        assert_string_equal(names, "");
        assert_true(plays(f->p.ca.sign, sign) && plays(f->p.ca.encrypt, open));
    }
    assert_string_equal(judge_bundle(f, BUNDLE(sign, f->y.ca)), "ra-usage");
    assert_string_equal(detail(f),
                        "keyEncipherment is missing on CN=Signer: its KeyUsage is another");
}

/* A hopeless certificate before a good one changes nothing. */
static void test_best(void **state) {
    struct fixture *f = *state;
    OSSL_AUTO(EVP_PKEY) key = EVP_RSA_gen(2048);
    OSSL_AUTO(X509)
    other = make_cert(
        key, (struct made_cert){.cn = "Web", .usage = "digitalSignature", .eku = "serverAuth"});
    assert_string_equal(judge_bundle(f, BUNDLE(other, f->y.ra, f->y.ca)), "");
    assert_true(plays(f->p.ca.sign, f->y.ra) && plays(f->p.ca.encrypt, f->y.ra));
    struct made_cert m = good_ra; /* all is well but for the EKU */
    m.eku = NULL;
    m.issuer = f->y.ca;
    m.issuer_key = f->y.ca_key;
    OSSL_AUTO(X509) worse = make_cert(key, m);
    assert_string_equal(judge_bundle(f, BUNDLE(worse, f->y.ra, f->y.ca)), "");
    assert_true(plays(f->p.ca.encrypt, f->y.ra));
}

/* ---- key, validity, thumbprint, roots ---- */

static void test_key(void **state) {
    struct fixture *f = *state;
    OSSL_AUTO(EVP_PKEY) key = EVP_EC_gen("P-256");
    OSSL_AUTO(X509)
    ca = make_cert(key, (struct made_cert){.cn = "EC", .ca = true, .usage = "keyCertSign"});
    assert_string_equal(judge_one(f, ca), "ca-key");
    assert_false(f->p.has_ca);
    struct made_cert m = good_ra;
    m.issuer = ca;
    m.issuer_key = key;
    OSSL_AUTO(X509) ra = make_cert(f->y.ra_key, m);
    assert_string_equal(judge_bundle(f, BUNDLE(ra, ca)), "");
    assert_true(f->p.has_ca);
}

static void test_validity(void **state) {
    struct fixture *f = *state;
    clock_shift(2 * DAY_MS);
    assert_string_equal(judge_bundle(f, BUNDLE(f->y.ra, f->y.ca)), "ca-validity ca-validity");
    assert_non_null(strstr(detail(f), "CN=RA: expired on 20"));
    clock_shift(-4 * DAY_MS);
    assert_string_equal(judge_one(f, f->y.ca), "ca-validity");
    assert_non_null(strstr(detail(f), "CN=CA: valid from 20"));
    clock_shift(2 * DAY_MS);
    assert_true(f->p.has_ca);
}

static void test_thumbprint(void **state) {
    struct fixture *f = *state;
    char *lower = arena_str(&f->a, span_str(thumbprint(&f->a, f->y.ca)));
    for (char *c = lower; *c; c++)
        *c |= 0x20;
    f->options.thumbprint = lower;
    assert_string_equal(judge_one(f, f->y.ca), "");
    assert_string_equal(judge_bundle(f, BUNDLE(f->y.ra, f->y.ca)), "");
    assert_string_equal(judge_one(f, f->issuing), "thumbprint root-absent");
    assert_int_equal(f->report.findings->hresult, HR_CRYPT_HASH_VALUE);
}

/* A CA that is only sent along proves nothing of an RA that another one issued. */
static void test_bystander(void **state) {
    struct fixture *f = *state;
    OSSL_AUTO(EVP_PKEY) key = EVP_RSA_gen(2048);
    OSSL_AUTO(X509)
    other = make_cert(key, (struct made_cert){.cn = "Other", .ca = true, .usage = "keyCertSign"});
    f->options.thumbprint = thumbprint(&f->a, other);
    assert_string_equal(judge_bundle(f, BUNDLE(f->y.ra, f->y.ca, other)), "thumbprint");
    assert_non_null(strstr(detail(f), "CN=Other, which did not issue CN=RA"));
    f->options.thumbprint = thumbprint(&f->a, f->y.ra);
    assert_string_equal(judge_bundle(f, BUNDLE(f->y.ra, f->y.ca)), "");
    assert_true(is_unknown(f, "whether CAThumbprint may be the RA's"));
}

static X509 *cross_signed(EVP_PKEY *key, const char *cn, X509 *by, EVP_PKEY *by_key) {
    return make_cert(
        key, (struct made_cert){
                 .cn = cn, .issuer = by, .issuer_key = by_key, .ca = true, .usage = "keyCertSign"});
}

/* Two CAs that signed each other: the search for the top has an end. */
static void test_circle(void **state) {
    struct fixture *f = *state;
    OSSL_AUTO(EVP_PKEY) a = EVP_RSA_gen(2048);
    OSSL_AUTO(EVP_PKEY) b = EVP_RSA_gen(2048);
    OSSL_AUTO(X509) a_root = cross_signed(a, "A", NULL, NULL);
    OSSL_AUTO(X509) b_by_a = cross_signed(b, "B", a_root, a);
    OSSL_AUTO(X509) a_by_b = cross_signed(a, "A", b_by_a, b);
    struct made_cert m = good_ra;
    m.issuer = a_by_b;
    m.issuer_key = a;
    OSSL_AUTO(X509) ra = make_cert(f->y.ra_key, m);
    f->options.thumbprint = thumbprint(&f->a, f->y.ca);
    assert_string_equal(judge_bundle(f, BUNDLE(ra, a_by_b, b_by_a, f->y.ca)), "thumbprint");
    f->options.thumbprint = thumbprint(&f->a, b_by_a);
    assert_string_equal(judge_bundle(f, BUNDLE(ra, a_by_b, b_by_a, f->y.ca)), "");
}

static void test_trust(void **state) {
    struct fixture *f = *state;
    BUF_AUTO(roots);
    f->options.trust = span_str("no PEM");
    assert_string_equal(judge_one(f, f->y.ca), "root-trust");
    pem_put(&roots, PEM_CERTIFICATE, ossl_x509_der(&f->a, f->issuing));
    f->options.trust = buf_view(&roots);
    assert_string_equal(judge_bundle(f, BUNDLE(f->y.ra, f->y.ca)), "root-trust");
    pem_put(&roots, PEM_CERTIFICATE, ossl_x509_der(&f->a, f->y.ca));
    f->options.trust = buf_view(&roots);
    assert_string_equal(judge_one(f, f->y.ca), "");
    assert_string_equal(judge_one(f, f->issuing), "root-absent");
    assert_string_equal(judge_bundle(f, BUNDLE(f->y.ra, f->y.ca)), "");
    assert_false(is_unknown(f, "whether hosts trust"));
    clock_shift(2 * DAY_MS);
    assert_string_equal(judge_one(f, f->y.ca), "ca-validity");
    assert_string_equal(judge_one(f, f->issuing), "ca-validity root-absent root-trust");
    clock_shift(-2 * DAY_MS);
}

/* Names come from a stranger. */
static void test_names(void **state) {
    struct fixture *f = *state;
    OSSL_AUTO(X509)
    ca = make_cert(f->y.ca_key, (struct made_cert){.cn = "\x1b[2J\r\nOK: nothing", .ca = true});
    judge_one(f, ca);
    for (const struct probe_fact *x = f->report.facts; x; x = x->next)
        for (const char *c = x->value; *c; c++)
            assert_in_range(*c, ' ', '~');
}

#define TEST(f) cmocka_unit_test_setup(f, set_options)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_capabilities), TEST(test_single), TEST(test_types),    TEST(test_forms),
        TEST(test_garbage),      TEST(test_ber),    TEST(test_bundle),   TEST(test_only_cas),
        TEST(test_usage),        TEST(test_eku),    TEST(test_issuer),   TEST(test_split),
        TEST(test_best),         TEST(test_key),    TEST(test_validity), TEST(test_thumbprint),
        TEST(test_bystander),    TEST(test_circle), TEST(test_trust),    TEST(test_names),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
