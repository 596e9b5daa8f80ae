/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a recording says about how a host behaves, as a set of facts: in messages of this kind, at
 * this place, stands this. What differs between two hosts of one build, or two runs of one host, is
 * no fact: numbers of messages and sessions, lengths of names, versions, what names the server. So
 * two recordings can be held against each other however many messages each of them has.
 */
#ifndef SIGNET_RECORD_FACTS_H
#define SIGNET_RECORD_FACTS_H

#include "base/arena.h"
#include "base/buf.h"
#include "record/lines.h"

#define FACT_BELOW " > "

struct fact {
    const char *kind;  /* "session", "PKIOperation 19" */
    const char *place; /* "xml > SyncML > SyncBody > Status[Exec] > Data" */
    const char *says;
};

struct facts {
    struct fact *list; /* sorted, each once */
    size_t count;
};

/* The order of the list, by kind, place, and what it says: two struct fact, for qsort and bsearch.
 */
int fact_order(const void *one, const void *other);

/* In `a`, which `recording` is in, too. */
struct facts facts_of(struct arena *a, const struct recorded *recording);

/* One thing in which two recordings differ; what one of them does not have is an empty text. */
struct difference {
    const char *kind, *place;
    const char *first, *second; /* what only the one, and only the other says there */
    struct difference *next;
};

/* NULL: none. Below a place that only one of them has, nothing more is said. */
struct difference *facts_compare(struct arena *a, const struct facts *first,
                                 const struct facts *second);

/* Whether the list holds one that says the same. */
bool difference_in(const struct difference *list, const struct difference *d);

#endif
