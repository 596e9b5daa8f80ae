/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the tests of the emulated host's SCEP client: a CA with its RA, and CertReps in every shape,
 * made with OpenSSL. What cannot fail aborts, because a server's thread makes replies too.
 */
#ifndef SIGNET_TESTS_DEVICE_SCEP_FIXTURE_H
#define SIGNET_TESTS_DEVICE_SCEP_FIXTURE_H

#include "device_fixture.h"

#include <openssl/provider.h>
#include <openssl/rsa.h>

#include "device/scep_message.h"
#include "wire/scep.h"

static inline void must(bool ok) {
    if (!ok)
        abort();
}

struct authority {
    struct arena a;
    EVP_PKEY *ca_key, *ra_key;
    X509 *ca, *ra;
};

static inline void authority_make(struct authority *y) {
    y->ca_key = EVP_RSA_gen(2048);
    y->ra_key = EVP_RSA_gen(2048);
    y->ca = make_cert(
        y->ca_key,
        (struct made_cert){.cn = "CA", .ca = true, .usage = "critical,keyCertSign,cRLSign"});
    y->ra = make_cert(y->ra_key, (struct made_cert){.cn = "RA",
                                                    .issuer = y->ca,
                                                    .issuer_key = y->ca_key,
                                                    .usage = "digitalSignature,keyEncipherment",
                                                    .eku = "serverAuth"});
}

static inline void authority_free(struct authority *y) {
    X509_free(y->ca);
    X509_free(y->ra);
    EVP_PKEY_free(y->ca_key);
    EVP_PKEY_free(y->ra_key);
    arena_free(&y->a);
}

static inline struct span cms_bytes(struct arena *a, CMS_ContentInfo *cms) {
    unsigned char *p = NULL;
    int n = i2d_CMS_ContentInfo(cms, &p);
    must(n > 0);
    struct span der = arena_copy(a, span_of(p, (size_t)n));
    OPENSSL_free(p);
    return der;
}

static inline CMS_ContentInfo *cms_read(struct span der) {
    const unsigned char *p = der.p;
    return d2i_CMS_ContentInfo(NULL, &p, (long)der.n);
}

/* A degenerate PKCS#7. */
static inline struct span bundle(struct arena *a, X509 *const *certs, size_t n) {
    PKCS7 *p7 = PKCS7_new();
    PKCS7_set_type(p7, NID_pkcs7_signed);
    PKCS7_content_new(p7, NID_pkcs7_data);
    for (size_t i = 0; i < n; i++)
        PKCS7_add_certificate(p7, certs[i]);
    unsigned char *p = NULL;
    int size = i2d_PKCS7(p7, &p);
    must(size > 0);
    struct span der = arena_copy(a, span_of(p, (size_t)size));
    OPENSSL_free(p);
    PKCS7_free(p7);
    return der;
}

static inline const char *thumbprint(struct arena *a, const X509 *x) {
    char *text = arena_alloc(a, THUMBPRINT_SIZE);
    cert_thumbprint(ossl_x509_der(a, x), text);
    return text;
}

/* ---- CertRep ---- */

struct asked { /* what a reply answers */
    X509 *signer;
    EVP_PKEY *key; /* public is enough */
    const char *transaction;
    const uint8_t *nonce;
};

struct reply {
    const char *type, *status, *fail, *text,
        *transaction; /* NULL: as it should be; "-": left out */
    bool no_sender, no_recipient, wrong_nonce, no_signing_time;
    X509 *signer; /* of the reply: not the RA */
    EVP_PKEY *signer_key;
    EVP_PKEY *leaf_key;
    X509 *leaf_ca; /* issues it: not the CA */
    EVP_PKEY *leaf_ca_key;
    long not_before_s;
    X509 *extra;         /* a second certificate in the bag */
    struct span content; /* instead of the envelope */
    bool oaep_null, pkcs1, other_recipient_key;
    const EVP_CIPHER *cipher; /* NULL: AES-128 */
    const EVP_MD *digest;     /* NULL: SHA-256 */
    X509 *outer[2];           /* certificates in the SignedData */
};

