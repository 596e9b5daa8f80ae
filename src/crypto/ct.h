/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Constant-time operators in BearSSL's manner. Truth is 1 or 0 in a uint32_t; operands are below
 * 2^31. Nothing here branches or indexes by its operands.
 */
#ifndef SIGNET_CRYPTO_CT_H
#define SIGNET_CRYPTO_CT_H

#include "base/span.h"

static inline uint32_t NOT(uint32_t truth) {
    return truth ^ 1;
}

/* Hides a value from the optimiser, which could else turn masks back into branches. */
static inline uint32_t opaque(uint32_t x) {
    __asm__("" : "+r"(x));
    return x;
}

static inline uint32_t NEQ(uint32_t x, uint32_t y) {
    uint32_t q = opaque(x ^ y);
    return (q | -q) >> 31;
}

static inline uint32_t EQ(uint32_t x, uint32_t y) {
    return NOT(NEQ(x, y));
}

static inline uint32_t GT(uint32_t x, uint32_t y) {
    return opaque(y - x) >> 31;
}

/* x if the truth is 1, else y. */
static inline uint32_t MUX(uint32_t truth, uint32_t x, uint32_t y) {
    return y ^ (-opaque(truth) & (x ^ y));
}

/* Overwrites `out` with `in` if the truth is 1; touches all of both in either case. */
static inline void CCOPY(uint32_t truth, uint8_t *out, const uint8_t *in, size_t n) {
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)MUX(truth, in[i], out[i]);
}

#endif
