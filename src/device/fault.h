/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults of the line between host and server, for tests: what happens to one message of a DM
 * session. A fault strikes once in a command.
 */
#ifndef SIGNET_DEVICE_FAULT_H
#define SIGNET_DEVICE_FAULT_H

#include "base/err.h"

enum fault_kind {
    FAULT_NONE,
    FAULT_DROP,      /* the server's answer to the message is lost, and the connection with it */
    FAULT_DUPLICATE, /* the message arrives twice; the host hears the second answer */
};

struct fault {
    enum fault_kind kind;
    unsigned message; /* number of the host's message in its session, from 1 */
};

/* "drop-after=N" or "duplicate=N"; else ERR_USAGE. */
enum err fault_parse(const char *text, struct fault *out) ERR_MUST_USE __attribute__((nonnull));

/* What happens to that message; a fault that has struck is over. */
enum fault_kind fault_strikes(struct fault *f, unsigned message) __attribute__((nonnull));

#endif
