/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords of accounts, kept as scrypt hashes (RFC 7914: N 2^14, r 8, p 1: 16 MiB and about 40 ms
 * each): guesses.h has the threads for what strangers show. What was right is remembered for a
 * minute, by a keyed hash: an enrollment shows its password twice. Thread-safe.
 */
#ifndef SIGNET_MDM_PASSWORD_H
#define SIGNET_MDM_PASSWORD_H

#include "base/arena.h"
#include "base/err.h"

/* "scrypt$14$8$1$<salt>$<hash>", salt and hash in hex, in `a`. Slow. ERR_CRYPTO. */
enum err password_hash(struct arena *a, struct span password, const char **text) ERR_MUST_USE;

/*
 * ERR_AUTH when the password is not the hash's. `text` NULL stands for an account that does not
 * exist: it takes as long and is never right, so that names cannot be guessed by time. Slow.
 */
enum err password_check(struct span password, const char *text) ERR_MUST_USE;

/* Whether password_check found it right within a minute. Takes no time. */
bool password_was_right(struct span password, const char *text);

#endif
