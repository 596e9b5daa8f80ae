/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP/1.1 server: libevent's loops under a strict reader of our own (reader.h).
 *
 * N loop threads accept, speak TLS and parse; W worker threads run the handlers, which may block
 * (RSA, a commit), but not for long. A complete request goes into a bounded queue; when that is
 * full the answer is 503 with Retry-After. A handler that the most come for need not sleep in its
 * worker (http_later); as others do, there are more workers than cores.
 *
 * Why not libevent's evhttp: it takes bare LF, NUL and folded lines, has no deadline for a whole
 * request and no limit for a chunk's line, answers HEAD wrongly, and its own errors in HTML. All
 * that can be guarded from outside (costs-and-traps.md, section 6), with more code than a reader.
 */
#ifndef SIGNET_HTTP_HTTP_H
#define SIGNET_HTTP_HTTP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum http_method { HTTP_GET = 1, HTTP_HEAD = 2, HTTP_POST = 4, HTTP_OTHER = 8 };

struct http_field {
    const char *name, *value; /* blanks around the value are gone */
};

struct http_request {
    struct arena *arena; /* lives until the reply is sent */
    enum http_method method;
    const char *method_name;
    const char *path;  /* percent-decoded once, without the query; begins with '/' */
    const char *query; /* raw, without '?'; "" when there is none */
    struct span body;
    const char *content_type; /* lower-cased media type without parameters; "" when missing */
    const char *peer;         /* "192.0.2.1", "2001:db8::1", or "unix" */
    unsigned short peer_port;
    bool tls;
    struct span client_cert; /* DER of the TLS client certificate, unverified; empty: none */
    const struct http_field *fields; /* for http_header */
    size_t field_count;
};

struct http_reply {
    int status;               /* 200 when the handler leaves it at 0; 503 gets a Retry-After */
    const char *content_type; /* static text, or in the request's arena */
    struct buf body;          /* freed by the server; for HEAD filled as for GET, and not sent */
    const char *allow;        /* for 405: "GET, POST" */
    const char *fields;       /* further header lines, each with its CRLF; or NULL */
    bool close;               /* close the connection after this reply */
    bool later;               /* by http_later: there is no reply yet */
};

/*
 * Value of a query parameter, percent-decoded ('+' is a blank), in the request's arena; or NULL
 * when it is missing or holds a NUL. A '%' without two hex digits stands for itself.
 */
const char *http_query(const struct http_request *r, const char *name);

/* The same of a form's field, in a body of application/x-www-form-urlencoded. */
const char *http_form(const struct http_request *r, const char *name);

/* A header field's value (any case of `name`), or NULL. Valid until the reply. */
const char *http_header(const struct http_request *r, const char *name);

/*
 * The same for fields of which more than one must not decide: *count gets how many there are, and
 * only of one the value is returned.
 */
const char *http_header_only(const struct http_request *r, const char *name, size_t *count);

/* A reply in text/plain: the status and one line. For errors outside a protocol's own form. */
void http_text(struct http_reply *reply, int status, const char *text);

/* Fills `reply`; runs in a worker thread. Every listener has one. */
typedef void http_handler(void *user, const struct http_request *request, struct http_reply *reply);

/*
 * For a handler that must wait, for a commit above all, and lets its thread work meanwhile. It
 * calls http_later, then starts what it waits for, and returns without touching request or reply
 * again. Whoever ends the waiting calls one of these once, in any thread: http_resume, and `then`
 * runs in a worker in the handler's place; or http_finish, where nothing is left to compute, and
 * `reply` leaves without another change of threads. http_stop waits for that.
 */
void http_later(const struct http_request *request, struct http_reply *reply, http_handler *then,
                void *user);
void http_resume(const struct http_request *request);
void http_finish(const struct http_request *request, struct http_reply *reply);

/*
 * One of several names on a TLS listener: connections whose SNI is `host` get its handler, and are
 * asked for a client certificate or not.
 */
struct http_name {
    const char *host; /* any case, without a port */
    bool ask_client_cert;
    http_handler *handler;
    void *user;
};

