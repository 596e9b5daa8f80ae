/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several names on one listener: which of them a TLS connection is for, by its SNI, and whether a
 * request belongs to it, by its Host. Pure functions.
 */
#ifndef SIGNET_HTTP_NAMES_H
#define SIGNET_HTTP_NAMES_H

#include "base/arena.h"
#include "http/http.h"

/* What a connection to a listener with names was found to be for, in its ClientHello. */
struct http_names_choice {
    const struct http_listener *listener;
    const struct http_name *name; /* NULL: the rest */
    char sni[256];                /* lower case; "": none was sent */
};

/*
 * Reads the server_name extension of a ClientHello (RFC 6066, 3); `extension` is its content, empty
 * when there is none. False: it is malformed.
 */
bool http_names_choose(struct http_names_choice *c, struct span extension);

/* Whether a request with this Host (NULL: none) may be answered on the connection. */
bool http_names_fit(const struct http_names_choice *c, const char *host);

#endif
