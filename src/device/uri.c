/* SPDX-License-Identifier: Apache-2.0 */
#include "device/uri.h"

#include <ctype.h>
#include <stdlib.h>

struct span uri_decode(struct arena *a, struct span text) {
    char *out = arena_alloc(a, text.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        const uint8_t *p = text.p + i;
        bool escaped = *p == '%' && text.n - i > 2 && isxdigit(p[1]) && isxdigit(p[2]);
        char digits[3] = {escaped ? (char)p[1] : '0', escaped ? (char)p[2] : '0', 0};
        out[n++] = escaped ? (char)strtol(digits, NULL, 16) : (char)*p;
        i += escaped ? 2 : 0;
    }
    out[n] = 0;
    return span_of(out, n);
}
