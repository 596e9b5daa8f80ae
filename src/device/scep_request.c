/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PKCSReq around the CSR, byte for byte of the captured shape. Two things OpenSSL does not do
 * by itself: the NULL after the digest algorithms (in the SignerInfo by X509_ALGOR_set0; in the
 * outer SET by starting from a template that holds it), and the critical AKI of the signer.
 */
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "device/hresult.h"
#include "device/scep_message.h"
#include "device/x500.h"
#include "wire/scep.h"

enum { SIGNER_BITS = 2048, SERIAL_SIZE = 16, BACKDATE_S = 600, YEAR_S = 365 * 86400 };

static const EVP_MD *message_digest(const struct host *h) {
    const char *name = host_switch(h, "digest");
    return strcmp(name, "sha1") == 0     ? EVP_sha1()
           : strcmp(name, "sha256") == 0 ? EVP_sha256()
                                         : EVP_sha512();
}

static void key_id(EVP_PKEY *key, unsigned char out[20]) {
    X509_PUBKEY *p = NULL;
    const unsigned char *bits;
    int n;
    X509_PUBKEY_set(&p, key);
    X509_PUBKEY_get0_param(NULL, &bits, &n, NULL, p);
    EVP_Digest(bits, (size_t)n, out, NULL, EVP_sha1(), NULL);
    X509_PUBKEY_free(p);
}

static bool set_serial(X509 *x) {
    uint8_t b[SERIAL_SIZE];
    if (RAND_bytes(b, sizeof b) != 1)
        abort();
    b[0] =
        (uint8_t)((b[0] & 0x3f) | 0x20); /* positive and never short: sixteen bytes as captured */
    BIGNUM *n = BN_bin2bn(b, sizeof b, NULL);
    bool ok = BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL;
    BN_free(n);
    return ok;
}

static bool set_times(X509 *x) {
    time_t now = (time_t)(clock_ms() / 1000);
    return X509_time_adj_ex(X509_getm_notBefore(x), 0, -BACKDATE_S, &now) &&
           X509_time_adj_ex(X509_getm_notAfter(x), 0, YEAR_S + BACKDATE_S, &now);
}

static bool set_name(X509 *x) {
    OSSL_AUTO(X509_NAME) name = X509_NAME_new();
    return X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING,
                                      (const unsigned char *)SCEP_WINDOWS_SIGNER, -1, -1, 0) == 1 &&
           X509_set_subject_name(x, name) == 1 && X509_set_issuer_name(x, name) == 1;
}

/* The AKI is critical and not the SKI; it hashes, by hypothesis, the key of the CSR. */
static bool set_key_ids(X509 *x, EVP_PKEY *signer, EVP_PKEY *csr_key) {
    unsigned char id[20];
    OSSL_AUTO(AUTHORITY_KEYID) authority = AUTHORITY_KEYID_new();
    key_id(csr_key, id);
    authority->keyid = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(authority->keyid, id, sizeof id);
    key_id(signer, id);
    OSSL_AUTO(ASN1_STRING) subject = ASN1_STRING_type_new(V_ASN1_OCTET_STRING);
    ASN1_STRING_set(subject, id, sizeof id);
    return X509_add1_ext_i2d(x, NID_authority_key_identifier, authority, 1, 0) == 1 &&
           X509_add1_ext_i2d(x, NID_subject_key_identifier, subject, 0, 0) == 1;
}

static bool make_signer(const struct host *h, struct scep_request *r) {
    r->signer = X509_new();
    X509 *x = r->signer;
    return X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x) && set_name(x) &&
           set_times(x) && X509_set_pubkey(x, r->signer_key) == 1 &&
           set_key_ids(x, r->signer_key, r->key) &&
           X509_sign(x, r->signer_key, message_digest(h)) > 0;
}

