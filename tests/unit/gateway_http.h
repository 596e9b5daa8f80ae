/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An upstream on loopback, in a thread of the test: it answers GetCACaps and GetCACert with what
 * the test puts into its fields, between requests.
 */
#ifndef SIGNET_TESTS_GATEWAY_HTTP_H
#define SIGNET_TESTS_GATEWAY_HTTP_H

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/buf.h"

struct upstream_server {
    pthread_mutex_t lock; /* of what follows */
    const char *caps;
    int caps_status, status;
    struct span body; /* of GetCACert; must live until the server stops */
    const char *location;
    bool silent; /* reads, and says nothing */
    unsigned asked;
    char query[300]; /* of the last GetCACert */
    /* itself */
    int fd, port;
    atomic_bool stop;
    pthread_t thread;
};

static inline void upstream_say(struct upstream_server *v, const char *request, struct buf *out) {
    pthread_mutex_lock(&v->lock);
    bool caps = strstr(request, "operation=GetCACaps") != NULL;
    struct span body = caps ? span_str(v->caps) : v->body;
    v->asked++;
    if (!caps)
        snprintf(v->query, sizeof v->query, "%.*s", (int)strcspn(request, "\r"), request);
    if (!v->silent) {
        buf_printf(out, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\nConnection: close\r\n",
                   caps ? v->caps_status : v->status, body.n);
        if (v->location)
            buf_printf(out, "Location: %s\r\n", v->location);
        buf_str(out, "\r\n");
        buf_span(out, body);
    }
    pthread_mutex_unlock(&v->lock);
}

static inline void upstream_answer(struct upstream_server *v, int fd) {
    char request[4096] = "";
    size_t n = 0;
    BUF_AUTO(out);
    while (!strstr(request, "\r\n\r\n")) {
        ssize_t got = recv(fd, request + n, sizeof request - 1 - n, 0);
        if (got <= 0)
            return;
        n += (size_t)got;
        request[n] = '\0';
    }
    upstream_say(v, request, &out);
    for (size_t sent = 0; sent < out.n;) {
        ssize_t one = send(fd, out.p + sent, out.n - sent, MSG_NOSIGNAL);
        if (one <= 0)
            return;
        sent += (size_t)one;
    }
    if (!out.n) /* until the client has enough of it */
        while (recv(fd, request, sizeof request, 0) > 0) {
        }
}

static inline void *upstream_one(void *user) {
    void **both = user;
    int fd = (int)(intptr_t)both[1];
    upstream_answer(both[0], fd);
    close(fd);
    free(both);
    return NULL;
}

static inline void *upstream_run(void *user) {
    struct upstream_server *v = user;
    for (;;) {
        pthread_t one;
        int fd = accept(v->fd, NULL, NULL);
        if (v->stop || fd < 0)
            return NULL;
        void **both = calloc(2, sizeof *both);
        both[0] = v;
        both[1] = (void *)(intptr_t)fd;
        pthread_create(&one, NULL, upstream_one, both);
        pthread_detach(one);
    }
}

/* On the port that it had before, or, at first, on any. */
static inline void upstream_start(struct upstream_server *v) {
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)v->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int yes = 1;
    v->fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(v->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    assert_int_equal(bind(v->fd, (struct sockaddr *)&at, n), 0);
    assert_int_equal(listen(v->fd, 16), 0);
    getsockname(v->fd, (struct sockaddr *)&at, &n);
    v->port = ntohs(at.sin_port);
    v->stop = false;
    assert_int_equal(pthread_create(&v->thread, NULL, upstream_run, v), 0);
}

static inline void upstream_stop(struct upstream_server *v) {
    v->stop = true;
    shutdown(v->fd, SHUT_RDWR); /* accept returns */
    pthread_join(v->thread, NULL);
    close(v->fd);
}

#endif
