/* SPDX-License-Identifier: Apache-2.0 */
/* The certificate that a CertRep brought, against the request; it is thrown away. */
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "probe/internal.h"
#include "x509/name.h"

/*
 * A certificate dated back by less was issued "from now on": the time between its making and this
 * look at it, and Dates of whole seconds, stay far below.
 */
enum { BACKDATE_MS = 60 * 1000 };

/* ---- words ---- */

static int64_t time_ms(const ASN1_TIME *t) {
    struct tm tm = {0};
    return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) * 1000 : 0;
}

static const char *time_words(struct probe *p, const ASN1_TIME *t) {
    char text[CLOCK_ISO_SIZE];
    clock_iso(time_ms(t), text);
    return arena_printf(p->a, "%.19sZ", text);
}

static const char *serial_words(struct probe *p, const X509 *x) {
    BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
    char *hex = n ? BN_bn2hex(n) : NULL;
    const char *text = arena_str(p->a, span_str(hex ? hex : "?"));
    OPENSSL_free(hex);
    BN_free(n);
    return text;
}

static const char *subject(struct probe *p, const X509 *x) {
    return probe_dn(p, X509_get_subject_name(x));
}

/* ---- which of the certificates ---- */

static STACK_OF(X509) * read_bag(struct span bag) {
    const unsigned char *at = bag.p;
    OSSL_AUTO(CMS_ContentInfo) cms = bag.n ? d2i_CMS_ContentInfo(NULL, &at, (long)bag.n) : NULL;
    return cms && OBJ_obj2nid(CMS_get0_type(cms)) == NID_pkcs7_signed ? CMS_get1_certs(cms) : NULL;
}

static X509 *of_key(STACK_OF(X509) * certs, const EVP_PKEY *key) {
    for (int i = 0; i < sk_X509_num(certs); i++) {
        const EVP_PKEY *own = X509_get0_pubkey(sk_X509_value(certs, i));
        if (own && EVP_PKEY_eq(own, key) == 1)
            return sk_X509_value(certs, i);
    }
    return NULL;
}

static void judge_number(struct probe *p, STACK_OF(X509) * certs) {
    BUF_AUTO(list);
    for (int i = 0; i < sk_X509_num(certs); i++)
        buf_printf(&list, "%s%s", i ? "; " : "", subject(p, sk_X509_value(certs, i)));
    if (sk_X509_num(certs) > 1)
        probe_found(p, PROBE_REPLY_CERTS, "%d certificates: %s", sk_X509_num(certs),
                    buf_cstr(&list));
}

static void judge_no_match(struct probe *p, const struct scep_request *r, STACK_OF(X509) * certs) {
    X509 *of_signer = of_key(certs, r->signer_key);
    if (of_signer)
        probe_found(p, PROBE_CERT_KEY, "%s is issued to the key of the request's signer",
                    subject(p, of_signer));
    else if (sk_X509_num(certs) > 0)
        probe_found(p, PROBE_CERT_KEY, "%s has another key", subject(p, sk_X509_value(certs, 0)));
    else
        probe_found(p, PROBE_CERT_KEY, "what was decrypted is no PKCS#7 with certificates");
}

/* ---- validity ---- */

/* By the server's clock, or by ours where the server tells no Date: hosts' clocks stay behind it.
 */
static void judge_validity(struct probe *p, const X509 *x) {
    int64_t now = clock_ms() + p->clock_skew_ms;
    const ASN1_TIME *from = X509_get0_notBefore(x), *to = X509_get0_notAfter(x);
    int64_t age = now - time_ms(from);
    if (time_ms(to) <= now)
        probe_found(p, PROBE_CERT_EXPIRED, "NotAfter is %s: it has ended", time_words(p, to));
    else if (age < BACKDATE_MS)
        probe_found(p, PROBE_CERT_VALIDITY, "NotBefore is %s, %lld s %s the server's time",
                    time_words(p, from), llabs((long long)age) / 1000,
                    age < 0 ? "after" : "before");
}

/* ---- the issuer ---- */

static void judge_issuer(struct probe *p, X509 *x) {
    for (int i = 0; i < sk_X509_num(p->ca.all); i++) {
        X509 *ca = sk_X509_value(p->ca.all, i);
        EVP_PKEY *key = X509_get0_pubkey(ca);
        if (key && X509_check_issued(ca, x) == X509_V_OK && X509_verify(x, key) == 1)
            return;
    }
    probe_found(p, PROBE_CERT_CHAIN, "its issuer is %s", probe_dn(p, X509_get_issuer_name(x)));
}