static CMS_ContentInfo *envelope(const struct host *h, struct span content, X509 *recipient,
                                 bool aes) {
    const unsigned flags = CMS_BINARY | CMS_PARTIAL;
    OSSL_AUTO(BIO) in = ossl_reader(content);
    CMS_ContentInfo *cms =
        CMS_encrypt(NULL, in, aes ? EVP_aes_128_cbc() : EVP_des_ede3_cbc(), flags);
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

static bool add_attributes(CMS_SignerInfo *si, const struct scep_request *r) {
    return CMS_signed_add1_attr_by_txt(si, OID_SCEP_MESSAGE_TYPE, V_ASN1_PRINTABLESTRING, "19",
                                       2) == 1 &&
           CMS_signed_add1_attr_by_txt(si, OID_SCEP_SENDER_NONCE, V_ASN1_OCTET_STRING, r->nonce,
                                       SCEP_NONCE_SIZE) == 1 &&
           CMS_signed_add1_attr_by_txt(si, OID_SCEP_TRANSACTION_ID, V_ASN1_PRINTABLESTRING,
                                       r->transaction, THUMBPRINT_SIZE - 1) == 1;
}

static CMS_ContentInfo *sign(const struct scep_request *r, const EVP_MD *digest,
                             struct span content) {
    OSSL_AUTO(BIO) in = ossl_reader(content);
    CMS_ContentInfo *cms = signed_template(digest);
    if (!cms)
        return NULL;
    CMS_set_detached(cms, 0);
    CMS_SignerInfo *si = CMS_add1_signer(cms, r->signer, r->signer_key, digest,
                                         CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP);
    X509_ALGOR *algorithm = NULL;
    bool ok = si && add_attributes(si, r);
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
    unsigned char *p = NULL;
    int n = cms ? i2d_CMS_ContentInfo(cms, &p) : 0;
    struct span der = n > 0 ? arena_copy(a, span_of(p, (size_t)n)) : SPAN_NONE;
    OPENSSL_free(p);
    return der;
}

static bool make_message(const struct host *h, const struct scep_ca *ca, bool aes, X509_REQ *csr,
                         struct arena *a, struct scep_request *r) {
    unsigned char *p = NULL;
    int n = i2d_X509_REQ(csr, &p);
    struct span inner = n > 0 ? arena_copy(a, span_of(p, (size_t)n)) : SPAN_NONE;
    OPENSSL_free(p);
    OSSL_AUTO(CMS_ContentInfo) enveloped = envelope(h, inner, ca->encrypt, aes);
    OSSL_AUTO(CMS_ContentInfo) outer = sign(r, message_digest(h), cms_der(a, enveloped));
    r->message = cms_der(a, outer);
    return enveloped && r->message.n > 0;
}

/* The transaction id is the SHA-1 of the signer certificate, in lower case. */
static void set_transaction(struct arena *a, struct scep_request *r) {
    unsigned char digest[20];
    struct span der = ossl_x509_der(a, r->signer);
    EVP_Digest(der.p, der.n, digest, NULL, EVP_sha1(), NULL);
    hex_lower(span_of(digest, sizeof digest), r->transaction);
    if (RAND_bytes(r->nonce, sizeof r->nonce) != 1)
        abort();
}

static uint32_t check(const struct scep_settings *s) {
    if (!x500_is_printable(span_str(s->challenge)))
        return HR_CRYPT_NOT_PRINTABLE;
    bool fits = s->key_length == 1024 || s->key_length == 2048 || s->key_length == 4096;
    return fits ? HR_OK : HR_NTE_BAD_LEN;
}

uint32_t scep_request_make(const struct host *h, const struct scep_settings *s,
                           const struct scep_ca *ca, bool aes, struct arena *a,
                           struct scep_request *r) {
    uint32_t hr = check(s);
    if (hr != HR_OK)
        return hr;
    r->key = EVP_RSA_gen(s->key_length);
    if (!r->key)
        return HR_NTE_BAD_LEN;
    if (host_switch_is(h, "signer-key", "csr") && EVP_PKEY_up_ref(r->key))
        r->signer_key = r->key;
    else
        r->signer_key = EVP_RSA_gen(SIGNER_BITS);
    OSSL_AUTO(X509_REQ) csr = NULL;
    hr = scep_csr_make(h, s, r->key, &csr);
    if (hr != HR_OK)
        return hr;
    if (!r->signer_key || !make_signer(h, r))
        return HR_NTE_BAD_DATA;
    set_transaction(a, r);
    return make_message(h, ca, aes, csr, a, r) ? HR_OK : HR_NTE_BAD_DATA;
}

void scep_request_free(struct scep_request *r) {
    EVP_PKEY_free(r->key);
    EVP_PKEY_free(r->signer_key);
    X509_free(r->signer);
    *r = (struct scep_request){0};
}
