/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a connection:
 *
 *     HANDSHAKE --TLS is up--> IDLE --first byte--> READING --complete--> WORKING
 *                               ^                      | refused             | answered
 *                               |                      v                     |
 *                               +---keep-alive--- WRITING <------------------+
 *                                                     | close
 *                                                     v
 *                                                  LINGER --EOF or 2 s--> gone
 *
 * One timer serves all phases: every phase but WORKING ends in bounded time, however slowly the
 * client sends or reads. While a request is worked on or answered, nothing is read: pipelined
 * requests wait in the kernel's buffer. What a request and its reply take of our memory is held
 * of the quota (quota.h) from its first byte to the reply's last.
 */
#include "http/conn.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event_struct.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/notice.h"
#include "http/quota.h"

enum { LINGER_MS = 2000 };

enum phase { HANDSHAKE, IDLE, READING, WORKING, WRITING, LINGER };

struct http_conn {
    LIST_ENTRY(http_conn) link;
    struct http_loop *loop;
    const struct http_listener *listener;
    struct bufferevent *bev;
    struct event timer;
    enum phase phase;
    bool close_after;                 /* this reply */
    bool gone;                        /* the socket failed while a worker had the request */
    struct http_exchange *x;          /* READING */
    int64_t deadline;                 /* READING: of the whole request */
    size_t held;                      /* WRITING: of the quota, for the reply */
    struct http_peer *seat;           /* in the quota */
    struct http_names_choice *choice; /* NULL: the listener has no names */
    unsigned short port;
    char peer[INET6_ADDRSTRLEN];
};

static void read_requests(struct http_conn *c);

struct http_loop *http_conn_loop(const struct http_conn *c) {
    return c->loop;
}

struct http_conn *http_conn_next(const struct http_conn *c) {
    return LIST_NEXT(c, link);
}

static const struct http_limits *limits(const struct http_conn *c) {
    return &http_loop_shared(c->loop)->limits;
}

static struct http_quota *quota(const struct http_conn *c) {
    return http_loop_shared(c->loop)->quota;
}

void http_conn_free(struct http_conn *c) {
    struct http_loop *loop = c->loop;
    LIST_REMOVE(c, link);
    event_del(&c->timer);
    bufferevent_free(c->bev);
    http_exchange_free(c->x);
    http_quota_hold(quota(c), &c->held, 0);
    http_quota_leave(quota(c), c->seat);
    free(c->choice);
    free(c);
    http_loop_check_end(loop);
}

static void set_timer(struct http_conn *c, int64_t ms) {
    if (ms < 1)
        ms = 1;
    struct timeval tv = {ms / 1000, ms % 1000 * 1000};
    evtimer_add(&c->timer, &tv);
}

static void wait_for_request(struct http_conn *c) {
    c->phase = IDLE;
    set_timer(c, c->listener->idle_seconds * INT64_C(1000));
}

/* A byte came: the next must follow within the idle time, and the last before the deadline. */
static void set_reading_timer(struct http_conn *c) {
    int64_t left = c->deadline - clock_monotonic_ms();
    int64_t idle = limits(c)->idle_seconds * INT64_C(1000);
    set_timer(c, left < idle ? left : idle);
}

/* `event`: its name, and what belongs only to it. */
static void note(struct http_conn *c, enum log_level level, const char *event, const char *why) {
    if (!http_notice(level, "event=%s listener=%s peer=%s reason=%s", event, c->listener->name,
                     c->peer, log_q(span_str(why))))
        http_loop_tell_soon(c->loop);
}

/* ---- writing ---- */

static void note_refusal(struct http_conn *c, int status, const char *why) {
    char event[32];
    snprintf(event, sizeof event, "refused status=%d", status);
    note(c, LOG_WARN, event, why);
}

/* Slow readers of long replies must not fill the memory, either. */
static void hold_reply(struct http_conn *c, struct http_exchange *x) {
    static const char why[] = "no memory for the reply";
    if (http_quota_hold(quota(c), &c->held, x->wire.n))
        return;
    note_refusal(c, 503, why);
    http_exchange_text(x, 503, why, true);
}

static void send_rest(struct http_conn *c, struct http_exchange *x, size_t sent) {
    c->phase = WRITING;
    c->close_after = !x->keep_alive || http_loop_draining(c->loop);
    bufferevent_disable(c->bev, EV_READ);
    if (sent < x->wire.n)
        bufferevent_write(c->bev, x->wire.p + sent, x->wire.n - sent);
    set_timer(c, limits(c)->request_seconds * INT64_C(1000));
    http_exchange_free(x);
}

static void send_reply(struct http_conn *c, struct http_exchange *x) {
    hold_reply(c, x);
    send_rest(c, x, 0);
}

