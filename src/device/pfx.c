/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKCS12_parse would do most of it, but it counts as long as the PFX says: so each layer is opened
 * here, after a look at its iteration count. RC2, in which old tools encrypt certificates, is only
 * in OpenSSL's legacy provider.
 */
#include "device/pfx.h"

#include <openssl/pkcs12.h>

#include "device/legacy.h"
#include "device/ossl.h"

/* Windows 10 refuses more, in the words of its event log: "Maximum permissible value: 600000". */
enum { ITERATIONS_MAX = 600000, DERIVATIONS_MAX = 6 };

OSSL_OWNER(PKCS12)
OSSL_OWNER(PBE2PARAM)
OSSL_OWNER(PBKDF2PARAM)
OSSL_OWNER(PBEPARAM)

struct reader {
    OSSL_LIB_CTX *ctx;
    const char *password;
    int derivations;
    STACK_OF(X509) * certs;
    EVP_PKEY *key;
    const char *why;
};

static bool fail(struct reader *r, const char *why) {
    if (!r->why)
        r->why = why;
    return false;
}

static enum pfx_result refuse(struct reader *r, const char *why) {
    fail(r, why);
    return PFX_UNUSABLE;
}

static bool may_derive(struct reader *r, const ASN1_INTEGER *iterations) {
    int64_t n = 1; /* the default of MacData */
    if (iterations && (ASN1_INTEGER_get_int64(&n, iterations) != 1 || n < 1 || n > ITERATIONS_MAX))
        return fail(r, "an iteration count that Windows refuses; it takes 600000 at most");
    return ++r->derivations <= DERIVATIONS_MAX || fail(r, "too many encrypted parts");
}

static bool may_derive_pbes2(struct reader *r, const ASN1_TYPE *parameter) {
    OSSL_AUTO(PBE2PARAM) pbe = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), parameter);
    if (!pbe || OBJ_obj2nid(pbe->keyfunc->algorithm) != NID_id_pbkdf2)
        return fail(r, "encryption by something else than PBKDF2");
    OSSL_AUTO(PBKDF2PARAM)
    kdf = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), pbe->keyfunc->parameter);
    return kdf ? may_derive(r, kdf->iter) : fail(r, "parameters of PBKDF2 that cannot be read");
}

static bool may_decrypt(struct reader *r, const X509_ALGOR *algorithm) {
    if (OBJ_obj2nid(algorithm->algorithm) == NID_pbes2)
        return may_derive_pbes2(r, algorithm->parameter);
    OSSL_AUTO(PBEPARAM)
    pbe = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM), algorithm->parameter);
    return pbe ? may_derive(r, pbe->iter) : fail(r, "an encryption that cannot be read");
}

/* PKCS#8 in the clear belongs to no library context. */
static bool take_key(struct reader *r, const PKCS8_PRIV_KEY_INFO *p8) {
    if (r->key)
        return fail(r, "more than one private key");
    r->key = p8 ? EVP_PKCS82PKEY(p8) : NULL;
    return r->key || fail(r, "a private key that cannot be read");
}

static bool take_shrouded_key(struct reader *r, const PKCS12_SAFEBAG *bag) {
    const X509_ALGOR *algorithm;
    const X509_SIG *sealed = PKCS12_SAFEBAG_get0_pkcs8(bag);
    X509_SIG_get0(sealed, &algorithm, NULL);
    if (!may_decrypt(r, algorithm))
        return false;
    PKCS8_PRIV_KEY_INFO *p8 =
        PKCS8_decrypt_ex(sealed, r->password, r->password ? -1 : 0, r->ctx, NULL);
    bool ok = take_key(r, p8);
    PKCS8_PRIV_KEY_INFO_free(p8);
    return ok;
}

static bool take_bag(struct reader *r, const PKCS12_SAFEBAG *bag) {
    int kind = PKCS12_SAFEBAG_get_nid(bag);
    if (kind == NID_keyBag)
        return take_key(r, PKCS12_SAFEBAG_get0_p8inf(bag));
    if (kind == NID_pkcs8ShroudedKeyBag)
        return take_shrouded_key(r, bag);
    if (kind != NID_certBag || PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate)
        return true;
    X509 *x = PKCS12_SAFEBAG_get1_cert(bag);
    return (x && sk_X509_push(r->certs, x)) || fail(r, "a certificate that cannot be read");
}

