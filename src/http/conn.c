/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a connection: its phases, what it waits for, and how it ends. */
#include "http/conn.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "http/notice.h"
#include "http/quota.h"

enum { LINGER_MS = 2000 };

const struct http_limits *http_conn_limits(const struct http_conn *c) {
    return &http_loop_shared(c->loop)->limits;
}

struct http_quota *http_conn_quota(const struct http_conn *c) {
    return http_loop_shared(c->loop)->quota;
}

void http_conn_note(struct http_conn *c, enum log_level level, const char *event, const char *why) {
    if (!http_notice(level, "event=%s listener=%s peer=%s reason=%s", event, c->listener->name,
                     c->peer, log_q(span_str(why))))
        http_loop_tell_soon(c->loop);
}

void http_conn_free(struct http_conn *c) {
    struct http_loop *loop = c->loop;
    LIST_REMOVE(c, link);
    event_del(&c->timer);
    if (c->watched)
        event_del(&c->io);
    http_stream_close(&c->stream);
    http_exchange_free(c->x);
    buf_free(&c->ahead);
    buf_free(&c->client_cert);
    http_quota_hold(http_conn_quota(c), &c->held, 0);
    http_quota_leave(http_conn_quota(c), c->seat);
    free(c->choice);
    free(c);
    http_loop_check_end(loop);
}

/* ---- what it waits for ---- */

static void set_alarm(struct http_conn *c, int64_t now) {
    int64_t ms = c->deadline > now ? c->deadline - now : 1;
    struct timeval tv = {ms / 1000, ms % 1000 * 1000};
    c->alarm = now + ms;
    evtimer_add(&c->timer, &tv);
}

void http_conn_set_deadline(struct http_conn *c, int64_t ms) {
    int64_t now = clock_monotonic_ms();
    c->deadline = now + ms;
    if (!c->alarm || c->deadline < c->alarm)
        set_alarm(c, now);
}

static void on_ready(evutil_socket_t fd, short what, void *arg);

/* It goes on watching until something else is wanted: to change that costs system calls. */
static void watch(struct http_conn *c, short what) {
    if (c->watched == what)
        return;
    if (c->watched)
        event_del(&c->io);
    c->watched = what;
    if (!what)
        return;
    event_assign(&c->io, http_loop_base(c->loop), c->stream.fd, what | EV_PERSIST, on_ready, c);
    event_add(&c->io, NULL);
}

bool http_conn_wait(struct http_conn *c, enum http_io io) {
    if (io == HTTP_IO_END)
        http_conn_free(c);
    else
        watch(c, io == HTTP_IO_WRITABLE ? EV_WRITE : EV_READ);
    return false;
}

/* ---- phases ---- */

static void wait_for_request(struct http_conn *c) {
    c->phase = HTTP_IDLE;
    http_conn_set_deadline(c, c->listener->idle_seconds * INT64_C(1000));
}

/*
 * Closing a socket that still has unread bytes resets the connection, and the reset can overtake
 * the reply: so only our direction is closed, and the rest is read and dropped (RFC 9112, 9.6).
 */
void http_conn_linger(struct http_conn *c) {
    c->phase = HTTP_LINGER;
    http_conn_set_deadline(c, LINGER_MS);
    http_stream_end(&c->stream);
}

void http_conn_answered(struct http_conn *c) {
    if (c->close_after || http_loop_draining(c->loop))
        http_conn_linger(c);
    else
        wait_for_request(c);
}

/* OpenSSL's reason lies deepest in the queue; without one, the client has left. */
static void note_handshake(struct http_conn *c) {
    const char *why = NULL;
    for (unsigned long code; !why && (code = ERR_get_error());)
        why = ERR_reason_error_string(code);
    http_conn_note(c, LOG_INFO, "handshake", why ? why : "connection closed");
}

static bool shake_hands(struct http_conn *c) {
    enum http_io io = http_stream_handshake(&c->stream);
    if (io == HTTP_IO_END)
        note_handshake(c);
    if (io != HTTP_IO_DONE)
        return http_conn_wait(c, io);
    http_tls_peer(c->stream.ssl, &c->client_cert);
    wait_for_request(c);
    return true;
}

/* A bit at a time, for it may be without an end. */
static bool drop(struct http_conn *c) {
    enum http_io io = http_stream_drop(&c->stream);
    return http_conn_wait(c, io == HTTP_IO_END ? io : HTTP_IO_READABLE);
}

static void go_on(struct http_conn *c) {
    for (bool more = true; more;) {
        switch (c->phase) {
        case HTTP_HANDSHAKE:
            more = shake_hands(c);
            break;
        case HTTP_IDLE:
        case HTTP_READING:
            more = http_conn_read(c);
            break;
        case HTTP_WRITING:
            more = http_conn_write(c);
            break;
        case HTTP_LINGER:
            more = drop(c);
            break;
        case HTTP_WORKING:
            more = false;
            break;
        }
    }
}

