/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CertRep. The signer must be the certificate that GetCACert named, whatever the message itself
 * brings; nothing of the content is used before the signature and all attributes were checked.
 */
#include "base/clock.h"
#include "device/hresult.h"
#include "device/scep_message.h"
#include "wire/scep.h"

static CMS_ContentInfo *read_cms(struct span der, int type) {
    const unsigned char *p = der.p;
    CMS_ContentInfo *cms = der.n ? d2i_CMS_ContentInfo(NULL, &p, (long)der.n) : NULL;
    if (cms && (p != der.p + der.n || OBJ_obj2nid(CMS_get0_type(cms)) != type)) {
        CMS_ContentInfo_free(cms);
        cms = NULL;
    }
    return cms;
}

/* The attribute's only value when it is of that type; empty when it is missing. */
static struct span attribute(CMS_SignerInfo *si, const char *oid, int type) {
    OSSL_AUTO(ASN1_OBJECT) object = OBJ_txt2obj(oid, 1);
    const ASN1_STRING *s = CMS_signed_get0_data_by_OBJ(si, object, -3, type);
    return s ? span_of(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)) : SPAN_NONE;
}

static uint32_t verify(CMS_ContentInfo *cms, X509 *signer, struct arena *a, struct span *content) {
    STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
    if (sk_CMS_SignerInfo_num(signers) != 1)
        return HR_CRYPT_SIGNER_NOT_FOUND;
    CMS_SignerInfo *si = sk_CMS_SignerInfo_value(signers, 0);
    if (CMS_SignerInfo_cert_cmp(si, signer) != 0)
        return HR_CRYPT_SIGNER_NOT_FOUND;
    STACK_OF(X509) *candidates = sk_X509_new_null();
    sk_X509_push(candidates, signer);
    OSSL_AUTO(BIO) out = BIO_new(BIO_s_mem());
    OSSL_AUTO(BIO) nothing = ossl_reader(SPAN_NONE);
    ASN1_OCTET_STRING **inner = CMS_get0_content(cms);
    bool absent = !inner || !*inner; /* a FAILURE may come without content */
    int ok = CMS_verify(cms, candidates, NULL, absent ? nothing : NULL, out,
                        CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY | CMS_NOINTERN);
    sk_X509_free(candidates);
    *content = ossl_content(a, out);
    return ok == 1 ? HR_OK : HR_NTE_BAD_SIGNATURE;
}

static uint32_t read_attributes(struct arena *a, CMS_SignerInfo *si, const struct scep_request *r,
                                bool check_nonce, struct scep_answer *out) {
    struct span type = attribute(si, OID_SCEP_MESSAGE_TYPE, V_ASN1_PRINTABLESTRING);
    struct span status = attribute(si, OID_SCEP_PKI_STATUS, V_ASN1_PRINTABLESTRING);
    struct span transaction = attribute(si, OID_SCEP_TRANSACTION_ID, V_ASN1_PRINTABLESTRING);
    struct span sender = attribute(si, OID_SCEP_SENDER_NONCE, V_ASN1_OCTET_STRING);
    struct span recipient = attribute(si, OID_SCEP_RECIPIENT_NONCE, V_ASN1_OCTET_STRING);
    int64_t number;
    if (!type.n || !status.n || !transaction.n || !sender.n || !recipient.n)
        return HR_CRYPT_AUTH_ATTR_MISSING;
    if (!span_is(type, "3"))
        return HR_CRYPT_UNEXPECTED_TYPE;
    if (!span_is(transaction, r->transaction))
        return HR_INVALID_DATA;
    if (check_nonce && !span_eq(recipient, span_of(r->nonce, sizeof r->nonce)))
        return HR_INVALID_DATA;
    if (!span_int(status, &number) ||
        (number != SCEP_SUCCESS && number != SCEP_FAILURE && number != SCEP_PENDING))
        return HR_INVALID_DATA;
    out->status = (int)number;
    struct span fail = attribute(si, OID_SCEP_FAIL_INFO, V_ASN1_PRINTABLESTRING);
    out->fail_info = span_int(fail, &number) && number >= 0 && number <= 4 ? (int)number : -1;
    struct span text = attribute(si, OID_MS_SCEP_SERVER_MESSAGE, V_ASN1_UTF8STRING);
    if (!text.n)
        text = attribute(si, OID_SCEP_FAIL_INFO_TEXT, V_ASN1_UTF8STRING);
    out->text = arena_copy(a, text);
    return HR_OK;
}