/* ---- what was asked for ---- */

static void add(struct buf *out, const char *text) {
    buf_printf(out, "%s%s", out->n ? "; " : "", text);
}

static void compare_subject(struct probe *p, const X509 *x, const X509_NAME *asked,
                            struct buf *out) {
    const X509_NAME *own = X509_get_subject_name(x);
    if (X509_NAME_cmp(own, asked) != 0 && !name_same(probe_name_der(own), probe_name_der(asked)))
        add(out, arena_printf(p->a, "the subject is %s instead of %s", probe_dn(p, own),
                              probe_dn(p, asked)));
}

static const char *eku_words(struct probe *p, const ASN1_OBJECT *eku) {
    char dotted[80];
    int nid = OBJ_obj2nid(eku);
    if (nid != NID_undef)
        return OBJ_nid2sn(nid);
    OBJ_obj2txt(dotted, sizeof dotted, eku, 1);
    return arena_str(p->a, span_str(dotted));
}

static void compare_ekus(struct probe *p, X509 *x, struct buf *out) {
    OSSL_AUTO(EXTENDED_KEY_USAGE) ekus = X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
    bool client = false;
    for (int i = 0; i < sk_ASN1_OBJECT_num(ekus); i++) {
        const ASN1_OBJECT *eku = sk_ASN1_OBJECT_value(ekus, i);
        if (OBJ_obj2nid(eku) == NID_client_auth) {
            client = true;
            continue;
        }
        add(out, arena_printf(p->a, "the EKU %s was not asked for", eku_words(p, eku)));
    }
    if (!client)
        add(out, "the EKU clientAuth is missing");
}

static const char *usage_words(struct probe *p, uint32_t usage) {
    static const struct {
        uint32_t bit;
        const char *name;
    } bits[] = {
        {KU_DIGITAL_SIGNATURE, "digitalSignature"},
        {KU_NON_REPUDIATION, "nonRepudiation"},
        {KU_KEY_ENCIPHERMENT, "keyEncipherment"},
        {KU_DATA_ENCIPHERMENT, "dataEncipherment"},
        {KU_KEY_AGREEMENT, "keyAgreement"},
        {KU_KEY_CERT_SIGN, "keyCertSign"},
        {KU_CRL_SIGN, "cRLSign"},
    };
    BUF_AUTO(words);
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
        if (usage & bits[i].bit)
            buf_printf(&words, "%s%s", words.n ? ", " : "", bits[i].name);
    return words.n ? arena_str(p->a, buf_view(&words)) : "empty";
}

static void compare_usage(struct probe *p, X509 *x, struct buf *out) {
    uint32_t own = X509_get_key_usage(x), asked = KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT;
    if (own == UINT32_MAX)
        add(out, "there is no KeyUsage");
    else if (own != asked)
        add(out, arena_printf(p->a, "KeyUsage is %s instead of %s", usage_words(p, own),
                              usage_words(p, asked)));
    if (X509_get_extension_flags(x) & EXFLAG_CA)
        add(out, "it is a CA's certificate");
}

static void judge_content(struct probe *p, const struct scep_request *r, X509 *x) {
    BUF_AUTO(differs);
    compare_subject(p, x, r->subject, &differs);
    compare_ekus(p, x, &differs);
    compare_usage(p, x, &differs);
    if (differs.n)
        probe_found(p, PROBE_CERT_CONTENT, "%s", buf_cstr(&differs));
}

void probe_issued(struct probe *p, const struct scep_request *request, struct span bag) {
    OSSL_CERTS_AUTO certs = read_bag(bag);
    judge_number(p, certs);
    if (sk_X509_num(certs) > 0) /* without a pkiStatus nothing has said it yet */
        p->report->enrolled = true;
    X509 *x = of_key(certs, request->key);
    if (!x) {
        judge_no_match(p, request, certs);
        return;
    }
    probe_fact(p, "issued", "serial %s, %s, until %s", serial_words(p, x), subject(p, x),
               time_words(p, X509_get0_notAfter(x)));
    judge_validity(p, x);
    judge_issuer(p, x);
    judge_content(p, request, x);
    probe_checked(p, "the certificate: key, validity, issuer, usages");
}
