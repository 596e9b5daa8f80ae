/* SPDX-License-Identifier: Apache-2.0 */
/* der_next is the only place where a length is believed; all other readers stand on it. */
#include "der/der.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

enum err der_error(const struct der *d, const char *fmt, ...) {
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(ERR_PARSE, "offset %zu: %s", (size_t)(d->p - d->base), text);
}

/* Reads the length octets at `*p` (X.690, 8.1.3 and 10.1). */
static enum err read_length(const struct der *d, const uint8_t **p, size_t *length) {
    if (*p == d->end)
        return der_error(d, "the message ends before a length");
    uint8_t first = *(*p)++;
    if (first < 0x80) {
        *length = first;
        return OK;
    }
    size_t octets = first & 0x7f;
    if (octets == 0)
        return der_error(d, "indefinite length: this is BER, not DER");
    if (octets > 4)
        return der_error(d, "a length of %zu octets", octets);
    if (octets > (size_t)(d->end - *p))
        return der_error(d, "the message ends within a length");
    size_t n = 0;
    for (size_t i = 0; i < octets; i++)
        n = n << 8 | *(*p)++;
    if (n < 0x80 || n >> (8 * (octets - 1)) == 0)
        return der_error(d, "a length that is not in its shortest form");
    *length = n;
    return OK;
}

enum err der_next(struct der *d, struct der_item *out) {
    const uint8_t *p = d->p;
    if (p == d->end)
        return der_error(d, "the message ends where an item is expected");
    uint8_t tag = *p++;
    if ((tag & 0x1f) == 0x1f)
        return der_error(d, "a tag number above 30");
    size_t n = 0;
    TRY(read_length(d, &p, &n));
    if (n > (size_t)(d->end - p))
        return der_error(d, "a length of %zu where %zu octets are left", n, (size_t)(d->end - p));
    out->tag = tag;
    out->content = span_of(p, n);
    out->whole = span_of(d->p, (size_t)(p - d->p) + n);
    d->p = p + n;
    return OK;
}

static const char *tag_name(uint8_t tag, char room[16]) {
    static const struct {
        uint8_t tag;
        const char *name;
    } names[] = {
        {DER_BOOLEAN, "BOOLEAN"},
        {DER_INTEGER, "INTEGER"},
        {DER_BIT_STRING, "BIT STRING"},
        {DER_OCTET_STRING, "OCTET STRING"},
        {DER_NULL, "NULL"},
        {DER_OID, "OBJECT IDENTIFIER"},
        {DER_UTF8_STRING, "UTF8String"},
        {DER_PRINTABLE_STRING, "PrintableString"},
        {DER_UTC_TIME, "UTCTime"},
        {DER_SEQUENCE, "SEQUENCE"},
        {DER_SET, "SET"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].tag == tag)
            return names[i].name;
    snprintf(room, 16, (tag & 0xc0) == 0x80 ? "[%u]" : "tag %#x",
             (tag & 0xc0) == 0x80 ? tag & 0x1fu : tag);
    return room;
}

static enum err next_of(struct der *d, uint8_t tag, struct der_item *out) {
    char want[16], got[16];
    if (d->p < d->end && *d->p != tag)
        return der_error(d, "%s where %s is expected", tag_name(*d->p, got), tag_name(tag, want));
    return der_next(d, out);
}

enum err der_read(struct der *d, uint8_t tag, struct span *content) {
    struct der_item item;
    TRY(next_of(d, tag, &item));
    *content = item.content;
    return OK;
}

enum err der_read_whole(struct der *d, uint8_t tag, struct span *whole) {
    struct der_item item;
    TRY(next_of(d, tag, &item));
    *whole = item.whole;
    return OK;
}

enum err der_enter(struct der *d, uint8_t tag, struct der *inside) {
    struct der_item item;
    TRY(next_of(d, tag, &item));
    *inside = (struct der){item.content.p, item.content.p + item.content.n, d->base};
    return OK;
}

enum err der_end(const struct der *d) {
    if (!der_is_empty(d))
        return der_error(d, "%zu octets follow the end", (size_t)(d->end - d->p));
    return OK;
}

/* ---- single types ---- */

static const char *integer_fault(struct span s) {
    if (s.n == 0)
        return "an INTEGER without octets";
    if (s.n > 1 && ((s.p[0] == 0 && s.p[1] < 0x80) || (s.p[0] == 0xff && s.p[1] >= 0x80)))
        return "an INTEGER that is not in its shortest form";
    return NULL;
}

static const char *boolean_fault(struct span s) {
    return s.n == 1 && (s.p[0] == 0 || s.p[0] == 0xff) ? NULL : "a BOOLEAN that is not 00 or ff";
}

/* X.690, 8.19: sub-identifiers of base 128 without leading zeros; ours fit 32 bits. */
static const char *oid_fault(struct span s) {
    if (s.n == 0 || s.p[s.n - 1] & 0x80)
        return "an OBJECT IDENTIFIER that is cut short";
    size_t length = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (length == 0 && s.p[i] == 0x80)
            return "an OBJECT IDENTIFIER with a leading zero";
        length = s.p[i] & 0x80 ? length + 1 : 0;
        if (length > 8)
            return "an OBJECT IDENTIFIER with a number too large";
    }
    return NULL;
}

