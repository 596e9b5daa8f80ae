/* SPDX-License-Identifier: Apache-2.0 */
/* A connection: one client, its requests one after another. Only its loop's thread touches it. */
#ifndef SIGNET_HTTP_CONN_H
#define SIGNET_HTTP_CONN_H

#include <sys/socket.h>

#include "http/loop.h"

/* Takes over the accepted socket. */
void http_conn_open(struct http_loop *l, const struct http_listener *listener, int fd,
                    const struct sockaddr *from);

/* Sends x->wire on x->conn, and frees `x`. */
void http_conn_answer(struct http_exchange *x);

/* The server stops: closes now, or after the reply that is being made. */
void http_conn_drain(struct http_conn *c);

void http_conn_free(struct http_conn *c);

/* Constant for the connection's life: any thread may ask. */
struct http_loop *http_conn_loop(const struct http_conn *c);

/* The next one in the loop's list. */
struct http_conn *http_conn_next(const struct http_conn *c);

#endif
