/* SPDX-License-Identifier: Apache-2.0 */
/* The SCEP operations over HTTP (RFC 8894, 4.1). */
#ifndef SIGNET_SERVER_ROUTE_SCEP_H
#define SIGNET_SERVER_ROUTE_SCEP_H

#include "server/routes.h"

void route_scep(const struct services *s, const struct endpoint *endpoint,
                const struct http_request *r, struct http_reply *reply);

/*
 * The message of a PKIOperation that came by GET: base64 as clients really send it, with blanks
 * where a '+' was not escaped, with line breaks, with or without padding. ERR_PARSE.
 */
enum err scep_read_message(struct arena *a, const char *text, struct span *out) ERR_MUST_USE;

#endif
