/* SPDX-License-Identifier: Apache-2.0 */
/* What the options of signet profile new say, judged one by one and put into a profile's values. */
#ifndef SIGNET_CMD_PROFILE_DRAFT_H
#define SIGNET_CMD_PROFILE_DRAFT_H

#include "base/arena.h"
#include "cmd/certificate_words.h"
#include "csp/build.h"

/* As on the command line; NULL where an option is left out. */
struct draft_options {
    struct cli_many lists[WORDS_LISTS + 1];
    const char *key_usage, *key, *protection, *container, *hash, *validity, *retry_count,
        *retry_delay, *id, *url, *thumbprint, *challenge_file, *out;
    bool user;
};

/* The values, and what they are made in. */
struct draft {
    struct arena a;
    struct certificate_words words;
    struct buf challenge;
    struct profile_wishes wishes;
};

/* Fills a zero-initialised draft. ERR_USAGE in the words of the command line; ERR_IO, ERR_PARSE for
 * the file of the challenge. The options must outlive it; draft_free after any result. */
enum err draft_fill(struct draft *d, const struct draft_options *o) ERR_MUST_USE;

void draft_free(struct draft *d);

#endif
