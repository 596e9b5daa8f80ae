/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mutator for DER: libFuzzer's own one changes a length and the parser stops there. This one
 * changes one item (drops, doubles, replaces it, gives it another tag or content, or BER's
 * indefinite length) and sets right the lengths of all that encloses it. One in four mutations is
 * libFuzzer's own. Include it in one target's source.
 */
#ifndef SIGNET_FUZZ_MUTATE_DER_H
#define SIGNET_FUZZ_MUTATE_DER_H

#include "base/buf.h"
#include "der/ber.h"
#include "der/writer.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

enum { MUTATE_MAX_ITEMS = 1024, MUTATE_MAX_DEPTH = 64, MUTATE_GROWTH = 64 };

struct mutate_items {
    struct der_item items[MUTATE_MAX_ITEMS];
    size_t count;
};

/* One item or several fill it. */
static bool mutate_is_der(struct span s) {
    struct der d = der_of(s);
    struct der_item item;
    while (!der_is_empty(&d))
        if (der_next(&d, &item) != OK)
            return false;
    return s.n > 1;
}

/* What lies in an item as items: of a constructed one, and of a string that is DER inside. */
static struct span mutate_inside(const struct der_item *item) {
    struct span s = item->content;
    if (item->tag == DER_BIT_STRING)
        s = span_from(s, 1);
    bool may = item->tag & 0x20 || item->tag == DER_OCTET_STRING || item->tag == DER_BIT_STRING;
    return may && mutate_is_der(s) ? s : SPAN_NONE;
}

static void mutate_collect(struct mutate_items *all, struct span s, unsigned depth) {
    struct der d = der_of(s);
    struct der_item item;
    while (all->count < MUTATE_MAX_ITEMS && depth < MUTATE_MAX_DEPTH && !der_is_empty(&d) &&
           der_next(&d, &item) == OK) {
        all->items[all->count++] = item;
        mutate_collect(all, mutate_inside(&item), depth + 1);
    }
}

static void mutate_put(struct buf *out, uint8_t tag, struct span content) {
    uint8_t header[DER_MAX_HEADER];
    buf_add(out, header, der_header(tag, content.n, header));
    buf_span(out, content);
}

/* Copies the items of `s`, with `fresh` in the place of the item `old`. */
static void mutate_copy(struct buf *out, struct span s, struct span old, struct span fresh) {
    struct der d = der_of(s);
    struct der_item item;
    while (!der_is_empty(&d) && der_next(&d, &item) == OK) {
        struct span inside = mutate_inside(&item);
        if (item.whole.p == old.p) {
            buf_span(out, fresh);
        } else if (inside.n && old.p >= inside.p && old.p < inside.p + inside.n) {
            BUF_AUTO(content);
            buf_add(&content, item.content.p, item.content.n - inside.n);
            mutate_copy(&content, inside, old, fresh);
            mutate_put(out, item.tag, buf_view(&content));
        } else {
            buf_span(out, item.whole);
        }
    }
}

static void mutate_content(struct buf *out, const struct der_item *item) {
    BUF_AUTO(room);
    static const uint8_t growth[MUTATE_GROWTH];
    buf_span(&room, item->content);
    buf_add(&room, growth, sizeof growth);
    mutate_put(out, item->tag, span_of(room.p, LLVMFuzzerMutate(room.p, item->content.n, room.n)));
}

static void mutate_item(struct buf *out, const struct der_item *item, const struct der_item *other,
                        unsigned choice) {
    static const uint8_t tags[] = {0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x16, 0x1e, 0x24,
                                   0x30, 0x31, 0x80, 0x81, 0x82, 0x86, 0x87, 0xa0, 0xa1, 0xa2};
    switch (choice % 7) {
    case 0:
        return;
    case 1:
        buf_span(out, item->whole);
        buf_span(out, item->whole);
        return;
    case 2:
        buf_span(out, other->whole);
        return;
    case 3:
        mutate_put(out, tags[choice / 7 % sizeof tags], item->content);
        return;
    case 4:
        buf_char(out, (char)(item->tag | 0x20));
        buf_char(out, (char)0x80);
        buf_span(out, item->tag & 0x20 ? item->content : item->whole);
        buf_add(out, "\0", 2);
        return;
    case 5:
        buf_span(out, item->whole);
        buf_span(out, other->whole);
        return;
    default:
        mutate_content(out, item);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    ARENA_AUTO(a);
    BUF_AUTO(fresh);
    BUF_AUTO(out);
    struct span der;
    struct mutate_items *all = arena_alloc(&a, sizeof *all);
    uint64_t dice = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
    if (seed % 4 == 0 || ber_to_der(&a, span_of(data, size), &der) != OK)
        return LLVMFuzzerMutate(data, size, max_size);
    mutate_collect(all, der, 0);
    const struct der_item *item = &all->items[(dice >> 16 & 0xffff) % all->count];
    const struct der_item *other = &all->items[(dice >> 32 & 0xffff) % all->count];
    mutate_item(&fresh, item, other, (unsigned)(dice >> 48));
    mutate_copy(&out, der, item->whole, buf_view(&fresh));
    if (out.n == 0 || out.n > max_size)
        return LLVMFuzzerMutate(data, size, max_size);
    memcpy(data, out.p, out.n);
    return out.n;
}

#endif
