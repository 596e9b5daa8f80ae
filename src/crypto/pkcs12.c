/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs12.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "crypto/lib.h"

/* The passwords that we seal with are random: more iterations would protect nothing better. */
enum { ITERATIONS = 2048, MAX_ITERATIONS = 10000000 };

static void free_certs(STACK_OF(X509) * certs) {
    sk_X509_pop_free(certs, X509_free);
}

/* ---- sealing ---- */

/* Of our own context; d2i frees it, and makes it NULL, when it fails. */
static X509 *read_cert(struct span der) {
    X509 *c = X509_new_ex(crypto_lib(), NULL);
    const uint8_t *p = der.p;
    return c && d2i_X509(&c, &p, (long)der.n) ? c : NULL;
}

static EVP_PKEY *read_key(struct span der) {
    const uint8_t *p = der.p;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)der.n);
    EVP_PKEY *key = info ? EVP_PKCS82PKEY_ex(info, crypto_lib(), NULL) : NULL;
    PKCS8_PRIV_KEY_INFO_free(info);
    return key;
}

static STACK_OF(X509) * read_chain(const struct pkcs12 *content) {
    STACK_OF(X509) *chain = sk_X509_new_null();
    for (size_t i = 1; chain && i < content->count; i++) {
        X509 *c = read_cert(content->certs[i]);
        if (c && sk_X509_push(chain, c) > 0)
            continue;
        X509_free(c);
        free_certs(chain);
        return NULL;
    }
    return chain;
}

static PKCS12 *create(const struct pkcs12 *content, const char *password, enum pkcs12_form form) {
    int cipher = form == PKCS12_AES ? NID_aes_256_cbc : NID_pbe_WithSHA1And3_Key_TripleDES_CBC;
    EVP_PKEY *key = read_key(content->key);
    X509 *own = read_cert(content->certs[0]);
    STACK_OF(X509) *chain = read_chain(content);
    PKCS12 *p = key && own && chain
                    ? PKCS12_create_ex(password, NULL, key, own, chain, cipher, cipher, ITERATIONS,
                                       -1, 0, crypto_lib(), NULL)
                    : NULL; /* -1: the MAC comes below */
    if (p && !PKCS12_set_mac(p, password, -1, NULL, 0, ITERATIONS,
                             crypto_md(form == PKCS12_AES ? DIGEST_SHA256 : DIGEST_SHA1))) {
        PKCS12_free(p);
        p = NULL;
    }
    EVP_PKEY_free(key);
    X509_free(own);
    free_certs(chain);
    return p;
}

enum err pkcs12_seal(struct arena *a, const struct pkcs12 *content, const char *password,
                     enum pkcs12_form form, struct span *out) {
    uint8_t *der = NULL;
    PKCS12 *p = create(content, password, form);
    int n = p ? i2d_PKCS12(p, &der) : -1;
    PKCS12_free(p);
    if (n <= 0)
        return crypto_error("sealing a PKCS#12");
    *out = arena_copy(a, span_of(der, (size_t)n));
    OPENSSL_free(der);
    return OK;
}

/* ---- opening ---- */

/* What was hostile may keep us busy for hours by the iterations of its MAC; what comes after that
 * was written by somebody who knows the password. */
static enum err check_mac(PKCS12 *p) {
    const ASN1_INTEGER *iterations = NULL;
    int64_t n = 1;
    if (!PKCS12_mac_present(p))
        return err_set(ERR_PARSE, "the PKCS#12 has no MAC: nothing says that it is whole");
    PKCS12_get0_mac(NULL, NULL, NULL, &iterations, p);
    if (iterations && (!ASN1_INTEGER_get_int64(&n, iterations) || n > MAX_ITERATIONS))
        return err_set(ERR_LIMIT, "the PKCS#12's MAC has more than %d iterations", MAX_ITERATIONS);
    return OK;
}

