/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/aes.h"

#include <limits.h>

#include "crypto/lib.h"

static enum err run(struct span key, const uint8_t *iv, bool encrypt, struct span in,
                    uint8_t *out) {
    int n = 0, tail = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool good = ctx && EVP_CipherInit_ex2(ctx, crypto_aes_cbc(key.n), key.p, iv, encrypt, NULL) &&
                EVP_CIPHER_CTX_set_padding(ctx, encrypt) &&
                EVP_CipherUpdate(ctx, out, &n, in.p, (int)in.n) &&
                EVP_CipherFinal_ex(ctx, out + n, &tail);
    EVP_CIPHER_CTX_free(ctx);
    return good ? OK : crypto_error("AES");
}

enum err aes_cbc_encrypt(struct arena *a, struct span key, const uint8_t iv[AES_BLOCK],
                         struct span in, struct span *out) {
    if (in.n > INT_MAX - AES_BLOCK)
        return err_set(ERR_CRYPTO, "%zu octets are too many for AES", in.n);
    size_t n = (in.n / AES_BLOCK + 1) * AES_BLOCK;
    uint8_t *p = arena_alloc(a, n + AES_BLOCK);
    TRY(run(key, iv, true, in, p));
    *out = span_of(p, n);
    return OK;
}

enum err aes_cbc_decrypt(struct arena *a, struct span key, const uint8_t iv[AES_BLOCK],
                         struct span in, struct span *out) {
    if (in.n == 0 || in.n % AES_BLOCK || in.n > INT_MAX - AES_BLOCK)
        return err_set(ERR_CRYPTO, "%zu octets are no whole blocks of AES", in.n);
    uint8_t *p = arena_alloc(a, in.n + AES_BLOCK);
    TRY(run(key, iv, false, in, p));
    *out = span_of(p, in.n);
    return OK;
}
