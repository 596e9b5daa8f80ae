/* SPDX-License-Identifier: Apache-2.0 */
/* The passphrase of a backup, as both of its commands take it. */
#ifndef SIGNET_CMD_PASSPHRASE_H
#define SIGNET_CMD_PASSPHRASE_H

#include "base/buf.h"
#include "base/err.h"

/* The first line of the file (- is standard input), at least 8 characters; NULL: none. ERR_USAGE.
 */
enum err passphrase_read(const char *file, struct buf *out) ERR_MUST_USE;

#endif
