/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The challenge that an upstream wants in a relayed profile: the static one of a secret file, or
 * one fetched for this enrollment from an NDES mscep_admin page (windows-scep.md, 5).
 */
#ifndef SIGNET_GATEWAY_CHALLENGE_H
#define SIGNET_GATEWAY_CHALLENGE_H

#include "gateway/gateway.h"

struct challenge_fetch {                     /* zero-initialise; challenge_free */
    const struct gateway_upstream *upstream; /* held by the caller */
    struct arena *arena;
    void (*done)(struct challenge_fetch *f); /* as ask.h */
    void *user;
    struct fetch_job job;
    const char *text;   /* secret; NULL: `reason` says why there is none */
    const char *reason; /* for the timeline: "the password cache is full" and what cures it */
};

/* Starts it; false: it is done already (a static challenge, or none), `done` is not called. */
bool challenge_start(struct gateway *g, struct challenge_fetch *f);
/* After `done`: reads the page. */
void challenge_read(struct challenge_fetch *f);
/* Wipes the challenge. */
void challenge_free(struct challenge_fetch *f);

/*
 * The challenge in a page of mscep_admin: UTF-16LE with or without BOM, or UTF-8; 8 to 64
 * hexadecimal digits after "The enrollment challenge password is:". ERR_REFUSED with Windows' own
 * sentence and the cure (the password cache is full; no permission to enroll), ERR_PARSE.
 */
enum err challenge_of_page(struct arena *a, struct span page, const char **out) ERR_MUST_USE;

#endif
