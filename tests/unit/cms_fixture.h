/* SPDX-License-Identifier: Apache-2.0 */
/* CMS by OpenSSL's pen and eye: the oracle that our own CMS is held against. */
#ifndef SIGNET_TESTS_CMS_FIXTURE_H
#define SIGNET_TESTS_CMS_FIXTURE_H

#include "crypto_fixture.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>

#include "der/writer.h"
#include "wire/oid.h"

static OSSL_PROVIDER *their_providers[2];

/* The old one has a library context of its own, which is freed no other way. */
static inline void unload_their_des(void) {
    OSSL_PROVIDER_unload(their_providers[1]);
    OSSL_PROVIDER_unload(their_providers[0]);
}

/* Single DES for OpenSSL's own pen, until the test ends; our library context stays as it is. */
static inline void load_their_des(void) {
    assert_non_null(their_providers[0] = OSSL_PROVIDER_load(NULL, "default"));
    assert_non_null(their_providers[1] = OSSL_PROVIDER_load(NULL, "legacy"));
    assert_int_equal(atexit(unload_their_des), 0);
}

static inline struct span cms_to_span(struct arena *a, CMS_ContentInfo *cms) {
    unsigned char *der = NULL;
    int n = i2d_CMS_ContentInfo(cms, &der);
    assert_true(n > 0);
    struct span out = arena_copy(a, span_of(der, (size_t)n));
    OPENSSL_free(der);
    CMS_ContentInfo_free(cms);
    return out;
}

static inline CMS_ContentInfo *cms_from_span(struct span der) {
    const unsigned char *p = der.p;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)der.n);
    assert_non_null(cms);
    assert_ptr_equal(p, der.p + der.n);
    return cms;
}

/* Which OAEP, if any, OpenSSL shall use, and how it names recipients and writes lengths. */
struct transport {
    bool oaep;
    const EVP_MD *md; /* NULL: SHA-1 */
    const char *label;
    bool key_id;     /* recipients by subjectKeyIdentifier */
    bool indefinite; /* BER, as `openssl cms -stream` writes it */
};

/* As BER with indefinite lengths, the content in pieces; frees the message. */
static inline struct span cms_to_ber(struct arena *a, CMS_ContentInfo *cms, BIO *in,
                                     unsigned flags) {
    BIO *out = BIO_new(BIO_s_mem());
    char *p;
    assert_int_equal(i2d_CMS_bio_stream(out, cms, in, (int)flags), 1);
    long n = BIO_get_mem_data(out, &p);
    struct span ber = arena_copy(a, span_of(p, (size_t)n));
    assert_int_equal(ber.p[1], 0x80);
    BIO_free(out);
    CMS_ContentInfo_free(cms);
    return ber;
}

static inline void add_recipient(CMS_ContentInfo *cms, struct span cert, struct transport t) {
    X509 *x = x509_of(cert);
    CMS_RecipientInfo *ri =
        CMS_add1_recipient_cert(cms, x, CMS_KEY_PARAM | (t.key_id ? CMS_USE_KEYID : 0U));
    assert_non_null(ri);
    EVP_PKEY_CTX *ctx = CMS_RecipientInfo_get0_pkey_ctx(ri);
    if (t.oaep)
        assert_true(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0);
    if (t.md)
        assert_true(EVP_PKEY_CTX_set_rsa_oaep_md(ctx, t.md) > 0);
    if (t.label)
        assert_true(EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, OPENSSL_strdup(t.label),
                                                     (int)strlen(t.label)) > 0);
    X509_free(x);
}

/* EnvelopedData for several recipients, in this order as far as DER's SET order allows. */
static inline struct span their_envelope(struct arena *a, struct span content,
                                         const struct span *certs, size_t count,
                                         const EVP_CIPHER *cipher, struct transport t) {
    BIO *in = BIO_new_mem_buf(content.p, (int)content.n);
    unsigned flags = CMS_BINARY | CMS_PARTIAL | (t.indefinite ? CMS_STREAM : 0U);
    CMS_ContentInfo *cms = CMS_encrypt(NULL, in, cipher, flags);
    assert_non_null(cms);
    for (size_t i = 0; i < count; i++)
        add_recipient(cms, certs[i], t);
    if (!t.indefinite)
        assert_int_equal(CMS_final(cms, in, NULL, CMS_BINARY), 1);
    struct span out =
        t.indefinite ? cms_to_ber(a, cms, in, CMS_BINARY | CMS_STREAM) : cms_to_span(a, cms);
    BIO_free(in);
    return out;
}

