/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client certificate that a proxy which ends TLS hands on in a header. On the forwarded
 * listener, and nowhere else, it counts as one of the TLS handshake does: unverified, judged by its
 * hash.
 */
#ifndef SIGNET_SERVER_FORWARDED_H
#define SIGNET_SERVER_FORWARDED_H

#include "server/routes.h"

#define FORWARDED_HEADER "Client-Cert"         /* RFC 9440, 2.2 */
#define FORWARDED_SECRET "Signet-Proxy-Secret" /* our own */

/* The value of such a header is at most as long as what a certificate of 16 KiB becomes in it. */
enum { FORWARDED_MAX = 64 * 1024 };

/*
 * Reads such a header's value: a Byte Sequence as RFC 9440 has it (":MIIB...:"), or one PEM
 * certificate in percent-encoding (nginx's $ssl_client_escaped_cert), told apart by how they begin.
 * *der is empty where the proxy says that there is none: "" and "::". ERR_PARSE.
 */
enum err forwarded_read(struct arena *a, const char *value, struct span *der) ERR_MUST_USE;

/* What the forwarded listener's handler needs. */
struct forwarded {
    const struct services *services;
    const char *header; /* the certificate's */
    const char *secret; /* that each request must show; NULL: none */
};

/* The handler of the forwarded listener (route_forwarded.c); `user` is a struct forwarded. */
void route_forwarded(void *user, const struct http_request *request, struct http_reply *reply);

/*
 * For all other listeners, on which such a header says nothing: logs that somebody sent one, once a
 * minute of each address.
 */
void forwarded_notice(const struct services *s, const struct http_request *request);

#endif
