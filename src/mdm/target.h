/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the certificate of a profile comes from: an endpoint of ours, an upstream in RA mode (which
 * is an endpoint of ours to its hosts), or one that we relay to; and what its hosts must trust.
 */
#ifndef SIGNET_MDM_TARGET_H
#define SIGNET_MDM_TARGET_H

#include "gateway/gateway.h"

struct exchange;

/* A CA certificate that the host must have: in its store Root, or in CA, where Windows looks for
 * the intermediate ones (windows-mdm.md, A.8). */
struct anchor {
    const char *sha1; /* upper-case hex */
    struct span der;
    bool intermediate;
};

/* Two whole chains: of our endpoint's CA, and of the upstream's behind it. */
enum { TARGET_MAX_ANCHORS = 2 * (CA_MAX_CHAIN + 1) };

struct target {
    const char *name;                     /* enrollment.endpoint */
    const char *problem;                  /* why nothing can be sent; the rest is empty then */
    const struct endpoint *endpoint;      /* hosts speak SCEP with us; NULL: with `relay` */
    const struct gateway_upstream *relay; /* or NULL */
    const char *ca_sha1;                  /* CAThumbprint */
    struct anchor anchors[TARGET_MAX_ANCHORS];
    size_t anchor_count;
    bool no_root; /* the chain of the upstream's CA ends below its root: the host must have it */
    struct target *next;
};

/* By the name that a profile gives; the same one for all of a message. */
const struct target *target_of(struct exchange *x, const char *name)
    __attribute__((returns_nonnull));

/* Whether a profile for it needs a challenge that is to be fetched before. */
bool target_gives_challenges(const struct target *t);

/* What {{scep.url}} stands for. `token` is for a relay, and new with each sending. In `a`. */
const char *target_url(const struct exchange *x, const struct target *t, const char *token)
    __attribute__((returns_nonnull));

#endif
