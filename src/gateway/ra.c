/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mode RA on the hosts' side: an endpoint of struct pki for each upstream, whose RA is that of a CA
 * of ours. What may be asked for is what [scep] allows (keys, EKUs, names, rate); challenges are
 * one-time ones of ours, and nothing renews itself, since a renewal has no challenge to show.
 */
#include "gateway/internal.h"

/* Its pointers are of signet.conf, and outlive the pki's holder. */
static struct policy policy_of(const struct gateway *g) {
    const struct pki *pki = pki_acquire(g->options.pki);
    struct policy p = *pki->endpoints[0].policy;
    pki_release(pki);
    p.challenges = CHALLENGES_ONE_TIME;
    p.static_challenge = NULL;
    p.webhook_url = p.webhook_id = p.webhook_secret = p.webhook_trust = NULL;
    p.manual_approval = false;
    p.renewal_window = 0;
    p.ca_certs = CA_CERTS_RA;
    p.mapping = MAPPING_NONE; /* what is in the certificate is the upstream's to say */
    p.mscep_admin = NULL;
    p.crl_url = p.ocsp_url = p.issuer_url = NULL;
    return p;
}

static struct endpoint_settings endpoint_of(struct arena *a, const struct gateway_upstream *u,
                                            const struct policy *policy) {
    return (struct endpoint_settings){
        .name = u->settings->name,
        .paths = {arena_printf(a, GATEWAY_PATH "/%s", u->settings->name)},
        .path_count = 1,
        .ca = u->settings->ca,
        .policy = *policy,
        .upstream = u->settings->name,
        .upstream_certs = u->chain,
        .upstream_cert_count = u->chain_count,
    };
}

static bool is_named(const struct gateway_upstream *u, const char *name) {
    return name && strcmp(u->settings->name, name) == 0;
}

enum err ra_publish(struct gateway *g, const struct gateway_upstream *more, const char *but) {
    ARENA_AUTO(a);
    const struct policy policy = policy_of(g);
    struct endpoint_settings *list = arena_alloc(&a, (GATEWAY_MAX_UPSTREAMS + 1) * sizeof *list);
    size_t n = 0;
    for (size_t i = 0; i < g->count; i++) {
        const struct gateway_upstream *u = g->slots[i]->in_force;
        if (u && u->settings->mode == UPSTREAM_RA && !is_named(u, but) &&
            !(more && is_named(u, more->settings->name)))
            list[n++] = endpoint_of(&a, u, &policy);
    }
    if (more)
        list[n++] = endpoint_of(&a, more, &policy);
    return pki_set_gateways(g->options.pki, list, n);
}
