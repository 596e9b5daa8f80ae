/* SPDX-License-Identifier: Apache-2.0 */
/* Where a message stands in the sessions of its device, whose place is kept in the store. */
#ifndef SIGNET_MDM_PLACE_H
#define SIGNET_MDM_PLACE_H

#include "mdm/session.h"

/* Reads the device's session into x->session, and sets x->standing, x->joined, x->msg_id and
 * x->before. */
enum err place_find(struct tx *tx, struct exchange *x) ERR_MUST_USE;

/* Whether the message, which is none of the session's, came beside it from another address: a host
 * that gives a session up, and moves, contradicts nothing. */
bool place_is_elsewhere(const struct exchange *x);

/* The message is heard: it is the last one of its session now. */
void place_take(struct exchange *x);

/* Writes the session, and keeps the reply if it could not be made again. */
enum err place_keep(struct tx *tx, struct exchange *x) ERR_MUST_USE;

#endif
