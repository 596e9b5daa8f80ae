/* SPDX-License-Identifier: Apache-2.0 */
/* Owners of OpenSSL objects that free themselves at the end of the scope: OSSL_AUTO(X509) c = NULL;
 */
#ifndef SIGNET_DEVICE_OSSL_H
#define SIGNET_DEVICE_OSSL_H

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/arena.h"

#define OSSL_OWNER(type)                       \
    static inline void type##_drop(type **p) { \
        type##_free(*p);                       \
    }
OSSL_OWNER(X509)
OSSL_OWNER(X509_REQ)
OSSL_OWNER(X509_NAME)
OSSL_OWNER(X509_STORE)
OSSL_OWNER(X509_STORE_CTX)
OSSL_OWNER(X509_EXTENSION)
OSSL_OWNER(EVP_PKEY)
OSSL_OWNER(PKCS7)
OSSL_OWNER(EVP_PKEY_CTX)
OSSL_OWNER(CMS_ContentInfo)
OSSL_OWNER(BIO)
OSSL_OWNER(ASN1_OBJECT)
OSSL_OWNER(ASN1_BIT_STRING)
OSSL_OWNER(ASN1_STRING)
OSSL_OWNER(EXTENDED_KEY_USAGE)
OSSL_OWNER(GENERAL_NAMES)
OSSL_OWNER(AUTHORITY_KEYID)

static inline void ossl_free_drop(unsigned char **p) {
    OPENSSL_free(*p);
}
/* What an i2d function of OpenSSL allocated. */
#define OSSL_BYTES_AUTO __attribute__((cleanup(ossl_free_drop))) unsigned char *

#define OSSL_AUTO(type) __attribute__((cleanup(type##_drop))) type *

static inline void ossl_certs_drop(STACK_OF(X509) * *p) {
    sk_X509_pop_free(*p, X509_free);
}
#define OSSL_CERTS_AUTO __attribute__((cleanup(ossl_certs_drop))) STACK_OF(X509) *

static inline void ossl_exts_drop(STACK_OF(X509_EXTENSION) * *p) {
    sk_X509_EXTENSION_pop_free(*p, X509_EXTENSION_free);
}
#define OSSL_EXTS_AUTO __attribute__((cleanup(ossl_exts_drop))) STACK_OF(X509_EXTENSION) *

static inline BIO *ossl_reader(struct span s) {
    return BIO_new_mem_buf(s.n ? (const void *)s.p : "", (int)s.n);
}

/* A copy of what a memory BIO holds. */
static inline struct span ossl_content(struct arena *a, BIO *b) {
    char *p = NULL;
    long n = BIO_get_mem_data(b, &p);
    return arena_copy(a, span_of(p, n > 0 ? (size_t)n : 0));
}

/* DER of a certificate, NULL-safe: empty for what cannot be encoded. */
static inline struct span ossl_x509_der(struct arena *a, const X509 *x) {
    unsigned char *p = NULL;
    int n = i2d_X509(x, &p);
    struct span copy = n > 0 ? arena_copy(a, span_of(p, (size_t)n)) : SPAN_NONE;
    OPENSSL_free(p);
    return copy;
}

/* PKCS#8 PEM of a private key. */
static inline struct span ossl_key_pem(struct arena *a, const EVP_PKEY *key) {
    BIO *out = BIO_new(BIO_s_mem());
    PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
    struct span pem = ossl_content(a, out);
    BIO_free(out);
    return pem;
}

/* The certificate that fills the whole of `der`, or NULL. The caller frees it. */
static inline X509 *ossl_x509_read(struct span der) {
    const unsigned char *p = der.p;
    X509 *x = der.n ? d2i_X509(NULL, &p, (long)der.n) : NULL;
    if (x && p != der.p + der.n) {
        X509_free(x);
        x = NULL;
    }
    return x;
}

#endif
