/* SPDX-License-Identifier: Apache-2.0 */
/* The strict reader: what it takes, what it refuses, and that no split of the bytes changes either.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "http/reader.h"

enum { MAX_HEAD = 2048, MAX_BODY = 64 };

/* Feeds `text` in pieces of `step` bytes; the end of the first request, or its refusal. */
static enum http_read read_in(struct http_reader *r, struct span text, size_t step,
                              struct span *rest) {
    *r = (struct http_reader){.max_head = MAX_HEAD, .max_body = MAX_BODY};
    enum http_read got = HTTP_READ_MORE;
    size_t at = 0;
    bool head = false;
    do {
        size_t n = text.n - at < step ? text.n - at : step;
        struct span piece = span_of(text.p + at, n);
        got = http_reader_feed(r, &piece);
        at += n - piece.n;
        if (got == HTTP_READ_MORE)
            assert_int_equal(piece.n, 0);
        if (got == HTTP_READ_HEAD) {
            assert_false(head);
            head = true;
        }
    } while (got == HTTP_READ_HEAD || (got == HTTP_READ_MORE && at < text.n));
    *rest = span_from(text, at);
    return got;
}

/* Copies to the heap first, so that the sanitizer sees any read beyond the end. */
static int status_of(const char *bytes, size_t n) {
    int status = -1;
    uint8_t *copy = malloc(n);
    memcpy(copy, bytes, n);
    for (size_t step = 1; step <= n; step = step < 8 ? step + 1 : step * 2 + 1) {
        struct http_reader r;
        struct span rest;
        enum http_read got = read_in(&r, span_of(copy, n), step, &rest);
        int now = got == HTTP_READ_BAD ? r.status : got == HTTP_READ_DONE ? 200 : 0;
        if (got == HTTP_READ_BAD)
            assert_non_null(r.why);
        if (status != -1)
            assert_int_equal(now, status);
        status = now;
        http_reader_free(&r);
    }
    free(copy);
    return status;
}

struct example {
    int status; /* 200: complete, 0: more must come */
    const char *text;
};

#define H "Host: a\r\n"

