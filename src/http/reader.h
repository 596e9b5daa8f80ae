/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A strict, incremental reader of one HTTP/1.1 request (RFC 9112). It knows no sockets: bytes go in
 * in pieces of any size, and every byte is looked at once, so a slow or endless sender costs memory
 * only up to the limits and never more than linear time.
 *
 * Strict means that whatever two parties could frame differently is refused with 400: bare LF or
 * CR, NUL, folded lines, blanks around a field's name, two Content-Lengths, Transfer-Encodings or
 * Hosts, both of the first two, any transfer coding but chunked, HTTP versions other than 1.0 and
 * 1.1, targets that do not begin with '/'.
 */
#ifndef SIGNET_HTTP_READER_H
#define SIGNET_HTTP_READER_H

#include "base/buf.h"
#include "http/http.h"

enum {
    HTTP_MAX_FIELDS = 100,   /* browsers send 15, chains of proxies 30 */
    HTTP_MAX_LINE = 1024,    /* a chunk's size and extensions; a trailer */
    HTTP_MAX_TRAILERS = 8192 /* bytes of all trailers; they are dropped */
};

enum http_read {
    HTTP_READ_MORE, /* everything given was taken; more must come */
    HTTP_READ_HEAD, /* the head is complete: reported once, before the body */
    HTTP_READ_DONE, /* the request is complete; further bytes belong to the next one */
    HTTP_READ_BAD   /* refuse with `status` and close: where the next request begins is unknown */
};

enum http_reader_phase {
    READ_FIELDS,
    READ_BODY,
    READ_CHUNK_SIZE,
    READ_CHUNK,
    READ_CHUNK_END,
    READ_TRAILERS,
    READ_COMPLETE
};

struct http_reader { /* zero-initialise, then set the two limits */
    size_t max_head, max_body;

    /* The head; the strings point into `head`. */
    const char *method, *target;
    int minor; /* of HTTP/1.x */
    struct http_field fields[HTTP_MAX_FIELDS];
    size_t field_count;
    bool keep_alive;
    bool expect_continue;
    bool has_body; /* more bytes than the head */

    struct buf body;

    int status; /* after HTTP_READ_BAD: the reply's status, and why */
    const char *why;

    enum http_reader_phase phase;
    struct buf head, line;
    size_t line_start; /* of the head's last, perhaps unfinished, line */
    uint64_t left;     /* bytes of the body or chunk that are still to come */
    size_t trailers;   /* bytes of trailers so far */
};

/* Takes bytes from the front of `in`. After DONE or BAD it must not be called again. */
enum http_read http_reader_feed(struct http_reader *r, struct span *in);

/* The value of the first field called `name`, in any case, or NULL. */
const char *http_reader_field(const struct http_reader *r, const char *name);

/* Wipes and frees the buffers. */
void http_reader_free(struct http_reader *r);

#endif
