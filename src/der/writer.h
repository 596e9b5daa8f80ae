/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A DER writer that goes backwards: the last octet first, so that each length is known when it is
 * written and nothing is moved or measured twice. The output lies in an arena. Code that uses it
 * reads from the end of the structure to its start:
 *
 *     size_t seq = der_mark(&w);
 *     der_put_null(&w);                     second element
 *     der_put_oid(&w, OID_SHA256);          first element
 *     der_wrap(&w, DER_SEQUENCE, seq);      header of all since the mark
 */
#ifndef SIGNET_DER_WRITER_H
#define SIGNET_DER_WRITER_H

#include "der/der.h"

struct der_writer {
    struct arena *a;
    uint8_t *buf; /* the output is the last n of its cap bytes */
    size_t cap, n;
};

static inline struct der_writer der_writer_in(struct arena *a) {
    return (struct der_writer){.a = a};
}

static inline size_t der_mark(const struct der_writer *w) {
    return w->n;
}

/* Tag and length of an item whose content has n octets; tells how long both are. */
enum { DER_MAX_HEADER = 2 + sizeof(size_t) };
size_t der_header(uint8_t tag, size_t n, uint8_t out[DER_MAX_HEADER]);

/* Puts bytes as they are, such as an item that is encoded already. */
void der_put(struct der_writer *w, struct span bytes);

/* Puts the header of everything that was put since `mark`. */
void der_wrap(struct der_writer *w, uint8_t tag, size_t mark);

/* Puts one whole item. */
void der_put_item(struct der_writer *w, uint8_t tag, struct span content);

void der_put_null(struct der_writer *w);
void der_put_true(struct der_writer *w);
void der_put_small(struct der_writer *w, unsigned value);

/* A dotted OID that the caller knows to be good: a constant or checked text. */
void der_put_oid(struct der_writer *w, const char *dotted);

/* BIT STRING of whole octets. */
void der_put_bits(struct der_writer *w, struct span bits);

/* UTCTime up to 2049, GeneralizedTime from 2050 on (RFC 5280, 4.1.2.5). */
void der_put_time(struct der_writer *w, int64_t ms);

/* The elements of a SET OF in DER's order, without the header; sorts `items` (X.690, 11.6). */
void der_put_sorted(struct der_writer *w, struct span *items, size_t count);

/* What was written so far. */
struct span der_written(const struct der_writer *w);

#endif