static inline void add_text(CMS_SignerInfo *si, const char *oid, const char *value, int type) {
    if (value && strcmp(value, "-") != 0)
        must(CMS_signed_add1_attr_by_txt(si, oid, type, value, (int)strlen(value)) == 1);
}

static inline CMS_ContentInfo *encrypt_to(X509 *recipient, struct span content,
                                          const struct reply *r, OSSL_LIB_CTX *ctx) {
    const unsigned flags = CMS_BINARY | CMS_PARTIAL;
    OSSL_AUTO(BIO) in = ossl_reader(content);
    CMS_ContentInfo *cms =
        CMS_encrypt_ex(NULL, in, r->cipher ? r->cipher : EVP_aes_128_cbc(), flags, ctx, NULL);
    must(cms != NULL);
    CMS_RecipientInfo *ri = CMS_add1_recipient_cert(cms, recipient, CMS_KEY_PARAM);
    if (!r->pkcs1)
        EVP_PKEY_CTX_set_rsa_padding(CMS_RecipientInfo_get0_pkey_ctx(ri), RSA_PKCS1_OAEP_PADDING);
    must(CMS_final(cms, in, NULL, flags) == 1);
    if (r->oaep_null) {
        X509_ALGOR *alg;
        CMS_RecipientInfo_ktri_get0_algs(ri, NULL, NULL, &alg);
        X509_ALGOR_set0(alg, OBJ_nid2obj(NID_rsaesOaep), V_ASN1_NULL, NULL);
    }
    return cms;
}

/* OpenSSL has what is weaker than 3DES in its legacy provider only. */
static inline struct span encrypt_legacy(struct arena *a, X509 *recipient, struct span content,
                                         const struct reply *r) {
    OSSL_LIB_CTX *ctx = OSSL_LIB_CTX_new();
    OSSL_PROVIDER *legacy = OSSL_PROVIDER_load(ctx, "legacy");
    OSSL_PROVIDER *standard = OSSL_PROVIDER_load(ctx, "default");
    struct span cert = ossl_x509_der(a, recipient);
    const unsigned char *p = cert.p;
    X509 *again = X509_new_ex(ctx, NULL);
    must(legacy && standard && d2i_X509(&again, &p, (long)cert.n));
    CMS_ContentInfo *cms = encrypt_to(again, content, r, ctx);
    struct span der = cms_bytes(a, cms);
    CMS_ContentInfo_free(cms);
    X509_free(again);
    OSSL_PROVIDER_unload(legacy);
    OSSL_PROVIDER_unload(standard);
    OSSL_LIB_CTX_free(ctx);
    return der;
}

static inline X509 *make_leaf_of(X509 *ca, EVP_PKEY *ca_key, EVP_PKEY *key, long not_before_s) {
    return make_cert(key, (struct made_cert){.cn = "x",
                                             .issuer = ca,
                                             .issuer_key = ca_key,
                                             .not_before_s = not_before_s ? not_before_s : -60,
                                             .not_after_s = 86400});
}

static inline X509 *make_leaf(struct authority *y, EVP_PKEY *key, long not_before_s) {
    return make_leaf_of(y->ca, y->ca_key, key, not_before_s);
}

/* The name and serial of a certificate over another key. */
static inline X509 *with_key(const X509 *x, EVP_PKEY *key) {
    X509 *copy = X509_dup(x);
    must(X509_set_pubkey(copy, key) == 1 && X509_sign(copy, key, EVP_sha256()) > 0);
    return copy;
}

static inline struct span envelope(struct authority *y, const struct asked *q,
                                   const struct reply *r) {
    OSSL_AUTO(X509)
    leaf = make_leaf_of(r->leaf_ca ? r->leaf_ca : y->ca, r->leaf_ca ? r->leaf_ca_key : y->ca_key,
                        r->leaf_key ? r->leaf_key : q->key, r->not_before_s);
    OSSL_AUTO(X509)
    recipient = r->other_recipient_key ? with_key(q->signer, y->ra_key) : X509_dup(q->signer);
    X509 *certs[] = {r->extra ? r->extra : leaf, leaf};
    struct span bag = bundle(&y->a, certs, r->extra ? 2 : 1);
    if (r->cipher && EVP_CIPHER_get_nid(r->cipher) == NID_des_cbc)
        return encrypt_legacy(&y->a, recipient, bag, r);
    OSSL_AUTO(CMS_ContentInfo) cms = encrypt_to(recipient, bag, r, NULL);
    return cms_bytes(&y->a, cms);
}

