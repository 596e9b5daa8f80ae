/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Placeholders inside one value, of a profile or of a wish for a PKCS#12: finding them, and putting
 * values in their place. Errors do not say where the value stands: the caller does.
 */
#ifndef SIGNET_CSP_PLACEHOLDER_H
#define SIGNET_CSP_PLACEHOLDER_H

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
    struct span name;    /* "scep.url"; empty without one */
    bool quoted;         /* the placeholder stands inside double quotes */
    bool alone;          /* or is the whole value of an attribute, as in "CN={{user.upn}},O=x" */
};

/* The next placeholder. ERR_PARSE for one that nobody knows (w->name has it), and for "{{" without
 * "}}" (w->name is empty). */
enum err placeholder_next(struct placeholder_walk *w, enum placeholder *out) ERR_MUST_USE;

/* Where the text stands that is filled: it says what a value may not change. */
enum placeholder_place {
    PLACEHOLDER_IN_TEXT,
    PLACEHOLDER_IN_SUBJECT, /* a value gets the quotes that it needs */
    PLACEHOLDER_IN_SANS,    /* and no value has the separator */
};

/*
 * Appends `text` with its placeholders filled. ERR_PARSE when the enrollment has no value for one,
 * or when a value would change what is around it.
 */
enum err placeholder_fill(struct span text, enum placeholder_place place,
                          const struct profile_values *values, struct buf *out) ERR_MUST_USE;

/*
 * Cuts off `rest` what goes up to and with the next text that looks like a placeholder of another
 * MDM ($FLEET_VAR_HOST_UUID, ${VAR}, {DeviceUid}, %DeviceName%), and gives that text. What stands
 * in two braces is left out: signet's look so. False: there is none.
 */
bool foreign_next(struct span *rest, struct span *out);

#endif
