/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values that name a host or a person, and the names that a recording gives them: "device-1" is the
 * same host in every file. One thread at a time.
 */
#ifndef SIGNET_RECORD_PSEUDONYMS_H
#define SIGNET_RECORD_PSEUDONYMS_H

#include "base/arena.h"
#include "base/buf.h"

struct pseudonym;

struct pseudonyms { /* zero-initialise */
    struct arena a;
    struct pseudonym *first;
    unsigned count;
};

/* Gives the value a name "kind-N" unless it has one, or a thousand have. Empty values get none. */
void pseudonym_learn(struct pseudonyms *p, const char *kind, struct span value);

/* Appends the value's form, with its name when it has one: "<device-1: 32 upper-case hex>". */
void pseudonym_form(const struct pseudonyms *p, struct buf *out, struct span value);

void pseudonyms_free(struct pseudonyms *p);

#endif
