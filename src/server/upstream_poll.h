/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that an upstream in mode RA has pended: each is polled once a minute, whether its host
 * polls or not, so that hosts cost the upstream nothing and find its word here.
 *
 * Of one thread, that of the housekeeping. Nothing in it waits: a poll that was started in one run
 * is read in a later one.
 */
#ifndef SIGNET_SERVER_UPSTREAM_POLL_H
#define SIGNET_SERVER_UPSTREAM_POLL_H

#include "server/routes.h"

/* At every run of the housekeeping. */
void upstream_poll_run(const struct services *services);

/* Waits for those that are under way and drops them. Before gateway_close. */
void upstream_poll_end(void);

#endif
