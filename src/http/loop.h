/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loop: one thread, its event base, its share of every listener, its connections. Everything of
 * libevent here belongs to that thread; other threads reach it only through the functions that say
 * so, which leave a message under the lock and wake it by an eventfd. So libevent needs no locks.
 */
#ifndef SIGNET_HTTP_LOOP_H
#define SIGNET_HTTP_LOOP_H

#include <event2/event.h>
#include <sys/queue.h>

#include "http/exchange.h"
#include "http/tls.h"
#include "http/worker.h"

struct http_quota;

/* What all loops share; the pointers never change. */
struct http_shared {
    struct http_limits limits; /* no zeros */
    struct http_listener *listeners;
    size_t count;
    struct http_tls *tls; /* NULL: no listener needs it */
    struct http_workers *workers;
    struct http_quota *quota;
};

LIST_HEAD(http_conn_list, http_conn);

struct http_loop;

/* ERR_INTERNAL. */
enum err http_loop_new(const struct http_shared *shared, struct http_loop **out) ERR_MUST_USE;

/* Binds listener `index` to *port (0: any, and says which). ERR_IO. */
enum err http_loop_listen(struct http_loop *l, size_t index, unsigned short *port) ERR_MUST_USE;

/* The same where the socket listens already: `fd` stays the caller's. ERR_IO. */
enum err http_loop_share(struct http_loop *l, size_t index, int fd) ERR_MUST_USE;

/* Starts the thread. ERR_INTERNAL. */
enum err http_loop_start(struct http_loop *l) ERR_MUST_USE;

/* Brings a connection back to its loop, from whoever had it to send a reply. Thread-safe. */
void http_loop_give(struct http_conn *c);

/* No new connections or requests; what is being worked on goes on. Thread-safe. */
void http_loop_drain(struct http_loop *l);

/* After the workers' end: waits until the last replies have left (2 s), then joins the thread. */
void http_loop_join(struct http_loop *l);

void http_loop_free(struct http_loop *l);

/* For the connections, in the loop's thread. */
struct event_base *http_loop_base(const struct http_loop *l);
const struct http_shared *http_loop_shared(const struct http_loop *l);
struct http_conn_list *http_loop_conns(struct http_loop *l);
bool http_loop_draining(const struct http_loop *l);
void http_loop_check_end(struct http_loop *l); /* a connection has gone */
void http_loop_tell_soon(struct http_loop *l); /* a notice was left out */

#endif
