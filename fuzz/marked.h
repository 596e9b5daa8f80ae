/* SPDX-License-Identifier: Apache-2.0 */
/* A secret that is easy to find again: for the tests and the fuzzer of what blanks messages. */
#ifndef SIGNET_FUZZ_MARKED_H
#define SIGNET_FUZZ_MARKED_H

#include "base/text.h"

#define MARKED "Zq7XwPk9vT"

/* The secret as \1 raw, \2 base64, \3 hex, \4 UTF-16LE in a text. */
static inline void marked_put(struct buf *b, char how) {
    char hex[2 * sizeof MARKED];
    if (how == 1) {
        buf_str(b, MARKED);
    } else if (how == 2) {
        base64_encode(b, span_str(MARKED));
    } else if (how == 3) {
        hex_lower(span_str(MARKED), hex);
        buf_str(b, hex);
    } else {
        for (const char *p = MARKED; *p; p++) {
            buf_char(b, *p);
            buf_char(b, '\0');
        }
    }
}

/* Puts it wherever `in` has a byte from 1 to 4. */
static inline void marked_fill(struct buf *b, struct span in) {
    for (size_t i = 0; i < in.n; i++)
        if (in.p[i] >= 1 && in.p[i] <= 4)
            marked_put(b, (char)in.p[i]);
        else
            buf_char(b, (char)in.p[i]);
}

static inline bool marked_has(struct span out, struct span what) {
    return memmem(out.p, out.n, what.p, what.n) != NULL;
}

/* Whether it stands in `out`: raw, in UTF-16, in hex, or in base64 at any of its three places. */
static inline bool marked_found(struct span out) {
    BUF_AUTO(form);
    char hex[2 * sizeof MARKED];
    bool found = marked_has(out, span_str(MARKED));
    hex_lower(span_str(MARKED), hex);
    found = found || marked_has(out, span_str(hex));
    hex_upper(span_str(MARKED), hex);
    found = found || marked_has(out, span_str(hex));
    marked_put(&form, 4);
    found = found || marked_has(out, buf_view(&form));
    for (size_t shift = 0; shift < 3; shift++) {
        BUF_AUTO(shifted);
        BUF_AUTO(text);
        buf_add(&shifted, "ab", shift);
        buf_str(&shifted, MARKED);
        base64_encode(&text, buf_view(&shifted));
        /* without what its neighbours decide */
        found = found || marked_has(out, span_of(text.p + 4, text.n - 8));
    }
    return found;
}

#endif
