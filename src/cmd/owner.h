/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Working on a data folder as the user whom it belongs to: what root makes in it, the server could
 * not read.
 */
#ifndef SIGNET_CMD_OWNER_H
#define SIGNET_CMD_OWNER_H

#include "base/err.h"

/* Takes the folder owner's rights, when root asks. ERR_IO, ERR_NOT_FOUND. */
enum err owner_become(const char *folder) ERR_MUST_USE;

/* Back to one's own. */
void owner_leave(void);

#endif
