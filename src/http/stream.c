/* SPDX-License-Identifier: Apache-2.0 */
#include "http/stream.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DROP_BYTES = 16 * 1024 };

bool http_stream_open(struct http_stream *s, int fd, SSL *ssl) {
    if (ssl && SSL_set_fd(ssl, fd) != 1)
        return false;
    if (ssl)
        SSL_set_accept_state(ssl);
    *s = (struct http_stream){fd, ssl};
    return true;
}

/* TLS may have to read before it can write, and the other way round. */
static enum http_io why_not(SSL *ssl, int result) {
    switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return HTTP_IO_READABLE;
    case SSL_ERROR_WANT_WRITE:
        return HTTP_IO_WRITABLE;
    default: /* requests have lengths, so a missing close_notify hides nothing */
        return HTTP_IO_END;
    }
}

static enum http_io failed(enum http_io wait_for) {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? wait_for : HTTP_IO_END;
}

enum http_io http_stream_handshake(struct http_stream *s) {
    ERR_clear_error(); /* SSL_get_error looks at what older calls have left there, too */
    int result = SSL_do_handshake(s->ssl);
    return result == 1 ? HTTP_IO_DONE : why_not(s->ssl, result);
}

enum http_io http_stream_read(struct http_stream *s, void *to, size_t size, size_t *n) {
    if (s->ssl) {
        ERR_clear_error();
        int result = SSL_read_ex(s->ssl, to, size, n);
        return result == 1 ? HTTP_IO_DONE : why_not(s->ssl, result);
    }
    ssize_t got = recv(s->fd, to, size, 0);
    if (got < 0)
        return failed(HTTP_IO_READABLE);
    *n = (size_t)got;
    return got ? HTTP_IO_DONE : HTTP_IO_END;
}

bool http_stream_pending(const struct http_stream *s) {
    return s->ssl && SSL_has_pending(s->ssl);
}

static enum http_io write_some(struct http_stream *s, struct span bytes, size_t *n) {
    if (s->ssl) {
        ERR_clear_error();
        int result = SSL_write_ex(s->ssl, bytes.p, bytes.n, n);
        return result == 1 ? HTTP_IO_DONE : why_not(s->ssl, result);
    }
    ssize_t sent = send(s->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
    if (sent < 0)
        return failed(HTTP_IO_WRITABLE);
    *n = (size_t)sent;
    return HTTP_IO_DONE;
}

enum http_io http_stream_write(struct http_stream *s, struct span *bytes) {
    while (bytes->n) {
        size_t n = 0;
        enum http_io io = write_some(s, *bytes, &n);
        if (io != HTTP_IO_DONE)
            return io;
        *bytes = span_from(*bytes, n);
    }
    return HTTP_IO_DONE;
}

void http_stream_end(struct http_stream *s) {
    if (s->ssl) {
        SSL_shutdown(s->ssl);
        ERR_clear_error();
    }
    shutdown(s->fd, SHUT_WR);
}

enum http_io http_stream_drop(struct http_stream *s) {
    uint8_t bytes[DROP_BYTES];
    ssize_t n = recv(s->fd, bytes, sizeof bytes, 0);
    if (n < 0)
        return failed(HTTP_IO_READABLE);
    return n ? HTTP_IO_DONE : HTTP_IO_END;
}

void http_stream_close(struct http_stream *s) {
    SSL_free(s->ssl);
    ERR_clear_error();
    close(s->fd);
}
