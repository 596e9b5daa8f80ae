/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Written forwards: the content of a constructed item first, and then it is moved up to make room
 * for its header, whose length is known only now. What is moved is moved once a level at most.
 */
#include "der/ber.h"

#include "base/buf.h"
#include "der/writer.h"

enum { CONSTRUCTED = 0x20 };

struct header {
    uint8_t tag;
    bool indefinite;
    size_t n; /* unless indefinite */
};

/* X.690, 8.1.3.5: up to 126 octets, with as many leading zeros as somebody likes. */
static enum err read_long_length(struct der *d, size_t octets, size_t *length) {
    size_t left = (size_t)(d->end - d->p);
    if (octets == 0x7f)
        return der_error(d, "the length octet ff, which is reserved");
    if (octets > left)
        return der_error(d, "the message ends within a length");
    left -= octets;
    *length = 0;
    while (octets--) {
        if (*length > left >> 8)
            return der_error(d, "a length beyond the end of the message");
        *length = *length << 8 | *d->p++;
    }
    return OK;
}

/* Reads the header; `d` then stands at the content, of which all is there when it is definite. */
static enum err read_header(struct der *d, struct header *out) {
    struct der at = *d;
    if (d->end - d->p < 2)
        return der_error(d, "the message ends where an item is expected");
    out->tag = *d->p++;
    uint8_t first = *d->p++;
    if ((out->tag & 0x1f) == 0x1f)
        return der_error(&at, "a tag number above 30");
    out->n = first;
    out->indefinite = first == 0x80;
    if (out->indefinite)
        return out->tag & CONSTRUCTED ? OK : der_error(&at, "a primitive of indefinite length");
    if (first > 0x80)
        TRY(read_long_length(d, first & 0x7f, &out->n));
    return out->n > (size_t)(d->end - d->p)
               ? der_error(&at, "a length of %zu where %zu octets are left", out->n,
                           (size_t)(d->end - d->p))
               : OK;
}

/* ---- what a constructed item holds ---- */

/* A reader of the content: it ends with it, or at the end-of-contents octets. */
static struct der inside_of(const struct der *d, const struct header *h) {
    return (struct der){d->p, h->indefinite ? d->end : d->p + h->n, d->base};
}

static bool more(const struct der *inside, const struct header *h) {
    if (!h->indefinite)
        return !der_is_empty(inside);
    return inside->end - inside->p < 2 || inside->p[0] || inside->p[1];
}

/* Puts the outer reader behind the item. */
static void leave(struct der *d, const struct der *inside, const struct header *h) {
    d->p = inside->p + (h->indefinite ? 2 : 0);
}

/* ---- writing ---- */

/* Puts the header before everything that was added since `mark`. */
static void wrap(struct buf *out, uint8_t tag, size_t mark) {
    uint8_t header[DER_MAX_HEADER];
    size_t n = out->n - mark, header_n = der_header(tag, n, header);
    buf_add(out, header, header_n);
    memmove(out->p + mark + header_n, out->p + mark, n);
    memcpy(out->p + mark, header, header_n);
}

static struct span shortest_integer(struct span s) {
    while (s.n > 1 && ((s.p[0] == 0 && s.p[1] < 0x80) || (s.p[0] == 0xff && s.p[1] >= 0x80)))
        s = span_from(s, 1);
    return s;
}

static enum err rewrite_primitive(struct der *d, const struct header *h, const struct der *at,
                                  struct buf *out) {
    static const uint8_t yes = 0xff;
    struct der_item item = {.tag = h->tag, .content = span_of(d->p, h->n)};
    if (item.tag == DER_BOOLEAN && item.content.n == 1 && item.content.p[0])
        item.content = span_of(&yes, 1);
    if (item.tag == DER_INTEGER)
        item.content = shortest_integer(item.content);
    const char *fault = der_fault(&item);
    if (fault)
        return der_error(at, "%s", fault);
    size_t mark = out->n;
    buf_span(out, item.content);
    wrap(out, item.tag, mark);
    d->p += h->n;
    return OK;
}

/* ---- strings in pieces (X.690, 8.6.4, 8.7.3 and 8.23.6) ---- */

