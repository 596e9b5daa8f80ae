/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The profiles that were sent last, as they were read: a fleet has few, and each goes to many
 * hosts. One thread at a time.
 */
#ifndef SIGNET_CSP_SHELF_H
#define SIGNET_CSP_SHELF_H

#include "csp/commands.h"

enum { SHELF_SIZE = 8 };

struct profile_shelf { /* zero-initialise */
    struct kept_profile {
        struct arena arena;
        struct span text; /* all of it is compared: no two profiles are taken for one another */
        struct profile_commands commands;
        const char *fails;   /* profile_fails of it; NULL: nothing is known against it */
        bool uses_challenge; /* {{scep.challenge}} */
    } kept[SHELF_SIZE];
    unsigned next; /* to be replaced */
};

/* As profile_commands_read; it is judged then, too, and not for each host. *out is good until the
 * next call. */
enum err profile_shelf_read(struct profile_shelf *s, struct span text,
                            const struct kept_profile **out) ERR_MUST_USE;

/* Frees what it holds; it can be used again. NULL is allowed. */
void profile_shelf_clear(struct profile_shelf *s);

#endif
