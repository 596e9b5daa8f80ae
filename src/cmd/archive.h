/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in a backup: a tar of the data folder's files, and as its last member SHA256SUMS, in the
 * form that sha256sum -c reads. So damage is found also where nothing is sealed.
 */
#ifndef SIGNET_CMD_ARCHIVE_H
#define SIGNET_CMD_ARCHIVE_H

#include "cmd/backup_stream.h"
#include "cmd/tar.h"

#define ARCHIVE_SUMS "SHA256SUMS"

struct archive_writer; /* wraps a stream */

enum err archive_begin(struct backup_stream *stream, struct archive_writer **out) ERR_MUST_USE;
enum err archive_add_folder(struct archive_writer *w, const char *name, mode_t mode) ERR_MUST_USE;

/* The file at `path` as it is now, under the name. ERR_IO, ERR_CONFLICT when it changes meanwhile.
 */
enum err archive_add_file(struct archive_writer *w, const char *name,
                          const char *path) ERR_MUST_USE;

/* SHA256SUMS, and the end. */
enum err archive_end(struct archive_writer *w) ERR_MUST_USE;
void archive_free(struct archive_writer *w);

/*
 * Reads all of an archive and checks all of it: structure, names, sums, its end. `folder` NULL:
 * nothing is written. Otherwise the files are made in it, which must be empty, with their modes
 * less what lets others write. ERR_PARSE, ERR_IO.
 */
enum err archive_read(struct backup_stream *stream, const char *folder) ERR_MUST_USE;

#endif
