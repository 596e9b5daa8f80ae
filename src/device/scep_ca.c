/* SPDX-License-Identifier: Apache-2.0 */
#include "device/scep_ca.h"

#include "device/chain.h"
#include "device/hresult.h"

/* EKUs that RA certificates were seen with (windows-scep.md, 2.2). */
static const char *const ra_ekus[] = {"1.3.6.1.5.5.7.3.1", "1.3.6.1.4.1.311.20.2.1",
                                      "1.3.6.1.5.5.7.3.2"};

static STACK_OF(X509) * read_bundle(struct span body) {
    const unsigned char *p = body.p;
    OSSL_AUTO(CMS_ContentInfo) cms = body.n ? d2i_CMS_ContentInfo(NULL, &p, (long)body.n) : NULL;
    bool whole = cms && p == body.p + body.n;
    return whole && OBJ_obj2nid(CMS_get0_type(cms)) == NID_pkcs7_signed ? CMS_get1_certs(cms)
                                                                        : NULL;
}

static bool has_thumbprint(const X509 *x, const char *thumbprint) {
    ARENA_AUTO(a);
    char own[THUMBPRINT_SIZE];
    cert_thumbprint(ossl_x509_der(&a, x), own);
    return strcasecmp(own, thumbprint) == 0;
}

static bool holds(STACK_OF(X509) * all, const char *thumbprint) {
    for (int i = 0; i < sk_X509_num(all); i++)
        if (has_thumbprint(sk_X509_value(all, i), thumbprint))
            return true;
    return false;
}

bool scep_ca_is_ca(X509 *x) {
    return X509_check_ca(x) == 1;
}

static bool has_issued(X509 *issuer, X509 *x) {
    return scep_ca_is_ca(issuer) && X509_check_issued(issuer, x) == X509_V_OK &&
           X509_verify(x, X509_get0_pubkey(issuer)) == 1;
}

X509 *scep_ca_issuer_of(X509 *x, STACK_OF(X509) * all) {
    for (int i = 0; i < sk_X509_num(all); i++)
        if (has_issued(sk_X509_value(all, i), x))
            return sk_X509_value(all, i);
    return NULL;
}

bool scep_ca_has_ra_eku(X509 *x) {
    OSSL_AUTO(EXTENDED_KEY_USAGE) ekus = X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
    for (int i = 0; i < sk_ASN1_OBJECT_num(ekus); i++) {
        char oid[80];
        OBJ_obj2txt(oid, sizeof oid, sk_ASN1_OBJECT_value(ekus, i), 1);
        for (size_t k = 0; k < sizeof ra_ekus / sizeof *ra_ekus; k++)
            if (strcmp(oid, ra_ekus[k]) == 0)
                return true;
    }
    return false;
}

/* Of a certificate without KeyUsage OpenSSL says UINT32_MAX: every use. */
static bool may_be_ra(const struct host *h, X509 *x, uint32_t usage) {
    uint32_t own = X509_get_key_usage(x);
    if (own == UINT32_MAX && host_switch_is(h, "ra-usage", "required"))
        return false;
    return (own & usage) && (host_switch_is(h, "ra-eku", "any") || scep_ca_has_ra_eku(x));
}

static X509 *find_ra(const struct host *h, STACK_OF(X509) * all, uint32_t usage) {
    for (int i = 0; i < sk_X509_num(all); i++) {
        X509 *x = sk_X509_value(all, i);
        if (!scep_ca_is_ca(x) && may_be_ra(h, x, usage) && scep_ca_issuer_of(x, all))
            return x;
    }
    return NULL;
}

static uint32_t choose_ra(const struct host *h, const char *thumbprint, struct scep_ca *ca) {
    ca->sign = find_ra(h, ca->all, KU_DIGITAL_SIGNATURE);
    ca->encrypt = find_ra(h, ca->all, KU_KEY_ENCIPHERMENT);
    if (!ca->sign || !ca->encrypt)
        return HR_NO_SUCH_CERTIFICATE;
    ca->issuer = scep_ca_issuer_of(ca->sign, ca->all);
    bool of_issuer = has_thumbprint(ca->issuer, thumbprint) &&
                     has_thumbprint(scep_ca_issuer_of(ca->encrypt, ca->all), thumbprint);
    return of_issuer || host_switch_is(h, "ca-thumbprint", "any") ? HR_OK : HR_CRYPT_HASH_VALUE;
}

uint32_t scep_ca_read(const struct host *h, struct span body, const char *thumbprint,
                      struct scep_ca *out) {
    X509 *single = ossl_x509_read(body);
    if (single) {
        out->all = sk_X509_new_null();
        sk_X509_push(out->all, single);
    } else {
        out->all = read_bundle(body);
    }
    if (!out->all)
        return HR_CRYPT_ASN1_BADTAG;
    if (!holds(out->all, thumbprint))
        return HR_CRYPT_HASH_VALUE;
    if (!single)
        return choose_ra(h, thumbprint, out);
    out->single = true;
    out->sign = out->encrypt = out->issuer = single;
    return HR_OK;
}

uint32_t scep_ca_trusts(const struct host *h, const struct scep_ca *ca, bool user, X509 *cert) {
    if (h->fault.no_root)
        return HR_CERT_UNTRUSTEDROOT;
    bool helps = host_switch_is(h, "needs-intermediate", "no");
    return chain_check(&h->certs, user, helps ? ca->all : NULL, cert, host_clock_ms(h));
}

uint32_t scep_ca_may_issue(const struct host *h, const struct scep_ca *ca, X509 *cert) {
    return has_issued(ca->issuer, cert) || host_switch_is(h, "ra-other-chain", "accept")
               ? HR_OK
               : HR_CERT_CHAINING;
}

void scep_ca_free(struct scep_ca *ca) {
    sk_X509_pop_free(ca->all, X509_free);
    *ca = (struct scep_ca){0};
}
