/* SPDX-License-Identifier: Apache-2.0 */
#include "base/span.h"

static bool is_space(uint8_t c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span span_trim(struct span a) {
    while (a.n && is_space(a.p[0])) {
        a.p++;
        a.n--;
    }
    while (a.n && is_space(a.p[a.n - 1]))
        a.n--;
    return a;
}

bool span_int(struct span a, int64_t *out) {
    bool negative = a.n && a.p[0] == '-';
    if (negative)
        a = span_from(a, 1);
    if (a.n == 0)
        return false;
    int64_t v = 0; /* kept negative: INT64_MIN has no positive twin */
    for (size_t i = 0; i < a.n; i++) {
        if (a.p[i] < '0' || a.p[i] > '9' || __builtin_mul_overflow(v, 10, &v) ||
            __builtin_sub_overflow(v, a.p[i] - '0', &v))
            return false;
    }
    if (!negative && __builtin_sub_overflow(0, v, &v))
        return false;
    *out = v;
    return true;
}
