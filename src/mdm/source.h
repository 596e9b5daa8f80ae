/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who sends commands in sessions, and hears what the host says to them. A source has purposes of
 * its own (session.h); session.c has the table of all sources, in the order in which they speak.
 */
#ifndef SIGNET_MDM_SOURCE_H
#define SIGNET_MDM_SOURCE_H

#include "mdm/session.h"

/* The host's word on one command: a Status, or Results, put together when they came in parts. */
struct heard {
    const struct sent_command *sent;
    int status;                        /* of the Status; 0: these are Results */
    const char *original_error;        /* msft:originalerror, cleaned; NULL: none */
    const struct syncml_item *results; /* NULL: this is a Status */
};

struct session_source {
    int first, last; /* purposes */
    enum err (*hear)(struct tx *tx, struct exchange *x, const struct heard *heard);
    /* After all of the message was heard, before anything is sent. NULL: nothing to do. */
    enum err (*settle)(struct tx *tx, struct exchange *x);
    /* Writes what is due to x->out, each with session_keep. */
    enum err (*plan)(struct tx *tx, struct exchange *x);
};

/* session.c: NULL for those of plan.c and deliver.c. */
const struct session_source *session_source_of(int purpose);

/* remove.c: nodes of certificates that are replaced or taken away are deleted, and seen gone. */
extern const struct session_source removal_source;
/* hardware.c: whether it is still the same machine. */
extern const struct session_source hardware_source;
/* version.c: that errors are told. */
extern const struct session_source version_source;
/* queue.c: the administrator's commands. */
extern const struct session_source queue_source;
/* unenroll.c: the host is told to leave. */
extern const struct session_source unenroll_source;
/* rekey.c: new secrets for hosts that log in by MD5. */
extern const struct session_source rekey_source;

#endif
