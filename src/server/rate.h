/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often an address may ask an endpoint: token buckets in a table of fixed size. An address that
 * has not asked for long makes room for a new one; so nobody can make the table grow.
 */
#ifndef SIGNET_SERVER_RATE_H
#define SIGNET_SERVER_RATE_H

#include "base/span.h"

struct rate; /* thread-safe */

struct rate *rate_new(void) __attribute__((returns_nonnull));
void rate_free(struct rate *rate);

/*
 * Whether the peer ("192.0.2.1"; of an IPv6 address its /64 counts) may ask the endpoint at `now`
 * (monotonic ms), with `per_minute` requests a minute, which may come all at once. False: *wait
 * gets the seconds after which to come again, from 1 on.
 */
bool rate_take(struct rate *rate, const char *endpoint, const char *peer, unsigned per_minute,
               int64_t now, unsigned *wait);

/* The same question, for which nothing is taken. */
bool rate_would_allow(struct rate *rate, const char *endpoint, const char *peer,
                      unsigned per_minute, int64_t now, unsigned *wait);

#endif
