/* SPDX-License-Identifier: Apache-2.0 */
/* What the emulated host makes of the forms of GetCACert (windows-scep.md, 2.2 to 2.4). */
#include "device_scep_fixture.h"

#include "device/chain.h"
#include "device/hresult.h"

enum { CERTS_MAX = 4 };

struct fixture {
    char *dir;
    struct host *h;
    struct authority y;
    EVP_PKEY *root_key;
    X509 *root, *issuing; /* two tiers: the root, and a CA below it with the RA's key */
};

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->dir = temporary_dir();
    f->h = enrolled_host(f->dir);
    authority_make(&f->y);
    f->root_key = EVP_RSA_gen(2048);
    f->root = make_cert(f->root_key,
                        (struct made_cert){.cn = "Root", .ca = true, .usage = "keyCertSign"});
    f->issuing = make_cert(f->y.ca_key, (struct made_cert){.cn = "CA",
                                                           .issuer = f->root,
                                                           .issuer_key = f->root_key,
                                                           .ca = true,
                                                           .usage = "keyCertSign"});
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    X509_free(f->root);
    X509_free(f->issuing);
    EVP_PKEY_free(f->root_key);
    authority_free(&f->y);
    host_close(f->h);
    remove_dir(f->dir);
    free(f);
    return 0;
}

static uint32_t read_ca(struct fixture *f, struct span body, const char *wanted) {
    struct scep_ca ca = {0};
    uint32_t hr = scep_ca_read(f->h, body, wanted, &ca);
    assert_int_equal(hr == HR_OK, ca.sign && ca.encrypt && ca.issuer && hr == HR_OK);
    scep_ca_free(&ca);
    return hr;
}

/* A PKCS#7 of certificates up to the first NULL, with the thumbprint of one. */
static uint32_t read_bundle(struct fixture *f, X509 *const certs[CERTS_MAX], const X509 *wanted) {
    size_t n = 0;
    while (n < CERTS_MAX && certs[n])
        n++;
    return read_ca(f, bundle(&f->y.a, certs, n), thumbprint(&f->y.a, wanted));
}

static void test_single(void **state) {
    struct fixture *f = *state;
    struct scep_ca ca = {0};
    struct span der = ossl_x509_der(&f->y.a, f->y.ca);
    const char *wanted = thumbprint(&f->y.a, f->y.ca);
    assert_int_equal(scep_ca_read(f->h, der, wanted, &ca), HR_OK);
    assert_true(ca.single && ca.sign == ca.encrypt && ca.sign == ca.issuer);
    assert_int_equal(X509_cmp(ca.sign, f->y.ca), 0);
    scep_ca_free(&ca);
    assert_int_equal(read_ca(f, der, thumbprint(&f->y.a, f->y.ra)), HR_CRYPT_HASH_VALUE);
    assert_int_equal(read_ca(f, der, ""), HR_CRYPT_HASH_VALUE);
    der.n--;
    assert_int_equal(read_ca(f, der, wanted), HR_CRYPT_ASN1_BADTAG);
    assert_int_equal(read_ca(f, span_str("not a certificate"), wanted), HR_CRYPT_ASN1_BADTAG);
    assert_int_equal(read_ca(f, SPAN_NONE, wanted), HR_CRYPT_ASN1_BADTAG);
}

static void test_one_ra(void **state) {
    struct fixture *f = *state;
    X509 *const both[CERTS_MAX] = {f->y.ca, f->y.ra};
    assert_int_equal(read_bundle(f, both, f->y.ca), HR_OK);
    assert_int_equal(read_bundle(f, both, f->y.ra), HR_OK);
    assert_int_equal(read_bundle(f, both, f->root), HR_CRYPT_HASH_VALUE);
    assert_int_equal(read_ca(f, bundle(&f->y.a, both, 2), ""), HR_CRYPT_HASH_VALUE);
}

static void test_only_cas(void **state) {
    struct fixture *f = *state;
    assert_int_equal(read_bundle(f, (X509 *[CERTS_MAX]){f->y.ca}, f->y.ca), HR_NO_SUCH_CERTIFICATE);
    assert_int_equal(read_bundle(f, (X509 *[CERTS_MAX]){f->issuing, f->root}, f->root),
                     HR_NO_SUCH_CERTIFICATE);
}

