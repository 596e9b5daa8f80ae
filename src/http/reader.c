/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Framing: which bytes are head, body, chunk. The head is collected line by line until the empty
 * one, then parsed whole (head.c); a body goes into one buffer, whichever way it comes.
 */
#include "http/reader.h"

#include "http/head.h"

static enum http_read refuse(struct http_reader *r, int status, const char *why) {
    http_head_refuse(r, status, why);
    return HTTP_READ_BAD;
}

/* Moves up to `max` bytes from the front of `in` to the end of `to`. */
static size_t move(struct buf *to, struct span *in, uint64_t max) {
    size_t n = in->n < max ? in->n : (size_t)max;
    buf_add(to, in->p, n);
    *in = span_from(*in, n);
    return n;
}

/* The number of bytes up to and with the first LF, or all. */
static size_t line_length(struct span in) {
    ptrdiff_t lf = span_find(in, '\n');
    return lf < 0 ? in.n : (size_t)lf + 1;
}

static bool ends_in_lf(const struct buf *b) {
    return b->n && b->p[b->n - 1] == '\n';
}

static enum http_read feed_head(struct http_reader *r, struct span *in) {
    while (in->n) {
        size_t n = line_length(*in);
        uint8_t first = r->head.n ? r->head.p[0] : in->p[0];
        /* Whoever speaks something else (TLS, say) learns it without waiting for a timeout. */
        if (!http_is_token_char(first) && first != '\r')
            return refuse(r, 400, "this is not HTTP");
        if (r->head.n + n > r->max_head)
            return r->line_start ? refuse(r, 431, "request head too large")
                                 : refuse(r, 414, "request line too long");
        move(&r->head, in, n);
        if (!ends_in_lf(&r->head))
            continue;
        size_t length = r->head.n - r->line_start;
        if (length < 2 || r->head.p[r->head.n - 2] != '\r')
            return refuse(r, 400, "LF without CR");
        if (length == 2 && r->line_start)
            return http_head_parse(r) ? HTTP_READ_HEAD : HTTP_READ_BAD;
        if (length == 2)
            buf_clear(&r->head); /* an empty line before the request: RFC 9112, 2.2 */
        r->line_start = r->head.n;
    }
    return HTTP_READ_MORE;
}

/* Collects one line in r->line, without its CRLF. DONE: it is there; clear it after use. */
static enum http_read feed_line(struct http_reader *r, struct span *in) {
    move(&r->line, in, line_length(*in));
    if (r->line.n > HTTP_MAX_LINE)
        return refuse(r, 400, "chunk line too long");
    if (!ends_in_lf(&r->line))
        return HTTP_READ_MORE;
    size_t n = r->line.n;
    if (n < 2 || r->line.p[n - 2] != '\r')
        return refuse(r, 400, "LF without CR");
    r->line.n = n - 2;
    if (memchr(r->line.p, '\r', n - 2) || memchr(r->line.p, '\0', n - 2))
        return refuse(r, 400, "control character in a chunk line");
    return HTTP_READ_DONE;
}

static int hex_digit(uint8_t c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* chunk-size [ chunk-ext ]: at most 8 hex digits, then nothing, or a ';' (RFC 9112, 7.1). */
static enum http_read read_chunk_size(struct http_reader *r) {
    struct span line = buf_view(&r->line);
    uint64_t size = 0;
    size_t i = 0;
    for (; i < line.n && hex_digit(line.p[i]) >= 0; i++) {
        if (i == 8)
            return refuse(r, 413, "chunk too large");
        size = size * 16 + (uint64_t)hex_digit(line.p[i]);
    }
    if (i == 0 || (i < line.n && line.p[i] != ';'))
        return refuse(r, 400, "chunk size is not a hex number");
    if (r->body.n + size > r->max_body)
        return refuse(r, 413, "request body too large");
    r->left = size;
    r->phase = size ? READ_CHUNK : READ_TRAILERS;
    buf_clear(&r->line);
    return HTTP_READ_MORE;
}

static enum http_read read_chunk_end(struct http_reader *r) {
    if (r->line.n)
        return refuse(r, 400, "chunk longer than its size");
    r->phase = READ_CHUNK_SIZE;
    return HTTP_READ_MORE;
}

/* Trailers mean nothing here and are dropped, which RFC 9110, 6.5.1 allows. */
static enum http_read read_trailer(struct http_reader *r) {
    r->trailers += r->line.n;
    if (r->trailers > HTTP_MAX_TRAILERS)
        return refuse(r, 431, "trailers too large");
    if (r->line.n == 0)
        r->phase = READ_COMPLETE;
    buf_clear(&r->line);
    return HTTP_READ_MORE;
}

static void feed_body(struct http_reader *r, struct span *in, enum http_reader_phase next) {
    r->left -= move(&r->body, in, r->left);
    if (r->left == 0)
        r->phase = next;
}

static enum http_read feed_chunk_line(struct http_reader *r, struct span *in) {
    enum http_read got = feed_line(r, in);
    if (got != HTTP_READ_DONE)
        return got;
    if (r->phase == READ_CHUNK_SIZE)
        return read_chunk_size(r);
    return r->phase == READ_CHUNK_END ? read_chunk_end(r) : read_trailer(r);
}

enum http_read http_reader_feed(struct http_reader *r, struct span *in) {
    enum http_read got = HTTP_READ_MORE;
    while (got == HTTP_READ_MORE && r->phase != READ_COMPLETE && in->n) {
        switch (r->phase) {
        case READ_FIELDS:
            got = feed_head(r, in);
            break;
        case READ_BODY:
            feed_body(r, in, READ_COMPLETE);
            break;
        case READ_CHUNK:
            feed_body(r, in, READ_CHUNK_END);
            break;
        case READ_CHUNK_SIZE:
        case READ_CHUNK_END:
        case READ_TRAILERS:
            got = feed_chunk_line(r, in);
            break;
        case READ_COMPLETE:
            break;
        }
    }
    return got == HTTP_READ_MORE && r->phase == READ_COMPLETE ? HTTP_READ_DONE : got;
}

const char *http_reader_field(const struct http_reader *r, const char *name) {
    for (size_t i = 0; i < r->field_count; i++)
        if (strcasecmp(r->fields[i].name, name) == 0)
            return r->fields[i].value;
    return NULL;
}

void http_reader_free(struct http_reader *r) {
    buf_free(&r->head);
    buf_free(&r->line);
    buf_free(&r->body);
}