static inline bool their_decrypt(struct arena *a, struct span der, struct span cert, EVP_PKEY *key,
                                 struct span *content) {
    CMS_ContentInfo *cms = cms_from_span(der);
    X509 *x = x509_of(cert);
    BIO *out = BIO_new(BIO_s_mem());
    char *p;
    bool good = CMS_decrypt(cms, key, x, NULL, out, CMS_BINARY) == 1;
    long n = BIO_get_mem_data(out, &p);
    *content = arena_copy(a, span_of(p, (size_t)n));
    BIO_free(out);
    X509_free(x);
    CMS_ContentInfo_free(cms);
    ERR_clear_error();
    return good;
}

/* Attributes as text, for a message of OpenSSL's; NULL leaves one out. CMS_STREAM makes it BER. */
struct their_message {
    struct span content, cert;
    EVP_PKEY *key;
    const EVP_MD *md;
    const char *type, *transaction_id, *nonce;
    unsigned flags;
};

static inline void add_text(CMS_SignerInfo *si, const char *oid, int type, const char *value) {
    if (value)
        assert_int_equal(CMS_signed_add1_attr_by_txt(si, oid, type, value, (int)strlen(value)), 1);
}

static inline struct span their_signed(struct arena *a, const struct their_message *m) {
    BIO *in = BIO_new_mem_buf(m->content.p, (int)m->content.n);
    X509 *x = x509_of(m->cert);
    bool indefinite = m->flags & CMS_STREAM;
    unsigned flags = CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP | m->flags;
    CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, in, flags & ~(unsigned)CMS_NOCERTS);
    CMS_SignerInfo *si = CMS_add1_signer(cms, x, m->key, m->md, flags);
    assert_non_null(si);
    add_text(si, "2.16.840.1.113733.1.9.2", V_ASN1_PRINTABLESTRING, m->type);
    add_text(si, "2.16.840.1.113733.1.9.7", V_ASN1_PRINTABLESTRING, m->transaction_id);
    add_text(si, "2.16.840.1.113733.1.9.5", V_ASN1_OCTET_STRING, m->nonce);
    if (!indefinite)
        assert_int_equal(CMS_final(cms, in, NULL, CMS_BINARY), 1);
    struct span out =
        indefinite ? cms_to_ber(a, cms, in, CMS_BINARY | CMS_STREAM) : cms_to_span(a, cms);
    BIO_free(in);
    X509_free(x);
    return out;
}

/* `openssl cms -verify -certfile`, without a chain; `content` is empty when there is none. */
static inline bool their_verify(struct arena *a, struct span der, struct span cert,
                                struct span *content) {
    CMS_ContentInfo *cms = cms_from_span(der);
    STACK_OF(X509) *certs = sk_X509_new_null();
    X509 *x = x509_of(cert);
    sk_X509_push(certs, x);
    BIO *out = BIO_new(BIO_s_mem()), *none = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(none, 0);
    ASN1_OCTET_STRING **inside = CMS_get0_content(cms);
    bool detached = !inside || !*inside;
    char *p;
    bool good = CMS_verify(cms, certs, NULL, detached ? none : NULL, out,
                           CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY | CMS_NOINTERN) == 1;
    long n = BIO_get_mem_data(out, &p);
    *content = arena_copy(a, span_of(p, (size_t)n));
    BIO_free(out);
    BIO_free(none);
    sk_X509_free(certs);
    X509_free(x);
    CMS_ContentInfo_free(cms);
    ERR_clear_error();
    return good;
}

/* An EnvelopedData's ContentInfo around what was written from its recipients on. */
static inline struct span enveloped_from(struct der_writer *w) {
    der_put_small(w, 0);
    der_wrap(w, DER_SEQUENCE, 0);
    der_wrap(w, DER_CONTEXT_CONSTRUCTED(0), 0);
    der_put_oid(w, OID_PKCS7_ENVELOPED);
    der_wrap(w, DER_SEQUENCE, 0);
    return der_written(w);
}

#endif
