/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PKCSReq around the CSR, byte for byte of the captured shape, and the CertPoll of the same
 * outer shape: nobody has published one of Windows. One thing OpenSSL does not do by itself: the
 * NULL after the digest algorithms (in the SignerInfo by X509_ALGOR_set0; in the outer SET by
 * starting from a template that holds it).
 */
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "base/text.h"
#include "device/hresult.h"
#include "device/key_pool.h"
#include "device/scep_message.h"
#include "device/scep_values.h"
#include "wire/scep.h"

enum { SIGNER_BITS = 2048 };

static CMS_ContentInfo *envelope(const struct host *h, struct span content, X509 *recipient,
                                 const EVP_CIPHER *cipher) {
    const unsigned flags = CMS_BINARY | CMS_PARTIAL;
    OSSL_AUTO(BIO) in = ossl_reader(content);
    CMS_ContentInfo *cms = CMS_encrypt(NULL, in, cipher, flags);
    CMS_RecipientInfo *ri = cms ? CMS_add1_recipient_cert(cms, recipient, CMS_KEY_PARAM) : NULL;
    bool ok = ri != NULL;
    if (ok && host_switch_is(h, "key-transport", "oaep"))
        ok = EVP_PKEY_CTX_set_rsa_padding(CMS_RecipientInfo_get0_pkey_ctx(ri),
                                          RSA_PKCS1_OAEP_PADDING) > 0;
    if (ok && CMS_final(cms, in, NULL, flags) == 1)
        return cms;
    CMS_ContentInfo_free(cms);
    return NULL;
}

static void put(struct buf *out, uint8_t tag, struct buf *content) {
    uint8_t head[2] = {tag, (uint8_t)content->n}; /* the template is shorter than 128 bytes */
    buf_add(out, head, sizeof head);
    buf_span(out, buf_view(content));
    buf_clear(content);
}

/* SignedData with one digest algorithm that has NULL parameters, and nothing else in it. */
static CMS_ContentInfo *signed_template(const EVP_MD *digest) {
    static const char signed_data[] = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
    static const char encap_data[] = "\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
    BUF_AUTO(x);
    BUF_AUTO(y);
    const ASN1_OBJECT *oid = OBJ_nid2obj(EVP_MD_get_type(digest));
    buf_add(&x, OBJ_get0_data(oid), OBJ_length(oid));
    put(&y, 0x06, &x);
    buf_add(&y, "\x05", 2);
    put(&x, 0x30, &y);
    buf_add(&y, "\x02\x01\x01", 3);
    put(&y, 0x31, &x);
    buf_add(&y, encap_data, sizeof encap_data - 1);
    buf_add(&y, "\x31", 2);
    put(&x, 0x30, &y);
    buf_add(&y, signed_data, sizeof signed_data - 1);
    put(&y, 0xa0, &x);
    put(&x, 0x30, &y);
    const unsigned char *p = x.p;
    return d2i_CMS_ContentInfo(NULL, &p, (long)x.n);
}

static bool add_attributes(CMS_SignerInfo *si, const struct scep_request *r, const char *type) {
    return CMS_signed_add1_attr_by_txt(si, OID_SCEP_MESSAGE_TYPE, V_ASN1_PRINTABLESTRING, type,
                                       (int)strlen(type)) == 1 &&
           CMS_signed_add1_attr_by_txt(si, OID_SCEP_SENDER_NONCE, V_ASN1_OCTET_STRING, r->nonce,
                                       SCEP_NONCE_SIZE) == 1 &&
           CMS_signed_add1_attr_by_txt(si, OID_SCEP_TRANSACTION_ID, V_ASN1_PRINTABLESTRING,
                                       r->transaction, THUMBPRINT_SIZE - 1) == 1;
}

static CMS_ContentInfo *sign(const struct scep_request *r, const char *type, const EVP_MD *digest,
                             struct span content) {
    OSSL_AUTO(BIO) in = ossl_reader(content);
    CMS_ContentInfo *cms = signed_template(digest);
    if (!cms)
        return NULL;
    CMS_set_detached(cms, 0);
    CMS_SignerInfo *si = CMS_add1_signer(cms, r->signer, r->signer_key, digest,
                                         CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP);
    X509_ALGOR *algorithm = NULL;
    bool ok = si && add_attributes(si, r, type);
    if (ok) {
        CMS_SignerInfo_get0_algs(si, NULL, NULL, &algorithm, NULL);
        ok = X509_ALGOR_set0(algorithm, OBJ_nid2obj(EVP_MD_get_type(digest)), V_ASN1_NULL, NULL) ==
             1;
    }
    if (ok && CMS_final(cms, in, NULL, CMS_BINARY) == 1)
        return cms;
    CMS_ContentInfo_free(cms);
    return NULL;
}

