/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cipher.h"

#include <limits.h>

#include "crypto/lib.h"

static const struct {
    const char *name;
    size_t key, block;
} ciphers[] = {
    [CIPHER_AES128_CBC] = {"AES-128-CBC", 16, 16}, [CIPHER_AES192_CBC] = {"AES-192-CBC", 24, 16},
    [CIPHER_AES256_CBC] = {"AES-256-CBC", 32, 16}, [CIPHER_DES3_CBC] = {"DES-EDE3-CBC", 24, 8},
    [CIPHER_DES_CBC] = {"DES-CBC", 8, 8},
};

size_t cipher_key_size(enum cipher c) {
    return ciphers[c].key;
}

size_t cipher_block(enum cipher c) {
    return ciphers[c].block;
}

const char *cipher_name(enum cipher c) {
    return ciphers[c].name;
}

/* Padding is added when encrypting; when decrypting it stays, for unpad_cbc's constant time. */
static enum err run(enum cipher c, const uint8_t *key, const uint8_t *iv, bool encrypt,
                    struct span in, uint8_t *out) {
    int n = 0, tail = 0;
    const EVP_CIPHER *type = crypto_cipher(c);
    if (!type)
        return err_set(ERR_CRYPTO, "OpenSSL has no %s here: its legacy provider does not load",
                       cipher_name(c));
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool good = ctx && EVP_CipherInit_ex2(ctx, type, key, iv, encrypt, NULL) &&
                EVP_CIPHER_CTX_set_padding(ctx, encrypt) &&
                EVP_CipherUpdate(ctx, out, &n, in.p, (int)in.n) &&
                EVP_CipherFinal_ex(ctx, out + n, &tail);
    EVP_CIPHER_CTX_free(ctx);
    return good ? OK : crypto_error(cipher_name(c));
}

enum err cipher_encrypt(struct arena *a, enum cipher c, const uint8_t *key, const uint8_t *iv,
                        struct span in, struct span *out) {
    size_t block = cipher_block(c);
    if (c == CIPHER_DES_CBC)
        return err_set(ERR_ALGORITHM, "DES-CBC is opened only, never made");
    if (in.n > INT_MAX - CIPHER_MAX_BLOCK)
        return err_set(ERR_CRYPTO, "%zu octets are too many for %s", in.n, cipher_name(c));
    size_t n = (in.n / block + 1) * block;
    uint8_t *p = arena_alloc(a, n + block);
    TRY(run(c, key, iv, true, in, p));
    *out = span_of(p, n);
    return OK;
}

enum err cipher_decrypt(struct arena *a, enum cipher c, const uint8_t *key, const uint8_t *iv,
                        struct span in, struct span *out) {
    size_t block = cipher_block(c);
    if (in.n == 0 || in.n % block || in.n > INT_MAX - CIPHER_MAX_BLOCK)
        return err_set(ERR_CRYPTO, "%zu octets are no whole blocks of %s", in.n, cipher_name(c));
    uint8_t *p = arena_alloc(a, in.n + block);
    TRY(run(c, key, iv, false, in, p));
    *out = span_of(p, in.n);
    return OK;
}
