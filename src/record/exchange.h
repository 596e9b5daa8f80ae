/* SPDX-License-Identifier: Apache-2.0 */
/* A request of a host and its answer, as the text of one file of a recording. Thread-safe. */
#ifndef SIGNET_RECORD_EXCHANGE_H
#define SIGNET_RECORD_EXCHANGE_H

#include "base/err.h"
#include "record/tree.h"

struct record_header {
    const char *name, *value;
};

struct record_exchange {
    const char *listener;                /* "public", "management", ... */
    const char *method, *path;           /* decoded */
    const char *query;                   /* raw, without '?' */
    const char *peer;                    /* an address: it gets a pseudonym */
    const struct record_header *headers; /* of the request, in order */
    size_t header_count;
    bool client_cert; /* TLS brought one */
    struct span body;
    int status; /* of the answer */
    const char *answer_type;
    struct span answer;
};

/*
 * What an envelope holds: the CSR's DER in `a` for a pkiMessage that was sent to `path`. Any error:
 * it is not opened, and the recording says so.
 */
typedef enum err record_opener(void *user, struct arena *a, const char *path, struct span message,
                               struct span *csr);

/*
 * The word that a recording calls the exchange by ("discover", "session", "GetCACaps"), from path
 * and query alone; NULL for what is not recorded: pages, logins, health, CRLs.
 */
const char *exchange_kind(const struct record_exchange *x);

/*
 * Appends host's and server's part, from the line "host" to the end, each cut at RECORD_MAX_TEXT.
 * `opener` may be NULL.
 */
void exchange_write(const struct tree *t, const struct record_exchange *x, record_opener *opener,
                    void *user);

#endif
