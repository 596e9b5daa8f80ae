/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A private key lies in memory, as OpenSSL's object, or on a token. OpenSSL's key objects may be
 * shared by threads; its contexts are made per call.
 */
#include "crypto/key.h"

#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "base/mem.h"
#include "crypto/algorithm.h"
#include "crypto/key_pem.h"
#include "crypto/lib.h"
#include "crypto/pkcs11.h"
#include "crypto/pkcs11_uri.h"
#include "crypto/public.h"
#include "crypto/rsa.h"

struct key {
    EVP_PKEY *pkey;           /* NULL: on a token */
    struct pkcs11_key *token; /* NULL: in memory */
    struct buf spki;
    bool rsa;
    unsigned bits;
};

/* ---- life ---- */

/* Reads from the public half what kind of key this is; takes the key over, also when it fails. */
static enum err finish(struct key *k, struct key **out) {
    struct spki spki;
    enum err e = spki_parse(buf_view(&k->spki), &spki);
    if (e != OK) {
        key_free(k);
        return e;
    }
    k->rsa = spki.rsa;
    k->bits = spki_bits(&spki);
    *out = k;
    return OK;
}

/* Takes the key over, also when it fails. */
static enum err wrap(EVP_PKEY *pkey, struct key **out) {
    struct key *k = mem_alloc(sizeof *k);
    uint8_t *spki = NULL;
    int n = pkey ? i2d_PUBKEY(pkey, &spki) : -1;
    k->pkey = pkey;
    if (n <= 0) {
        key_free(k);
        return crypto_error("private key");
    }
    buf_add(&k->spki, spki, (size_t)n);
    OPENSSL_free(spki);
    return finish(k, out);
}

enum err key_generate(const char *kind, struct key **out) {
    static const struct {
        const char *kind;
        size_t rsa_bits;
        const char *curve;
    } kinds[] = {{"rsa2048", 2048, NULL},
                 {"rsa3072", 3072, NULL},
                 {"rsa4096", 4096, NULL},
                 {"p256", 0, "P-256"},
                 {"p384", 0, "P-384"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kind, kinds[i].kind) == 0)
            return wrap(kinds[i].curve
                            ? EVP_PKEY_Q_keygen(crypto_lib(), NULL, "EC", kinds[i].curve)
                            : EVP_PKEY_Q_keygen(crypto_lib(), NULL, "RSA", kinds[i].rsa_bits),
                        out);
    return err_set(ERR_USAGE,
                   "a key of the kind \"%s\": take rsa2048, rsa3072, rsa4096, p256 or "
                   "p384",
                   kind);
}

static enum err open_token(const char *uri, struct span pin, struct key **out) {
    struct key *k = mem_alloc(sizeof *k);
    enum err e = pkcs11_open(uri, pin, &k->token, &k->spki);
    if (e != OK) {
        key_free(k);
        return e;
    }
    return finish(k, out);
}

enum err key_open(const char *source, struct span secret, struct key **out) {
    EVP_PKEY *pkey = NULL;
    if (pkcs11_is_uri(source))
        return open_token(source, secret, out);
    TRY(key_pem_read(source, secret, &pkey));
    enum err e = wrap(pkey, out);
    return e == OK ? OK : err_context(e, "%s", source);
}

enum err key_save(const struct key *k, struct span secret, const char *path) {
    if (!k->pkey)
        return err_set(ERR_CONFLICT, "%s: a token's key never leaves it", path);
    return key_pem_write(k->pkey, secret, path);
}

/* `finish` has bounded its size, and so what this costs. */
static enum err check_halves(struct key *k, struct key **out) {
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(crypto_lib(), k->pkey, NULL);
    bool good = ctx && EVP_PKEY_pairwise_check(ctx) > 0;
    EVP_PKEY_CTX_free(ctx);
    if (good) {
        *out = k;
        return OK;
    }
    key_free(k);
    crypto_error("private key"); /* empties the queue */
    return err_set(ERR_PARSE, "the private key is damaged: its halves do not belong together");
}

