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

struct renewal_proof {
    CMS_ContentInfo *cms;
    STACK_OF(X509) * certs; /* those in it */
};

static void free_proof(void *user) {
    struct renewal_proof *p = user;
    sk_X509_pop_free(p->certs, X509_free);
    CMS_ContentInfo_free(p->cms);
}

enum err renewal_proof_read(struct arena *a, struct span der, struct renewal_proof **out,
                            struct span *cert) {
    struct renewal_proof *proof = *out = arena_alloc(a, sizeof *proof);
    const unsigned char *p = der.p;
    *cert = SPAN_NONE;
    arena_defer(a, free_proof, proof);
    if (der.n && der.n <= LONG_MAX)
        proof->cms = d2i_CMS_ContentInfo(NULL, &p, (long)der.n);
    bool is_signed = proof->cms && p == der.p + der.n &&
                     OBJ_obj2nid(CMS_get0_type(proof->cms)) == NID_pkcs7_signed;
    if (is_signed)
        proof->certs = CMS_get1_certs(proof->cms);
    if (proof->certs && sk_X509_num(proof->certs) <= MAX_CERTS) {
        const X509 *signer = signer_of(proof->cms, proof->certs);
        *cert = signer ? der_of(a, signer) : SPAN_NONE;
    }
    ERR_clear_error();
    if (!is_signed)
        return err_set(ERR_PARSE, "the renewal is no CMS SignedData");
    return cert->n
               ? OK
               : err_set(ERR_PARSE, "the renewal has not one signer, whose certificate is in it");
}

/* NO_SIGNER_CERT_VERIFY: the store knows the certificate, byte for byte. */
enum err renewal_proof_verify(struct arena *a, const struct renewal_proof *proof,
                              struct span *csr) {
    BIO *out = BIO_new(BIO_s_mem());
    unsigned flags = CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY;
    bool holds = out && CMS_verify(proof->cms, NULL, NULL, NULL, out, flags) == 1;
    *csr = holds ? content_of(a, out) : SPAN_NONE;
    BIO_free(out);
    ERR_clear_error();
    if (!holds)
        return err_set(ERR_AUTH, "the renewal is not signed by the certificate in it");
    return csr->n ? OK : err_set(ERR_PARSE, "the renewal holds no CSR");
}
