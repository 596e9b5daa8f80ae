/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys. OpenSSL's key objects may be shared by threads; its contexts are made per call. */
#include "crypto/key.h"

#include <openssl/decoder.h>
#include <openssl/encoder.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "crypto/lib.h"
#include "crypto/rsa.h"

struct key {
    EVP_PKEY *pkey;
    uint8_t *spki; /* OpenSSL's memory */
    size_t spki_n;
};

/* Takes the key over, also when it fails. */
static enum err wrap(EVP_PKEY *pkey, struct key **out) {
    uint8_t *spki = NULL;
    int n = pkey ? i2d_PUBKEY(pkey, &spki) : -1;
    if (n <= 0) {
        EVP_PKEY_free(pkey);
        return crypto_error("private key");
    }
    struct key *k = mem_alloc(sizeof *k);
    *k = (struct key){pkey, spki, (size_t)n};
    *out = k;
    return OK;
}

enum err key_new_rsa(unsigned bits, struct key **out) {
    if (bits < 1024 || bits > 4096)
        return err_set(ERR_REFUSED, "an RSA key of %u bits; take 1024 to 4096", bits);
    return wrap(EVP_PKEY_Q_keygen(crypto_lib(), NULL, "RSA", (size_t)bits), out);
}

enum err key_new_ec(struct key **out) {
    return wrap(EVP_PKEY_Q_keygen(crypto_lib(), NULL, "EC", "P-256"), out);
}

void key_free(struct key *k) {
    if (!k)
        return;
    EVP_PKEY_free(k->pkey);
    OPENSSL_free(k->spki);
    free(k);
}

/* An encrypted file must not make OpenSSL ask for a password on the terminal. */
static int no_password(char *out, int size, int writing, void *arg) {
    (void)out, (void)size, (void)writing, (void)arg;
    return -1;
}

enum err key_load(const char *path, struct key **out) {
    BUF_AUTO(pem);
    TRY(file_read(path, 65536, &pem));
    EVP_PKEY *pkey = NULL;
    OSSL_DECODER_CTX *ctx = OSSL_DECODER_CTX_new_for_pkey(
        &pkey, "PEM", NULL, NULL, OSSL_KEYMGMT_SELECT_KEYPAIR, crypto_lib(), NULL);
    const unsigned char *p = pem.p;
    size_t n = pem.n;
    bool good = ctx && OSSL_DECODER_CTX_set_pem_password_cb(ctx, no_password, NULL) &&
                OSSL_DECODER_from_data(ctx, &p, &n);
    OSSL_DECODER_CTX_free(ctx);
    if (good && wrap(pkey, out) == OK)
        return OK;
    crypto_error("private key"); /* empties the queue */
    return err_set(ERR_PARSE, "%s: not an unencrypted PEM private key", path);
}

enum err key_save(const struct key *k, const char *path) {
    unsigned char *pem = NULL;
    size_t n = 0;
    OSSL_ENCODER_CTX *ctx = OSSL_ENCODER_CTX_new_for_pkey(k->pkey, OSSL_KEYMGMT_SELECT_ALL, "PEM",
                                                          "PrivateKeyInfo", NULL);
    enum err e = ctx && OSSL_ENCODER_to_data(ctx, &pem, &n)
                     ? file_write(path, span_of(pem, n), 0600)
                     : crypto_error("encoding a private key");
    OPENSSL_clear_free(pem, n);
    OSSL_ENCODER_CTX_free(ctx);
    return e;
}

struct span key_spki(const struct key *k) {
    return span_of(k->spki, k->spki_n);
}

bool key_is_rsa(const struct key *k) {
    return EVP_PKEY_is_a(k->pkey, "RSA");
}

unsigned key_bits(const struct key *k) {
    return (unsigned)EVP_PKEY_get_bits(k->pkey);
}

enum err key_sign(const struct key *k, enum digest d, struct span data, struct arena *a,
                  struct span *signature) {
    uint8_t hash[DIGEST_MAX_SIZE];
    TRY(digest_of(d, data, hash));
    size_t n = (size_t)EVP_PKEY_get_size(k->pkey);
    uint8_t *out = arena_alloc(a, n);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(crypto_lib(), k->pkey, NULL);
    bool good = ctx && EVP_PKEY_sign_init(ctx) > 0 &&
                EVP_PKEY_CTX_set_signature_md(ctx, crypto_md(d)) > 0 &&
                EVP_PKEY_sign(ctx, out, &n, hash, digest_size(d)) > 0;
    EVP_PKEY_CTX_free(ctx);
    if (!good)
        return crypto_error("signing");
    *signature = span_of(out, n);
    return OK;
}

enum err key_decrypt_raw(const struct key *k, struct span in, struct arena *a, struct span *out) {
    size_t size = (size_t)EVP_PKEY_get_size(k->pkey), n = size;
    if (!key_is_rsa(k) || in.n != size)
        return err_set(ERR_CRYPTO, "RSA decryption: %zu octets for this key", in.n);
    uint8_t *em = arena_alloc(a, size);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(crypto_lib(), k->pkey, NULL);
    bool good = ctx && EVP_PKEY_decrypt_init(ctx) > 0 &&
                EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) > 0 &&
                EVP_PKEY_decrypt(ctx, em, &n, in.p, in.n) > 0 && n == size;
    EVP_PKEY_CTX_free(ctx);
    if (!good)
        return crypto_error("RSA decryption");
    *out = span_of(em, n);
    return OK;
}
