/* SPDX-License-Identifier: Apache-2.0 */
/* Which of some known words was likely meant. */
#ifndef SIGNET_BASE_SPELLING_H
#define SIGNET_BASE_SPELLING_H

#include "base/span.h"

enum { SPELLING_MAX_TYPOS = 2 };

/*
 * Levenshtein's distance of two words, without regard to case: how many letters are to be changed,
 * put in or taken out. Of words longer than 40 bytes: 40. Thread-safe.
 */
unsigned spelling_distance(struct span a, struct span b);

#endif
