/* SPDX-License-Identifier: Apache-2.0 */
/* By OpenSSL's CMS: cms/signed.c insists on the signed attributes that SCEP has, and no capture
 * shows whether a renewal has them. */
#include "mdm/renewal_proof.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/x509.h>

enum { MAX_CERTS = 8 };

static struct span content_of(struct arena *a, BIO *b) {
    char *p = NULL;
    long n = BIO_get_mem_data(b, &p);
    return n > 0 ? arena_copy(a, span_of(p, (size_t)n)) : SPAN_NONE;
}

static struct span der_of(struct arena *a, const X509 *cert) {
    unsigned char *p = NULL;
    int n = i2d_X509(cert, &p);
    struct span copy = n > 0 ? arena_copy(a, span_of(p, (size_t)n)) : SPAN_NONE;
    OPENSSL_free(p);
    return copy;
}

/* The only signer's certificate, once it is found among those in the message; NULL: it is not. */
static X509 *signer_of(CMS_ContentInfo *cms, STACK_OF(X509) * certs) {
    STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
    if (sk_CMS_SignerInfo_num(signers) != 1)
        return NULL;
    CMS_SignerInfo *signer = sk_CMS_SignerInfo_value(signers, 0);
    for (int i = 0; i < sk_X509_num(certs); i++)
        if (CMS_SignerInfo_cert_cmp(signer, sk_X509_value(certs, i)) == 0)
            return sk_X509_value(certs, i);
    return NULL;
}

/* NO_SIGNER_CERT_VERIFY: the store knows the certificate, byte for byte, or it counts nothing. */
static enum err verify(struct arena *a, CMS_ContentInfo *cms, STACK_OF(X509) * certs,
                       struct span *cert, struct span *csr) {
    X509 *signer = certs && sk_X509_num(certs) <= MAX_CERTS ? signer_of(cms, certs) : NULL;
    BIO *out = signer ? BIO_new(BIO_s_mem()) : NULL;
    enum err e = OK;
    if (!signer)
        e = err_set(ERR_PARSE, "the renewal has not one signer, whose certificate is in it");
    else if (CMS_verify(cms, NULL, NULL, NULL, out, CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY) != 1)
        e = err_set(ERR_AUTH, "the renewal is not signed by the certificate in it");
    if (e == OK) {
        *csr = content_of(a, out);
        *cert = der_of(a, signer);
    }
    BIO_free(out);
    ERR_clear_error();
    return e;
}

enum err renewal_proof_read(struct arena *a, struct span der, struct span *cert, struct span *csr) {
    const unsigned char *p = der.p;
    CMS_ContentInfo *cms =
        der.n && der.n <= LONG_MAX ? d2i_CMS_ContentInfo(NULL, &p, (long)der.n) : NULL;
    *cert = *csr = SPAN_NONE;
    if (!cms || p != der.p + der.n || OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed) {
        CMS_ContentInfo_free(cms);
        ERR_clear_error();
        return err_set(ERR_PARSE, "the renewal is no CMS SignedData");
    }
    STACK_OF(X509) *certs = CMS_get1_certs(cms);
    enum err e = verify(a, cms, certs, cert, csr);
    sk_X509_pop_free(certs, X509_free);
    CMS_ContentInfo_free(cms);
    if (e == OK && (!cert->n || !csr->n))
        e = err_set(ERR_PARSE, "the renewal holds no CSR");
    return e;
}