/* The bags of one of the PFX's parts, or NULL. */
static STACK_OF(PKCS12_SAFEBAG) * open_part(struct reader *r, PKCS7 *part) {
    STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
    if (PKCS7_type_is_data(part))
        bags = PKCS12_unpack_p7data(part);
    else if (!PKCS7_type_is_encrypted(part) || !part->d.encrypted)
        fail(r, "a part that is not protected by the password");
    else if (may_decrypt(r, part->d.encrypted->enc_data->algorithm))
        bags = PKCS12_unpack_p7encdata(part, r->password, r->password ? -1 : 0);
    if (!bags)
        fail(r, "a part that cannot be opened");
    return bags;
}

static bool take_part(struct reader *r, PKCS7 *part) {
    STACK_OF(PKCS12_SAFEBAG) *bags = open_part(r, part);
    bool ok = bags != NULL;
    for (int i = 0; ok && i < sk_PKCS12_SAFEBAG_num(bags); i++)
        ok = take_bag(r, sk_PKCS12_SAFEBAG_value(bags, i));
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return ok;
}

/* An empty password is written in two ways. */
static bool is_password(struct reader *r, PKCS12 *p) {
    if (PKCS12_verify_mac(p, r->password, r->password ? -1 : 0) == 1)
        return true;
    if (r->password && *r->password)
        return false;
    r->password = r->password ? NULL : "";
    return PKCS12_verify_mac(p, r->password, 0) == 1;
}

static enum pfx_result read_parts(struct reader *r, PKCS12 *p) {
    const ASN1_INTEGER *iterations;
    const X509_ALGOR *digest;
    PKCS12_get0_mac(NULL, &digest, NULL, &iterations, p);
    if (!digest || !EVP_get_digestbyobj(digest->algorithm))
        return refuse(r, digest ? "a MAC that cannot be checked" : "no MAC");
    if (!may_derive(r, iterations))
        return PFX_UNUSABLE;
    if (!is_password(r, p))
        return PFX_WRONG_PASSWORD;
    STACK_OF(PKCS7) *parts = PKCS12_unpack_authsafes(p);
    bool ok = parts || fail(r, "parts that cannot be read");
    for (int i = 0; ok && i < sk_PKCS7_num(parts); i++)
        ok = take_part(r, sk_PKCS7_value(parts, i));
    sk_PKCS7_pop_free(parts, PKCS7_free);
    return ok ? PFX_OPENED : PFX_UNUSABLE;
}

static enum pfx_result find_pair(struct reader *r, struct arena *a, struct pfx_content *out) {
    for (int i = 0; r->key && i < sk_X509_num(r->certs); i++) {
        const X509 *x = sk_X509_value(r->certs, i);
        if (X509_check_private_key(x, r->key) != 1)
            continue;
        out->cert = ossl_x509_der(a, x);
        out->key = ossl_key_pem(a, r->key);
        return PFX_OPENED;
    }
    return refuse(r, r->key ? "no certificate for its private key" : "no private key");
}

/* The PKCS12 object carries the context into what is unpacked from it. */
static enum pfx_result read_pfx(struct reader *r, struct arena *a, struct span pfx,
                                struct pfx_content *out) {
    const unsigned char *p = pfx.p;
    OSSL_AUTO(PKCS12) p12 = PKCS12_init_ex(NID_pkcs7_data, r->ctx, NULL);
    if (!pfx.n || pfx.n > PFX_MAX)
        return refuse(r, pfx.n ? "more than 64 KiB" : "nothing at all");
    if (!d2i_PKCS12(&p12, &p, (long)pfx.n) || p != pfx.p + pfx.n)
        return refuse(r, "no PKCS#12");
    enum pfx_result result = read_parts(r, p12);
    return result == PFX_OPENED ? find_pair(r, a, out) : result;
}

enum pfx_result pfx_open(struct arena *a, struct span pfx, const char *password,
                         struct pfx_content *out) {
    LEGACY_AUTO(legacy);
    legacy_open(&legacy); /* without it all but RC2 can still be opened */
    struct reader r = {.ctx = legacy.ctx, .password = password, .certs = sk_X509_new_null()};
    *out = (struct pfx_content){0};
    enum pfx_result result = read_pfx(&r, a, pfx, out);
    out->why = result == PFX_WRONG_PASSWORD ? "wrong password" : r.why;
    sk_X509_pop_free(r.certs, X509_free);
    EVP_PKEY_free(r.key);
    return result;
}
