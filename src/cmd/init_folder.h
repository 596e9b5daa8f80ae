/* SPDX-License-Identifier: Apache-2.0 */
/* The folder that signet init fills: what may be in it before, and who may look into it after. */
#ifndef SIGNET_CMD_INIT_FOLDER_H
#define SIGNET_CMD_INIT_FOLDER_H

#include "base/err.h"

/*
 * Makes the folder, readable by nobody else. One that is there is taken when it is empty or holds
 * only what an interrupted init left. ERR_EXISTS: a data folder, or somebody else's files; ERR_IO.
 */
enum err init_folder(const char *folder) ERR_MUST_USE;

#endif
