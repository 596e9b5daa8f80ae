/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CSR. Oracles: spans lie inside the input; what OpenSSL reads of the same CSR (subject, key,
 * challenge, extensions) is what we read, so that nobody can show two readers two requests. None
 * needs a signature that holds.
 */
#include "fuzz.h"
#include "mutate_der.h"

#include "crypto/public.h"
#include "x509/cert.h" /* before OpenSSL makes macros of its KU_ names */
#include "x509/csr.h"
#include "x509/name.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static void must_be_string(struct span ours, const ASN1_STRING *theirs) {
    must(span_eq(ours, span_of(ASN1_STRING_get0_data(theirs), (size_t)ASN1_STRING_length(theirs))));
}

static void compare_challenge(const struct csr *csr, const X509_REQ *req) {
    int at = X509_REQ_get_attr_by_NID(req, NID_pkcs9_challengePassword, -1);
    must(at >= 0 || csr->challenge.n == 0);
    if (at < 0)
        return;
    const ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(X509_REQ_get_attr(req, at), 0);
    if (value && value->type >= V_ASN1_UTF8STRING && value->type != V_ASN1_OBJECT)
        must_be_string(csr->challenge, value->value.asn1_string);
}

/* OpenSSL looks into one of the two attributes that hold extensions: what it finds, we have. */
static void compare_extensions(const struct csr *csr, X509_REQ *req) {
    STACK_OF(X509_EXTENSION) *list = X509_REQ_get_extensions(req);
    for (int i = 0; i < sk_X509_EXTENSION_num(list); i++) {
        X509_EXTENSION *x = sk_X509_EXTENSION_value(list, i);
        int nid = OBJ_obj2nid(X509_EXTENSION_get_object(x));
        if (nid == NID_subject_alt_name)
            must_be_string(csr->san, X509_EXTENSION_get_data(x));
        if (nid == NID_ext_key_usage)
            must_be_string(csr->eku, X509_EXTENSION_get_data(x));
        must(nid != NID_key_usage || csr->has_key_usage);
    }
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

static void compare(const struct csr *csr, X509_REQ *req) {
    unsigned char *der = NULL;
    struct spki key;
    int n = i2d_X509_NAME(X509_REQ_get_subject_name(req), &der);
    must(n > 0 && span_eq(csr->subject, span_of(der, (size_t)n)));
    OPENSSL_free(der);
    der = NULL;
    n = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(req), &der);
    if (spki_parse(csr->spki, &key) == OK) /* OpenSSL rewrites unused bits, which we refuse there */
        must(n > 0 && span_eq(csr->spki, span_of(der, (size_t)n)));
    OPENSSL_free(der);
    compare_challenge(csr, req);
    compare_extensions(csr, req);
}

/* An EKU that is read to its end is built again, unless it has an OID that is no text of ours. */
static void read_eku(struct arena *a, struct span eku) {
    const char *oids[64];
    struct span rest = eku, again;
    size_t n = 0;
    while (n < 64 && eku_next(a, &rest, &oids[n]))
        must(*oids[n++]);
    if (n && rest.n == 0 && eku_build(a, oids, n, &again) == OK)
        must(span_eq(eku, again));
}

/* Its names, or those before the first bad one; with a URI more, one more. */
static size_t read_san(struct arena *a, struct span san, bool *good) {
    struct span rest = san, value;
    unsigned type;
    size_t n = 0;
    for (*good = true; san_next(a, &rest, &type, &value); n++) {
        must(type <= 11 && (type || (rest.n == 0 && value.n == 0)));
        *good = type > 0;
    }
    return n;
}

static void read_lists(struct arena *a, const struct csr *csr) {
    struct span more;
    bool good, still;
    read_eku(a, csr->eku);
    size_t n = read_san(a, csr->san, &good);
    if (san_add_uri(a, csr->san, "urn:x", &more) == OK)
        must(der_check(more) == OK && read_san(a, more, &still) == n + good && still == good);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    struct span in = span_of(data, size);
    struct csr csr;
    if (csr_parse(in, &csr) != OK)
        return 0;
    must_be_inside(in, csr.subject);
    must_be_inside(in, csr.challenge);
    must_be_inside(in, csr.device_id);
    must_be_inside(in, csr.signature);
    read_lists(&a, &csr);
    name_text(&a, csr.subject);
    (void)name_same(csr.subject, csr.subject);
    (void)spki_rsa_bits(csr.spki);
    enum err verdict = csr_verify(&csr);
    X509_REQ *req = d2i_X509_REQ(NULL, &data, (long)size);
    must(req || verdict != OK);
    if (req)
        compare(&csr, req);
    X509_REQ_free(req);
    ERR_clear_error(); /* what it holds would look like a leak */
    return 0;
}
