/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/public.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "base/mem.h"
#include "crypto/algorithm.h"
#include "crypto/lib.h"

enum { RSA_MIN_BYTES = 64, RSA_MAX_BYTES = 1024, RSA_MAX_EXPONENT_BYTES = 4 };

struct public_key {
    EVP_PKEY *pkey;
    bool rsa;
};

/* ---- SubjectPublicKeyInfo ---- */

static const struct {
    const char *oid, *name;
    unsigned bits;
} curves[] = {{OID_P256, "P-256", 256}, {OID_P384, "P-384", 384}, {OID_P521, "P-521", 521}};

enum { CURVES = sizeof curves / sizeof *curves };

static enum err positive(struct der *d, struct span *out) {
    struct der at = *d;
    TRY(der_integer(d, out));
    if (out->p[0] & 0x80)
        return der_error(&at, "a negative number in an RSA key");
    if (out->n > 1 && out->p[0] == 0)
        *out = span_from(*out, 1);
    return OK;
}

static enum err parse_rsa(struct spki *out) {
    struct der d = der_of(out->bits), key;
    TRY(der_enter(&d, DER_SEQUENCE, &key));
    TRY(positive(&key, &out->n));
    TRY(positive(&key, &out->e));
    TRY(der_end(&key));
    TRY(der_end(&d));
    struct span n = out->n, e = out->e;
    if (n.n < RSA_MIN_BYTES || n.n > RSA_MAX_BYTES || !(n.p[n.n - 1] & 1))
        return err_set(ERR_ALGORITHM, "an RSA modulus that is even, or of %zu octets", n.n);
    if (e.n > RSA_MAX_EXPONENT_BYTES || !(e.p[e.n - 1] & 1) || (e.n == 1 && e.p[0] < 3))
        return err_set(ERR_ALGORITHM, "an RSA exponent that is even, 1 or of %zu octets", e.n);
    out->rsa = true;
    return OK;
}

static enum err parse_ec(const struct algorithm *alg, struct spki *out) {
    struct der d = der_of(alg->params);
    struct span oid;
    TRY(der_oid(&d, &oid));
    for (size_t i = 0; i < CURVES; i++)
        if (oid_is(oid, curves[i].oid))
            out->curve = curves[i].name;
    return out->curve ? OK : err_set(ERR_ALGORITHM, "an EC key on a curve that is not supported");
}

enum err spki_parse(struct span der, struct spki *out) {
    struct der d = der_of(der), body;
    struct algorithm alg;
    *out = (struct spki){0};
    TRY(der_enter(&d, DER_SEQUENCE, &body));
    TRY(algorithm_read(&body, &alg));
    TRY(der_bits(&body, &out->bits));
    TRY(der_end(&body));
    TRY(der_end(&d));
    bool plain = alg.form == PARAMS_NULL || alg.form == PARAMS_ABSENT; /* RFC 3279, 2.3.1 */
    if (oid_is(alg.oid, OID_RSA) && plain)
        return parse_rsa(out);
    if (oid_is(alg.oid, OID_EC_PUBLIC_KEY))
        return parse_ec(&alg, out);
    return err_set(ERR_ALGORITHM, "a public key that is neither RSA nor EC");
}

static unsigned bits_of_number(struct span n) {
    unsigned bits = (unsigned)n.n * 8;
    for (unsigned top = n.p[0]; top < 0x80; top <<= 1)
        bits--;
    return bits;
}

unsigned spki_bits(const struct spki *spki) {
    for (size_t i = 0; i < CURVES && !spki->rsa; i++)
        if (spki->curve == curves[i].name)
            return curves[i].bits;
    return bits_of_number(spki->n);
}

enum err spki_key_id(struct span der, uint8_t out[20]) {
    struct spki key;
    uint8_t hash[DIGEST_MAX_SIZE];
    TRY(spki_parse(der, &key));
    TRY(digest_of(DIGEST_SHA1, key.bits, hash));
    memcpy(out, hash, 20);
    return OK;
}

/* ---- loading ---- */

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *bld) {
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(crypto_lib(), type, NULL);
    EVP_PKEY *pkey = NULL;
    if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) <= 0 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) <= 0)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return pkey;
}

static EVP_PKEY *load_rsa(const struct spki *spki) {
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    BIGNUM *n = BN_bin2bn(spki->n.p, (int)spki->n.n, NULL);
    BIGNUM *e = BN_bin2bn(spki->e.p, (int)spki->e.n, NULL);
    if (bld && n && e && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e))
        pkey = from_params("RSA", bld);
    BN_free(e);
    BN_free(n);
    OSSL_PARAM_BLD_free(bld);
    return pkey;
}

static EVP_PKEY *load_ec(const struct spki *spki) {
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    if (bld && OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, spki->curve, 0) &&
        OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, spki->bits.p, spki->bits.n))
        pkey = from_params("EC", bld);
    OSSL_PARAM_BLD_free(bld);
    return pkey;
}

