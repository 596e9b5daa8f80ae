/* SPDX-License-Identifier: Apache-2.0 */
/* Digests, HMAC, random bytes and the comparison of secrets. */
#include "crypto/digest.h"

#include <openssl/crypto.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

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
    EVP_MAC_CTX *ctx = crypto_hmac_sha256();
    bool good = ctx && EVP_MAC_init(ctx, key.n ? key.p : (const void *)"", key.n, NULL) &&
                EVP_MAC_update(ctx, data.p, data.n) && EVP_MAC_final(ctx, out, &n, 32) && n == 32;
    EVP_MAC_CTX_free(ctx);
    return good ? OK : crypto_error("HMAC");
}

/* ---- random bytes ---- */

/* The kernel's generator: OpenSSL's own asks each time who it is and what it may, for 5 us. */
static enum err ask_kernel(uint8_t *out, size_t n) {
    while (n) {
        ssize_t got = getrandom(out, n, 0);
        if (got < 0 && errno != EINTR)
            return err_set(ERR_CRYPTO, "random bytes: %s", strerror(errno));
        out += got > 0 ? got : 0;
        n -= got > 0 ? (size_t)got : 0;
    }
    return OK;
}

/* What the thread has for its next calls; a process that is forked must not have the same. */
enum { RESERVE = 512, FEW = 64 };
static _Thread_local struct {
    uint8_t bytes[RESERVE];
    size_t left;
} reserve;

static void forget_reserve(void) {
    explicit_bzero(&reserve, sizeof reserve);
}

static void mind_forks(void) {
    if (pthread_atfork(NULL, NULL, forget_reserve) != 0)
        abort(); /* out of memory, as in base/mem.c */
}

static enum err refill(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, mind_forks);
    TRY(ask_kernel(reserve.bytes, RESERVE));
    reserve.left = RESERVE;
    return OK;
}

enum err random_bytes(uint8_t *out, size_t n) {
    if (n > FEW)
        return ask_kernel(out, n);
    if (reserve.left < n)
        TRY(refill());
    reserve.left -= n;
    memcpy(out, reserve.bytes + reserve.left, n);
    explicit_bzero(reserve.bytes + reserve.left, n);
    return OK;
}

bool same_secret(struct span a, struct span b) {
    return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}
