/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links of emulated hosts: OpenSSL that never blocks, epoll's edges, one thread. The server's
 * certificate is not verified: it is made for the run, and both ends are this program.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "cmd/bench_mdm.h"
#include "cmd/open_files.h"

enum { PATIENCE_MS = 30000, EVENTS = 64, PIECE = 16384, MAX_ANSWER = 1 << 20 };

static enum err broken(const struct bench_wire *w, const char *what) {
    return err_set(ERR_CONFLICT, "%s, after %lld answers", what, (long long)w->done);
}

/* ---- opening ---- */

enum err bench_wire_open(struct bench_wire *w, unsigned short port, int64_t count,
                         bench_answer *answer) {
    *w = (struct bench_wire){.port = port, .count = count, .answer = answer};
    TRY(open_files_allow(count, "connections")); /* a link is a file descriptor */
    w->links = mem_alloc((size_t)count * sizeof *w->links);
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    w->ctx = SSL_CTX_new(TLS_client_method());
    if (w->epoll < 0 || !w->ctx)
        return err_set(ERR_IO, "cannot prepare TLS connections");
    SSL_CTX_set_mode(w->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                 SSL_MODE_RELEASE_BUFFERS);
    return OK;
}

/* 127.x.y.z of its own for each link; the port is chosen when the other end is known. */
static bool bind_own(int fd, int64_t i) {
    struct sockaddr_in from = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(0x7f010001u + (uint32_t)i)};
    int on = 1;
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return bind(fd, (struct sockaddr *)&from, sizeof from) == 0;
}

static enum err open_socket(struct bench_wire *w, struct bench_link *l) {
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(w->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = l};
    l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0 || !bind_own(l->fd, l - w->links) ||
        (connect(l->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) ||
        epoll_ctl(w->epoll, EPOLL_CTL_ADD, l->fd, &e) != 0)
        return err_set(ERR_IO, "cannot connect to 127.0.0.1:%u: %s", w->port, strerror(errno));
    return OK;
}

static bool use_identity(SSL *ssl, struct span cert, EVP_PKEY *key) {
    const unsigned char *p = cert.p;
    X509 *x = cert.n ? d2i_X509(NULL, &p, (long)cert.n) : NULL;
    bool good =
        !cert.n || (x && SSL_use_certificate(ssl, x) == 1 && SSL_use_PrivateKey(ssl, key) == 1);
    X509_free(x);
    return good;
}

static void close_link(struct bench_link *l) {
    SSL_free(l->ssl);
    if (l->state != LINK_CLOSED)
        close(l->fd);
    l->ssl = NULL;
    l->state = LINK_CLOSED;
    buf_free(&l->request);
    buf_free(&l->reply);
}

enum err bench_wire_connect(struct bench_wire *w, int64_t i, struct span cert, EVP_PKEY *key) {
    struct bench_link *l = &w->links[i];
    close_link(l);
    l->wire = w;
    l->begun = bench_seconds();
    TRY(open_socket(w, l));
    l->state = LINK_HANDSHAKE;
    w->busy++;
    l->ssl = SSL_new(w->ctx);
    if (!l->ssl || SSL_set_fd(l->ssl, l->fd) != 1 || !use_identity(l->ssl, cert, key))
        return err_set(ERR_CRYPTO, "cannot use an identity for TLS");
    SSL_set_connect_state(l->ssl);
    return OK;
}

/* ---- one link ---- */

/* What a call of OpenSSL's left to do: OK for waiting. */
static enum err wait_or_fail(const struct bench_link *l, int result, const char *what) {
    int why = SSL_get_error(l->ssl, result);
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? OK : broken(l->wire, what);
}

static void settle(struct bench_link *l) {
    l->state = LINK_IDLE;
    l->seconds = bench_seconds() - l->begun;
    l->wire->busy--;
}

static enum err shake(struct bench_link *l) {
    int result = SSL_do_handshake(l->ssl);
    if (result != 1)
        return wait_or_fail(l, result, "a TLS handshake failed");
    settle(l);
    return OK;
}

