/* SPDX-License-Identifier: Apache-2.0 */
/* What relay.c begins and relay_read.c ends. */
#ifndef SIGNET_GATEWAY_RELAY_INSIDE_H
#define SIGNET_GATEWAY_RELAY_INSIDE_H

#include "enroll/enroll.h"
#include "gateway/relay.h"

struct relay {
    struct gateway *gateway;
    const struct gateway_upstream *upstream;
    struct arena *arena;
    uint8_t token[32]; /* its hash */
    bool has_token;
    struct enrollment row; /* since relay_find, in its transaction */
    enum err unread;       /* no message, for what `said` tells */
    struct scep_request request;
    const char *peer, *enrollment, *transaction;
    const char *key_transport; /* NULL: not told by the message */
    struct fetch_job job;
    struct claim claim; /* of the enrollment: one request at a time */
    bool entered;       /* and not left: gateway_leave is due */
    /* What came of it; outcome and `said` are for the timeline. */
    enum upstream_outcome outcome;
    const char *said;
    const char *fail_info, *text; /* of a CertRep FAILURE, else NULL */
    const char *http_status;
    const char *nonce; /* of the CertRep, when it is not the request's; else NULL */
};

/* For the log: what the host got. */
void relay_log(const struct relay *r, const char *status, const char *reason);

#endif