enum err key_read(struct span pkcs8, struct key **out) {
    const uint8_t *p = pkcs8.p;
    struct key *k;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)pkcs8.n);
    bool whole = info && p == pkcs8.p + pkcs8.n;
    EVP_PKEY *pkey = whole ? EVP_PKCS82PKEY_ex(info, crypto_lib(), NULL) : NULL;
    PKCS8_PRIV_KEY_INFO_free(info);
    if (!pkey) {
        crypto_error("private key");
        return err_set(ERR_PARSE, "not a private key in PKCS#8");
    }
    TRY(wrap(pkey, &k));
    return check_halves(k, out);
}

enum err key_write(const struct key *k, struct arena *a, struct span *pkcs8) {
    uint8_t *der = NULL;
    if (!k->pkey)
        return err_set(ERR_CONFLICT, "a token's key never leaves it");
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(k->pkey);
    int n = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;
    PKCS8_PRIV_KEY_INFO_free(info);
    if (n <= 0)
        return crypto_error("encoding a private key");
    *pkcs8 = arena_copy(a, span_of(der, (size_t)n));
    OPENSSL_clear_free(der, (size_t)n);
    return OK;
}

void key_free(struct key *k) {
    if (!k)
        return;
    EVP_PKEY_free(k->pkey);
    pkcs11_free(k->token);
    buf_free(&k->spki);
    free(k);
}

struct span key_spki(const struct key *k) {
    return buf_view(&k->spki);
}

bool key_is_rsa(const struct key *k) {
    return k->rsa;
}

unsigned key_bits(const struct key *k) {
    return k->bits;
}

/* ---- the two verbs ---- */

/* `in` is a DigestInfo for RSA, the digest for EC: told nothing more, OpenSSL has less to do. */
static enum err sign_in_memory(EVP_PKEY *pkey, struct span in, struct arena *a,
                               struct span *signature) {
    size_t n = (size_t)EVP_PKEY_get_size(pkey);
    uint8_t *out = arena_alloc(a, n);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(crypto_lib(), pkey, NULL);
    bool good = ctx && EVP_PKEY_sign_init(ctx) > 0 && EVP_PKEY_sign(ctx, out, &n, in.p, in.n) > 0;
    EVP_PKEY_CTX_free(ctx);
    if (!good)
        return crypto_error("signing");
    *signature = span_of(out, n);
    return OK;
}

enum err key_sign(const struct key *k, enum digest d, struct span data, struct arena *a,
                  struct span *signature) {
    uint8_t hash[DIGEST_MAX_SIZE];
    TRY(digest_of(d, data, hash));
    if (k->token)
        return pkcs11_sign(k->token, d, hash, a, signature);
    struct span in = k->rsa ? digest_info(a, d, hash) : span_of(hash, digest_size(d));
    return sign_in_memory(k->pkey, in, a, signature);
}

static enum err decrypt_in_memory(EVP_PKEY *pkey, struct span in, uint8_t *em) {
    size_t n = in.n;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(crypto_lib(), pkey, NULL);
    bool good = ctx && EVP_PKEY_decrypt_init(ctx) > 0 &&
                EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) > 0 &&
                EVP_PKEY_decrypt(ctx, em, &n, in.p, in.n) > 0 && n == in.n;
    EVP_PKEY_CTX_free(ctx);
    return good ? OK : crypto_error("RSA decryption");
}

enum err key_decrypt_raw(const struct key *k, struct span in, struct arena *a, struct span *out) {
    if (!k->rsa || in.n != (k->bits + 7) / 8)
        return err_set(ERR_CRYPTO, "RSA decryption: %zu octets for this key", in.n);
    uint8_t *em = arena_alloc(a, in.n);
    TRY(k->token ? pkcs11_decrypt(k->token, in, em) : decrypt_in_memory(k->pkey, in, em));
    *out = span_of(em, in.n);
    return OK;
}

enum err key_check_decrypt(const struct key *k) {
    if (k->token)
        return pkcs11_check_decrypt(k->token);
    return k->rsa ? OK : err_set(ERR_ALGORITHM, "an EC key cannot open envelopes: take an RSA key");
}
