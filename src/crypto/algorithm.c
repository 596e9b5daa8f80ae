/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/algorithm.h"

static const struct {
    const char *digest, *rsa, *ec;
} by_digest[] = {
    [DIGEST_SHA1] = {OID_SHA1, OID_SHA1_RSA, OID_ECDSA_SHA1},
    [DIGEST_SHA256] = {OID_SHA256, OID_SHA256_RSA, OID_ECDSA_SHA256},
    [DIGEST_SHA384] = {OID_SHA384, OID_SHA384_RSA, OID_ECDSA_SHA384},
    [DIGEST_SHA512] = {OID_SHA512, OID_SHA512_RSA, OID_ECDSA_SHA512},
};

static const char *const by_cipher[CIPHER__MAX] = {
    [CIPHER_AES128_CBC] = OID_AES128_CBC, [CIPHER_AES192_CBC] = OID_AES192_CBC,
    [CIPHER_AES256_CBC] = OID_AES256_CBC, [CIPHER_DES3_CBC] = OID_DES3_CBC,
    [CIPHER_DES_CBC] = OID_DES_CBC,
};

enum { DIGESTS = sizeof by_digest / sizeof *by_digest };

static const struct {
    const char *oid, *name;
} names[] = {
    {OID_SHA1, "sha1"},
    {OID_SHA256, "sha256"},
    {OID_SHA384, "sha384"},
    {OID_SHA512, "sha512"},
    {"1.2.840.113549.2.5", "md5"},
    {OID_RSA, "rsaEncryption"},
    {OID_RSAES_OAEP, "id-RSAES-OAEP"},
    {"1.2.840.113549.1.1.10", "id-RSASSA-PSS"},
    {OID_SHA1_RSA, "sha1WithRSAEncryption"},
    {OID_SHA256_RSA, "sha256WithRSAEncryption"},
    {OID_SHA384_RSA, "sha384WithRSAEncryption"},
    {OID_SHA512_RSA, "sha512WithRSAEncryption"},
    {OID_OIW_SHA1_RSA, "sha1WithRSA (OIW)"},
    {OID_EC_PUBLIC_KEY, "id-ecPublicKey"},
    {OID_ECDSA_SHA1, "ecdsa-with-SHA1"},
    {OID_ECDSA_SHA256, "ecdsa-with-SHA256"},
    {OID_ECDSA_SHA384, "ecdsa-with-SHA384"},
    {OID_ECDSA_SHA512, "ecdsa-with-SHA512"},
    {OID_AES128_CBC, "aes-128-cbc"},
    {OID_AES192_CBC, "aes-192-cbc"},
    {OID_AES256_CBC, "aes-256-cbc"},
    {OID_DES3_CBC, "des-ede3-cbc"},
    {OID_DES_CBC, "des-cbc"},
    {"1.2.840.113549.3.2", "rc2-cbc"},
};

static enum params form_of(const struct der_item *item) {
    if (item->tag == DER_NULL && item->content.n == 0)
        return PARAMS_NULL;
    if (item->tag == DER_SEQUENCE && item->content.n == 0)
        return PARAMS_EMPTY_SEQUENCE;
    return PARAMS_OTHER;
}

enum err algorithm_read(struct der *d, struct algorithm *out) {
    struct der alg;
    *out = (struct algorithm){.form = PARAMS_ABSENT};
    TRY(der_enter(d, DER_SEQUENCE, &alg));
    TRY(der_oid(&alg, &out->oid));
    if (der_is_empty(&alg))
        return OK;
    struct der_item item;
    TRY(der_next(&alg, &item));
    out->params = item.whole;
    out->form = form_of(&item);
    return der_end(&alg);
}

void algorithm_put(struct der_writer *w, const char *oid, enum params form) {
    size_t mark = der_mark(w);
    if (form == PARAMS_NULL)
        der_put_null(w);
    der_put_oid(w, oid);
    der_wrap(w, DER_SEQUENCE, mark);
}

struct span digest_info(struct arena *a, enum digest d, const uint8_t *hash) {
    struct der_writer w = der_writer_in(a);
    der_put_item(&w, DER_OCTET_STRING, span_of(hash, digest_size(d)));
    algorithm_put(&w, digest_oid(d), PARAMS_NULL);
    der_wrap(&w, DER_SEQUENCE, 0);
    return der_written(&w);
}

static enum err unknown(const struct algorithm *alg, const char *what) {
    ARENA_AUTO(a);
    const char *name = algorithm_name(alg->oid);
    return err_set(ERR_ALGORITHM, "%s %s (%s) is not supported here", what, oid_text(&a, alg->oid),
                   name ? name : "unknown");
}

static bool plain(const struct algorithm *alg) {
    return alg->form == PARAMS_ABSENT || alg->form == PARAMS_NULL;
}

enum err algorithm_digest(const struct algorithm *alg, enum digest *out) {
    for (int d = 0; d < DIGESTS && plain(alg); d++)
        if (oid_is(alg->oid, by_digest[d].digest)) {
            *out = (enum digest)d;
            return OK;
        }
    return unknown(alg, "the digest");
}

enum err algorithm_signature(const struct algorithm *alg, bool *ec, enum digest *out) {
    for (int d = 0; d < DIGESTS && plain(alg); d++) {
        *ec = oid_is(alg->oid, by_digest[d].ec);
        if (*ec || oid_is(alg->oid, by_digest[d].rsa)) {
            *out = (enum digest)d;
            return OK;
        }
    }
    *ec = false;
    *out = DIGEST_SHA1;
    return plain(alg) && oid_is(alg->oid, OID_OIW_SHA1_RSA)
               ? OK
               : unknown(alg, "the signature algorithm");
}

/* RFC 3565 and RFC 3370: the parameters of a cipher in CBC mode are its IV. */
enum err algorithm_cipher(const struct algorithm *alg, enum cipher *out, struct span *iv) {
    int c = 0;
    while (c < CIPHER__MAX && !oid_is(alg->oid, by_cipher[c]))
        c++;
    if (c == CIPHER__MAX)
        return unknown(alg, "the content cipher");
    *out = (enum cipher)c;
    struct der d = der_of(alg->params);
    TRY(der_read(&d, DER_OCTET_STRING, iv));
    return iv->n == cipher_block(*out)
               ? OK
               : err_set(ERR_PARSE, "an IV of %zu octets for %s", iv->n, cipher_name(*out));
}

const char *cipher_oid(enum cipher c) {
    return by_cipher[c];
}

const char *digest_oid(enum digest d) {
    return by_digest[d].digest;
}

const char *signature_oid(bool ec, enum digest d) {
    return ec ? by_digest[d].ec : by_digest[d].rsa;
}

const char *algorithm_name(struct span oid) {
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (oid_is(oid, names[i].oid))
            return names[i].name;
    return NULL;
}
