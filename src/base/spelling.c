/* SPDX-License-Identifier: Apache-2.0 */
#include "base/spelling.h"

#include <ctype.h>

enum { MAX_WORD = 40 };

static unsigned least(unsigned a, unsigned b, unsigned c) {
    unsigned ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Row by row of the matrix. */
unsigned spelling_distance(struct span a, struct span b) {
    unsigned row[MAX_WORD + 1];
    if (a.n > MAX_WORD || b.n > MAX_WORD)
        return MAX_WORD;
    for (unsigned j = 0; j <= b.n; j++)
        row[j] = j;
    for (unsigned i = 0; i < a.n; i++) {
        unsigned diagonal = row[0];
        row[0] = i + 1;
        for (unsigned j = 0; j < b.n; j++) {
            unsigned change = diagonal + (tolower(a.p[i]) != tolower(b.p[j]));
            diagonal = row[j + 1];
            row[j + 1] = least(change, diagonal + 1, row[j] + 1);
        }
    }
    return row[b.n];
}