static const struct example examples[] = {
    {200, "GET / HTTP/1.1\r\n" H "\r\n"},
    {200, "\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n"},
    {200, "GET / HTTP/1.0\r\n\r\n"},
    {200, "M-SEARCH /a?b=c+d/=%41 HTTP/1.1\r\n" H "\r\n"},
    {200, "GET / HTTP/1.1\r\nhOsT:a\r\nX:\r\nY: \t v\xc3\xa4 \t\r\n\r\n"},
    {200, "POST / HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc"},
    {200, "POST / HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n"},
    {200, "POST / HTTP/1.1\r\n" H "Content-Length: 0064\r\n\r\n"
          "0123456789012345678901234567890123456789012345678901234567890123"},
    {200, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n"
          "3;x=\"y\"\r\nabc\r\n0A\r\n0123456789\r\n000\r\nTrailer: x\r\n\r\n"},
    {0, "GET / HTTP/1.1\r\n" H},
    {0, "GET / HTTP/1.1\r\n" H "\r"},
    {0, "POST / HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\nabc"},
    {0, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"},
    /* line ends and control characters */
    {400, "GET / HTTP/1.1\n" H "\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" H "\n"},
    {400, "\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" H "X: a\x01\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" H "X: a\r\n folded\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" H "X: a\r\n\tfolded\r\n\r\n"},
    {400, "\x16\x03\x01\x02"},
    /* request line */
    {400, "GET /\r\n" H "\r\n"},
    {400, "GET  / HTTP/1.1\r\n" H "\r\n"},
    {400, "GET / HTTP/1.1 \r\n" H "\r\n"},
    {400, "GET / x HTTP/1.1\r\n" H "\r\n"},
    {400, "G(T / HTTP/1.1\r\n" H "\r\n"},
    {400, "GET http://a/ HTTP/1.1\r\n" H "\r\n"},
    {400, "OPTIONS * HTTP/1.1\r\n" H "\r\n"},
    {400, "GET /\x7f HTTP/1.1\r\n" H "\r\n"},
    {400, "GET / HTTP/2.0\r\n" H "\r\n"},
    {400, "GET / HTTP/1.11\r\n" H "\r\n"},
    {400, "GET / http/1.1\r\n" H "\r\n"},
    /* fields */
    {400, "GET / HTTP/1.1\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" H "Host: b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" H "no colon\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" H "X : a\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" H ": a\r\n\r\n"},
    {417, "POST / HTTP/1.1\r\n" H "Expect: tea\r\nContent-Length: 1\r\n\r\n"},
    /* framing */
    {400, "POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 1\r\n\r\na"},
    {400, "POST / HTTP/1.1\r\n" H "Content-Length: 1, 1\r\n\r\na"},
    {400, "POST / HTTP/1.1\r\n" H "Content-Length: +1\r\n\r\na"},
    {400, "POST / HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\na"},
    {400, "POST / HTTP/1.1\r\n" H "Content-Length: 0x1\r\n\r\na"},
    {400, "POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\na"},
    {400, "POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: \x0b"
          "chunked\r\n\r\n"},
    {400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {413, "POST / HTTP/1.1\r\n" H "Content-Length: 65\r\n\r\n"},
    {413, "POST / HTTP/1.1\r\n" H "Content-Length: 99999999999999999999999999999999\r\n\r\n"},
    {413, "POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551617\r\n\r\n"},
/* chunks */
#define C "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
    {400, C "+1\r\na\r\n0\r\n\r\n"},
    {400, C "0x1\r\na\r\n0\r\n\r\n"},
    {400, C " 1\r\na\r\n0\r\n\r\n"},
    {400, C "1 \r\na\r\n0\r\n\r\n"},
    {400, C "\r\n"},
    {400, C "1\na\r\n0\r\n\r\n"},
    {400, C "1;\rx\r\na\r\n0\r\n\r\n"},
    {400, C "1\r\nab\r\n0\r\n\r\n"},
    {400, C "1\r\na\n0\r\n\r\n"},
    {400, C "0\r\n\n"},
    {413, C "41\r\n"},
    {413, C "20\r\n01234567890123456789012345678901\r\n21\r\n"},
    {413, C "FFFFFFFFF\r\n"},
    {413, C "ffffffff\r\n"},
};

static void examples_are_judged(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        int status = status_of(examples[i].text, strlen(examples[i].text));
        if (status != examples[i].status)
            fail_msg("%d instead of %d for: %s", status, examples[i].status, examples[i].text);
    }
}

static void nul_is_refused(void **state) {
    (void)state;
    static const char in_value[] = "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n";
    static const char in_target[] = "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n";
    static const char in_chunk[] = C "1;\0\r\na\r\n0\r\n\r\n";
    assert_int_equal(status_of(in_value, sizeof in_value - 1), 400);
    assert_int_equal(status_of(in_target, sizeof in_target - 1), 400);
    assert_int_equal(status_of(in_chunk, sizeof in_chunk - 1), 400);
}

static void parts_are_found(void **state) {
    (void)state;
    const char *text = "POST /p?q HTTP/1.1\r\nHost:a\r\nX-One: 1 2 \r\nExpect: 100-Continue\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\nGET /next";
    for (size_t step = 1; step < strlen(text); step++) {
        struct http_reader r;
        struct span rest;
        assert_int_equal(read_in(&r, span_str(text), step, &rest), HTTP_READ_DONE);
        assert_string_equal(r.method, "POST");
        assert_string_equal(r.target, "/p?q");
        assert_int_equal(r.minor, 1);
        assert_string_equal(http_reader_field(&r, "x-oNE"), "1 2");
        assert_null(http_reader_field(&r, "X-Two"));
        assert_true(r.keep_alive && r.expect_continue && r.has_body);
        assert_true(span_is(buf_view(&r.body), "abc"));
        assert_true(span_is(rest, "GET /next"));
        http_reader_free(&r);
    }
}

static bool keeps_alive(const char *text) {
    struct http_reader r;
    struct span rest;
    assert_int_equal(read_in(&r, span_str(text), 1000, &rest), HTTP_READ_DONE);
    bool keep = r.keep_alive;
    http_reader_free(&r);
    return keep;
}

static void connection_options(void **state) {
    (void)state;
    assert_true(keeps_alive("GET / HTTP/1.1\r\n" H "\r\n"));
    assert_true(keeps_alive("GET / HTTP/1.1\r\n" H "Connection: closed\r\n\r\n"));
    assert_false(keeps_alive("GET / HTTP/1.1\r\n" H "Connection: x ,\tClose\r\n\r\n"));
    assert_false(keeps_alive("GET / HTTP/1.1\r\n" H "Connection: x\r\nConnection: close\r\n\r\n"));
    assert_false(keeps_alive("GET / HTTP/1.0\r\n\r\n"));
    assert_true(keeps_alive("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
}

static int status_of_buf(struct buf *b) {
    struct http_reader r;
    struct span rest;
    enum http_read got = read_in(&r, buf_view(b), 300, &rest);
    int status = got == HTTP_READ_BAD ? r.status : got == HTTP_READ_DONE ? 200 : 0;
    http_reader_free(&r);
    buf_clear(b);
    return status;
}

static void add_many(struct buf *b, const char *text, size_t times) {
    for (size_t i = 0; i < times; i++)
        buf_str(b, text);
}

static void limits_hold(void **state) {
    (void)state;
    BUF_AUTO(b);
    buf_str(&b, "GET /");
    add_many(&b, "x", MAX_HEAD);
    assert_int_equal(status_of_buf(&b), 414);
    buf_str(&b, "GET / HTTP/1.1\r\nHost: ");
    add_many(&b, "x", MAX_HEAD);
    assert_int_equal(status_of_buf(&b), 431);
    buf_str(&b, "GET / HTTP/1.1\r\n" H);
    add_many(&b, "X:\r\n", HTTP_MAX_FIELDS - 1);
    buf_str(&b, "\r\n");
    assert_int_equal(status_of_buf(&b), 200);
    buf_str(&b, "GET / HTTP/1.1\r\n" H);
    add_many(&b, "X:\r\n", HTTP_MAX_FIELDS);
    buf_str(&b, "\r\n");
    assert_int_equal(status_of_buf(&b), 431);
    buf_str(&b, C "1;");
    add_many(&b, "x", HTTP_MAX_LINE);
    assert_int_equal(status_of_buf(&b), 400);
    buf_str(&b, C "0\r\n");
    add_many(&b, "X: 0123456789\r\n", HTTP_MAX_TRAILERS / 13 + 1);
    assert_int_equal(status_of_buf(&b), 431);
    /* what is no HTTP is told so also when it is too long, in whatever pieces it comes */
    add_many(&b, "\x16", MAX_HEAD + 1);
    assert_int_equal(status_of((const char *)b.p, b.n), 400);
}

/* The head's limit to the byte: a head of exactly MAX_HEAD bytes is read. */
static void head_limit_is_exact(void **state) {
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        BUF_AUTO(b);
        buf_str(&b, "GET / HTTP/1.1\r\n" H "X: ");
        while (b.n < MAX_HEAD - 4 + more)
            buf_char(&b, 'x');
        buf_str(&b, "\r\n\r\n");
        assert_int_equal(status_of_buf(&b), more ? 431 : 200);
    }
}

/* Any single byte of a request changed: never a crash, and every split judges alike. */
static void tampering_is_judged_alike(void **state) {
    (void)state;
    static const char good[] = C "1;a\r\nb\r\n0\r\nT: u\r\n\r\n";
    static const char changes[] = "\0\n\r\t :;0\x80";
    char copy[sizeof good];
    for (size_t i = 0; i + 1 < sizeof good; i++)
        for (size_t k = 0; k + 1 < sizeof changes; k++) {
            memcpy(copy, good, sizeof good);
            copy[i] = changes[k];
            status_of(copy, sizeof good - 1);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_are_judged),
        cmocka_unit_test(nul_is_refused),
        cmocka_unit_test(parts_are_found),
        cmocka_unit_test(connection_options),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(head_limit_is_exact),
        cmocka_unit_test(tampering_is_judged_alike),
    };
    return cmocka_run_group_tests_name("http_reader", tests, NULL, NULL);
}
