/* SPDX-License-Identifier: Apache-2.0 */
#include "der/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint8_t *reserve(struct der_writer *w, size_t more) {
    if (!w->buf || w->cap - w->n < more) {
        size_t cap = w->cap ? w->cap : 512;
        while (cap - w->n < more)
            cap *= 2;
        uint8_t *buf = arena_alloc(w->a, cap);
        if (w->n)
            memcpy(buf + cap - w->n, w->buf + w->cap - w->n, w->n);
        w->buf = buf;
        w->cap = cap;
    }
    w->n += more;
    return w->buf + w->cap - w->n;
}

void der_put(struct der_writer *w, struct span bytes) {
    uint8_t *p = reserve(w, bytes.n);
    if (bytes.n)
        memcpy(p, bytes.p, bytes.n);
}

size_t der_header(uint8_t tag, size_t n, uint8_t out[DER_MAX_HEADER]) {
    size_t octets = 0;
    for (size_t left = n; n >= 0x80 && left; left >>= 8)
        octets++;
    out[0] = tag;
    out[1] = (uint8_t)(octets ? 0x80 | octets : n);
    for (size_t i = octets; i; i--, n >>= 8)
        out[1 + i] = (uint8_t)n;
    return 2 + octets;
}

void der_wrap(struct der_writer *w, uint8_t tag, size_t mark) {
    uint8_t header[DER_MAX_HEADER];
    der_put(w, span_of(header, der_header(tag, w->n - mark, header)));
}

void der_put_item(struct der_writer *w, uint8_t tag, struct span content) {
    size_t mark = der_mark(w);
    der_put(w, content);
    der_wrap(w, tag, mark);
}

void der_put_null(struct der_writer *w) {
    der_put_item(w, DER_NULL, SPAN_NONE);
}

void der_put_true(struct der_writer *w) {
    der_put_item(w, DER_BOOLEAN, span_str("\xff"));
}

void der_put_small(struct der_writer *w, unsigned value) {
    size_t mark = der_mark(w);
    uint8_t octet;
    do {
        octet = (uint8_t)value;
        der_put(w, span_of(&octet, 1));
        value >>= 8;
    } while (value || octet & 0x80);
    der_wrap(w, DER_INTEGER, mark);
}

void der_put_oid(struct der_writer *w, const char *dotted) {
    uint8_t oid[OID_MAX_SIZE];
    der_put_item(w, DER_OID, span_of(oid, oid_encode(dotted, oid)));
}

void der_put_bits(struct der_writer *w, struct span bits) {
    size_t mark = der_mark(w);
    der_put(w, bits);
    der_put(w, span_of("", 1));
    der_wrap(w, DER_BIT_STRING, mark);
}

void der_put_time(struct der_writer *w, int64_t ms) {
    time_t seconds = (time_t)(ms / 1000 - (ms % 1000 < 0));
    struct tm t;
    char text[32];
    if (!gmtime_r(&seconds, &t))
        memset(&t, 0, sizeof t);
    bool utc = t.tm_year >= 50 && t.tm_year < 150;
    strftime(text, sizeof text, utc ? "%y%m%d%H%M%SZ" : "%Y%m%d%H%M%SZ", &t);
    der_put_item(w, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME, span_str(text));
}

/* X.690, 11.6: as octet strings, the shorter one padded with zeros at its end. */
static int compare(const void *x, const void *y) {
    const struct span *a = x, *b = y;
    size_t n = a->n < b->n ? a->n : b->n;
    int order = n ? memcmp(a->p, b->p, n) : 0;
    return order ? order : (a->n > b->n) - (a->n < b->n);
}

void der_put_sorted(struct der_writer *w, struct span *items, size_t count) {
    qsort(items, count, sizeof *items, compare);
    while (count--)
        der_put(w, items[count]);
}

struct span der_written(const struct der_writer *w) {
    return w->n ? span_of(w->buf + w->cap - w->n, w->n) : SPAN_NONE;
}
