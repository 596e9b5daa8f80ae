/* SPDX-License-Identifier: Apache-2.0 */
/* The server's TLS certificate, and the OpenSSL contexts that are made from it. Thread-safe. */
#ifndef SIGNET_HTTP_TLS_H
#define SIGNET_HTTP_TLS_H

#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/err.h"
#include "http/names.h"

struct http_tls;

/*
 * `cert` (the chain, leaf first) and `key` are PEM files, as is `verify_ca`, which may be NULL: see
 * struct http_listener. ERR_CONFIG.
 */
enum err http_tls_new(const char *cert, const char *key, const char *verify_ca,
                      struct http_tls **out) ERR_MUST_USE;

/* Whether a server could use the two files: what http_tls_new would say, and nothing kept. */
enum err http_tls_check(const char *cert, const char *key) ERR_MUST_USE;

/* Reads the files again; connections that exist keep what they have. ERR_CONFIG: nothing changed.
 */
enum err http_tls_reload(struct http_tls *t) ERR_MUST_USE;

/*
 * The server's side of a new connection to the listener; NULL: no memory. `choice` must live as
 * long as the connection, and is filled in from the ClientHello, before any session is resumed: so
 * a session of one name opens nothing on another. NULL where the listener has no names.
 */
SSL *http_tls_session(struct http_tls *t, const struct http_listener *l,
                      struct http_names_choice *choice);

/* After the handshake: adds the DER of the client's certificate, unverified, if it sent one. */
void http_tls_peer(SSL *ssl, struct buf *der);

void http_tls_free(struct http_tls *t);

#endif
