/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request and its reply. It has one owner at a time: the connection, the queue, the worker (or
 * who will call http_resume or http_finish), the connection.
 */
#ifndef SIGNET_HTTP_EXCHANGE_H
#define SIGNET_HTTP_EXCHANGE_H

#include "http/http.h"
#include "http/reader.h"

struct http_conn;
struct http_quota;
struct http_workers;
struct http_shared;

struct http_exchange {
    struct http_exchange *next; /* in the queue */
    struct http_conn *conn;
    const struct http_listener *listener;
    struct arena arena;
    struct http_reader reader;
    struct http_request request;
    http_handler *handler; /* the listener's or its name's, or what that left to be done later */
    void *user;
    struct http_workers *workers;
    struct buf wire; /* the reply's bytes */
    bool keep_alive; /* after the reply */
    struct http_quota *quota;
    size_t copied; /* bytes in the arena that the client has sent */
    size_t held;   /* of the quota */
};

struct http_exchange *http_exchange_new(struct http_conn *conn, const struct http_listener *l,
                                        const struct http_shared *shared);
void http_exchange_free(struct http_exchange *x);

/* Holds as much of the quota as the request has grown to; `unread` bytes wait behind it. */
bool http_exchange_hold(struct http_exchange *x, size_t unread);

/*
 * Fills x->request from the complete x->reader; what belongs to the connection is the caller's.
 * False: refuse with 400, the path cannot be decoded.
 */
bool http_exchange_request(struct http_exchange *x);

/* Renders `reply` (and frees its body) to x->wire, and sets x->keep_alive. */
void http_exchange_reply(struct http_exchange *x, struct http_reply *reply);

/* The same for a reply that the server makes itself. */
void http_exchange_text(struct http_exchange *x, int status, const char *text, bool close);

#endif
