/* SPDX-License-Identifier: Apache-2.0 */
/* Names as DER: comparing them and showing them. Reading X.500 strings is in name_x500.c. */
#include "x509/name.h"

#include "base/buf.h"
#include "der/der.h"
#include "x509/attribute.h"

/* ---- characters ---- */

static bool next_utf8(struct span *s, uint32_t *c) {
    uint8_t first = s->p[0];
    size_t more = first < 0x80 ? 0 : first < 0xc2 ? 9 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if (first > 0xf4 || more >= s->n)
        return false;
    uint32_t v = more ? first & (0x3fu >> more) : first;
    for (size_t i = 1; i <= more; i++) {
        if ((s->p[i] & 0xc0) != 0x80)
            return false;
        v = v << 6 | (s->p[i] & 0x3f);
    }
    if ((more == 2 && v < 0x800) || (more == 3 && v < 0x10000) || v > 0x10ffff ||
        (v >= 0xd800 && v < 0xe000))
        return false;
    *s = span_from(*s, more + 1);
    *c = v;
    return true;
}

static bool next_wide(struct span *s, size_t width, uint32_t *c) {
    if (s->n < width)
        return false;
    *c = 0;
    for (size_t i = 0; i < width; i++)
        *c = *c << 8 | s->p[i];
    *s = span_from(*s, width);
    return true;
}

/* Takes the next character of a string of that type off `s`; false when it is malformed. */
static bool next_char(uint8_t tag, struct span *s, uint32_t *c) {
    if (tag == DER_UTF8_STRING)
        return next_utf8(s, c);
    return next_wide(s, tag == DER_BMP_STRING ? 2 : tag == DER_UNIVERSAL_STRING ? 4 : 1, c);
}

static bool is_string(uint8_t tag) {
    return tag == DER_UTF8_STRING || tag == DER_PRINTABLE_STRING || tag == DER_T61_STRING ||
           tag == DER_IA5_STRING || tag == DER_BMP_STRING || tag == DER_UNIVERSAL_STRING;
}

bool utf8_valid(struct span s) {
    uint32_t c;
    while (s.n)
        if (!next_utf8(&s, &c))
            return false;
    return true;
}

/* ---- the structure ---- */

enum err rdn_next(struct der *name, struct der *rdn) {
    TRY(der_enter(name, DER_SET, rdn));
    return der_is_empty(rdn) ? der_error(rdn, "a name with an empty RDN") : OK;
}

enum err attribute_next(struct der *rdn, struct attribute *out) {
    struct der pair;
    TRY(der_enter(rdn, DER_SEQUENCE, &pair));
    TRY(der_oid(&pair, &out->oid));
    TRY(der_next(&pair, &out->value));
    return der_end(&pair);
}

enum err name_open(struct span der, struct der *name) {
    struct der d = der_of(der);
    TRY(der_enter(&d, DER_SEQUENCE, name));
    return der_end(&d);
}

/* ---- comparing ---- */

enum { MAX_RDNS = 64, MAX_PAIRS = 16 };

static bool same_value(const struct der_item *a, const struct der_item *b) {
    if (!is_string(a->tag) || !is_string(b->tag))
        return span_eq(a->whole, b->whole);
    struct span s = a->content, t = b->content;
    while (s.n && t.n) {
        uint32_t c, d;
        if (!next_char(a->tag, &s, &c) || !next_char(b->tag, &t, &d) || c != d)
            return false;
    }
    return s.n == 0 && t.n == 0;
}

static int read_pairs(struct der rdn, struct attribute out[MAX_PAIRS]) {
    int n = 0;
    for (; !der_is_empty(&rdn); n++)
        if (n == MAX_PAIRS || attribute_next(&rdn, &out[n]) != OK)
            return -1;
    return n;
}

/* The order inside an RDN depends on the string types, so that it says nothing. */
static bool same_rdn(struct der a, struct der b) {
    struct attribute x[MAX_PAIRS], y[MAX_PAIRS];
    bool used[MAX_PAIRS] = {false};
    int n = read_pairs(a, x);
    if (n <= 0 || n != read_pairs(b, y))
        return false;
    for (int i = 0; i < n; i++) {
        int j = 0;
        while (j < n &&
               (used[j] || !span_eq(x[i].oid, y[j].oid) || !same_value(&x[i].value, &y[j].value)))
            j++;
        if (j == n)
            return false;
        used[j] = true;
    }
    return true;
}

