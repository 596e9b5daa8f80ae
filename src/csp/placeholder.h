/* SPDX-License-Identifier: Apache-2.0 */
/* Placeholders inside one value of a profile: finding them, and putting values in their place. */
#ifndef SIGNET_CSP_PLACEHOLDER_H
#define SIGNET_CSP_PLACEHOLDER_H

#include "csp/commands.h"
#include "csp/profile.h"

enum placeholder {
    PLACEHOLDER_NONE, /* the value ends here */
    PLACEHOLDER_URL,
    PLACEHOLDER_CHALLENGE,
    PLACEHOLDER_THUMBPRINT,
    PLACEHOLDER_ENROLLMENT,
    PLACEHOLDER_DEVICE_ID,
    PLACEHOLDER_DEVICE_NAME,
    PLACEHOLDER_USER,
};

/* A walk through a value: start with {.rest = value}. */
struct placeholder_walk {
    struct span rest;
    struct span literal; /* the text before the placeholder */
    struct span name;    /* "scep.url" */
    bool quoted;         /* the placeholder stands inside double quotes */
    bool alone;          /* or is the whole value of an attribute, as in "CN={{user.upn}},O=x" */
};

/*
 * The next placeholder. ERR_PARSE for one that nobody knows and for "{{" without "}}"; `c` is the
 * command to blame.
 */
enum err placeholder_next(const struct profile_command *c, struct placeholder_walk *w,
                          enum placeholder *out) ERR_MUST_USE;

/*
 * Appends `text`, a value or a path of the command, with its placeholders filled. ERR_PARSE when
 * the enrollment has no value for one, or when a value would change what is around it.
 */
enum err placeholder_fill(const struct profile_command *c, struct span text,
                          const struct profile_values *values, struct buf *out) ERR_MUST_USE;

#endif
