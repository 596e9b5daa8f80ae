/* SPDX-License-Identifier: Apache-2.0 */
/* What every target has: libFuzzer's entry, and the word of an oracle. */
#ifndef SIGNET_FUZZ_FUZZ_H
#define SIGNET_FUZZ_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "base/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void broken(const char *file, int line, const char *what) {
    fprintf(stderr, "%s:%d: an oracle does not hold: %s\n", file, line, what);
    abort();
}

#define must(held) ((held) ? (void)0 : broken(__FILE__, __LINE__, #held))

/* A part that is not empty lies in the whole. */
static inline void must_be_inside(struct span whole, struct span part) {
    must(part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

#endif
