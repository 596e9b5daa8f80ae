/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must happen without being asked for: enrollments whose time is over or whose certificate is
 * to be renewed, hosts that were told to leave and do not answer, what upstreams offer
 * and what they have pended, RA certificates and CRLs that are renewed, what is old and goes, and
 * alarms before something ends.
 */
#ifndef SIGNET_SERVER_HOUSEKEEPING_H
#define SIGNET_SERVER_HOUSEKEEPING_H

#include "server/config.h"
#include "server/routes.h"

struct housekeeping {
    const struct config *config;
    const struct services *services;
    int64_t next_minute, next_hour; /* monotonic ms; 0: now */
    bool started;
};

/* How often to call it. */
enum { HOUSEKEEPING_SECONDS = 10 };

/* Does what is due. What fails is logged and tried again the next time. */
void housekeeping_run(struct housekeeping *h);

#endif
