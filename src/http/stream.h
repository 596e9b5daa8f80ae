/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a connection: a non-blocking socket, with TLS or without. Whose turn it is with a
 * connection may call these, in any thread; two at once must not.
 */
#ifndef SIGNET_HTTP_STREAM_H
#define SIGNET_HTTP_STREAM_H

#include <openssl/ssl.h>

#include "base/span.h"

struct http_stream {
    int fd;
    SSL *ssl; /* NULL: without TLS */
};

enum http_io {
    HTTP_IO_DONE,
    HTTP_IO_READABLE, /* nothing to be done before the socket is; then call the same again */
    HTTP_IO_WRITABLE,
    HTTP_IO_END /* the other side has ended, or the socket failed */
};

/* Takes over the socket and `ssl`, which may be NULL. False, and neither is: no memory. */
bool http_stream_open(struct http_stream *s, int fd, SSL *ssl);

/* After HTTP_IO_END OpenSSL's queue of errors says why. */
enum http_io http_stream_handshake(struct http_stream *s);

/* DONE: *n bytes, between 1 and `size`, are at `to`. */
enum http_io http_stream_read(struct http_stream *s, void *to, size_t size, size_t *n);

/* Whether there is something to read that has left the socket already, so that it tells nobody. */
bool http_stream_pending(const struct http_stream *s);

/* Takes what was sent from the front of `bytes`; DONE: that was all of it. */
enum http_io http_stream_write(struct http_stream *s, struct span *bytes);

/* Nothing more will be sent; what comes is to be dropped. */
void http_stream_end(struct http_stream *s);

/* Drops some of what comes after that. */
enum http_io http_stream_drop(struct http_stream *s);

void http_stream_close(struct http_stream *s);

#endif