enum err der_integer(struct der *d, struct span *content) {
    struct der at = *d;
    TRY(der_read(d, DER_INTEGER, content));
    const char *fault = integer_fault(*content);
    return fault ? der_error(&at, "%s", fault) : OK;
}

enum err der_small(struct der *d, unsigned max, unsigned *value) {
    struct der at = *d;
    struct span s;
    TRY(der_integer(d, &s));
    if (s.n > 4 || s.p[0] & 0x80)
        return der_error(&at, "an INTEGER that is not within 0 to %u", max);
    unsigned v = 0;
    for (size_t i = 0; i < s.n; i++)
        v = v << 8 | s.p[i];
    if (v > max)
        return der_error(&at, "the INTEGER %u where at most %u is expected", v, max);
    *value = v;
    return OK;
}

enum err der_boolean(struct der *d, bool *value) {
    struct der at = *d;
    struct span s;
    TRY(der_read(d, DER_BOOLEAN, &s));
    const char *fault = boolean_fault(s);
    if (fault)
        return der_error(&at, "%s", fault);
    *value = s.p[0] != 0;
    return OK;
}

enum err der_bits(struct der *d, struct span *bits) {
    struct der at = *d;
    struct span s;
    TRY(der_read(d, DER_BIT_STRING, &s));
    if (s.n == 0 || s.p[0] != 0)
        return der_error(&at, "a BIT STRING that is not of whole octets");
    *bits = span_from(s, 1);
    return OK;
}

enum err der_oid(struct der *d, struct span *oid) {
    struct der at = *d;
    TRY(der_read(d, DER_OID, oid));
    const char *fault = oid_fault(*oid);
    return fault ? der_error(&at, "%s", fault) : OK;
}

/* ---- time ---- */

static bool two_digits(const uint8_t *p, int *out) {
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
        return false;
    *out = (p[0] - '0') * 10 + (p[1] - '0');
    return true;
}

/* MMDDHHMMSSZ after the year. */
static bool rest_of_time(const uint8_t *p, int year, int64_t *ms) {
    struct tm t = {.tm_year = year - 1900}, back;
    if (!two_digits(p, &t.tm_mon) || !two_digits(p + 2, &t.tm_mday) ||
        !two_digits(p + 4, &t.tm_hour) || !two_digits(p + 6, &t.tm_min) ||
        !two_digits(p + 8, &t.tm_sec) || p[10] != 'Z')
        return false;
    t.tm_mon--;
    struct tm wanted = t;
    time_t seconds = timegm(&t);
    /* timegm carries 31 February into March: what comes back must be what went in. */
    if (!gmtime_r(&seconds, &back) || back.tm_mon != wanted.tm_mon ||
        back.tm_mday != wanted.tm_mday || back.tm_hour != wanted.tm_hour ||
        back.tm_min != wanted.tm_min || back.tm_sec != wanted.tm_sec)
        return false;
    *ms = (int64_t)seconds * 1000;
    return true;
}

enum err der_time(struct der *d, int64_t *ms) {
    struct der at = *d;
    struct der_item item;
    TRY(der_next(d, &item));
    struct span s = item.content;
    int high, low;
    if (item.tag == DER_UTC_TIME && s.n == 13 && two_digits(s.p, &low)) {
        int year = low < 50 ? 2000 + low : 1900 + low; /* RFC 5280, 4.1.2.5.1 */
        if (rest_of_time(s.p + 2, year, ms))
            return OK;
    }
    if (item.tag == DER_GENERALIZED_TIME && s.n == 15 && two_digits(s.p, &high) &&
        two_digits(s.p + 2, &low) && rest_of_time(s.p + 4, high * 100 + low, ms))
        return OK;
    return der_error(&at, "not a time of the form YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ");
}

/* ---- the walk through everything ---- */

/* Universal types have one form each in DER: only SEQUENCE and SET are constructed. */
const char *der_fault(const struct der_item *item) {
    if (item->tag & 0xc0)
        return NULL;
    unsigned number = item->tag & 0x1f;
    bool constructed = item->tag & 0x20;
    if (number == 0)
        return "tag 0";
    if (constructed != (number == 16 || number == 17))
        return constructed ? "a constructed string: this is BER, not DER"
                           : "a SEQUENCE or SET that is primitive";
    switch (item->tag) {
    case DER_BOOLEAN:
        return boolean_fault(item->content);
    case DER_INTEGER:
        return integer_fault(item->content);
    case DER_OID:
        return oid_fault(item->content);
    case DER_NULL:
        return item->content.n ? "a NULL with content" : NULL;
    case DER_BIT_STRING:
        return item->content.n == 0 || item->content.p[0] > 7 ? "a malformed BIT STRING" : NULL;
    default:
        return NULL;
    }
}

enum err der_check(struct span message) {
    struct der d = der_of(message);
    const uint8_t *ends[DER_MAX_DEPTH];
    size_t depth = 0;
    do {
        struct der at = d;
        struct der_item item;
        TRY(der_next(&d, &item));
        const char *fault = der_fault(&item);
        if (fault)
            return der_error(&at, "%s", fault);
        if (item.tag & 0x20) {
            if (depth == DER_MAX_DEPTH)
                return der_error(&at, "nested deeper than %d", DER_MAX_DEPTH);
            ends[depth++] = d.end;
            d.p = item.content.p;
            d.end = item.content.p + item.content.n;
        }
        while (depth && d.p == d.end)
            d.end = ends[--depth];
    } while (depth);
    return der_end(&d);
}