/* By OpenSSL's queue, which is empty then. */
static enum err parse_error(void) {
    bool password = false, unsupported = false;
    for (unsigned long e; (e = ERR_get_error()) != 0;) {
        password |=
            ERR_GET_LIB(e) == ERR_LIB_PKCS12 && ERR_GET_REASON(e) == PKCS12_R_MAC_VERIFY_FAILURE;
        unsupported |= ERR_GET_REASON(e) == ERR_R_UNSUPPORTED;
    }
    if (password)
        return err_set(ERR_AUTH, "the password is not that of the PKCS#12");
    if (unsupported)
        return err_set(ERR_ALGORITHM,
                       "the PKCS#12 is sealed with an algorithm that is not read any more, such as "
                       "RC2: openssl pkcs12 -legacy -in FILE -out ALL.pem, and then openssl pkcs12 "
                       "-export -in ALL.pem -out NEW.p12, seal it anew");
    return err_set(ERR_PARSE, "the PKCS#12 cannot be read behind its MAC");
}

static enum err keep_cert(struct arena *a, const X509 *c, struct pkcs12 *out) {
    uint8_t *der = NULL;
    int n = i2d_X509(c, &der);
    if (n <= 0)
        return crypto_error("a certificate of the PKCS#12");
    out->certs[out->count++] = arena_copy(a, span_of(der, (size_t)n));
    OPENSSL_free(der);
    return OK;
}

static enum err keep_key(struct arena *a, const EVP_PKEY *key, struct pkcs12 *out) {
    uint8_t *der = NULL;
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    int n = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;
    PKCS8_PRIV_KEY_INFO_free(info);
    if (n <= 0)
        return crypto_error("the key of the PKCS#12");
    out->key = arena_copy(a, span_of(der, (size_t)n));
    OPENSSL_clear_free(der, (size_t)n);
    return OK;
}

static enum err keep(struct arena *a, const EVP_PKEY *key, const X509 *own,
                     const STACK_OF(X509) * chain, struct pkcs12 *out) {
    int others = chain ? sk_X509_num(chain) : 0;
    *out = (struct pkcs12){.count = 0};
    if (!key || !own)
        return err_set(ERR_PARSE, "the PKCS#12 holds no %s",
                       key ? "certificate of its key" : "private key");
    if (others >= PKCS12_MAX_CERTS)
        return err_set(ERR_LIMIT, "the PKCS#12 holds more than %d certificates", PKCS12_MAX_CERTS);
    TRY(keep_cert(a, own, out));
    for (int i = 0; i < others; i++)
        TRY(keep_cert(a, sk_X509_value(chain, i), out));
    return keep_key(a, key, out);
}

static enum err open_read(struct arena *a, PKCS12 *p, const char *password, struct pkcs12 *out) {
    EVP_PKEY *key = NULL;
    X509 *own = NULL;
    STACK_OF(X509) *chain = NULL;
    TRY(check_mac(p));
    ERR_clear_error();
    enum err e = PKCS12_parse(p, password, &key, &own, &chain) ? keep(a, key, own, chain, out)
                                                               : parse_error();
    EVP_PKEY_free(key);
    X509_free(own);
    free_certs(chain);
    ERR_clear_error();
    return e;
}

/* Only this way of reading hands our own context on to what is inside. */
static PKCS12 *read_file(struct span file) {
    PKCS12 *p = PKCS12_init_ex(NID_pkcs7_data, crypto_lib(), NULL);
    BIO *bio = file.n ? BIO_new_mem_buf(file.p, (int)file.n) : NULL;
    bool whole = p && bio && d2i_PKCS12_bio(bio, &p) && BIO_ctrl_pending(bio) == 0;
    BIO_free(bio);
    if (whole)
        return p;
    PKCS12_free(p);
    ERR_clear_error();
    return NULL;
}

enum err pkcs12_open(struct arena *a, struct span file, const char *password, struct pkcs12 *out) {
    if (file.n > PKCS12_MAX_SIZE)
        return err_set(ERR_LIMIT, "a PKCS#12 of more than %d octets", PKCS12_MAX_SIZE);
    PKCS12 *p = read_file(file);
    if (!p)
        return err_set(ERR_PARSE, "not a PKCS#12 file (.p12, .pfx) in DER");
    enum err e = open_read(a, p, password, out);
    PKCS12_free(p);
    return e;
}
