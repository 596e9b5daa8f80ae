/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pad.h"

#include "crypto/lib.h"

enum { HASH = 20, MIN_FILL = 8 };

static enum err too_long(void) {
    return err_set(ERR_CRYPTO, "the content key is too long for the RSA key");
}

/* 00 02, octets that are not zero, 00, key. */
enum err pad_pkcs1(struct span key, uint8_t *em, size_t em_n) {
    if (em_n < key.n + MIN_FILL + 3)
        return too_long();
    size_t fill = em_n - key.n - 3;
    em[0] = 0;
    em[1] = 2;
    TRY(random_bytes(em + 2, fill));
    for (size_t i = 2; i < fill + 2; i++)
        while (em[i] == 0)
            TRY(random_bytes(em + i, 1));
    em[fill + 2] = 0;
    memcpy(em + fill + 3, key.p, key.n);
    return OK;
}

/* 00, seed, and DB = hash of the label, zeros, 01, key; seed and DB masked by each other. */
enum err pad_oaep(struct span key, uint8_t *em, size_t em_n) {
    if (em_n < 2 * HASH + 2 + key.n)
        return too_long();
    uint8_t label[DIGEST_MAX_SIZE], *seed = em + 1, *db = em + 1 + HASH;
    size_t db_n = em_n - 1 - HASH, one = db_n - key.n - 1;
    TRY(digest_of(DIGEST_SHA1, SPAN_NONE, label));
    TRY(random_bytes(seed, HASH));
    em[0] = 0;
    memcpy(db, label, HASH);
    memset(db + HASH, 0, one - HASH);
    db[one] = 1;
    memcpy(db + one + 1, key.p, key.n);
    return mgf1_xor(db, db_n, span_of(seed, HASH)) && mgf1_xor(seed, HASH, span_of(db, db_n))
               ? OK
               : crypto_error("MGF1");
}

bool mgf1_xor(uint8_t *out, size_t n, struct span seed) {
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *md = crypto_md(DIGEST_SHA1);
    bool good = ctx != NULL;
    for (uint32_t counter = 0; n && good; counter++) {
        uint8_t mask[DIGEST_MAX_SIZE], c[4] = {(uint8_t)(counter >> 24), (uint8_t)(counter >> 16),
                                               (uint8_t)(counter >> 8), (uint8_t)counter};
        good = EVP_DigestInit_ex2(ctx, md, NULL) && EVP_DigestUpdate(ctx, seed.p, seed.n) &&
               EVP_DigestUpdate(ctx, c, sizeof c) && EVP_DigestFinal_ex(ctx, mask, NULL);
        size_t chunk = n < HASH ? n : HASH;
        for (size_t i = 0; i < chunk && good; i++)
            out[i] ^= mask[i];
        out += chunk;
        n -= chunk;
    }
    EVP_MD_CTX_free(ctx);
    return good;
}