static uint32_t read_with_ra(struct fixture *f, struct made_cert m) {
    OSSL_AUTO(X509) ra = make_cert(f->y.ra_key, m);
    return read_bundle(f, (X509 *[CERTS_MAX]){ra, f->y.ca}, f->y.ca);
}

static void test_ra_rules(void **state) {
    struct fixture *f = *state;
    const struct made_cert good = {.cn = "RA",
                                   .issuer = f->y.ca,
                                   .issuer_key = f->y.ca_key,
                                   .usage = "digitalSignature,keyEncipherment",
                                   .eku = "1.3.6.1.4.1.311.20.2.1"};
    struct made_cert m = good;
    assert_int_equal(read_with_ra(f, good), HR_OK);
    m.usage = NULL;
    assert_int_equal(read_with_ra(f, m), HR_NO_SUCH_CERTIFICATE);
    m.usage = "digitalSignature";
    assert_int_equal(read_with_ra(f, m), HR_NO_SUCH_CERTIFICATE);
    m.usage = "keyEncipherment";
    assert_int_equal(read_with_ra(f, m), HR_NO_SUCH_CERTIFICATE);
    m = good;
    m.issuer = NULL;
    m.issuer_key = NULL;
    assert_int_equal(read_with_ra(f, m), HR_NO_SUCH_CERTIFICATE);
    m = good;
    m.issuer_key = f->y.ra_key; /* the CA's name without its key */
    assert_int_equal(read_with_ra(f, m), HR_NO_SUCH_CERTIFICATE);
    m = good;
    m.eku = NULL;
    assert_int_equal(read_with_ra(f, m), HR_NO_SUCH_CERTIFICATE);
    m.eku = "emailProtection";
    assert_int_equal(read_with_ra(f, m), HR_NO_SUCH_CERTIFICATE);
    assert_int_equal(host_set_switch(f->h, "ra-eku", "any"), OK);
    assert_int_equal(read_with_ra(f, m), HR_OK);
    m.eku = NULL;
    assert_int_equal(read_with_ra(f, m), HR_OK);
    m.usage = NULL;
    assert_int_equal(read_with_ra(f, m), HR_NO_SUCH_CERTIFICATE);
    assert_int_equal(host_set_switch(f->h, "ra-usage", "any"), OK);
    assert_int_equal(read_with_ra(f, m), HR_OK);
    m.usage = "digitalSignature"; /* one that says less is held to it */
    assert_int_equal(read_with_ra(f, m), HR_NO_SUCH_CERTIFICATE);
}

/* NDES has one RA that signs and one that opens; their order says nothing. */
static void test_split_ras(void **state) {
    struct fixture *f = *state;
    struct made_cert m = {.cn = "RA",
                          .issuer = f->y.ca,
                          .issuer_key = f->y.ca_key,
                          .usage = "critical,digitalSignature",
                          .eku = "1.3.6.1.4.1.311.20.2.1"};
    OSSL_AUTO(EVP_PKEY) key = EVP_RSA_gen(2048);
    OSSL_AUTO(X509) sign = make_cert(f->y.ra_key, m);
    m.usage = "critical,keyEncipherment";
    OSSL_AUTO(X509) encrypt = make_cert(key, m);
    for (int turned = 0; turned < 2; turned++) {
        X509 *certs[] = {turned ? encrypt : sign, turned ? sign : encrypt, f->y.ca};
        struct scep_ca ca = {0};
        assert_int_equal(
            scep_ca_read(f->h, bundle(&f->y.a, certs, 3), thumbprint(&f->y.a, f->y.ca), &ca),
            HR_OK);
        assert_false(ca.single);
        assert_int_equal(X509_cmp(ca.sign, sign), 0);
        assert_int_equal(X509_cmp(ca.encrypt, encrypt), 0);
        assert_int_equal(X509_cmp(ca.issuer, f->y.ca), 0);
        scep_ca_free(&ca);
    }
    assert_int_equal(read_bundle(f, (X509 *[CERTS_MAX]){sign, f->y.ca}, f->y.ca),
                     HR_NO_SUCH_CERTIFICATE);
    assert_int_equal(read_bundle(f, (X509 *[CERTS_MAX]){encrypt, f->y.ca}, f->y.ca),
                     HR_NO_SUCH_CERTIFICATE);
}

