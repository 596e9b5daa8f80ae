/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/public.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include "crypto/algorithm.h"
#include "crypto/lib.h"
#include "crypto/pad.h"

enum { RSA_MIN_BYTES = 64, RSA_MAX_BYTES = 1024, RSA_MAX_EXPONENT_BYTES = 4 };

struct public_key {
    bool rsa;
    size_t size; /* of the modulus, in octets */
    BIGNUM *n, *e;
    BN_MONT_CTX *mont;
    EVP_PKEY *ec;
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

static bool load_rsa(const struct spki *spki, struct public_key *k) {
    k->n = BN_bin2bn(spki->n.p, (int)spki->n.n, NULL);
    k->e = BN_bin2bn(spki->e.p, (int)spki->e.n, NULL);
    k->mont = BN_MONT_CTX_new();
    return k->n && k->e && k->mont && BN_MONT_CTX_set(k->mont, k->n, crypto_numbers());
}

static bool load_ec(const struct spki *spki, struct public_key *k) {
    OSSL_PARAM params[] = {OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                                  (char *)(uintptr_t)spki->curve,
                                                  strlen(spki->curve)),
                           OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
                                                   (void *)(uintptr_t)spki->bits.p, spki->bits.n),
                           OSSL_PARAM_END};
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(crypto_lib(), "EC", NULL);
    bool good = ctx && EVP_PKEY_fromdata_init(ctx) > 0 &&
                EVP_PKEY_fromdata(ctx, &k->ec, EVP_PKEY_PUBLIC_KEY, params) > 0;
    EVP_PKEY_CTX_free(ctx);
    return good;
}

static void unload(void *key) {
    struct public_key *k = key;
    BN_MONT_CTX_free(k->mont);
    BN_free(k->e);
    BN_free(k->n);
    EVP_PKEY_free(k->ec);
}

enum err public_load(struct arena *a, struct span der, struct public_key **out) {
    struct spki spki;
    TRY(spki_parse(der, &spki));
    struct public_key *k = arena_alloc(a, sizeof *k);
    *k = (struct public_key){.rsa = spki.rsa, .size = spki.n.n};
    arena_defer(a, unload, k);
    bool good = k->rsa ? load_rsa(&spki, k) : load_ec(&spki, k);
    *out = k;
    return good ? OK : crypto_error("public key");
}

bool public_is_rsa(const struct public_key *k) {
    return k->rsa;
}

/*
 * base^e mod n, bit by bit from the top: e has few. It is odd, so `base` itself is the last factor;
 * it is not in Montgomery's form, and thereby takes the product out of it.
 */
static bool raise_to_e(const struct public_key *k, const BIGNUM *base, BIGNUM *power, BN_CTX *ctx) {
    BIGNUM *m = BN_CTX_get(ctx);
    bool good = m && BN_to_montgomery(m, base, k->mont, ctx) && BN_copy(power, m);
    for (int bit = BN_num_bits(k->e) - 2; bit > 0 && good; bit--)
        good = BN_mod_mul_montgomery(power, power, power, k->mont, ctx) &&
               (!BN_is_bit_set(k->e, bit) || BN_mod_mul_montgomery(power, power, m, k->mont, ctx));
    good = good && BN_mod_mul_montgomery(power, power, power, k->mont, ctx) &&
           BN_mod_mul_montgomery(power, power, base, k->mont, ctx);
    if (m)
        BN_clear(m); /* the numbers stay with the thread */
    return good;
}

/*
 * RSAEP and RSAVP1 (RFC 8017, 5.1.1, 5.2.2): in^e mod n, as long as the modulus. Nothing of the key
 * is secret here; EVP would do the same after fetching and copying for as long again.
 */
static bool public_power(const struct public_key *k, const uint8_t *in, uint8_t *out) {
    BN_CTX *ctx = crypto_numbers();
    BN_CTX_start(ctx);
    BIGNUM *base = BN_CTX_get(ctx), *power = BN_CTX_get(ctx);
    bool good = power && BN_bin2bn(in, (int)k->size, base) && BN_ucmp(base, k->n) < 0 &&
                raise_to_e(k, base, power, ctx) && BN_bn2binpad(power, out, (int)k->size) > 0;
    if (base)
        BN_clear(base);
    BN_CTX_end(ctx);
    return good;
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

static bool rsa_holds(const struct public_key *k, enum digest d, const uint8_t *hash,
                      struct span signature) {
    uint8_t em[RSA_MAX_BYTES], expected[RSA_MAX_BYTES];
    size_t n = k->size;
    if (signature.n != n || !public_power(k, signature.p, em))
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
    bool good = k->rsa ? rsa_holds(k, d, hash, signature) : ec_holds(k->ec, d, hash, signature);
    ERR_clear_error();
    return good ? OK : err_set(ERR_REFUSED, "the signature does not hold");
}

/* ---- encryption ---- */

enum err public_encrypt(const struct public_key *k, bool oaep, struct span in, struct arena *a,
                        struct span *out) {
    if (!k->rsa)
        return err_set(ERR_ALGORITHM, "only an RSA key can encrypt");
    uint8_t em[RSA_MAX_BYTES];
    TRY(oaep ? pad_oaep(in, em, k->size) : pad_pkcs1(in, em, k->size));
    uint8_t *p = arena_alloc(a, k->size);
    bool good = public_power(k, em, p);
    OPENSSL_cleanse(em, sizeof em);
    if (!good)
        return crypto_error("RSA encryption");
    *out = span_of(p, k->size);
    return OK;
}
