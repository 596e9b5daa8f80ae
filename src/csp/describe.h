/* SPDX-License-Identifier: Apache-2.0 */
/* A profile as the values that a person asks for, in a fixed order, each with its words. */
#ifndef SIGNET_CSP_DESCRIBE_H
#define SIGNET_CSP_DESCRIBE_H

#include "base/arena.h"
#include "base/err.h"

struct profile_item {
    const char *node;          /* "KeyUsage", or "Scope" and "UniqueID" of the path */
    const char *value;         /* fit for a terminal; NULL: a secret that is not shown */
    const char *words;         /* what it says; "" where the value speaks for itself */
    const char *verb, *format; /* "Add", "int"; "" for what no command says */
    bool is_default;           /* the profile leaves it out: this is what Windows takes */
    struct span raw;           /* the value, secret or not: to be compared, never to be printed */
    struct profile_item *next;
};

/*
 * The profile's items in one order for all profiles: whom the certificate names, its key, where it
 * comes from; with the defaults of KeyProtection and of the retries where they are left out.
 * Placeholders may stand in it, and its values need not be right, but it must be one that
 * profile_commands_read takes (ERR_PARSE with line and cause). All lives in `a`; `text` need not.
 */
enum err profile_describe(struct arena *a, struct span text,
                          struct profile_item **out) ERR_MUST_USE;

/* Two profiles side by side: what differs. A pair has one NULL where only the other has the node.
 */
struct profile_change {
    const struct profile_item *before, *after;
    struct profile_change *next;
};

/*
 * The items that differ in value, verb or format, in their order; NULL: none. CmdIDs, the order of
 * commands, white space and comments do not count, and a value that is written out where the other
 * profile leaves it to the same default does not differ.
 */
struct profile_change *profile_compare(struct arena *a, const struct profile_item *before,
                                       const struct profile_item *after);

#endif
