/* SPDX-License-Identifier: Apache-2.0 */
/* SCEP over HTTP as Windows speaks it (windows-scep.md, 1). Functions give HRESULTs. */
#ifndef SIGNET_DEVICE_SCEP_TRANSPORT_H
#define SIGNET_DEVICE_SCEP_TRANSPORT_H

#include "device/net.h"

struct scep_transport {
    struct host *host;
    struct arena *arena;
    struct net *net;
    const char *url; /* with the suffix */
    bool post;       /* PKIOperation by POST */
    /* of the last message, for the event log */
    bool posted, answered; /* whatever the answer was */
    int64_t took_ms;
};

/*
 * Asks operation=OPERATION&message=default. The switches redirects and client-cert-request say what
 * becomes of a redirect, and of a TLS server that asks for a client certificate (the host shows
 * none). `kind` and `extension` name the trace files. */
uint32_t scep_get(struct scep_transport *t, const char *operation, const char *kind,
                  const char *extension, struct fetch_reply *reply) __attribute__((nonnull));

/*
 * Appends the URL of PKIOperation: with the message in it for GET, as Windows' encoding is not
 * known in one that is always right; without (empty) for POST.
 */
void scep_operation_url(struct buf *out, const char *url, struct span message);

/* PKIOperation with a pkiMessage, by POST or GET. */
uint32_t scep_submit(struct scep_transport *t, const char *kind, struct span message,
                     struct fetch_reply *reply) __attribute__((nonnull));

enum { SCEP_HEADERS = 6 };

/* The headers of Windows' requests into `out`, for fetch_request. The texts are static. */
void scep_headers(const struct host *h, bool post, const char *out[SCEP_HEADERS])
    __attribute__((nonnull));

/* A catch-all web page makes Windows complain about a file name (windows-scep.md, 1.15). */
bool scep_is_web_page(const struct fetch_reply *reply) __attribute__((nonnull));

/* Whether a Content-Type is `type`, whatever its parameters. */
bool scep_is_type(const char *content_type, const char *type) __attribute__((nonnull));

/* Holds the answer's Content-Type against the one of its kind: the switch check-content-types. */
uint32_t scep_check_type(const struct host *h, const struct fetch_reply *reply, const char *type)
    __attribute__((nonnull));

#endif
