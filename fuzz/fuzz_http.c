/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP request. Oracle: however the bytes are cut into pieces, the reader judges alike: the
 * same verdict, status, end of the request, head and body. Whoever sits between the client and us
 * may cut them anywhere, and must not be able to say something else by that.
 */
#include "http/reader.h"

#include "fuzz.h"

enum { MAX_HEAD = 1024, MAX_BODY = 256 }; /* small, so that the fuzzer reaches them */

struct verdict {
    struct http_reader reader;
    enum http_read got;
    size_t end;
};

/* A way to cut: every piece has `step` bytes, or, for 0, as many as the input itself says. */
static size_t piece_size(struct span in, size_t at, size_t step) {
    size_t n = step ? step : in.p[in.n - 1 - at] % 17 + 1U;
    return n < in.n - at ? n : in.n - at;
}

static struct verdict judge(struct span in, size_t step) {
    struct verdict v = {.reader = {.max_head = MAX_HEAD, .max_body = MAX_BODY}};
    bool head = false;
    do {
        size_t n = v.end < in.n ? piece_size(in, v.end, step) : 0;
        struct span piece = span_of(in.p + v.end, n);
        v.got = http_reader_feed(&v.reader, &piece);
        v.end += n - piece.n;
        must(v.got != HTTP_READ_MORE || piece.n == 0);
        must(v.got != HTTP_READ_HEAD || !head);
        head = head || v.got == HTTP_READ_HEAD;
        must(v.reader.body.n <= MAX_BODY && v.reader.head.n <= MAX_HEAD);
    } while (v.got == HTTP_READ_HEAD || (v.got == HTTP_READ_MORE && v.end < in.n));
    must(v.got != HTTP_READ_BAD || (v.reader.status >= 400 && v.reader.why));
    must(v.got != HTTP_READ_DONE || head);
    return v;
}

static void compare(const struct verdict *a, const struct verdict *b) {
    const struct http_reader *x = &a->reader, *y = &b->reader;
    must(a->got == b->got && x->status == y->status);
    if (a->got == HTTP_READ_BAD)
        return; /* how much of it was taken means nothing: the connection ends */
    must(a->end == b->end && x->phase == y->phase && x->left == y->left);
    must(span_eq(buf_view(&x->head), buf_view(&y->head)));
    must(span_eq(buf_view(&x->body), buf_view(&y->body)));
    must(x->keep_alive == y->keep_alive && x->field_count == y->field_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const size_t steps[] = {1, 2, 7, 0};
    struct span in = span_of(data, size);
    struct verdict whole = judge(in, size + 1);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct verdict cut = judge(in, steps[i]);
        compare(&whole, &cut);
        http_reader_free(&cut.reader);
    }
    http_reader_free(&whole.reader);
    return 0;
}
