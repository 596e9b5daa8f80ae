/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What clients may hold of the server: connections, each of them and all together, and the memory
 * of requests and replies.
 *
 * Every connection has HTTP_OWN_BYTES for its request, and as many for its reply, without asking:
 * the limit of connections bounds them, and so what Windows sends in daily life is served even
 * while somebody fills the rest with long bodies. Only bytes beyond those are taken from the common
 * memory. They are counted when they have come, not when a Content-Length announces them: else a
 * few promises would keep everyone out. Thread-safe.
 */
#ifndef SIGNET_HTTP_QUOTA_H
#define SIGNET_HTTP_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "http/http.h"

enum { HTTP_OWN_BYTES = 16 * 1024 };

struct http_quota;
struct http_peer; /* an address with connections: IPv4, or the /64 of IPv6 that one host can fill */

/* `limits` without zeros. */
struct http_quota *http_quota_new(const struct http_limits *limits);
void http_quota_free(struct http_quota *q);

/*
 * Counts a connection from this address; leave ends it. NULL: no more of them, and `why`. Those of
 * Unix sockets, which a proxy has, are limited only together with all.
 */
struct http_peer *http_quota_enter(struct http_quota *q, const struct sockaddr *from,
                                   const char **why);
void http_quota_leave(struct http_quota *q, struct http_peer *peer);

/*
 * Changes what a request or reply has taken, *held, to what it needs now that it has grown or
 * shrunk to `bytes`. False: the memory does not have it, and nothing changed. 0 always succeeds.
 */
bool http_quota_hold(struct http_quota *q, size_t *held, size_t bytes);

/* Whether so much more could be held at this moment. */
bool http_quota_has_room(struct http_quota *q, size_t bytes);

struct http_usage http_quota_usage(struct http_quota *q);

#endif
