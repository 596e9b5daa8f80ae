/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder that a recording is written into, and how much it may hold. It is opened once; what
 * happens to its path later changes nothing. One thread at a time.
 */
#ifndef SIGNET_RECORD_FOLDER_H
#define SIGNET_RECORD_FOLDER_H

#include "base/err.h"
#include "base/span.h"

struct folder {
    int fd;
    unsigned files; /* exchanges that were written */
    size_t bytes;   /* on the disk */
};

/*
 * Makes the folder (0700), or takes one that is empty and our own, and closes it to others.
 * ERR_EXISTS: something is in it; ERR_REFUSED: it is another user's, or a symbolic link; ERR_IO.
 */
enum err folder_open(const char *path, struct folder *out) ERR_MUST_USE;

/* The file of what the recording is: made with the text, or the text is appended to it. ERR_IO. */
enum err folder_begin(struct folder *f, struct span text) ERR_MUST_USE;
enum err folder_end(const struct folder *f, struct span text) ERR_MUST_USE;

/*
 * The next exchange as "NNNNN-KIND.txt" (0600). ERR_LIMIT: the recording is as large as limits.h
 * lets it become; ERR_IO: the disk. Of a file that is not written whole nothing stays.
 */
enum err folder_add(struct folder *f, const char *kind, struct span text) ERR_MUST_USE;

void folder_close(struct folder *f);

#endif
