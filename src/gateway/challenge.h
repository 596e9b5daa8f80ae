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

/*
 * The right to fetch for an enrollment, and to send what came: one session has it at a time, since
 * NDES keeps five passwords. Taken before the look at whether the profile is still to be sent, and
 * given back when that it was sent is committed. The claim is the caller's, as is the id. False:
 * another session has it. Thread-safe.
 */
bool challenge_claim(struct gateway *g, struct claim *c, const char *enrollment);
void challenge_unclaim(struct gateway *g, struct claim *c);

/*
 * Starts it; false: it is done already, and `done` is not called. So is a static challenge, or
 * none; and the page of an NDES is not asked when three are asking it already or it has not
 * answered five times in a row (then one in ten seconds may try).
 */
bool challenge_start(struct gateway *g, struct challenge_fetch *f);
/* After `done`: reads the page. */
void challenge_read(struct challenge_fetch *f);
/* Whether the settings' file with the challenge, or with the credentials for the page, can be used
 * now. ERR_IO, ERR_REFUSED, ERR_CONFIG; OK when there is none. */
enum err challenge_check_file(const struct upstream *u) ERR_MUST_USE;
enum err challenge_check_credentials(const struct upstream *u) ERR_MUST_USE;
/* Wipes the challenge. */
void challenge_free(struct challenge_fetch *f);

/*
 * The challenge in a page of mscep_admin: UTF-16LE with or without BOM, or UTF-8; 8 to 64
 * hexadecimal digits after "The enrollment challenge password is:". ERR_REFUSED with Windows' own
 * sentence and the cure (the password cache is full; no permission to enroll), ERR_PARSE.
 */
enum err challenge_of_page(struct arena *a, struct span page, const char **out) ERR_MUST_USE;

#endif
