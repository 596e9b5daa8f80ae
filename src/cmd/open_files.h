/* SPDX-License-Identifier: Apache-2.0 */
/* How many files this process may have open. */
#ifndef SIGNET_CMD_OPEN_FILES_H
#define SIGNET_CMD_OPEN_FILES_H

#include <stdint.h>

#include "base/err.h"

/*
 * Raises the limit of open files so far that `count` of `what` ("connections") fit beside what a
 * command needs itself. ERR_LIMIT when so many are not allowed: the detail names the cure.
 */
enum err open_files_allow(int64_t count, const char *what) ERR_MUST_USE;

#endif
