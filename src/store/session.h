/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SyncML session that a device is in: one row a device, written once a message. What it was
 * sent is in it, so that a Status finds its command after a restart of the server too.
 */
#ifndef SIGNET_STORE_SESSION_H
#define SIGNET_STORE_SESSION_H

#include "store/store.h"

struct sent_command {
    int64_t msg_id, cmd_id; /* of the server's message */
    int purpose;            /* enum command_purpose of mdm/ */
    const char *enrollment; /* or NULL */
    const char *loc_uri;
    int64_t queue; /* the administrator's command that it came of; 0: none */
    bool answered; /* its Status was heard */
    bool shown;    /* and its Results */
    bool done;     /* nothing more is to come for it; not kept in the database */
    struct sent_command *next;
};

struct session {
    const char *session_id; /* the device's text */
    int64_t msg_id;         /* of the server's last message in it, from 1 */
    int64_t started, heard; /* ms: of its first and of its last message */
    int64_t in_msg;         /* MsgID of the device's last message */
    const char *peer;       /* the address that it came from */
    struct span request;    /* SHA-256 of that message */
    int64_t kept;           /* the number of the answer to it, for it may be given again; 0: none */
    struct sent_command *sent; /* what the device may answer still, in the order of sending */
    /* The parts of a large result that have come so far; `chunk_uri` NULL: none. */
    const char *chunk_uri, *chunk_ref;
    struct span chunk;
};

/* ERR_NOT_FOUND. */
enum err session_get(struct tx *tx, struct arena *a, int64_t device,
                     struct session *out) ERR_MUST_USE;
/* In the place of what the device had. */
enum err session_put(struct tx *tx, int64_t device, const struct session *s) ERR_MUST_USE;

#endif
