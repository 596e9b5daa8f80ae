/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection: one client, its requests one after another.
 *
 *     HANDSHAKE --TLS is up--> IDLE --first byte--> READING --complete--> WORKING
 *                               ^                      | refused             | answered
 *                               |                      v                     |
 *                               +---keep-alive--- WRITING <------------------+
 *                                                     | close
 *                                                     v
 *                                                  LINGER --EOF or 2 s--> gone
 *
 * It belongs to its loop's thread, and while it is WORKING to whoever has the request. Most replies
 * go into the socket's buffer as a whole: whoever has made one sends it, and the connection is the
 * loop's again without the loop being woken. It is, where something is left to do: see `lent`.
 *
 * One timer serves all phases: every phase but WORKING ends in bounded time, however slowly the
 * client sends or reads. It is rarely set: where it goes off before the deadline, which has moved
 * meanwhile, it is set again. While a request is worked on or answered, nothing is read: pipelined
 * requests wait in the kernel's buffer, but for what came in one piece with the one before. What a
 * request and its reply take of our memory is held of the quota (quota.h) from its first byte to
 * the reply's last.
 */
#ifndef SIGNET_HTTP_CONN_H
#define SIGNET_HTTP_CONN_H

#include <event2/event_struct.h>
#include <netinet/in.h>
#include <stdatomic.h>

#include "base/log.h"
#include "http/loop.h"
#include "http/stream.h"

enum http_phase {
    HTTP_HANDSHAKE,
    HTTP_IDLE,
    HTTP_READING,
    HTTP_WORKING,
    HTTP_WRITING,
    HTTP_LINGER
};

/*
 * HTTP_LENT: whoever sends the reply puts HTTP_OURS there when that was all; nobody tells the loop,
 * which looks here before it touches a WORKING connection. HTTP_WANTED: the loop did so too early,
 * has looked away, and gets it by http_loop_give.
 */
enum http_lent { HTTP_OURS, HTTP_LENT, HTTP_WANTED };

struct http_conn {
    LIST_ENTRY(http_conn) link;
    struct http_conn *next; /* of those that come back to the loop */
    struct http_loop *loop; /* constant, as the next */
    const struct http_listener *listener;
    struct http_stream stream;
    struct event io; /* the socket's */
    short watched;   /* EV_READ or EV_WRITE, which `io` waits for, or 0 */
    struct event timer;
    int64_t alarm;    /* when it goes off; 0: never */
    int64_t deadline; /* when this phase ends */
    enum http_phase phase;
    atomic_int lent;                  /* enum http_lent; only while WORKING */
    bool close_after;                 /* this reply */
    struct http_exchange *x;          /* READING, WRITING; a worker's while WORKING */
    struct span unsent;               /* WRITING: of x->wire */
    size_t held;                      /* WRITING: of the quota, for the reply */
    int64_t request_ends;             /* READING: the deadline of the whole request */
    struct buf ahead;                 /* came with one request, and belongs to the next */
    struct span rest;                 /* what of that is not read yet */
    struct http_peer *seat;           /* in the quota */
    struct http_names_choice *choice; /* NULL: the listener has no names */
    unsigned short port;
    char peer[INET6_ADDRSTRLEN];
    struct buf client_cert; /* DER, as the handshake has shown it */
};

/* ---- for the loop, in its thread ---- */

/* Takes over the accepted socket. */
void http_conn_open(struct http_loop *l, const struct http_listener *listener, int fd,
                    const struct sockaddr *from);

/* It was given back by http_loop_give. */
void http_conn_come_back(struct http_conn *c);

/* The server stops: closes now, or after the reply that is being made. */
void http_conn_drain(struct http_conn *c);

void http_conn_free(struct http_conn *c);

/* ---- for whoever has a reply, in any thread ---- */

/* Sends x->wire on x->conn as far as it goes, frees `x`, and gives the connection back. */
void http_conn_answer(struct http_exchange *x);

/* ---- between conn.c, conn_read.c and conn_write.c; in the loop's thread but for what says so ----
 */

/*
 * The steps of a phase. True: go on with the phase that it is in now. False: it waits, has lent the
 * connection, or it is gone.
 */
bool http_conn_read(struct http_conn *c);  /* IDLE, READING */
bool http_conn_write(struct http_conn *c); /* WRITING */

/* Our own word in place of c->x's reply, without a handler. Always true: it is to be sent. */
bool http_conn_refuse(struct http_conn *c, int status, const char *why, bool close);

/* Fills c->x->request; false as http_exchange_request. */
bool http_conn_request(struct http_conn *c);

/* Always false: nothing can be done before that. HTTP_IO_END frees. */
bool http_conn_wait(struct http_conn *c, enum http_io io);

/* The reply has left: what comes next. */
void http_conn_answered(struct http_conn *c);

/* Ends our direction; what the client still sends is dropped. */
void http_conn_linger(struct http_conn *c);

void http_conn_set_deadline(struct http_conn *c, int64_t ms);

/* `event`: its name, and what belongs only to it. */
void http_conn_note(struct http_conn *c, enum log_level level, const char *event, const char *why);

/* Any thread. */
const struct http_limits *http_conn_limits(const struct http_conn *c);
struct http_quota *http_conn_quota(const struct http_conn *c);

#endif