/* Both readings of CAThumbprint, with the root in the answer and without. */
static void test_two_tiers(void **state) {
    struct fixture *f = *state;
    X509 *const chain[CERTS_MAX] = {f->y.ra, f->issuing, f->root},
                *const rootless[CERTS_MAX] = {f->y.ra, f->issuing},
                *const headless[CERTS_MAX] = {f->y.ra, f->root};
    assert_int_equal(read_bundle(f, chain, f->root), HR_OK);
    assert_int_equal(read_bundle(f, chain, f->issuing), HR_OK);
    assert_int_equal(read_bundle(f, chain, f->y.ra), HR_OK);
    assert_int_equal(read_bundle(f, rootless, f->root), HR_CRYPT_HASH_VALUE);
    assert_int_equal(read_bundle(f, rootless, f->issuing), HR_OK);
    /* the RA must be issued directly by a CA of the answer */
    assert_int_equal(read_bundle(f, headless, f->root), HR_NO_SUCH_CERTIFICATE);
    assert_int_equal(host_set_switch(f->h, "ca-thumbprint", "issuer"), OK);
    assert_int_equal(read_bundle(f, chain, f->issuing), HR_OK);
    assert_int_equal(read_bundle(f, chain, f->root), HR_CRYPT_HASH_VALUE);
    assert_int_equal(read_bundle(f, chain, f->y.ra), HR_CRYPT_HASH_VALUE);
    assert_int_equal(
        read_ca(f, ossl_x509_der(&f->y.a, f->issuing), thumbprint(&f->y.a, f->issuing)), HR_OK);
}

static uint32_t trusts(struct fixture *f, const struct scep_ca *ca) {
    return scep_ca_trusts(f->h, ca, false, ca->sign);
}

static void test_trust(void **state) {
    struct fixture *f = *state;
    struct scep_ca ca = {0};
    X509 *certs[] = {f->y.ra, f->issuing};
    assert_int_equal(
        scep_ca_read(f->h, bundle(&f->y.a, certs, 2), thumbprint(&f->y.a, f->issuing), &ca), HR_OK);
    assert_int_equal(trusts(f, &ca), HR_CERT_UNTRUSTEDROOT);
    certstore_add(&f->h->certs, &f->h->mem, STORE_CA, ossl_x509_der(&f->y.a, f->root), SPAN_NONE);
    assert_int_equal(trusts(f, &ca), HR_CERT_UNTRUSTEDROOT);
    certstore_add(&f->h->certs, &f->h->mem, STORE_ROOT, ossl_x509_der(&f->y.a, f->root), SPAN_NONE);
    assert_int_equal(trusts(f, &ca), HR_OK);
    /* by the switch the intermediate must be the host's own, in the machine's store or the user's
     */
    assert_int_equal(host_set_switch(f->h, "needs-intermediate", "yes"), OK);
    assert_int_equal(trusts(f, &ca), HR_CERT_UNTRUSTEDROOT);
    struct span issuing = ossl_x509_der(&f->y.a, f->issuing);
    certstore_add(&f->h->certs, &f->h->mem, STORE_USER_CA, issuing, SPAN_NONE);
    assert_int_equal(trusts(f, &ca), HR_CERT_UNTRUSTEDROOT);
    assert_int_equal(scep_ca_trusts(f->h, &ca, true, ca.sign), HR_OK);
    certstore_add(&f->h->certs, &f->h->mem, STORE_CA, issuing, SPAN_NONE);
    assert_int_equal(trusts(f, &ca), HR_OK);
    clock_shift(90000000); /* 25 hours */
    assert_int_equal(trusts(f, &ca), HR_CERT_EXPIRED);
    clock_shift(-90000000);
    scep_ca_free(&ca);
}

/* Of an answer the intermediates are kept, neither the root nor the RA. */
static void test_intermediates_are_kept(void **state) {
    struct fixture *f = *state;
    STACK_OF(X509) *all = sk_X509_new_null();
    sk_X509_push(all, f->y.ra);
    sk_X509_push(all, f->issuing);
    sk_X509_push(all, f->root);
    chain_keep_intermediates(&f->h->certs, &f->h->mem, false, all);
    sk_X509_free(all);
    assert_int_equal(f->h->certs.count, 1);
    assert_int_equal(f->h->certs.entries[0].store, STORE_CA);
    assert_string_equal(f->h->certs.entries[0].thumbprint, thumbprint(&f->y.a, f->issuing));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_single),    TEST(test_one_ra),
        TEST(test_only_cas),  TEST(test_ra_rules),
        TEST(test_split_ras), TEST(test_two_tiers),
        TEST(test_trust),     TEST(test_intermediates_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
