/* SPDX-License-Identifier: Apache-2.0 */
#include "server/profile_endpoint.h"

#include "csp/profile.h"
#include "store/upstream.h"

static bool wants_challenge(const char *body) {
    return profile_uses(span_str(body), "scep.challenge");
}

/* A warning now is worth more than an enrollment that is refused later. */
static enum err warn_of_refusal(struct admin_call *c, const struct policy *policy,
                                const char *body) {
    struct profile p;
    int64_t bits;
    unsigned least = policy->rsa_min_bits;
    TRY(profile_read(c->a, span_str(body), &p));
    if (span_int(span_trim(p.key_length), &bits) && bits < least)
        admin_put(
            c, "warning",
            json_sprintf(
                "the profile asks for an RSA key of %d bits, and this server refuses keys "
                "below %d: raise its KeyLength, or lower rsa-min-bits in signet.conf and restart",
                (int)bits, (int)least));
    return OK;
}

static enum err check_ours(struct admin_call *c, const struct endpoint *e, const char *body) {
    if (e->policy->challenges == CHALLENGES_STATIC && wants_challenge(body))
        return err_set(
            ERR_REFUSED,
            "the endpoint '%s' takes its static challenge only: {{scep.challenge}} wants "
            "challenge = one-time in signet.conf",
            e->name);
    return warn_of_refusal(c, e->policy, body);
}

static void check_relay(struct admin_call *c, const struct upstream *u, const char *body) {
    admin_put(c, "relay", json_true());
    if (wants_challenge(body) && !u->challenge_file && !u->ndes_url)
        admin_put(c, "warning",
                  json_sprintf("the upstream '%s' has no challenge for {{scep.challenge}}: the "
                               "profile cannot be sent until it is added with --challenge-file or "
                               "--ndes",
                               u->name));
}

/* "default, corp, ndes" */
static enum err list_names(struct tx *tx, struct admin_call *c, const struct pki *pki,
                           const char **out) {
    struct upstream *all;
    const char *list = "";
    for (size_t i = 0; i < pki->endpoint_count; i++)
        if (!pki->endpoints[i].upstream)
            list = arena_printf(c->a, "%s%s%s", list, *list ? ", " : "", pki->endpoints[i].name);
    TRY(upstream_list(tx, c->a, &all));
    for (; all; all = all->next)
        list = arena_printf(c->a, "%s, %s", list, all->name);
    *out = list;
    return OK;
}

static enum err check(struct tx *tx, struct admin_call *c, const struct pki *pki, const char *name,
                      const char *body) {
    const struct endpoint *e = pki_endpoint(pki, name);
    struct upstream u;
    const char *names;
    if (e)
        return check_ours(c, e, body);
    enum err found = upstream_get(tx, c->a, name, &u);
    if (found == ERR_NOT_FOUND) {
        TRY(list_names(tx, c, pki, &names));
        return err_set(ERR_NOT_FOUND, "there is neither an endpoint nor an upstream '%s', only: %s",
                       name, names);
    }
    TRY(found);
    if (u.mode == UPSTREAM_RELAY)
        check_relay(c, &u, body);
    return OK;
}

enum err profile_endpoint_check(struct tx *tx, struct admin_call *c, const char *name,
                                const char *body) {
    const struct pki *pki = pki_acquire(c->scope->pki);
    enum err e = check(tx, c, pki, name, body);
    pki_release(pki);
    return e;
}
