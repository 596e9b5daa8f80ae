/* SPDX-License-Identifier: Apache-2.0 */
/* Replies that the routes share. Every error is one line of plain text, and one of the log. */
#ifndef SIGNET_SERVER_RESPOND_H
#define SIGNET_SERVER_RESPOND_H

#include "http/http.h"

/* Answers an error with this thread's detail; of a failure of ours only that it was one. */
void respond_error(const struct http_request *r, struct http_reply *reply, enum err e);

/* 405 with the methods that are served, such as "GET, HEAD". */
void respond_not_allowed(const struct http_request *r, struct http_reply *reply, const char *allow);

void respond_not_found(const struct http_request *r, struct http_reply *reply);

/* 200 with that body; `type` is static text. */
void respond_span(struct http_reply *reply, const char *type, struct span body);

/* Lets caches keep a reply until `until` (ms), for a minute at most: revocations shall show. */
void respond_cacheable(const struct http_request *r, struct http_reply *reply, int64_t until);

#endif
