/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP/1.1 request after the other over libcurl's easy interface.
 *
 * Nothing is trusted but the certificates that the caller gives, and no proxy is used, unless an
 * option says otherwise; no redirect, no cookie, no environment variable changes what is sent. A
 * fetch keeps its connection open between requests and belongs to one thread.
 */
#ifndef SIGNET_FETCH_FETCH_H
#define SIGNET_FETCH_FETCH_H

#include "base/buf.h"
#include "base/err.h"

struct fetch;

/* How a request ended; all but FETCH_OK mean that there is no answer. */
enum fetch_cause {
    FETCH_OK,
    FETCH_NAME,    /* the host name has no address */
    FETCH_CONNECT, /* refused or unreachable */
    FETCH_RESET,   /* the connection broke */
    FETCH_TIMEOUT,
    FETCH_TLS,       /* no TLS comes about: no common version, or the server wants otherwise */
    FETCH_TLS_TRUST, /* the certificate does not chain to a trusted root, or is not valid now */
    FETCH_TLS_NAME,  /* the certificate is for another name */
    FETCH_INVALID,   /* what came is no HTTP */
    FETCH_LIMIT,     /* the body is larger than FETCH_BODY_MAX */
    FETCH_URL,       /* the URL is not http(s) or is malformed */
    FETCH_LOCAL,     /* it failed on our side before anything of the request was sent */
};

static inline bool fetch_is_tls(enum fetch_cause cause) {
    return cause == FETCH_TLS || cause == FETCH_TLS_TRUST || cause == FETCH_TLS_NAME;
}

/* A SyncML message or a CertRep is a few KiB; more than this is a mistake or an attack. */
enum { FETCH_BODY_MAX = 4 * 1024 * 1024 };

/*
 * Negotiate takes the Kerberos ticket of the process, never a user and a password (so does curl
 * over GSSAPI), and nothing else is tried when there is no ticket.
 */
enum fetch_auth {
    FETCH_AUTH_NONE,
    FETCH_AUTH_ANY, /* without `user` Negotiate; with him NTLM, or Basic where Basic is allowed */
    FETCH_AUTH_NEGOTIATE,
    FETCH_AUTH_NTLM,
    FETCH_AUTH_BASIC, /* over https with verified trust only: else FETCH_URL, and nothing is sent */
};

/* All spans must live as long as the fetch. */
struct fetch_options {
    struct span trust;       /* PEM certificates of the roots */
    bool system_trust;       /* the system's roots instead of `trust` */
    bool insecure;           /* any certificate for any name: for the probe only, to look further */
    struct span client_cert; /* PEM; empty: none is offered */
    struct span client_key;  /* PEM */
    const char *connect_to;  /* "HOST:PORT:HOST2:PORT2" sends what is for the first to the second */
    bool tls12;              /* TLS 1.2 at most, as Windows' SCEP client */
    bool env_proxy;          /* http_proxy, https_proxy, no_proxy of the environment count */
    enum fetch_auth auth;    /* with `user`: how to log in */
    const char *user, *password;
    unsigned timeout_ms; /* of a whole request; 0 means 30 s, 10 s of them to connect */
};

struct fetch_request {
    const char *url;
    bool post; /* else GET */
    const char *const
        *headers; /* "Name: value", ending with NULL; only these and what HTTP needs */
    bool gzip;    /* Accept-Encoding: gzip; an answer is unpacked */
    bool once;    /* on a new connection: on a used one that breaks, curl would send it again */
    struct span body;
};

struct fetch_reply { /* zero-initialise; fetch_reply_free */
    enum fetch_cause cause;
    bool unsent; /* nothing of the request went out, for certain; set by a pool only */
    int status;
    bool has_length;        /* the answer gave its Content-Length */
    char content_type[128]; /* "" when there was none */
    char location[256];     /* as it came, cut off there; "" when there was none */
    int retry_after_s;      /* 0 when there was none */
    int64_t date_ms;        /* HTTP's Date, whole seconds; 0 when there was none */
    bool asked_for_cert;    /* a server of this fetch asked for a client certificate */
    struct buf server_cert; /* PEM; only with the option insecure, and on a new connection */
    struct buf sent;        /* request line and headers as they went out */
    struct buf body;
};

/* Whether nothing of the request reached the server, for certain. */
bool fetch_was_unsent(const struct fetch_reply *r);

/* Whether fetch can send to this URL: http(s), a host, a port below 65536; no user, no password. */
bool fetch_url_is_good(const char *url) __attribute__((nonnull));

/* Whether such a URL is one of https. */
bool fetch_url_is_https(const char *url) __attribute__((nonnull));

struct fetch *fetch_new(const struct fetch_options *options) __attribute__((nonnull));

/* NULL is allowed. */
void fetch_free(struct fetch *f);

/*
 * Sends and waits. OK when an answer came, whatever its status; else ERR_IO with the detail for
 * people, and `reply->cause` tells what it was.
 */
enum err fetch_send(struct fetch *f, const struct fetch_request *request,
                    struct fetch_reply *reply) ERR_MUST_USE __attribute__((nonnull));

void fetch_reply_free(struct fetch_reply *r);

#define FETCH_REPLY_AUTO(name) \
    struct fetch_reply name __attribute__((cleanup(fetch_reply_free))) = {0}

#endif