/* Our own word, without a handler; of what is too large perhaps in the protocol's form. */
static void refuse(struct http_conn *c, int status, const char *why, bool close) {
    struct http_exchange *x = c->x;
    struct http_reply reply = {.close = close};
    note_refusal(c, status, why);
    http_text(&reply, status, why);
    if (status == 413 && c->listener->refuse &&
        http_exchange_request(x, bufferevent_openssl_get_ssl(c->bev))) {
        x->request.body = SPAN_NONE;
        x->request.peer = c->peer;
        c->listener->refuse(c->listener->user, &x->request, &reply);
    }
    http_exchange_reply(x, &reply);
    c->x = NULL;
    send_reply(c, x);
}

/*
 * Closing a socket that still has unread bytes resets the connection, and the reset can overtake
 * the reply: so only our direction is closed, and the rest is read and dropped (RFC 9112, 9.6).
 */
static void linger(struct http_conn *c) {
    SSL *ssl = bufferevent_openssl_get_ssl(c->bev);
    c->phase = LINGER;
    set_timer(c, LINGER_MS);
    if (ssl) {
        SSL_shutdown(ssl);
        ERR_clear_error();
    }
    shutdown(bufferevent_getfd(c->bev), SHUT_WR);
    struct evbuffer *in = bufferevent_get_input(c->bev);
    evbuffer_drain(in, evbuffer_get_length(in));
    bufferevent_enable(c->bev, EV_READ);
}

static void has_sent(struct http_conn *c) {
    http_quota_hold(quota(c), &c->held, 0);
    if (c->close_after) {
        linger(c);
        return;
    }
    wait_for_request(c);
    bufferevent_enable(c->bev, EV_READ);
    read_requests(c);
}

static void on_writable(struct bufferevent *bev, void *arg) {
    struct http_conn *c = arg;
    if (c->phase == WRITING && !evbuffer_get_length(bufferevent_get_output(bev)))
        has_sent(c);
}

/*
 * Without TLS a reply mostly goes into the socket's buffer as a whole, at once: to have libevent
 * wait for that costs three system calls. What fails here fails there again.
 */
static size_t send_now(struct http_conn *c, const struct http_exchange *x) {
    if (c->listener->tls || evbuffer_get_length(bufferevent_get_output(c->bev)))
        return 0;
    ssize_t n = send(bufferevent_getfd(c->bev), x->wire.p, x->wire.n, MSG_NOSIGNAL | MSG_DONTWAIT);
    return n < 0 ? 0 : (size_t)n;
}

void http_conn_answer(struct http_exchange *x) {
    struct http_conn *c = x->conn;
    if (c->gone) {
        http_exchange_free(x);
        http_conn_free(c);
        return;
    }
    hold_reply(c, x);
    size_t sent = send_now(c, x), left = x->wire.n - sent;
    send_rest(c, x, sent);
    if (!left)
        has_sent(c);
}

/* ---- reading ---- */

static void begin_request(struct http_conn *c) {
    c->x = http_exchange_new(c, c->listener, http_loop_shared(c->loop));
    if (c->choice && c->choice->name) {
        c->x->handler = c->choice->name->handler;
        c->x->user = c->choice->name->user;
    }
    c->phase = READING;
    c->deadline = clock_monotonic_ms() + limits(c)->request_seconds * INT64_C(1000);
}

/* The body is not read when nobody could take it. */
static void on_head(struct http_conn *c) {
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct http_reader *r = &c->x->reader;
    if (c->choice && !http_names_fit(c->choice, http_reader_field(r, "Host"))) {
        refuse(c, 421, "this connection was opened for another name than that of Host", true);
        return;
    }
    if (r->has_body && http_workers_full(http_loop_shared(c->loop)->workers)) {
        refuse(c, 503, "busy", true);
        return;
    }
    if (!http_quota_has_room(quota(c), r->left)) {
        refuse(c, 503, "no memory for the body", true);
        return;
    }
    /* Who has begun to send does not wait for permission. */
    if (r->expect_continue && !evbuffer_get_length(bufferevent_get_input(c->bev)))
        bufferevent_write(c->bev, go_on, sizeof go_on - 1);
}

static void on_request(struct http_conn *c) {
    struct http_exchange *x = c->x;
    if (!http_exchange_request(x, bufferevent_openssl_get_ssl(c->bev))) {
        refuse(c, 400, "path is not percent-encoded text", true);
        return;
    }
    if (!http_exchange_hold(x, evbuffer_get_length(bufferevent_get_input(c->bev)))) {
        refuse(c, 503, "no memory for the request", true);
        return;
    }
    x->request.peer = c->peer;
    x->request.peer_port = c->port;
    event_del(&c->timer);
    bufferevent_disable(c->bev, EV_READ);
    c->phase = WORKING;
    c->x = NULL;
    if (!http_workers_push(http_loop_shared(c->loop)->workers, x)) {
        c->x = x;
        refuse(c, 503, "busy", false);
    }
}