/* ---- the loop's turn ---- */

/* False: not yet; but it will be told. True, and WORKING before: the reply has left. */
static bool is_ours(struct http_conn *c) {
    int lent = HTTP_LENT;
    if (c->phase != HTTP_WORKING)
        return true;
    if (atomic_compare_exchange_strong(&c->lent, &lent, HTTP_WANTED) || lent == HTTP_WANTED)
        return false;
    c->phase = HTTP_IDLE;
    return true;
}

static void on_ready(evutil_socket_t fd, short what, void *arg) {
    struct http_conn *c = arg;
    (void)fd;
    (void)what;
    if (is_ours(c))
        go_on(c);
    else
        watch(c, 0);
}

static void end_late(struct http_conn *c) {
    if (c->phase == HTTP_READING) {
        http_conn_refuse(c, 408, "request too slow", true);
        go_on(c);
        return;
    }
    if (c->phase == HTTP_HANDSHAKE)
        http_conn_note(c, LOG_INFO, "handshake", "too slow");
    http_conn_free(c);
}

static void on_timer(evutil_socket_t fd, short what, void *arg) {
    struct http_conn *c = arg;
    int64_t now = clock_monotonic_ms();
    (void)fd;
    (void)what;
    c->alarm = 0;
    if (!is_ours(c))
        return;
    if (now < c->deadline)
        set_alarm(c, now);
    else
        end_late(c);
}

void http_conn_come_back(struct http_conn *c) {
    atomic_store(&c->lent, HTTP_OURS);
    c->phase = HTTP_WRITING;
    http_conn_set_deadline(c, http_conn_limits(c)->request_seconds * INT64_C(1000));
    if (!c->x)
        http_conn_answered(c);
    go_on(c);
}

/* ---- beginning and end ---- */

/* An IPv4 client of a socket on "::" is shown as IPv4. */
static void name_peer(struct http_conn *c, const struct sockaddr *from) {
    const struct sockaddr_in *v4 = (const void *)from;
    const struct sockaddr_in6 *v6 = (const void *)from;
    if (from->sa_family == AF_UNIX) {
        memcpy(c->peer, "unix", sizeof "unix");
        return;
    }
    bool six = from->sa_family == AF_INET6;
    c->port = ntohs(six ? v6->sin6_port : v4->sin_port);
    if (six && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, c->peer, sizeof c->peer);
    else if (six)
        inet_ntop(AF_INET6, &v6->sin6_addr, c->peer, sizeof c->peer);
    else
        inet_ntop(AF_INET, &v4->sin_addr, c->peer, sizeof c->peer);
}

static bool open_stream(struct http_conn *c, int fd) {
    if (!c->listener->tls)
        return http_stream_open(&c->stream, fd, NULL);
    if (c->listener->name_count) {
        c->choice = mem_alloc(sizeof *c->choice);
        c->choice->listener = c->listener;
    }
    SSL *ssl = http_tls_session(http_loop_shared(c->loop)->tls, c->listener, c->choice);
    if (ssl && http_stream_open(&c->stream, fd, ssl))
        return true;
    SSL_free(ssl);
    return false;
}

/* False: no seat is taken. The quota comes first, since a TLS session is dear. */
static bool take_seat(struct http_conn *c, int fd, const struct sockaddr *from) {
    const char *why;
    c->seat = http_quota_enter(http_conn_quota(c), from, &why);
    if (!c->seat) {
        http_conn_note(c, LOG_WARN, "refused", why);
        return false;
    }
    if (open_stream(c, fd))
        return true;
    http_conn_note(c, LOG_WARN, "refused", "no memory for the connection");
    http_quota_leave(http_conn_quota(c), c->seat);
    return false;
}

void http_conn_open(struct http_loop *l, const struct http_listener *listener, int fd,
                    const struct sockaddr *from) {
    struct http_conn *c = mem_alloc(sizeof *c);
    c->loop = l;
    c->listener = listener;
    name_peer(c, from);
    if (!take_seat(c, fd, from)) {
        close(fd);
        free(c->choice);
        free(c);
        return;
    }
    LIST_INSERT_HEAD(http_loop_conns(l), c, link);
    evtimer_assign(&c->timer, http_loop_base(l), on_timer, c);
    wait_for_request(c);
    if (listener->tls) {
        c->phase = HTTP_HANDSHAKE;
        http_conn_set_deadline(c, http_conn_limits(c)->idle_seconds * INT64_C(1000));
    }
    http_conn_wait(c, HTTP_IO_READABLE);
}

void http_conn_drain(struct http_conn *c) {
    if (!is_ours(c)) /* comes back, and finds that the loop drains, as who is WRITING does */
        return;
    if (c->phase != HTTP_WRITING && c->phase != HTTP_LINGER)
        http_conn_free(c);
}
