/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of GetCACert: DER, BER or what a server sends in its place, and the certificates in it.
 */
#include "base/text.h"
#include "device/ossl.h"
#include "probe/authority.h"
#include "x509/pem.h"

static STACK_OF(X509) * list_of(X509 *x) {
    STACK_OF(X509) *list = sk_X509_new_null();
    if (x)
        sk_X509_push(list, x);
    return list;
}

/* The certificates of DER (BER, for PKCS#7) at the start of `body`, NULL when there are none. */
static STACK_OF(X509) * read_certs(struct span body, bool *single, size_t *left) {
    const unsigned char *at = body.p;
    X509 *x = body.n ? d2i_X509(NULL, &at, (long)body.n) : NULL;
    STACK_OF(X509) *list = x ? list_of(x) : NULL;
    *single = x != NULL;
    if (!x) {
        at = body.p;
        OSSL_AUTO(CMS_ContentInfo)
        cms = body.n ? d2i_CMS_ContentInfo(NULL, &at, (long)body.n) : NULL;
        if (cms && OBJ_obj2nid(CMS_get0_type(cms)) == NID_pkcs7_signed)
            list = CMS_get1_certs(cms);
        if (sk_X509_num(list) < 1) { /* later OpenSSLs give an empty list, not NULL */
            sk_X509_free(list);
            list = NULL;
        }
    }
    *left = list ? body.n - (size_t)(at - body.p) : 0;
    return list;
}

/* PEM: certificates one after the other, or a PKCS#7. */
static STACK_OF(X509) * read_pem(struct probe *p, struct span body, bool *single) {
    STACK_OF(X509) *list = list_of(NULL);
    struct span der, rest = body;
    while (pem_next(p->a, &rest, PEM_CERTIFICATE, &der) == OK) {
        X509 *x = ossl_x509_read(der);
        if (x)
            sk_X509_push(list, x);
    }
    *single = sk_X509_num(list) == 1;
    if (sk_X509_num(list) > 0)
        return list;
    sk_X509_free(list);
    size_t left;
    rest = body;
    return pem_next(p->a, &rest, "PKCS7", &der) == OK ? read_certs(der, single, &left) : NULL;
}

static const char *foreign(struct probe *p, struct span body) {
    const unsigned char *at = body.p;
    OSSL_AUTO(CMS_ContentInfo)
    cms = body.n ? d2i_CMS_ContentInfo(NULL, &at, (long)body.n) : NULL;
    if (cms)
        return "a PKCS#7 without certificates";
    if (!body.n)
        return "nothing: an empty body";
    return arena_printf(p->a, "%zu bytes that begin: %s", body.n, text_claim(p->a, body, 16));
}

/* Goes on with what the server meant to send, when that can be told. */
static STACK_OF(X509) * read_mended(struct probe *p, struct span body, bool *single) {
    static const char begin[] = "-----BEGIN ";
    STACK_OF(X509) *list = NULL;
    struct span der = SPAN_NONE;
    size_t left;
    if (body.n && memmem(body.p, body.n, begin, strlen(begin))) {
        list = read_pem(p, body, single);
        probe_found(p, PROBE_CA_FORM, "PEM%s", list ? "" : " without a certificate that is one");
    } else if (body.n && base64_decode(p->a, body, &der) == OK &&
               (list = read_certs(der, single, &left))) {
        probe_found(p, PROBE_CA_FORM, "base64 of DER");
    } else {
        probe_found(p, PROBE_CA_FORM, "%s", foreign(p, body));
    }
    return list;
}

STACK_OF(X509) * authority_read(struct probe *p, struct span body, bool *single) {
    size_t left;
    STACK_OF(X509) *list = read_certs(body, single, &left);
    if (!list)
        list = read_mended(p, body, single);
    if (!list)
        return NULL;
    int n = sk_X509_num(list);
    if (*single)
        probe_fact(p, "form", "one certificate");
    else
        probe_fact(p, "form", "PKCS#7 with %d certificate%s", n, n == 1 ? "" : "s");
    if (left)
        probe_unknown(p, arena_printf(p->a,
                                      "whether Windows takes GetCACert with %zu byte%s after "
                                      "its end",
                                      left, left == 1 ? "" : "s"));
    if (n > AUTHORITY_MAX)
        probe_unknown(
            p, arena_printf(p->a, "GetCACert's certificates after the first %d", AUTHORITY_MAX));
    while (sk_X509_num(list) > AUTHORITY_MAX)
        X509_free(sk_X509_pop(list));
    return list;
}

bool authority_is_readable(struct span body) {
    bool single;
    size_t left;
    OSSL_CERTS_AUTO certs = read_certs(body, &single, &left);
    return certs != NULL;
}
