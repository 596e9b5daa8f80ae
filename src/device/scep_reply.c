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

/* SHA-1 is what NDES sends, SHA-256 was seen from others (windows-scep.md, 4.8). */
static bool is_known_digest(CMS_SignerInfo *si) {
    X509_ALGOR *digest = NULL;
    CMS_SignerInfo_get0_algs(si, NULL, NULL, &digest, NULL);
    int nid = digest ? OBJ_obj2nid(digest->algorithm) : NID_undef;
    return nid == NID_sha1 || nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512;
}

static uint32_t verify(CMS_ContentInfo *cms, X509 *signer, struct arena *a, struct span *content) {
    STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
    if (sk_CMS_SignerInfo_num(signers) != 1)
        return HR_CRYPT_SIGNER_NOT_FOUND;
    CMS_SignerInfo *si = sk_CMS_SignerInfo_value(signers, 0);
    if (CMS_SignerInfo_cert_cmp(si, signer) != 0)
        return HR_CRYPT_SIGNER_NOT_FOUND;
    if (!is_known_digest(si))
        return HR_NTE_BAD_ALGID;
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

static uint32_t read_attributes(const struct host *h, struct arena *a, CMS_SignerInfo *si,
                                const struct scep_request *r, struct scep_answer *out) {
    struct span type = attribute(si, OID_SCEP_MESSAGE_TYPE, V_ASN1_PRINTABLESTRING);
    struct span status = attribute(si, OID_SCEP_PKI_STATUS, V_ASN1_PRINTABLESTRING);
    struct span transaction = attribute(si, OID_SCEP_TRANSACTION_ID, V_ASN1_PRINTABLESTRING);
    struct span sender = attribute(si, OID_SCEP_SENDER_NONCE, V_ASN1_OCTET_STRING);
    struct span recipient = attribute(si, OID_SCEP_RECIPIENT_NONCE, V_ASN1_OCTET_STRING);
    int64_t number;
    bool nonces = (sender.n && recipient.n) || host_switch_is(h, "missing-nonce", "accept");
    if (!type.n || !status.n || !transaction.n || !nonces)
        return HR_CRYPT_AUTH_ATTR_MISSING;
    if (!span_is(type, "3"))
        return HR_CRYPT_UNEXPECTED_TYPE;
    if (!span_is(transaction, r->transaction))
        return HR_INVALID_DATA;
    if (recipient.n && host_switch_is(h, "check-recipient-nonce", "yes") &&
        !span_eq(recipient, span_of(r->nonce, sizeof r->nonce)))
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

/* The certificate for the request's key; with check-leaf-only it must be the only one. */
static uint32_t take_certificate(const struct host *h, struct span bag,
                                 const struct scep_request *r, X509 **out) {
    OSSL_AUTO(CMS_ContentInfo) degenerate = read_cms(bag, NID_pkcs7_signed);
    if (!degenerate)
        return HR_CRYPT_ASN1_BADTAG;
    OSSL_CERTS_AUTO certs = CMS_get1_certs(degenerate);
    int n = sk_X509_num(certs);
    if (n < 1 || (n > 1 && host_switch_is(h, "check-leaf-only", "yes")))
        return HR_INVALID_DATA;
    for (int i = 0; i < n; i++)
        if (EVP_PKEY_eq(X509_get0_pubkey(sk_X509_value(certs, i)), r->key) == 1) {
            *out = sk_X509_delete(certs, i);
            return HR_OK;
        }
    return HR_NTE_BAD_PUBLIC_KEY;
}

static uint32_t check_time(const struct host *h, const X509 *x) {
    time_t now = (time_t)(host_clock_ms(h) / 1000);
    /* A certificate from the host's future is thrown away (windows-mdm.md, A.6.6). */
    bool valid = X509_cmp_time(X509_get0_notBefore(x), &now) <= 0 &&
                 X509_cmp_time(X509_get0_notAfter(x), &now) >= 0;
    return valid ? HR_OK : HR_CERT_EXPIRED;
}

uint32_t scep_answer_read(const struct host *h, struct arena *a, struct span message,
                          const struct scep_request *r, const struct scep_ca *ca,
                          struct scep_answer *out) {
    struct span content, bag;
    OSSL_AUTO(CMS_ContentInfo) cms = read_cms(message, NID_pkcs7_signed);
    if (!cms)
        return HR_CRYPT_ASN1_BADTAG;
    uint32_t hr = verify(cms, ca->sign, a, &content);
    if (hr == HR_OK)
        hr = read_attributes(h, a, sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0), r, out);
    if (hr != HR_OK || out->status != SCEP_SUCCESS)
        return hr;
    OSSL_AUTO(X509) cert = NULL;
    hr = scep_envelope_open(h, a, content, r, &bag);
    if (hr == HR_OK)
        hr = take_certificate(h, bag, r, &cert);
    if (hr == HR_OK)
        hr = check_time(h, cert);
    if (hr == HR_OK && X509_up_ref(cert))
        out->cert = cert;
    return hr;
}