struct joined {
    struct buf *out;
    uint8_t tag;    /* of the whole, primitive */
    uint8_t unused; /* bits at the end of a BIT STRING: only its last piece may have some */
};

static bool is_string(uint8_t tag) {
    static const uint32_t strings = 1U << DER_BIT_STRING | 1U << DER_OCTET_STRING |
                                    1U << DER_UTF8_STRING | 0x1ffU << 18 | 1U << 27 | 1U << 28 |
                                    1U << 30;
    return (tag & 0xe0) == CONSTRUCTED && strings >> (tag & 0x1f) & 1;
}

static enum err add_bits(struct joined *j, const struct der *at, struct span piece) {
    if (piece.n == 0 || piece.p[0] > 7 || (piece.n == 1 && piece.p[0]))
        return der_error(at, "a malformed BIT STRING");
    if (j->unused)
        return der_error(at, "a piece of a BIT STRING that follows one of broken octets");
    j->unused = piece.p[0];
    buf_span(j->out, span_from(piece, 1));
    return OK;
}

static enum err join(struct der *inside, const struct header *whole, struct joined *j,
                     unsigned depth) {
    while (more(inside, whole)) {
        struct der at = *inside;
        struct header h;
        TRY(read_header(inside, &h));
        uint8_t type = h.tag & (uint8_t)~CONSTRUCTED;
        if (type != j->tag && (type != DER_OCTET_STRING || j->tag == DER_BIT_STRING))
            return der_error(&at, "a piece of a string that is of another type");
        if (h.tag & CONSTRUCTED) {
            if (depth == DER_MAX_DEPTH)
                return der_error(&at, "nested deeper than %d", DER_MAX_DEPTH);
            struct der pieces = inside_of(inside, &h);
            TRY(join(&pieces, &h, j, depth + 1));
            leave(inside, &pieces, &h);
            continue;
        }
        if (j->tag == DER_BIT_STRING)
            TRY(add_bits(j, &at, span_of(inside->p, h.n)));
        else
            buf_add(j->out, inside->p, h.n);
        inside->p += h.n;
    }
    return OK;
}

static enum err rewrite_string(struct der *inside, const struct header *h, struct buf *out,
                               unsigned depth) {
    struct joined j = {.out = out, .tag = h->tag & (uint8_t)~CONSTRUCTED};
    size_t mark = out->n;
    if (j.tag != DER_BIT_STRING) {
        TRY(join(inside, h, &j, depth));
    } else {
        if (!more(inside, h))
            return der_error(inside, "a BIT STRING without a piece");
        buf_char(out, 0);
        TRY(join(inside, h, &j, depth));
        out->p[mark] = j.unused;
    }
    wrap(out, j.tag, mark);
    return OK;
}

/* ---- the whole ---- */

/* Recursion ends at DER_MAX_DEPTH. */
static enum err rewrite(struct der *d, struct buf *out, unsigned depth) {
    struct der at = *d;
    struct header h;
    size_t mark = out->n;
    TRY(read_header(d, &h));
    if (!(h.tag & CONSTRUCTED))
        return rewrite_primitive(d, &h, &at, out);
    if (depth == DER_MAX_DEPTH)
        return der_error(&at, "nested deeper than %d", DER_MAX_DEPTH);
    struct der inside = inside_of(d, &h);
    if (is_string(h.tag)) {
        TRY(rewrite_string(&inside, &h, out, depth + 1));
    } else {
        const char *fault = der_fault(&(struct der_item){.tag = h.tag});
        if (fault)
            return der_error(&at, "%s", fault);
        while (more(&inside, &h))
            TRY(rewrite(&inside, out, depth + 1));
        wrap(out, h.tag, mark);
    }
    leave(d, &inside, &h);
    return OK;
}

enum err ber_to_der(struct arena *a, struct span ber, struct span *der) {
    BUF_AUTO(out);
    struct der d = der_of(ber);
    *der = ber;
    if (der_check(ber) == OK)
        return OK;
    TRY(rewrite(&d, &out, 0));
    TRY(der_end(&d));
    *der = arena_copy(a, buf_view(&out));
    return OK;
}