/* OpenSSL reads OAEP parameters only when they are there, as an empty SEQUENCE. */
static void mend_oaep(CMS_ContentInfo *cms) {
    STACK_OF(CMS_RecipientInfo) *list = CMS_get0_RecipientInfos(cms);
    for (int i = 0; i < sk_CMS_RecipientInfo_num(list); i++) {
        X509_ALGOR *algorithm = NULL;
        const ASN1_OBJECT *oid;
        int type;
        CMS_RecipientInfo *ri = sk_CMS_RecipientInfo_value(list, i);
        if (CMS_RecipientInfo_type(ri) != CMS_RECIPINFO_TRANS ||
            CMS_RecipientInfo_ktri_get0_algs(ri, NULL, NULL, &algorithm) != 1)
            continue;
        X509_ALGOR_get0(&oid, &type, NULL, algorithm);
        if (OBJ_obj2nid(oid) != NID_rsaesOaep || (type != V_ASN1_UNDEF && type != V_ASN1_NULL))
            continue;
        ASN1_STRING *empty = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
        ASN1_STRING_set(empty, "\x30", 2);
        X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_rsaesOaep), V_ASN1_SEQUENCE, empty);
    }
}

/* The one certificate of the degenerate SignedData in the envelope. */
static uint32_t decrypt(struct arena *a, struct span content, const struct scep_request *r,
                        X509 **out) {
    OSSL_AUTO(CMS_ContentInfo) enveloped = read_cms(content, NID_pkcs7_enveloped);
    if (!enveloped)
        return HR_CRYPT_ASN1_BADTAG;
    mend_oaep(enveloped);
    OSSL_AUTO(BIO) clear = BIO_new(BIO_s_mem());
    if (CMS_decrypt(enveloped, r->signer_key, r->signer, NULL, clear, CMS_BINARY) != 1)
        return HR_NTE_BAD_DATA;
    OSSL_AUTO(CMS_ContentInfo) bag = read_cms(ossl_content(a, clear), NID_pkcs7_signed);
    if (!bag)
        return HR_CRYPT_ASN1_BADTAG;
    OSSL_CERTS_AUTO certs = CMS_get1_certs(bag);
    if (sk_X509_num(certs) != 1)
        return HR_INVALID_DATA;
    *out = sk_X509_shift(certs);
    return HR_OK;
}

static uint32_t check_cert(X509 *x, const struct scep_request *r) {
    time_t now = (time_t)(clock_ms() / 1000);
    if (EVP_PKEY_eq(X509_get0_pubkey(x), r->key) != 1)
        return HR_NTE_BAD_PUBLIC_KEY;
    /* A certificate from the host's future is thrown away (windows-mdm.md, A.6.6). */
    if (X509_cmp_time(X509_get0_notBefore(x), &now) > 0 ||
        X509_cmp_time(X509_get0_notAfter(x), &now) < 0)
        return HR_CERT_EXPIRED;
    return HR_OK;
}

uint32_t scep_answer_read(struct arena *a, struct span message, const struct scep_request *r,
                          const struct scep_ca *ca, bool check_nonce, struct scep_answer *out) {
    struct span content;
    OSSL_AUTO(CMS_ContentInfo) cms = read_cms(message, NID_pkcs7_signed);
    if (!cms)
        return HR_CRYPT_ASN1_BADTAG;
    uint32_t hr = verify(cms, ca->sign, a, &content);
    if (hr != HR_OK)
        return hr;
    hr = read_attributes(a, sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0), r, check_nonce,
                         out);
    if (hr != HR_OK || out->status != SCEP_SUCCESS)
        return hr;
    X509 *cert = NULL;
    hr = decrypt(a, content, r, &cert);
    if (hr == HR_OK)
        hr = check_cert(cert, r);
    if (hr == HR_OK)
        out->cert = cert;
    else
        X509_free(cert);
    return hr;
}
