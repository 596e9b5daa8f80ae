/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load: one thread, epoll, requests that were written before. It shares the cores with the
 * server that it measures, so it does as little as it can while every reply is still looked at.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "cmd/bench.h"
#include "scep/attributes.h"

enum { MAX_REPLY = 65536, SHOWN = 200, PATIENCE_MS = 30000 };

struct connection {
    int fd;
    int64_t request; /* the one that is on its way */
    size_t sent;
    bool waits; /* for room in the socket's buffer */
    double begun;
    size_t n; /* bytes of the reply so far */
    char reply[MAX_REPLY + 1];
};

struct load {
    struct bench_request *requests;
    int64_t next, end, done;
    struct connection *connections;
    struct arena *a; /* keeps the sample */
    int epoll;
};

/* ---- replies ---- */

/* The reply's body, when all of it is there. */
static bool body_of(struct connection *c, struct span *body) {
    c->reply[c->n] = 0;
    const char *end = strstr(c->reply, "\r\n\r\n");
    const char *length = end ? strcasestr(c->reply, "\r\nContent-Length:") : NULL;
    if (!length || length > end)
        return false;
    size_t head = (size_t)(end + 4 - c->reply), n = strtoul(length + 17, NULL, 10);
    *body = span_of(c->reply + head, n);
    return n <= MAX_REPLY && c->n >= head + n;
}

static enum err check_reply(const struct connection *c, const struct bench_request *r,
                            struct span body) {
    ARENA_AUTO(a);
    struct cms_signed msg;
    struct scep_attributes got;
    if (strncmp(c->reply, "HTTP/1.1 200 ", 13) != 0)
        return err_set(ERR_CONFLICT, "the server answered %s",
                       text_claim(&a, span_of(c->reply, c->n), SHOWN));
    if (r->plain)
        return OK;
    TRY(cms_signed_read(&a, body, &msg));
    TRY(scep_attributes_read(&msg.signer, &got));
    if (got.pki_status != SCEP_SUCCESS)
        return err_set(ERR_CONFLICT, "a CertRep has pkiStatus %d, failInfo %d", got.pki_status,
                       got.fail_info);
    if (!span_is(got.transaction_id, r->transaction) ||
        !span_eq(got.recipient_nonce, span_of(r->nonce, sizeof r->nonce)))
        return err_set(ERR_CONFLICT, "a CertRep is for another request");
    return OK;
}

/* ---- connections ---- */

static enum err watch(const struct load *l, const struct connection *c, int operation,
                      uint32_t events) {
    struct epoll_event e = {.events = events, .data.u32 = (uint32_t)(c - l->connections)};
    return epoll_ctl(l->epoll, operation, c->fd, &e) == 0
               ? OK
               : err_set(ERR_IO, "epoll: %s", strerror(errno));
}

/* Requests of 4 KB fit into the socket's buffer: having to wait is the exception. */
static enum err send_rest(const struct load *l, struct connection *c) {
    struct span rest = span_from(l->requests[c->request].bytes, c->sent);
    ssize_t n = send(c->fd, rest.p, rest.n, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN)
        return err_set(ERR_IO, "the connection to the server broke: %s", strerror(errno));
    c->sent += n > 0 ? (size_t)n : 0;
    bool waits = n != (ssize_t)rest.n;
    if (waits == c->waits)
        return OK;
    c->waits = waits;
    return watch(l, c, EPOLL_CTL_MOD, waits ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static enum err send_next(struct load *l, struct connection *c) {
    if (l->next == l->end)
        return OK;
    c->request = l->next++;
    c->sent = c->n = 0;
    c->begun = bench_seconds();
    return send_rest(l, c);
}

static enum err receive(struct load *l, struct connection *c) {
    struct bench_request *r = &l->requests[c->request];
    struct span body;
    ssize_t n = recv(c->fd, c->reply + c->n, MAX_REPLY - c->n, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return OK;
    if (n <= 0)
        return err_set(ERR_CONFLICT, "the server closed a connection after %lld replies",
                       (long long)l->done);
    c->n += (size_t)n;
    if (!body_of(c, &body))
        return c->n < MAX_REPLY ? OK : err_set(ERR_CONFLICT, "a reply is too long");
    r->seconds = bench_seconds() - c->begun;
    TRY(check_reply(c, r, body));
    if (bench_is_sample(c->request))
        r->reply = arena_copy(l->a, body);
    l->done++;
    return send_next(l, c);
}

static enum err connect_to(const struct bench_host *h, const struct load *l, struct connection *c) {
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(h->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0)
        return err_set(ERR_IO, "cannot connect to 127.0.0.1:%u: %s", h->port, strerror(errno));
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return watch(l, c, EPOLL_CTL_ADD, EPOLLIN);
}

/* ---- the run ---- */

static enum err turn(struct load *l) {
    struct epoll_event events[64];
    int n = epoll_wait(l->epoll, events, 64, PATIENCE_MS);
    if (n == 0)
        return err_set(ERR_CONFLICT, "no reply for %d s, after %lld", PATIENCE_MS / 1000,
                       (long long)l->done);
    if (n < 0 && errno != EINTR)
        return err_set(ERR_IO, "epoll: %s", strerror(errno));
    for (int i = 0; i < n; i++) {
        struct connection *c = &l->connections[events[i].data.u32];
        if (events[i].events & EPOLLOUT)
            TRY(send_rest(l, c));
        if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            TRY(receive(l, c));
    }
    return OK;
}

static enum err run(const struct bench_host *h, struct load *l, int64_t connections) {
    for (int64_t i = 0; i < connections; i++)
        TRY(connect_to(h, l, &l->connections[i]));
    for (int64_t i = 0; i < connections; i++)
        TRY(send_next(l, &l->connections[i]));
    while (l->done < l->end)
        TRY(turn(l));
    return OK;
}

enum err bench_load(const struct bench_host *h, int64_t connections, struct bench_request *requests,
                    int64_t from, int64_t to, struct arena *a, double *seconds) {
    struct load l = {.requests = requests, .next = from, .end = to, .done = from, .a = a};
    l.connections = mem_alloc((size_t)connections * sizeof *l.connections);
    for (int64_t i = 0; i < connections; i++)
        l.connections[i].fd = -1;
    l.epoll = epoll_create1(EPOLL_CLOEXEC);
    double begin = bench_seconds();
    enum err e = run(h, &l, connections);
    *seconds = bench_seconds() - begin;
    for (int64_t i = 0; i < connections; i++)
        if (l.connections[i].fd >= 0)
            close(l.connections[i].fd);
    close(l.epoll);
    free(l.connections);
    return e;
}