static struct span cms_der(struct arena *a, CMS_ContentInfo *cms) {
    OSSL_BYTES_AUTO p = NULL;
    int n = cms ? i2d_CMS_ContentInfo(cms, &p) : 0;
    return n > 0 ? arena_copy(a, span_of(p, (size_t)n)) : SPAN_NONE;
}

/* The pkiMessage of that type around `inner`, with a nonce of its own. */
static uint32_t make_message(const struct host *h, const struct scep_ca *ca,
                             const struct scep_caps *caps, const char *type, struct span inner,
                             struct arena *a, struct scep_request *r) {
    if (RAND_bytes(r->nonce, sizeof r->nonce) != 1)
        abort();
    OSSL_AUTO(CMS_ContentInfo)
    enveloped = envelope(h, inner, ca->encrypt, scep_caps_cipher(caps, h));
    if (!enveloped)
        return HR_NTE_BAD_DATA;
    OSSL_AUTO(CMS_ContentInfo)
    outer = sign(r, type, scep_caps_digest(caps, h), cms_der(a, enveloped));
    r->message = cms_der(a, outer);
    return r->message.n > 0 ? HR_OK : HR_NTE_BAD_DATA;
}

/* The transaction id is the SHA-1 of the signer certificate, in lower case. */
static void set_transaction(struct arena *a, struct scep_request *r) {
    unsigned char digest[20];
    struct span der = ossl_x509_der(a, r->signer);
    EVP_Digest(der.p, der.n, digest, NULL, EVP_sha1(), NULL);
    hex_lower(span_of(digest, sizeof digest), r->transaction);
}

/* The certificate's key, and the throw-away signer with its own. */
static uint32_t make_keys(const struct host *h, const struct scep_settings *s,
                          const struct scep_caps *caps, struct scep_request *r) {
    r->key = EVP_RSA_gen(s->key_length);
    if (!r->key)
        return HR_NTE_BAD_LEN;
    if (r->signer) /* it renews itself */
        return HR_OK;
    if (host_switch_is(h, "signer-key", "csr") && EVP_PKEY_up_ref(r->key))
        r->signer_key = r->key;
    else
        r->signer_key = key_pool_take(h->shared_keys, SIGNER_BITS);
    bool ok = r->signer_key &&
              scep_signer_make(h, r->signer_key, r->key, scep_caps_digest(caps, h), &r->signer);
    return ok ? HR_OK : HR_NTE_BAD_DATA;
}

uint32_t scep_request_make(const struct host *h, const struct scep_settings *s,
                           const struct scep_ca *ca, const struct scep_caps *caps, struct arena *a,
                           struct scep_request *r) {
    OSSL_AUTO(X509_REQ) csr = NULL;
    OSSL_BYTES_AUTO der = NULL;
    const char *type =
        s->renews && host_switch_is(h, "renewal-message", "renewalreq") ? "17" : "19";
    uint32_t hr = scep_values_check(h, s);
    if (hr == HR_OK)
        hr = make_keys(h, s, caps, r);
    if (hr == HR_OK)
        hr = scep_csr_make(h, s, r->key, r->signer, &csr);
    if (hr != HR_OK)
        return hr;
    set_transaction(a, r);
    r->subject = X509_NAME_dup(X509_REQ_get_subject_name(csr));
    int n = i2d_X509_REQ(csr, &der);
    if (n <= 0)
        return HR_NTE_BAD_DATA;
    return make_message(h, ca, caps, type, span_of(der, (size_t)n), a, r);
}

/* IssuerAndSubject (RFC 8894, 3.3.3): SEQUENCE { issuer Name, subject Name } */
static bool put_issuer_and_subject(struct buf *out, const X509_NAME *issuer,
                                   const X509_NAME *subject) {
    const unsigned char *i, *s;
    size_t in, sn;
    if (X509_NAME_get0_der(issuer, &i, &in) != 1 || X509_NAME_get0_der(subject, &s, &sn) != 1)
        return false;
    unsigned char head[16], *end = head;
    ASN1_put_object(&end, 1, (int)(in + sn), V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    buf_add(out, head, (size_t)(end - head));
    buf_add(out, i, in);
    buf_add(out, s, sn);
    return true;
}

uint32_t scep_poll_make(const struct host *h, const struct scep_ca *ca,
                        const struct scep_caps *caps, struct arena *a, struct scep_request *r) {
    BUF_AUTO(inner);
    if (!put_issuer_and_subject(&inner, X509_get_subject_name(ca->issuer), r->subject))
        return HR_NTE_BAD_DATA;
    return make_message(h, ca, caps, "20", buf_view(&inner), a, r);
}

void scep_request_free(struct scep_request *r) {
    EVP_PKEY_free(r->key);
    EVP_PKEY_free(r->signer_key);
    X509_free(r->signer);
    X509_NAME_free(r->subject);
    *r = (struct scep_request){0};
}