/*
 * May put the protocol's own form in the place of a 413 that `reply` already is; `r` has no body.
 * Runs in a loop's thread: it must not wait for anything.
 */
typedef void http_refusal(void *user, const struct http_request *request, struct http_reply *reply);

/*
 * Is shown each request with the reply that is about to leave. Runs in whatever thread made the
 * reply, and must neither wait nor keep anything of the two.
 */
struct http_witness {
    void (*see)(void *user, const char *listener, const struct http_request *request,
                const struct http_reply *reply);
    void *user;
};

struct http_listener {
    const char *name;    /* for the log: "public", "management", "plain" */
    const char *address; /* "127.0.0.1", "0.0.0.0", "::" */
    unsigned short port; /* 0: any free one, see http_port */
    bool tls;
    bool ask_client_cert; /* request a certificate, accept any, judge none */
    http_handler *handler;
    void *user;
    http_refusal *refuse;               /* with `user`; NULL: every refusal is text */
    unsigned idle_seconds;              /* between two requests; 0: that of the limits */
    const struct http_witness *witness; /* must outlive the server; or NULL */
    /*
     * A Unix socket in place of address and port, for our own user and the members of that group
     * (NULL: none). Its peers are called "unix", and have no limit an address. A file that a server
     * left there is replaced; it goes with http_stop.
     */
    const char *unix_path, *unix_group;
    /*
     * A PEM file: with TLS, only clients with a certificate that leads to one of these get through
     * the handshake, and none resumes a session. At most one such file a server, and no names.
     */
    const char *verify_ca;
    /*
     * Names that differ from the rest, which is served as said above: other names and clients
     * without SNI. Where there are names, a Host that is not the SNI gets 421 (RFC 9110, 15.5.20);
     * without SNI, one of these names does.
     */
    const struct http_name *names;
    size_t name_count;
};

struct http_limits {       /* 0 in any of them: the default named here */
    size_t body;           /* bytes, 1 MiB; above: 413 */
    size_t headers;        /* bytes of request line and fields, 96 KiB: NDES takes 64 KiB queries */
    unsigned idle_seconds; /* without a byte: 30 */
    unsigned request_seconds; /* from the first byte of a request to its last: 60 */
    unsigned queue;           /* waiting requests, http_later's too, 1024; above: 503 */
    unsigned loops, workers;  /* 0: one loop for two cores, two workers a core */
    /*
     * Bytes of all requests and replies together, beyond 16 KiB of each: 64 MiB; above: 503, before
     * the body is read when its Content-Length tells.
     */
    size_t memory;
    unsigned connections;      /* 10,000; above: closed at once */
    unsigned peer_connections; /* of one IPv4 address or IPv6 /64, which may be a proxy: 1024 */
};

/* What clients hold at this moment. */
struct http_usage {
    size_t memory; /* as limited by http_limits.memory */
    unsigned connections;
};

struct http_server;

/*
 * Binds the listeners and copies them; no thread yet. `limits` may be NULL: the defaults. `cert`
 * and `key` are PEM files for TLS, NULL when no listener wants it. ERR_IO: an address is in use or
 * not ours; ERR_CONFIG: certificate or key.
 */
enum err http_new(const struct http_listener *listeners, size_t count,
                  const struct http_limits *limits, const char *cert, const char *key,
                  struct http_server **out) ERR_MUST_USE;

/* The port that listener `index` really has. */
unsigned short http_port(const struct http_server *s, size_t index);

/* Thread-safe. */
struct http_usage http_usage(const struct http_server *s);

/* Reads certificate and key again for new connections; keeps the old ones on failure. Thread-safe.
 */
enum err http_reload_tls(struct http_server *s) ERR_MUST_USE;

/*
 * Starts the threads, which take no signals, and ignores SIGPIPE in the whole process, as writing
 * to sockets needs. ERR_INTERNAL: no more threads; http_stop cleans up.
 */
enum err http_start(struct http_server *s) ERR_MUST_USE;

/*
 * Stops accepting, lets running handlers finish and their replies leave (2 seconds at most for slow
 * readers), answers 503 to what still waits, ends the threads, frees everything. NULL is allowed.
 */
void http_stop(struct http_server *s);

#endif
