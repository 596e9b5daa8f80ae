/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults on demand, for tests and for teaching: of the line between host and servers, of the host's
 * clock and of its stores. They last for one command of signet; several may come together.
 */
#ifndef SIGNET_DEVICE_FAULT_H
#define SIGNET_DEVICE_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum fault_kind {
    FAULT_NONE,
    FAULT_DROP,      /* the server's answer to the message is lost, and the connection with it */
    FAULT_DUPLICATE, /* the message arrives twice; the host hears the second answer */
};

struct fault { /* zero-initialise: no fault */
    unsigned drop_after,
        duplicate;    /* number of the host's message in its session, from 1; 0: none */
    int64_t clock_ms; /* how far the host's clock is off, beside the switch */
    int64_t offline_from_ms, offline_to_ms; /* of the host's time since the command began */
    int64_t began_ms;                       /* by the monotonic clock; set by host_set_fault */
    bool no_alert, extra_alert, no_root;
};

/* What --fault takes, for its help: "drop-after=N", and what it does. */
struct fault_help {
    const char *name, *effect;
};
extern const struct fault_help fault_list[];
extern const size_t fault_count;

/*
 * Adds the faults of one --fault ("clock=-9h", or several joined by commas) to `out`. ERR_USAGE
 * names what it takes.
 */
enum err fault_parse(const char *text, struct fault *out) ERR_MUST_USE __attribute__((nonnull));

/* Whether there is one at all. */
bool fault_is_any(const struct fault *f) __attribute__((nonnull));

/* What happens to that message; a fault that has struck is over. */
enum fault_kind fault_strikes(struct fault *f, unsigned message) __attribute__((nonnull));

/* Whether the host has no network, so long after the command began (in its own, scaled time). */
bool fault_is_offline(const struct fault *f, int64_t after_ms) __attribute__((nonnull));

#endif
