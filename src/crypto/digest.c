/* SPDX-License-Identifier: Apache-2.0 */
/* Digests, HMAC, random bytes and the comparison of secrets. */
#include "crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "crypto/lib.h"

size_t digest_size(enum digest d) {
    static const size_t sizes[] = {20, 32, 48, 64};
    return sizes[d];
}

enum err digest_of_parts(enum digest d, const struct span *parts, size_t count,
                         uint8_t out[DIGEST_MAX_SIZE]) {
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && EVP_DigestInit_ex2(ctx, crypto_md(d), NULL);
    for (size_t i = 0; i < count && good; i++)
        good = EVP_DigestUpdate(ctx, parts[i].p, parts[i].n);
    good = good && EVP_DigestFinal_ex(ctx, out, NULL);
    EVP_MD_CTX_free(ctx);
    return good ? OK : crypto_error("digest");
}

enum err digest_of(enum digest d, struct span data, uint8_t out[DIGEST_MAX_SIZE]) {
    return digest_of_parts(d, &data, 1, out);
}

enum err hmac_sha256(struct span key, struct span data, uint8_t out[32]) {
    size_t n = 0;
    if (!EVP_Q_mac(crypto_lib(), "HMAC", NULL, "SHA256", NULL, key.n ? key.p : (const void *)"",
                   key.n, data.p, data.n, out, 32, &n) ||
        n != 32)
        return crypto_error("HMAC");
    return OK;
}

enum err random_bytes(uint8_t *out, size_t n) {
    return RAND_bytes_ex(crypto_lib(), out, n, 0) == 1 ? OK : crypto_error("random bytes");
}

bool same_secret(struct span a, struct span b) {
    return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}
