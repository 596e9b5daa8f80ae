/* SPDX-License-Identifier: Apache-2.0 */
/* Object identifiers: dotted text to content octets and back (X.690, 8.19). */
#include "der/der.h"

#include <inttypes.h>
#include <stdio.h>

/* A decimal number and the dot or the end behind it; leading zeros are refused. */
static bool read_arc(const char **text, uint64_t *out) {
    const char *p = *text;
    if (*p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9'))
        return false;
    uint64_t v = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        v = v * 10 + (uint64_t)(*p - '0');
        if (v > UINT32_MAX)
            return false;
    }
    if (*p == '.' && p[1])
        p++;
    else if (*p)
        return false;
    *text = p;
    *out = v;
    return true;
}

static bool put_arc(uint8_t out[OID_MAX_SIZE], size_t *n, uint64_t v) {
    int groups = 1;
    for (uint64_t left = v >> 7; left; left >>= 7)
        groups++;
    if (*n + (size_t)groups > OID_MAX_SIZE)
        return false;
    while (groups--)
        out[(*n)++] = (uint8_t)((v >> (7 * groups) & 0x7f) | (groups ? 0x80 : 0));
    return true;
}

size_t oid_encode(const char *dotted, uint8_t out[OID_MAX_SIZE]) {
    uint64_t first, second, arc;
    size_t n = 0;
    if (!read_arc(&dotted, &first) || !*dotted || !read_arc(&dotted, &second))
        return 0;
    if (first > 2 || (first < 2 && second > 39))
        return 0;
    if (!put_arc(out, &n, first * 40 + second))
        return 0;
    while (*dotted)
        if (!read_arc(&dotted, &arc) || !put_arc(out, &n, arc))
            return 0;
    return n;
}

/* Whether they end alike: nearly all OIDs that are not the wanted one differ in the last arc. */
static bool may_be(struct span oid, const char *dotted) {
    const char *first = strchr(dotted, '.'), *last = strrchr(dotted, '.');
    unsigned v = 0;
    if (first == last) /* two arcs make one number */
        return true;
    for (const char *p = last + 1; *p; p++)
        v = v * 10 + (unsigned)(*p - '0');
    return oid.n && oid.p[oid.n - 1] == (v & 0x7f);
}

bool oid_is(struct span oid, const char *dotted) {
    uint8_t wanted[OID_MAX_SIZE];
    return may_be(oid, dotted) && span_eq(oid, span_of(wanted, oid_encode(dotted, wanted)));
}

const char *oid_text(struct arena *a, struct span oid) {
    if (oid.n == 0 || oid.p[oid.n - 1] & 0x80)
        return "?";
    /* Each octet gives less than four characters, except for the first that gives two numbers. */
    size_t cap = oid.n * 4 + 8, n = 0;
    char *text = arena_alloc(a, cap);
    uint64_t v = 0;
    for (size_t i = 0; i < oid.n; i++) {
        v = v << 7 | (oid.p[i] & 0x7f);
        if (oid.p[i] & 0x80)
            continue;
        uint64_t first = v < 80 ? v / 40 : 2;
        if (n == 0)
            n += (size_t)snprintf(text, cap, "%" PRIu64 ".%" PRIu64, first, v - first * 40);
        else
            n += (size_t)snprintf(text + n, cap - n, ".%" PRIu64, v);
        v = 0;
    }
    return text;
}
