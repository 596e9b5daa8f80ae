/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of a backup: a tar in the clear, or sealed with a passphrase:
 *
 *     8 bytes   "SIGNETB1"
 *     1         log2 of scrypt's N (16); then r (8), p (1) and a zero, one byte each
 *    16         salt
 *    12         nonce
 *     ..        the tar, encrypted with AES-256-GCM; the 40 bytes above are authenticated with it
 *    16         the tag
 *
 * The key is scrypt's (RFC 7914) of the passphrase.
 */
#ifndef SIGNET_CMD_BACKUP_STREAM_H
#define SIGNET_CMD_BACKUP_STREAM_H

#include "base/err.h"
#include "base/span.h"

struct backup_stream;

/* Begins a new file (0600); empty passphrase: in the clear. ERR_EXISTS, ERR_IO. */
enum err backup_create(const char *path, struct span passphrase,
                       struct backup_stream **out) ERR_MUST_USE;
enum err backup_write(struct backup_stream *s, struct span data) ERR_MUST_USE;

/* Makes it whole and durable. What was begun and not finished, backup_close removes. */
enum err backup_finish(struct backup_stream *s) ERR_MUST_USE;

/*
 * Opens one. Of a sealed one everything has been authenticated when this returns; a wrong
 * passphrase and a changed file are the same ERR_AUTH.
 */
enum err backup_open(const char *path, struct span passphrase,
                     struct backup_stream **out) ERR_MUST_USE;

/* Exactly `n` bytes. ERR_PARSE when the file ends before. */
enum err backup_read(struct backup_stream *s, void *out, size_t n) ERR_MUST_USE;

/* Whether all has been read; and back to the beginning. */
bool backup_at_end(const struct backup_stream *s);
enum err backup_rewind(struct backup_stream *s) ERR_MUST_USE;

/* NULL is allowed. */
void backup_close(struct backup_stream *s);

#endif