/* Feeds the reader with what has come, piece by piece as it lies in memory. */
static enum http_read feed(struct http_conn *c) {
    struct evbuffer *in = bufferevent_get_input(c->bev);
    size_t n = evbuffer_get_contiguous_space(in);
    struct span bytes = n ? span_of(evbuffer_pullup(in, (ev_ssize_t)n), n) : SPAN_NONE;
    enum http_read got = http_reader_feed(&c->x->reader, &bytes);
    evbuffer_drain(in, n - bytes.n);
    return got;
}

static void read_requests(struct http_conn *c) {
    struct evbuffer *in = bufferevent_get_input(c->bev);
    if (c->phase == IDLE && evbuffer_get_length(in))
        begin_request(c);
    while (c->phase == READING) {
        enum http_read got = feed(c);
        if (got == HTTP_READ_BAD) {
            refuse(c, c->x->reader.status, c->x->reader.why, true);
        } else if (!http_exchange_hold(c->x, evbuffer_get_length(in))) {
            refuse(c, 503, "no memory for the request", true);
        } else if (got == HTTP_READ_HEAD) {
            on_head(c);
        } else if (got == HTTP_READ_DONE) {
            on_request(c);
        } else if (!evbuffer_get_length(in)) {
            set_reading_timer(c);
            return;
        }
    }
}

static void on_readable(struct bufferevent *bev, void *arg) {
    struct http_conn *c = arg;
    struct evbuffer *in = bufferevent_get_input(bev);
    if (c->phase == LINGER)
        evbuffer_drain(in, evbuffer_get_length(in));
    else
        read_requests(c);
}

/* OpenSSL's reason lies deepest in the queue; without one, the client has left. */
static void note_handshake(struct http_conn *c) {
    const char *why = NULL;
    for (unsigned long code; (code = bufferevent_get_openssl_error(c->bev));) {
        const char *reason = ERR_reason_error_string(code);
        why = reason ? reason : why;
    }
    note(c, LOG_INFO, "handshake", why ? why : "connection closed");
}

static void on_event(struct bufferevent *bev, short what, void *arg) {
    struct http_conn *c = arg;
    (void)bev;
    if (what & BEV_EVENT_CONNECTED) {
        wait_for_request(c);
    } else if (c->phase == WORKING) {
        c->gone = true;
    } else {
        if (c->phase == HANDSHAKE)
            note_handshake(c);
        http_conn_free(c);
    }
}

static void on_timer(evutil_socket_t fd, short what, void *arg) {
    struct http_conn *c = arg;
    (void)fd;
    (void)what;
    if (c->phase == READING) {
        refuse(c, 408, "request too slow", true);
        return;
    }
    if (c->phase == HANDSHAKE)
        note(c, LOG_INFO, "handshake", "too slow");
    http_conn_free(c);
}

/* ---- life ---- */

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

static struct bufferevent *open_socket(struct http_conn *c, int fd) {
    struct event_base *base = http_loop_base(c->loop);
    if (!c->listener->tls)
        return bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (c->listener->name_count) {
        c->choice = mem_alloc(sizeof *c->choice);
        c->choice->listener = c->listener;
    }
    SSL *ssl = http_tls_session(http_loop_shared(c->loop)->tls, c->listener, c->choice);
    if (!ssl)
        return NULL;
    struct bufferevent *bev = bufferevent_openssl_socket_new(
        base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
    if (bev) /* requests have lengths, so a missing close_notify hides nothing */
        bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
    else
        SSL_free(ssl);
    return bev;
}

/* False: no seat is taken. The quota comes first, since a TLS session is dear. */
static bool take_seat(struct http_conn *c, int fd, const struct sockaddr *from) {
    const char *why;
    c->seat = http_quota_enter(quota(c), from, &why);
    if (!c->seat) {
        note(c, LOG_WARN, "refused", why);
        return false;
    }
    c->bev = open_socket(c, fd);
    if (c->bev)
        return true;
    note(c, LOG_WARN, "refused", "no memory for the connection");
    http_quota_leave(quota(c), c->seat);
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
    bufferevent_setcb(c->bev, on_readable, on_writable, on_event, c);
    wait_for_request(c);
    if (listener->tls) {
        c->phase = HANDSHAKE;
        set_timer(c, limits(c)->idle_seconds * INT64_C(1000));
    }
    bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

void http_conn_drain(struct http_conn *c) {
    if (c->phase == HANDSHAKE || c->phase == IDLE || c->phase == READING)
        http_conn_free(c);
    else
        c->close_after = true;
}
