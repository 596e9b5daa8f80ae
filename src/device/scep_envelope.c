/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens the envelope of a CertRep. Single DES is no longer in OpenSSL's default provider: for that
 * alone there is a context with the legacy one, made when one comes and gone when it is open. Keys
 * do not move between contexts, so theirs are read again there.
 */
#include "device/hresult.h"
#include "device/legacy.h"
#include "device/scep_message.h"

/*
 * The cipher's NID. OpenSSL's CMS does not tell it; its PKCS#7 reads the same bytes, as Windows'
 * own old reader, and knows recipients by issuer and serial only.
 */
static int cipher_of(struct span der) {
    const unsigned char *p = der.p;
    OSSL_AUTO(PKCS7) p7 = der.n ? d2i_PKCS7(NULL, &p, (long)der.n) : NULL;
    bool whole = p7 && p == der.p + der.n && PKCS7_type_is_enveloped(p7) && p7->d.enveloped;
    return whole ? OBJ_obj2nid(p7->d.enveloped->enc_data->algorithm->algorithm) : NID_undef;
}

static bool is_taken(const struct host *h, int cipher) {
    return cipher == NID_aes_128_cbc || cipher == NID_aes_192_cbc || cipher == NID_aes_256_cbc ||
           cipher == NID_des_ede3_cbc ||
           (cipher == NID_des_cbc && host_switch_is(h, "open-des", "yes"));
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

static uint32_t decrypt(OSSL_LIB_CTX *ctx, struct arena *a, struct span der, EVP_PKEY *key,
                        X509 *cert, struct span *out) {
    const unsigned char *p = der.p;
    CMS_ContentInfo *cms = CMS_ContentInfo_new_ex(ctx, NULL);
    OSSL_AUTO(BIO) clear = BIO_new(BIO_s_mem());
    uint32_t hr = HR_CRYPT_ASN1_BADTAG;
    if (d2i_CMS_ContentInfo(&cms, &p, (long)der.n)) {
        mend_oaep(cms);
        hr = CMS_decrypt(cms, key, cert, NULL, clear, CMS_BINARY) == 1 ? HR_OK : HR_NTE_BAD_DATA;
        *out = ossl_content(a, clear);
    }
    CMS_ContentInfo_free(cms);
    return hr;
}

/* Key and certificate are read again so that nothing of the context outlives it. */
static uint32_t decrypt_in(OSSL_LIB_CTX *ctx, struct arena *a, struct span der,
                           const struct scep_request *r, struct span *out) {
    OSSL_BYTES_AUTO bytes = NULL;
    int n = i2d_PrivateKey(r->signer_key, &bytes);
    const unsigned char *p = bytes;
    OSSL_AUTO(EVP_PKEY) key = n > 0 ? d2i_AutoPrivateKey_ex(NULL, &p, n, ctx, NULL) : NULL;
    struct span signer = ossl_x509_der(a, r->signer);
    p = signer.p;
    X509 *cert = X509_new_ex(ctx, NULL);
    bool ok = key && d2i_X509(&cert, &p, (long)signer.n);
    uint32_t hr = ok ? decrypt(ctx, a, der, key, cert, out) : HR_NTE_BAD_DATA;
    X509_free(cert);
    OPENSSL_cleanse(bytes, n > 0 ? (size_t)n : 0);
    return hr;
}

static uint32_t decrypt_des(struct arena *a, struct span der, const struct scep_request *r,
                            struct span *out) {
    LEGACY_AUTO(legacy);
    return legacy_open(&legacy) ? decrypt_in(legacy.ctx, a, der, r, out) : HR_NTE_BAD_ALGID;
}

uint32_t scep_envelope_open(const struct host *h, struct arena *a, struct span der,
                            const struct scep_request *r, struct span *out) {
    int cipher = cipher_of(der);
    if (cipher == NID_undef)
        return HR_CRYPT_ASN1_BADTAG;
    if (!is_taken(h, cipher))
        return HR_NTE_BAD_ALGID;
    return cipher == NID_des_cbc ? decrypt_des(a, der, r, out)
                                 : decrypt(NULL, a, der, r->signer_key, r->signer, out);
}
