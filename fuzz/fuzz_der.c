/* SPDX-License-Identifier: Apache-2.0 */
/* Oracle: what der_check accepts can be taken apart and put together again to the same octets. */
#include "fuzz.h"
#include "mutate_der.h"

#include "der/writer.h"

static void rebuild(struct der_writer *w, struct der_item item) {
    struct der_item parts[64];
    size_t n = 0, mark = der_mark(w);
    struct der d = der_of(item.content);
    if (item.tag & 0x20)
        while (n < 64 && !der_is_empty(&d))
            must(der_next(&d, &parts[n++]) == OK);
    if (n == 0 || !der_is_empty(&d)) {
        der_put_item(w, item.tag, item.content);
        return;
    }
    while (n--)
        rebuild(w, parts[n]);
    der_wrap(w, item.tag, mark);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    struct span in = span_of(data, size), oid;
    struct der d = der_of(in);
    struct der_item item;
    int64_t ms;
    must(der_time(&d, &ms) != OK || ms % 1000 == 0);
    d = der_of(in);
    must(der_oid(&d, &oid) != OK || strlen(oid_text(&a, oid)) >= 3);
    if (der_check(in) != OK)
        return 0;
    d = der_of(in);
    must(der_next(&d, &item) == OK);
    struct der_writer w = der_writer_in(&a);
    rebuild(&w, item);
    must(span_eq(der_written(&w), in));
    return 0;
}
