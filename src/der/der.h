/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A strict, zero-copy reader of DER (X.690). What it hands out are spans into the input.
 *
 * Refused: lengths that are not minimal, indefinite lengths, tag numbers above 30, lengths beyond
 * the end of what encloses them, INTEGERs with superfluous octets. A parser built on it follows its
 * schema and never recurses; der_check walks what no schema covers, to a depth of DER_MAX_DEPTH.
 * Every error is ERR_PARSE and begins with the offset from the start of the message.
 */
#ifndef SIGNET_DER_DER_H
#define SIGNET_DER_DER_H

#include "base/arena.h"
#include "base/err.h"

enum {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_UTF8_STRING = 0x0c,
    DER_PRINTABLE_STRING = 0x13,
    DER_T61_STRING = 0x14,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_UNIVERSAL_STRING = 0x1c,
    DER_BMP_STRING = 0x1e,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
};

/* Context-specific tags: [n] of a primitive and of a constructed type. */
#define DER_CONTEXT(n)             (0x80 | (n))
#define DER_CONTEXT_CONSTRUCTED(n) (0xa0 | (n))

/* X.509 in CMS in practice stays below 16. */
enum { DER_MAX_DEPTH = 32 };

/* Where a reader stands; `base` is the start of the message, for offsets in errors. */
struct der {
    const uint8_t *p, *end, *base;
};

struct der_item {
    uint8_t tag;
    struct span content;
    struct span whole; /* with tag and length */
};

static inline struct der der_of(struct span message) {
    const uint8_t *p = message.n ? message.p : (const uint8_t *)"";
    return (struct der){p, p + message.n, p};
}

static inline bool der_is_empty(const struct der *d) {
    return d->p == d->end;
}

/* Whether the next item has this tag. */
static inline bool der_at(const struct der *d, uint8_t tag) {
    return d->p < d->end && *d->p == tag;
}

/* ERR_PARSE with "offset N: " before the text. */
enum err der_error(const struct der *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The next item, whatever it is. */
enum err der_next(struct der *d, struct der_item *out) ERR_MUST_USE;

/* The next item, which must have the tag: its content, or all of it. */
enum err der_read(struct der *d, uint8_t tag, struct span *content) ERR_MUST_USE;
enum err der_read_whole(struct der *d, uint8_t tag, struct span *whole) ERR_MUST_USE;

/* Reads a constructed item: `inside` stands at its first element. */
enum err der_enter(struct der *d, uint8_t tag, struct der *inside) ERR_MUST_USE;

/* Fails unless everything has been read. */
enum err der_end(const struct der *d) ERR_MUST_USE;

/* INTEGER: content octets, minimal as they must be; or a value from 0 to `max`. */
enum err der_integer(struct der *d, struct span *content) ERR_MUST_USE;
enum err der_small(struct der *d, unsigned max, unsigned *value) ERR_MUST_USE;

enum err der_boolean(struct der *d, bool *value) ERR_MUST_USE;

/* BIT STRING of whole octets: the bits without the count of unused ones. */
enum err der_bits(struct der *d, struct span *bits) ERR_MUST_USE;

/* OBJECT IDENTIFIER: content octets, well-formed. */
enum err der_oid(struct der *d, struct span *oid) ERR_MUST_USE;

/* UTCTime or GeneralizedTime in RFC 5280's form (seconds, Z): ms since 1970. */
enum err der_time(struct der *d, int64_t *ms) ERR_MUST_USE;

/* What is wrong with an item by itself, in its form or its value; NULL when nothing is. */
const char *der_fault(const struct der_item *item);

/*
 * Whether `message` is one well-formed item of DER through and through, also where no parser
 * looks: nesting, lengths, primitive and constructed forms, INTEGERs, BOOLEANs and OIDs.
 */
enum err der_check(struct span message) ERR_MUST_USE;

/* Whether the content octets `oid` are those of the dotted text. */
bool oid_is(struct span oid, const char *dotted);

/* Content octets of a dotted OID in `out`; 0 when the text is no OID or too long. */
enum { OID_MAX_SIZE = 64 };
size_t oid_encode(const char *dotted, uint8_t out[OID_MAX_SIZE]);

/* Dotted text of content octets that der_oid has accepted; "?" for others. */
const char *oid_text(struct arena *a, struct span oid) __attribute__((returns_nonnull));

#endif
