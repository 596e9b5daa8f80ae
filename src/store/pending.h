/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the store: log lines that wait for the commit of what they tell, so that the log never
 * says what was rolled back.
 */
#ifndef SIGNET_STORE_PENDING_H
#define SIGNET_STORE_PENDING_H

#include <stddef.h>

#include "base/log.h"

struct pending_line;

struct pending {
    struct pending_line *first, *last;
};

/* Writes the lines out and empties the list. */
void pending_write(struct pending *p);

/* Drops the lines that came after `mark`; all of them when it is NULL. */
void pending_drop(struct pending *p, struct pending_line *mark);

#endif
