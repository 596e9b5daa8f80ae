/* SPDX-License-Identifier: Apache-2.0 */
/* A profile that the command line names: a file, or one that a server keeps. */
#ifndef SIGNET_CMD_PROFILE_READ_H
#define SIGNET_CMD_PROFILE_READ_H

#include "cmd/cli.h"

/*
 * Appends the text of `name`: standard input for "-", else the file of that name, else the profile
 * that the server of the data folder keeps under it. ERR_NOT_FOUND says that it is neither.
 */
enum err profile_text(const struct cli *cli, const char *name, struct buf *out) ERR_MUST_USE;

#endif
