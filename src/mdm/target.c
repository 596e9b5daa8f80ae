/* SPDX-License-Identifier: Apache-2.0 */
#include "mdm/target.h"

#include "mdm/session.h"
#include "x509/cert.h"

static void release(void *upstream) {
    gateway_release(upstream);
}

/* Held until the message is answered. */
static const struct gateway_upstream *acquire(struct exchange *x, const char *name) {
    struct gateway *g = x->mdm->gateway;
    const struct gateway_upstream *u = g ? gateway_acquire(g, name) : NULL;
    if (u)
        arena_defer(x->a, release, (void *)(uintptr_t)u);
    return u;
}

static void need(struct target *t, const char *sha1, struct span der, bool intermediate) {
    for (size_t i = 0; i < t->anchor_count; i++)
        if (strcmp(t->anchors[i].sha1, sha1) == 0)
            return;
    t->anchors[t->anchor_count++] = (struct anchor){sha1, der, intermediate};
}

/* The CA of a chain and those above it, but for the root: without them a host that got only its own
 * certificate cannot build the chain. */
static void need_intermediates(struct exchange *x, struct target *t, const struct span *chain,
                               size_t count) {
    for (size_t i = 0; i < count; i++) {
        char *sha1 = arena_alloc(x->a, CERT_THUMBPRINT_SIZE);
        if (cert_sha1_hex(chain[i], sha1) == OK)
            need(t, sha1, chain[i], true);
        else
            t->problem = "a certificate of its CA's chain cannot be hashed: is the memory full?";
    }
}

static void need_chain_of_ca(struct exchange *x, struct target *t, const struct ca *ca) {
    need(t, ca->root_sha1, ca_root(ca), false);
    if (!ca->chain_count)
        return;
    need_intermediates(x, t, &ca->issuer.cert, 1);
    need_intermediates(x, t, ca->chain, ca->chain_count - 1);
}

/* Only a certificate that is its own issuer can be a root to Windows. Where none is known, the
 * host's administrator has seen to the trust, and so to the whole chain. */
static void need_chain_of(struct exchange *x, struct target *t, const struct gateway_upstream *u) {
    struct cert top;
    struct span der = u->chain_count ? u->chain[u->chain_count - 1] : SPAN_NONE;
    t->no_root = !der.n || cert_parse(der, &top) != OK || !span_eq(top.issuer, top.subject);
    if (t->no_root)
        return;
    need(t, u->root_sha1, der, false);
    need_intermediates(x, t, u->chain, u->chain_count - 1);
}

/* Its hosts meet our RA first, and then hold a certificate of the upstream's CA. */
static void find_endpoint(struct exchange *x, struct target *t, const struct endpoint *e) {
    const struct gateway_upstream *u = e->upstream ? acquire(x, e->upstream) : NULL;
    if (e->upstream && !u) {
        t->problem = arena_printf(x->a,
                                  "nothing is known of the upstream '%s' yet: signet gateway "
                                  "show %s",
                                  t->name, t->name);
        return;
    }
    t->endpoint = e;
    t->ca_sha1 = e->ca->sha1;
    need_chain_of_ca(x, t, e->ca);
    if (u)
        need_chain_of(x, t, u);
}

static void find_relay(struct exchange *x, struct target *t) {
    const struct gateway_upstream *u = acquire(x, t->name);
    if (!u) {
        t->problem =
            arena_printf(x->a,
                         "there is neither an endpoint nor an upstream '%s', or nothing is "
                         "known of it yet: signet gateway list",
                         t->name);
    } else if (u->settings->mode != UPSTREAM_RELAY) {
        t->problem =
            arena_printf(x->a,
                         "the upstream '%s' is not in force: the server's log says why, at "
                         "its start",
                         t->name);
    } else {
        t->relay = u;
        t->ca_sha1 = u->thumbprint;
        need_chain_of(x, t, u);
    }
}

const struct target *target_of(struct exchange *x, const char *name) {
    struct target **at = &x->targets;
    for (; *at; at = &(*at)->next)
        if (strcmp((*at)->name, name) == 0)
            return *at;
    *at = arena_alloc(x->a, sizeof **at);
    (*at)->name = name;
    const struct endpoint *e = pki_endpoint(x->pki, name);
    if (e)
        find_endpoint(x, *at, e);
    else
        find_relay(x, *at);
    return *at;
}

bool target_gives_challenges(const struct target *t) {
    return t->relay && (t->relay->settings->challenge_file || t->relay->settings->ndes_url);
}

const char *target_url(const struct exchange *x, const struct target *t, const char *token) {
    if (t->relay)
        return gateway_url(x->mdm->gateway, x->a, t->name, token);
    if (strcmp(t->name, PKI_DEFAULT) == 0)
        return x->mdm->scep_url;
    return arena_printf(x->a, "%s%s", x->mdm->scep_base, t->endpoint->settings->paths[0]);
}
