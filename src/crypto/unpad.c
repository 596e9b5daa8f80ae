/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The content cipher tells the key's length beforehand, so each octet of a good RSA block is at a
 * known place: no search for a separator, and a key of another length is just bad padding.
 */
#include "crypto/unpad.h"

#include "crypto/ct.h"
#include "crypto/pad.h"

enum { HASH = 20 };

/* EME-PKCS1-v1_5 (RFC 8017, 7.2.2): 00 02, at least eight octets that are not zero, 00, key. */
uint32_t unpad_pkcs1(struct span em, uint8_t *key, size_t key_n) {
    if (em.n < key_n + 11)
        return 0;
    size_t zero = em.n - key_n - 1;
    uint32_t good = EQ(em.p[0], 0) & EQ(em.p[1], 2) & EQ(em.p[zero], 0);
    for (size_t i = 2; i < zero; i++)
        good &= NEQ(em.p[i], 0);
    CCOPY(good, key, em.p + zero + 1, key_n);
    return good;
}

/* EME-OAEP (RFC 8017, 7.1.2): 00, seed, and DB = hash of the label, zeros, 01, key. */
uint32_t unpad_oaep(uint8_t *em, size_t em_n, uint8_t *key, size_t key_n) {
    if (em_n < 2 * HASH + 2 + key_n)
        return 0;
    uint8_t label[DIGEST_MAX_SIZE], *seed = em + 1, *db = em + 1 + HASH;
    size_t db_n = em_n - 1 - HASH, one = db_n - key_n - 1;
    if (digest_of(DIGEST_SHA1, SPAN_NONE, label) != OK)
        return 0;
    if (!mgf1_xor(seed, HASH, span_of(db, db_n)) || !mgf1_xor(db, db_n, span_of(seed, HASH)))
        return 0; /* OpenSSL fails, whatever the padding */
    uint32_t good = EQ(em[0], 0) & EQ(db[one], 1);
    for (size_t i = 0; i < HASH; i++)
        good &= EQ(db[i], label[i]);
    for (size_t i = HASH; i < one; i++)
        good &= EQ(db[i], 0);
    CCOPY(good, key, db + one + 1, key_n);
    return good;
}

/* PKCS#7 padding (RFC 5652, 6.3): n octets of the value n, from 1 to a whole block. */
size_t unpad_cbc(struct span blocks, size_t block, uint32_t *good) {
    *good = 0;
    if (blocks.n < block)
        return blocks.n;
    const uint8_t *last = blocks.p + blocks.n - block;
    uint32_t n = (uint32_t)block, count = last[n - 1];
    uint32_t ok = NEQ(count, 0) & NOT(GT(count, n));
    for (uint32_t i = 0; i < n; i++) {
        uint32_t is_padding = GT(count, n - 1 - i);
        ok &= NOT(is_padding & NEQ(last[i], count));
    }
    *good = ok;
    return blocks.n - MUX(ok, count, 0);
}