static int read_rdns(struct span der, struct der out[MAX_RDNS]) {
    struct der name;
    int n = 0;
    if (name_open(der, &name) != OK)
        return -1;
    for (; !der_is_empty(&name); n++)
        if (n == MAX_RDNS || rdn_next(&name, &out[n]) != OK)
            return -1;
    return n;
}

bool name_same(struct span der_a, struct span der_b) {
    struct der a[MAX_RDNS], b[MAX_RDNS];
    int n = read_rdns(der_a, a);
    if (n < 0 || n != read_rdns(der_b, b))
        return false;
    bool forwards = true, backwards = true;
    for (int i = 0; i < n; i++) {
        forwards = forwards && same_rdn(a[i], b[i]);
        backwards = backwards && same_rdn(a[i], b[n - 1 - i]);
    }
    return forwards || backwards;
}

/* ---- showing ---- */

static void add_char(struct buf *b, uint32_t c) {
    if (c < 0x20 || c == 0x7f || c == '\\')
        buf_printf(b, "\\x%02x", (unsigned)c);
    else if (c < 0x80)
        buf_char(b, (char)c);
    else if (c < 0xa0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ||
             (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
             (c >= 0x2066 && c <= 0x2069)) /* C1 controls and what turns the line's direction */
        buf_printf(b, "\\u{%x}", (unsigned)c);
    else if (c < 0x800)
        buf_printf(b, "%c%c", (int)(0xc0 | c >> 6), (int)(0x80 | (c & 0x3f)));
    else if (c < 0x10000)
        buf_printf(b, "%c%c%c", (int)(0xe0 | c >> 12), (int)(0x80 | (c >> 6 & 0x3f)),
                   (int)(0x80 | (c & 0x3f)));
    else
        buf_printf(b, "%c%c%c%c", (int)(0xf0 | c >> 18), (int)(0x80 | (c >> 12 & 0x3f)),
                   (int)(0x80 | (c >> 6 & 0x3f)), (int)(0x80 | (c & 0x3f)));
}

void string_show(struct buf *b, uint8_t tag, struct span s) {
    while (s.n) {
        uint32_t c;
        if (next_char(tag, &s, &c)) {
            add_char(b, c);
        } else {
            buf_printf(b, "\\x%02x", s.p[0]);
            s = span_from(s, 1);
        }
    }
}

/* Quoted in the X.500 manner where it could be taken for more than one attribute. */
static void show_value(struct buf *b, const struct der_item *value) {
    if (!is_string(value->tag)) {
        buf_char(b, '#');
        for (size_t i = 0; i < value->whole.n; i++)
            buf_printf(b, "%02x", value->whole.p[i]);
        return;
    }
    BUF_AUTO(text);
    string_show(&text, value->tag, value->content);
    const char *p = buf_cstr(&text);
    bool quote = strpbrk(p, ",+;=\"<>#") || *p == ' ' || (text.n && p[text.n - 1] == ' ');
    if (quote)
        buf_char(b, '"');
    for (; *p; p++) {
        if (*p == '"')
            buf_char(b, '"');
        buf_char(b, *p);
    }
    if (quote)
        buf_char(b, '"');
}

static enum err show_rdn(struct arena *a, struct buf *b, struct der rdn) {
    for (bool first = true; !der_is_empty(&rdn); first = false) {
        struct attribute pair;
        TRY(attribute_next(&rdn, &pair));
        const char *key = attribute_key(pair.oid);
        buf_printf(b, "%s%s=", first ? "" : " + ", key ? key : oid_text(a, pair.oid));
        show_value(b, &pair.value);
    }
    return OK;
}

const char *name_text(struct arena *a, struct span der) {
    BUF_AUTO(b);
    struct der name, rdn;
    enum err e = name_open(der, &name);
    while (e == OK && !der_is_empty(&name)) {
        if (b.n)
            buf_str(&b, ", ");
        e = rdn_next(&name, &rdn);
        if (e == OK)
            e = show_rdn(a, &b, rdn);
    }
    return e == OK ? arena_str(a, buf_view(&b)) : "(malformed name)";
}
