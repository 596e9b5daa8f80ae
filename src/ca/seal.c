/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/seal.h"

#include <openssl/evp.h>

#include "crypto/digest.h"
#include "crypto/lib.h"

enum { NONCE = 12, TAG = 16 };

/* The same key hashes challenges, which hold no NUL. */
static enum err key_of(const struct authority *auth, struct arena *a, const char *label,
                       uint8_t out[32]) {
    char *text = arena_printf(a, "?seal:%s", label);
    size_t n = strlen(text);
    *text = 0;
    return hmac_sha256(span_of(auth->challenge_key, sizeof auth->challenge_key), span_of(text, n),
                       out);
}

static bool encrypt(EVP_CIPHER_CTX *c, const uint8_t *key, const char *label, struct span plain,
                    uint8_t *out) {
    int n;
    uint8_t *text = out + NONCE;
    return EVP_EncryptInit_ex2(c, crypto_aes256_gcm(), key, out, NULL) == 1 &&
           EVP_EncryptUpdate(c, NULL, &n, (const uint8_t *)label, (int)strlen(label)) == 1 &&
           EVP_EncryptUpdate(c, text, &n, plain.p ? plain.p : out, (int)plain.n) == 1 &&
           EVP_EncryptFinal_ex(c, text + plain.n, &n) == 1 &&
           EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG, text + plain.n) == 1;
}

enum err seal(const struct authority *auth, struct arena *a, const char *label, struct span plain,
              struct span *sealed) {
    uint8_t key[32], *out = arena_alloc(a, NONCE + plain.n + TAG);
    TRY(key_of(auth, a, label, key));
    TRY(random_bytes(out, NONCE));
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    bool good = c && encrypt(c, key, label, plain, out);
    EVP_CIPHER_CTX_free(c);
    OPENSSL_cleanse(key, sizeof key);
    *sealed = span_of(out, NONCE + plain.n + TAG);
    return good ? OK : err_set(ERR_CRYPTO, "cannot seal %s", label);
}

static bool decrypt(EVP_CIPHER_CTX *c, const uint8_t *key, const char *label, struct span sealed,
                    uint8_t *out) {
    int n, text = (int)(sealed.n - NONCE - TAG);
    const uint8_t *tag = sealed.p + sealed.n - TAG;
    return EVP_DecryptInit_ex2(c, crypto_aes256_gcm(), key, sealed.p, NULL) == 1 &&
           EVP_DecryptUpdate(c, NULL, &n, (const uint8_t *)label, (int)strlen(label)) == 1 &&
           EVP_DecryptUpdate(c, out, &n, sealed.p + NONCE, text) == 1 &&
           EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG, (void *)(uintptr_t)tag) == 1 &&
           EVP_DecryptFinal_ex(c, out + text, &n) == 1;
}

enum err unseal(const struct authority *auth, struct arena *a, const char *label,
                struct span sealed, struct span *plain) {
    uint8_t key[32];
    *plain = SPAN_NONE;
    if (sealed.n < NONCE + TAG)
        return err_set(ERR_CRYPTO, "the sealed %s is too short", label);
    size_t n = sealed.n - NONCE - TAG;
    uint8_t *out = arena_alloc(a, n + 1);
    TRY(key_of(auth, a, label, key));
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    bool good = c && decrypt(c, key, label, sealed, out);
    EVP_CIPHER_CTX_free(c);
    OPENSSL_cleanse(key, sizeof key);
    if (!good)
        return err_set(ERR_CRYPTO, "the sealed %s does not open: another challenge.key?", label);
    *plain = span_of(out, n);
    return OK;
}