/* OpenSSL always adds signingTime: it is taken out, and the rest is signed again. */
static inline void drop_signing_time(CMS_SignerInfo *si, EVP_PKEY *key, const EVP_MD *digest) {
    X509_ATTRIBUTE_free(
        CMS_signed_delete_attr(si, CMS_signed_get_attr_by_NID(si, NID_pkcs9_signingTime, -1)));
    BUF_AUTO(attributes);
    for (int i = 0; i < CMS_signed_get_attr_count(si); i++) {
        unsigned char *p = NULL;
        int n = i2d_X509_ATTRIBUTE(CMS_signed_get_attr(si, i), &p);
        buf_add(&attributes, p, (size_t)n);
        OPENSSL_free(p);
    }
    unsigned char head[8], *end = head, signature[512];
    size_t n = sizeof signature;
    ASN1_put_object(&end, 1, (int)attributes.n, V_ASN1_SET, V_ASN1_UNIVERSAL);
    BUF_AUTO(set);
    buf_add(&set, head, (size_t)(end - head));
    buf_span(&set, buf_view(&attributes));
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    must(EVP_DigestSignInit(ctx, NULL, digest, NULL, key) == 1 &&
         EVP_DigestSign(ctx, signature, &n, set.p, set.n) == 1);
    EVP_MD_CTX_free(ctx);
    ASN1_STRING_set(CMS_SignerInfo_get0_signature(si), signature, (int)n);
}

static inline void add_attributes(CMS_SignerInfo *si, const struct asked *q,
                                  const struct reply *r) {
    uint8_t nonce[SCEP_NONCE_SIZE];
    memcpy(nonce, q->nonce, sizeof nonce);
    nonce[0] ^= r->wrong_nonce;
    add_text(si, OID_SCEP_MESSAGE_TYPE, r->type ? r->type : "3", V_ASN1_PRINTABLESTRING);
    add_text(si, OID_SCEP_PKI_STATUS, r->status ? r->status : "0", V_ASN1_PRINTABLESTRING);
    add_text(si, OID_SCEP_FAIL_INFO, r->fail, V_ASN1_PRINTABLESTRING);
    add_text(si, OID_MS_SCEP_SERVER_MESSAGE, r->text, V_ASN1_UTF8STRING);
    add_text(si, OID_SCEP_TRANSACTION_ID, r->transaction ? r->transaction : q->transaction,
             V_ASN1_PRINTABLESTRING);
    if (!r->no_sender)
        CMS_signed_add1_attr_by_txt(si, OID_SCEP_SENDER_NONCE, V_ASN1_OCTET_STRING,
                                    "0123456789abcdef", 16);
    if (!r->no_recipient)
        CMS_signed_add1_attr_by_txt(si, OID_SCEP_RECIPIENT_NONCE, V_ASN1_OCTET_STRING, nonce,
                                    sizeof nonce);
}

static inline struct span make_reply(struct authority *y, const struct asked *q,
                                     const struct reply *r) {
    const EVP_MD *digest = r->digest ? r->digest : EVP_sha256();
    EVP_PKEY *key = r->signer_key ? r->signer_key : y->ra_key;
    OSSL_AUTO(BIO) in = ossl_reader(r->content.n ? r->content : envelope(y, q, r));
    OSSL_AUTO(CMS_ContentInfo) cms = CMS_sign(NULL, NULL, NULL, in, CMS_BINARY | CMS_PARTIAL);
    CMS_SignerInfo *si = CMS_add1_signer(cms, r->signer ? r->signer : y->ra, key, digest,
                                         CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP | CMS_NOCERTS);
    must(si != NULL);
    add_attributes(si, q, r);
    for (size_t i = 0; i < 2 && r->outer[i]; i++)
        must(CMS_add1_cert(cms, r->outer[i]) == 1);
    must(CMS_final(cms, in, NULL, CMS_BINARY) == 1);
    if (r->no_signing_time)
        drop_signing_time(si, key, digest);
    return cms_bytes(&y->a, cms);
}

#endif
