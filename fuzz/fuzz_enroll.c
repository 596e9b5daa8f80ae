/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a RequestSecurityToken carries: a CSR, or a CMS around one that an identity signed. Oracles:
 * a proof that is believed holds a certificate and a CSR, and OpenSSL, given that certificate
 * alone, finds the signature good once more and the same CSR under it; no error of OpenSSL's stays
 * behind.
 */
#include "mdm/renewal_proof.h"
#include "x509/cert.h" /* before OpenSSL makes macros of its KU_ names */
#include "x509/csr.h"

#include <openssl/cms.h>
#include <openssl/err.h>

#include "fuzz.h"

/* By OpenSSL again, with only that certificate to choose from. */
static bool holds(struct span message, struct span cert, struct span csr) {
    const unsigned char *at = message.p, *cert_at = cert.p;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)message.n);
    X509 *x = d2i_X509(NULL, &cert_at, (long)cert.n);
    STACK_OF(X509) *certs = sk_X509_new_null();
    BIO *out = BIO_new(BIO_s_mem());
    sk_X509_push(certs, x);
    bool ok = cms && x &&
              CMS_verify(cms, certs, NULL, NULL, out,
                         CMS_NOINTERN | CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY) == 1;
    char *p = NULL;
    long n = BIO_get_mem_data(out, &p);
    ok = ok && span_eq(span_of(p, (size_t)n), csr);
    BIO_free(out);
    sk_X509_free(certs);
    X509_free(x);
    CMS_ContentInfo_free(cms);
    ERR_clear_error();
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    struct span message = span_of(data, size), cert, der;
    struct renewal_proof *proof;
    struct csr csr;
    struct cert parsed;
    if (csr_parse(message, &csr) == OK) {
        must_be_inside(message, csr.spki);
        must_be_inside(message, csr.device_id);
        (void)!csr_verify(&csr);
    }
    enum err e = renewal_proof_read(&a, message, &proof, &cert);
    must(ERR_peek_error() == 0);
    if (e == OK)
        e = renewal_proof_verify(&a, proof, &der);
    must(ERR_peek_error() == 0);
    if (e != OK)
        return 0;
    must(cert.n > 0 && der.n > 0 && der.n <= size);
    must(holds(message, cert, der));
    (void)!cert_parse(cert, &parsed);
    (void)!csr_parse(der, &csr);
    return 0;
}
