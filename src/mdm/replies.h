/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answers to the hosts' last messages, for a host that did not get its own and says the same
 * again. In memory only, since they hold challenges and are needed for minutes: what is lost with
 * the server, or forgotten because there are too many, costs its host a new session (place.c).
 *
 * Whether a message is the last one that was heard is for the store to say: what is found here
 * answers the question only whose that is.
 */
#ifndef SIGNET_MDM_REPLIES_H
#define SIGNET_MDM_REPLIES_H

#include "base/arena.h"

/* Nothing is given again after REPLIES_MS: what was to be done then may be wrong by now. */
enum { REPLIES_MS = 600000, REPLIES_BYTES = 16 << 20 };

struct replies; /* thread-safe */

struct replies *replies_new(void) __attribute__((returns_nonnull));
void replies_free(struct replies *r); /* NULL is allowed */

/* Copies the answer to the device's last message, in the place of what was kept for it; the oldest
 * go when there are more than REPLIES_BYTES. Gives its number, never 0 and never given twice, for
 * the session's row (store/session.h): an answer of a transaction that failed has no row. `now` in
 * ms. */
int64_t replies_keep(struct replies *r, int64_t device, struct span reply, int64_t now);

/* Nothing is to be kept for the device. */
void replies_drop(struct replies *r, int64_t device);

/* Forgets what is too old: for a server that has nothing else to do. */
void replies_expire(struct replies *r, int64_t now);

/* Copies the answer of that number to `a`; false when it is not kept, or older than REPLIES_MS. */
bool replies_find(struct replies *r, int64_t device, int64_t number, int64_t now, struct arena *a,
                  struct span *out);

#endif
