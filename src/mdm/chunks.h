/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A result that is too large for one message comes in parts (MoreData; windows-mdm.md, B.2). They
 * are put together in the row of the session.
 */
#ifndef SIGNET_MDM_CHUNKS_H
#define SIGNET_MDM_CHUNKS_H

#include "mdm/session.h"

enum { CHUNKS_MAX = 512 * 1024 }; /* bytes of one result */

/*
 * Leaves in `results` what is complete: a last part is joined to those before it, an earlier one is
 * taken out and kept. Returns the Status of the command: 200, 213 for a part that is kept, 413 for
 * one of a result that is too large, of which nothing is heard.
 */
int chunks_take(struct exchange *x, struct syncml_command *results);

/* The session of before ended in the middle of a result, or another result came instead. */
bool chunks_drop(struct session *s);

#endif
