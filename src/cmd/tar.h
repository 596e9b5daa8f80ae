/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers of ustar archives (POSIX.1-2001, pax: "ustar Interchange Format"): regular files and
 * folders with names of at most 99 bytes. What else a tar may hold is refused.
 */
#ifndef SIGNET_CMD_TAR_H
#define SIGNET_CMD_TAR_H

#include <sys/types.h>

#include "base/err.h"
#include "base/span.h"

enum { TAR_BLOCK = 512 };

struct tar_entry {
    char name[100]; /* relative, without "." and ".." in it */
    bool folder;
    mode_t mode;   /* permission bits */
    uint64_t size; /* of the content that follows; up to 8 GiB, 0 for a folder */
    int64_t mtime; /* seconds since 1970 */
};

/* ERR_LIMIT for a name or a size that does not fit, ERR_PARSE for a name that is not safe. */
enum err tar_put(const struct tar_entry *entry, uint8_t out[TAR_BLOCK]) ERR_MUST_USE;

/*
 * Reads one. ERR_NOT_FOUND for a block of zeros, which ends an archive; ERR_PARSE for anything else
 * that tar_put would not have written, above all names that lead out of the folder.
 */
enum err tar_read(const uint8_t block[TAR_BLOCK], struct tar_entry *out) ERR_MUST_USE;

/* Bytes of zeros behind a content of that size. */
static inline size_t tar_padding(uint64_t size) {
    return (size_t)(-size % TAR_BLOCK);
}

#endif
