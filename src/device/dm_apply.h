/* SPDX-License-Identifier: Apache-2.0 */
/* Commands from a file, carried out as those of one message of a session, without a server. */
#ifndef SIGNET_DEVICE_DM_APPLY_H
#define SIGNET_DEVICE_DM_APPLY_H

#include "device/dm_commands.h"

/*
 * Runs the commands in `text` (an Atomic, or several commands side by side, as a profile is stored)
 * in memory, and gives what the host would answer, in `a`. ERR_PARSE, ERR_LIMIT: what would lose
 * the message as a whole, with nothing done; ERR_USAGE: there is no command in it. The host's login
 * switch counts, an enrollment does not.
 */
enum err dm_apply(struct host *h, struct span text, struct arena *a,
                  struct dm_answer *answer) ERR_MUST_USE __attribute__((nonnull));

/* The Status that decides: the first that is no 2xx (an Atomic's comes before its children's), else
 * the first. NULL when there is none. */
const struct dm_status *dm_deciding(const struct dm_answer *answer) __attribute__((nonnull));

#endif
