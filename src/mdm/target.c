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

static void need_root(struct target *t, const char *sha1, struct span der) {
    for (size_t i = 0; i < t->root_count; i++)
        if (strcmp(t->roots[i].sha1, sha1) == 0)
            return;
    t->roots[t->root_count++] = (struct root){sha1, der};
}

/* Only a certificate that is its own issuer can be a root to Windows. */
static void need_root_of(struct target *t, const struct gateway_upstream *u) {
    struct cert top;
    struct span der = u->chain_count ? u->chain[u->chain_count - 1] : SPAN_NONE;
    t->no_root = !der.n || cert_parse(der, &top) != OK || !span_eq(top.issuer, top.subject);
    if (!t->no_root)
        need_root(t, u->root_sha1, der);
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
    need_root(t, e->ca->root_sha1, ca_root(e->ca));
    if (u)
        need_root_of(t, u);
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
        need_root_of(t, u);
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
