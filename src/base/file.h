/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: read at once, or replaced at once and durably. */
#ifndef SIGNET_BASE_FILE_H
#define SIGNET_BASE_FILE_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Appends the content of `path` ("-" is standard input) to `b`. More than `max` bytes give
 * ERR_LIMIT; a file that is not there ERR_NOT_FOUND; ERR_IO otherwise.
 */
enum err file_read(const char *path, size_t max, struct buf *b) ERR_MUST_USE;

/*
 * For keys and secrets: ERR_CONFIG for a file that users other than its owner and its group may
 * open, whoever may enter its folder. One that is not there is OK: its reader tells that.
 */
enum err file_check_closed(const char *path) ERR_MUST_USE;

/*
 * Replaces `path` in one step: a reader sees the old content or the new, also after a power cut
 * (temporary file beside it, fsync, rename, fsync of the folder). ERR_IO.
 */
enum err file_write(const char *path, struct span content, mode_t mode) ERR_MUST_USE;

/* Writes all of it, also after a signal or in pieces; false with errno when it cannot. */
bool file_write_all(int fd, struct span content);

/* Makes the folder with the mode; one that is already there is fine. ERR_IO. */
enum err file_mkdir(const char *path, mode_t mode) ERR_MUST_USE;

#endif
