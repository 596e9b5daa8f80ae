/* SPDX-License-Identifier: Apache-2.0 */
/* CSRs as OpenSSL makes them, for what judges CSRs. */
#ifndef SIGNET_TESTS_CSR_FIXTURE_H
#define SIGNET_TESTS_CSR_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include "x509/cert.h" /* before OpenSSL makes macros of its KU_ names */

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "x509/csr.h"

#ifndef assert_ok
#define assert_ok(e) assert_string_equal((e) == OK ? "" : err_detail(), "")
#endif

/* What a CSR asks for, in OpenSSL's words; NULL leaves a part out. */
struct asked {
    const char *cn, *o, *serial_number, *country;
    const char *key_usage, *eku, *san;
    const char *basic_constraints;
    struct span san_der; /* instead of `san` */
    struct span sid_der; /* value of szOID_NTDS_CA_SECURITY_EXT */
    EVP_PKEY *key;
};

static inline void asked_extension(STACK_OF(X509_EXTENSION) * list, int nid, const char *value) {
    X509V3_CTX ctx;
    if (!value)
        return;
    X509V3_set_ctx(&ctx, NULL, NULL, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&ctx);
    X509_EXTENSION *x = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(x);
    sk_X509_EXTENSION_push(list, x);
}

static inline void asked_extension_der(STACK_OF(X509_EXTENSION) * list, const char *oid,
                                       struct span der) {
    if (!der.n)
        return;
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING_set(value, der.p, (int)der.n);
    sk_X509_EXTENSION_push(list, X509_EXTENSION_create_by_OBJ(NULL, object, 0, value));
    ASN1_OBJECT_free(object);
    ASN1_OCTET_STRING_free(value);
}

static inline void asked_name(X509_REQ *req, const char *type, const char *value) {
    if (value)
        X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), type, MBSTRING_UTF8,
                                   (const uint8_t *)value, -1, -1, 0);
}

/* The CSR in `a`, parsed; what csr_parse says of it. */
static inline enum err asked_csr(struct arena *a, const struct asked *w, struct csr *out) {
    X509_REQ *req = X509_REQ_new();
    STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
    asked_name(req, "C", w->country);
    asked_name(req, "CN", w->cn);
    asked_name(req, "O", w->o);
    asked_name(req, "serialNumber", w->serial_number);
    X509_REQ_set_pubkey(req, w->key);
    asked_extension(list, NID_key_usage, w->key_usage);
    asked_extension(list, NID_ext_key_usage, w->eku);
    asked_extension(list, NID_basic_constraints, w->basic_constraints);
    asked_extension(list, NID_subject_alt_name, w->san_der.n ? NULL : w->san);
    asked_extension_der(list, "2.5.29.17", w->san_der);
    asked_extension_der(list, "1.3.6.1.4.1.311.25.2", w->sid_der);
    if (sk_X509_EXTENSION_num(list))
        X509_REQ_add_extensions(req, list);
    assert_true(X509_REQ_sign(req, w->key, EVP_sha256()) > 0);
    unsigned char *der = NULL;
    int n = i2d_X509_REQ(req, &der);
    enum err e = csr_parse(arena_copy(a, span_of(der, (size_t)n)), out);
    OPENSSL_free(der);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    X509_REQ_free(req);
    return e;
}

/* A certificate that says what `w` asks for, signed by its own key; DER in `a`. */
static inline struct span asked_cert(struct arena *a, const struct asked *w) {
    struct csr csr;
    assert_ok(asked_csr(a, w, &csr));
    const unsigned char *p = csr.der.p;
    X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)csr.der.n);
    STACK_OF(X509_EXTENSION) *list = X509_REQ_get_extensions(req);
    X509 *x = X509_new();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 0x1234);
    X509_set_subject_name(x, X509_REQ_get_subject_name(req));
    X509_set_issuer_name(x, X509_REQ_get_subject_name(req));
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, w->key);
    for (int i = 0; i < sk_X509_EXTENSION_num(list); i++)
        X509_add_ext(x, sk_X509_EXTENSION_value(list, i), -1);
    assert_true(X509_sign(x, w->key, EVP_sha256()) > 0);
    unsigned char *der = NULL;
    int n = i2d_X509(x, &der);
    struct span out = arena_copy(a, span_of(der, (size_t)n));
    OPENSSL_free(der);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    X509_REQ_free(req);
    X509_free(x);
    return out;
}

static inline EVP_PKEY *rsa_key(size_t bits) {
    EVP_PKEY *k = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits);
    assert_non_null(k);
    return k;
}

static inline EVP_PKEY *ec_key(const char *curve) {
    EVP_PKEY *k = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);
    assert_non_null(k);
    return k;
}

#endif
