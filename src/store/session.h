/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SyncML session that a device is in, and the commands that it was sent in it: kept in the
 * database, so that a Status finds its command after a restart of the server too.
 */
#ifndef SIGNET_STORE_SESSION_H
#define SIGNET_STORE_SESSION_H

#include "store/store.h"

struct session {
    const char *session_id; /* the device's text */
    int64_t msg_id;         /* of the server's last message in it, from 1 */
    int64_t started;        /* ms */
};

/* Starts a session: what was outstanding in the one before is forgotten. */
enum err session_start(struct tx *tx, int64_t device, const struct session *s) ERR_MUST_USE;
/* ERR_NOT_FOUND. */
enum err session_get(struct tx *tx, struct arena *a, int64_t device,
                     struct session *out) ERR_MUST_USE;
enum err session_advance(struct tx *tx, int64_t device, int64_t msg_id) ERR_MUST_USE;

struct sent_command {
    int64_t msg_id, cmd_id; /* of the server's message */
    int purpose;            /* enum command_purpose of mdm/ */
    const char *enrollment; /* or NULL */
    const char *loc_uri;
    int64_t queue; /* the administrator's command that it came of; 0: none */
    struct sent_command *next;
};

enum err command_add(struct tx *tx, int64_t device, const struct sent_command *c) ERR_MUST_USE;
/* ERR_NOT_FOUND. */
enum err command_get(struct tx *tx, struct arena *a, int64_t device, int64_t msg_id, int64_t cmd_id,
                     struct sent_command *out) ERR_MUST_USE;

#endif