enum err public_load(struct span der, struct public_key **out) {
    struct spki spki;
    TRY(spki_parse(der, &spki));
    EVP_PKEY *pkey = spki.rsa ? load_rsa(&spki) : load_ec(&spki);
    if (!pkey)
        return crypto_error("public key");
    struct public_key *k = mem_alloc(sizeof *k);
    *k = (struct public_key){pkey, spki.rsa};
    *out = k;
    return OK;
}

void public_free(struct public_key *k) {
    if (!k)
        return;
    EVP_PKEY_free(k->pkey);
    free(k);
}

bool public_is_rsa(const struct public_key *k) {
    return k->rsa;
}

/* ---- verification ---- */

/* EMSA-PKCS1-v1_5 (RFC 8017, 9.2); `null` tells whether the DigestInfo has its NULL. */
static bool expected_padding(enum digest d, const uint8_t *hash, bool null, uint8_t *em, size_t n) {
    uint8_t oid[OID_MAX_SIZE];
    size_t oid_n = oid_encode(digest_oid(d), oid), hash_n = digest_size(d);
    size_t alg_n = 2 + oid_n + (null ? 2 : 0), info_n = 2 + alg_n + 2 + hash_n;
    size_t total = 2 + info_n;
    if (n < total + 11)
        return false;
    memset(em, 0xff, n);
    em[0] = 0;
    em[1] = 1;
    uint8_t *p = em + n - total;
    p[-1] = 0;
    *p++ = DER_SEQUENCE, *p++ = (uint8_t)info_n;
    *p++ = DER_SEQUENCE, *p++ = (uint8_t)alg_n;
    *p++ = DER_OID, *p++ = (uint8_t)oid_n;
    memcpy(p, oid, oid_n);
    p += oid_n;
    if (null)
        *p++ = DER_NULL, *p++ = 0;
    *p++ = DER_OCTET_STRING, *p++ = (uint8_t)hash_n;
    memcpy(p, hash, hash_n);
    return true;
}

/* The public operation alone: what the signer padded. */
static bool recover(EVP_PKEY *pkey, struct span signature, uint8_t *em, size_t size) {
    size_t n = size;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(crypto_lib(), pkey, NULL);
    bool good = ctx && EVP_PKEY_verify_recover_init(ctx) > 0 &&
                EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) > 0 &&
                EVP_PKEY_verify_recover(ctx, em, &n, signature.p, signature.n) > 0 && n == size;
    EVP_PKEY_CTX_free(ctx);
    return good;
}

static bool rsa_holds(EVP_PKEY *pkey, enum digest d, const uint8_t *hash, struct span signature) {
    uint8_t em[RSA_MAX_BYTES], expected[RSA_MAX_BYTES];
    size_t n = (size_t)EVP_PKEY_get_size(pkey);
    if (signature.n != n || n > sizeof em || !recover(pkey, signature, em, n))
        return false;
    return (expected_padding(d, hash, true, expected, n) && memcmp(em, expected, n) == 0) ||
           (expected_padding(d, hash, false, expected, n) && memcmp(em, expected, n) == 0);
}

static bool ec_holds(EVP_PKEY *pkey, enum digest d, const uint8_t *hash, struct span signature) {
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(crypto_lib(), pkey, NULL);
    bool good = ctx && EVP_PKEY_verify_init(ctx) > 0 &&
                EVP_PKEY_verify(ctx, signature.p, signature.n, hash, digest_size(d)) == 1;
    EVP_PKEY_CTX_free(ctx);
    return good;
}

enum err public_verify(const struct public_key *k, enum digest d, const uint8_t *hash,
                       struct span signature) {
    bool good =
        k->rsa ? rsa_holds(k->pkey, d, hash, signature) : ec_holds(k->pkey, d, hash, signature);
    ERR_clear_error();
    return good ? OK : err_set(ERR_REFUSED, "the signature does not hold");
}

/* ---- encryption ---- */

enum err public_encrypt(const struct public_key *k, bool oaep, struct span in, struct arena *a,
                        struct span *out) {
    size_t n = (size_t)EVP_PKEY_get_size(k->pkey);
    uint8_t *p = arena_alloc(a, n);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(crypto_lib(), k->pkey, NULL);
    bool good =
        k->rsa && ctx && EVP_PKEY_encrypt_init(ctx) > 0 &&
        EVP_PKEY_CTX_set_rsa_padding(ctx, oaep ? RSA_PKCS1_OAEP_PADDING : RSA_PKCS1_PADDING) > 0 &&
        EVP_PKEY_encrypt(ctx, p, &n, in.p, in.n) > 0;
    EVP_PKEY_CTX_free(ctx);
    if (!good)
        return crypto_error("RSA encryption");
    *out = span_of(p, n);
    return OK;
}