static enum err push(struct bench_link *l) {
    while (l->sent < l->request.n) {
        int n = SSL_write(l->ssl, l->request.p + l->sent, (int)(l->request.n - l->sent));
        if (n <= 0)
            return wait_or_fail(l, n, "the server closed a connection while it was sent a request");
        l->sent += (size_t)n;
    }
    l->state = LINK_WAITS;
    return OK;
}

/* The whole answer, when all of it is there. */
static bool complete(struct bench_link *l, int *status, struct span *body) {
    const char *text = buf_cstr(&l->reply), *end = strstr(text, "\r\n\r\n");
    const char *length = end ? strcasestr(text, "\r\nContent-Length:") : NULL;
    if (!length || length > end || strncmp(text, "HTTP/1.1 ", 9) != 0)
        return false;
    size_t head = (size_t)(end + 4 - text), n = strtoul(length + 17, NULL, 10);
    *status = atoi(text + 9);
    *body = span_of(l->reply.p + head, n);
    return n <= MAX_ANSWER && l->reply.n >= head + n;
}

static enum err hear(struct bench_link *l) {
    int status;
    struct span body;
    if (!complete(l, &status, &body))
        return l->reply.n < MAX_ANSWER + PIECE ? OK : broken(l->wire, "an answer is too long");
    settle(l);
    l->wire->done++;
    return l->wire->answer(l, status, body);
}

/* An idle link reads, too: TLS 1.3 sends tickets, and a server may close. */
static enum err pull(struct bench_link *l) {
    for (;;) {
        uint8_t piece[PIECE];
        int n = SSL_read(l->ssl, piece, sizeof piece);
        if (n <= 0 && l->state == LINK_IDLE && wait_or_fail(l, n, "") != OK)
            close_link(l);
        if (n <= 0)
            return l->state == LINK_CLOSED ? OK
                                           : wait_or_fail(l, n, "the server closed a connection");
        if (l->state == LINK_IDLE)
            return broken(l->wire, "an answer came that nobody asked for");
        buf_add(&l->reply, piece, (size_t)n);
        TRY(hear(l));
    }
}

static enum err drive(struct bench_link *l) {
    if (l->state == LINK_HANDSHAKE)
        TRY(shake(l));
    if (l->state == LINK_SENDS)
        TRY(push(l));
    return l->state == LINK_IDLE || l->state == LINK_WAITS ? pull(l) : OK;
}

enum err bench_wire_post(struct bench_link *l, const char *path, const char *type,
                         struct span body) {
    if (l->state != LINK_IDLE)
        return broken(l->wire, "the server closed a connection between two requests");
    buf_clear(&l->request);
    buf_clear(&l->reply);
    buf_printf(&l->request,
               "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Type: %s\r\n"
               "Content-Length: %zu\r\n\r\n",
               path, l->wire->port, type, body.n);
    buf_span(&l->request, body);
    l->sent = 0;
    l->state = LINK_SENDS;
    l->wire->busy++;
    l->begun = bench_seconds();
    return push(l);
}

/* ---- all ---- */

static enum err turn(struct bench_wire *w, int patience, int *events) {
    struct epoll_event e[EVENTS];
    *events = epoll_wait(w->epoll, e, EVENTS, patience);
    if (*events < 0 && errno != EINTR)
        return err_set(ERR_IO, "epoll: %s", strerror(errno));
    for (int i = 0; i < *events; i++)
        TRY(drive(e[i].data.ptr));
    return OK;
}

enum err bench_wire_run(struct bench_wire *w) {
    int events;
    while (w->busy) {
        TRY(turn(w, PATIENCE_MS, &events));
        if (events == 0)
            return broken(w, "the server does not answer any more");
    }
    return OK;
}

int64_t bench_wire_alive(struct bench_wire *w) {
    int64_t alive = 0;
    int events = 1;
    while (events > 0)
        if (turn(w, 0, &events) != OK)
            break;
    for (int64_t i = 0; i < w->count; i++)
        alive += w->links[i].state == LINK_IDLE;
    return alive;
}

void bench_wire_close(struct bench_wire *w) {
    for (int64_t i = 0; w->links && i < w->count; i++)
        close_link(&w->links[i]);
    free(w->links);
    SSL_CTX_free(w->ctx);
    if (w->epoll > 0)
        close(w->epoll);
    *w = (struct bench_wire){0};
}
