/* SPDX-License-Identifier: Apache-2.0 */
#include "server/profile_endpoint.h"

#include "csp/profile.h"
#include "store/upstream.h"

static bool wants_challenge(const char *body) {
    return profile_uses(span_str(body), "scep.challenge");
}

static void warn_of_key(struct span key_length, const struct policy *policy, struct buf *out) {
    int64_t bits;
    unsigned least = policy->rsa_min_bits;
    if (span_int(span_trim(key_length), &bits) && bits < least)
        buf_printf(out,
                   "the profile asks for an RSA key of %d bits, and this server refuses keys "
                   "below %d: raise its KeyLength, or lower rsa-min-bits in signet.conf and "
                   "restart\n",
                   (int)bits, (int)least);
}

/* EKUMapping: OIDs joined by '+'. */
static void warn_of_ekus(struct arena *a, struct span ekus, const struct endpoint *e,
                         struct buf *out) {
    const char *section = strcmp(e->name, PKI_DEFAULT) == 0
                              ? "[scep]"
                              : arena_printf(a, "[endpoint \"%s\"]", e->name);
    bool any = false;
    BUF_AUTO(left_out);
    while (ekus.n) {
        ptrdiff_t plus = span_find(ekus, '+');
        struct span oid = span_trim(plus < 0 ? ekus : span_of(ekus.p, (size_t)plus));
        ekus = plus < 0 ? SPAN_NONE : span_from(ekus, (size_t)plus + 1);
        any |= policy_takes_eku(e->policy, oid, &left_out);
    }
    if (left_out.n)
        buf_printf(out, "the endpoint '%s' %s %s: add to eku in signet.conf, %s, and restart\n",
                   e->name,
                   any ? "leaves out of the certificate these EKUs that the profile asks for:"
                       : "issues nothing for the profile, as it takes none of its EKUs:",
                   buf_cstr(&left_out), section);
}

/* A warning now is worth more than an enrollment that is refused later, or a certificate that
 * cannot be used. */
static enum err warn(struct admin_call *c, const struct endpoint *e, const char *body) {
    struct profile p;
    BUF_AUTO(lines);
    TRY(profile_read(c->a, span_str(body), &p));
    warn_of_key(p.key_length, e->policy, &lines);
    warn_of_ekus(c->a, span_trim(p.eku), e, &lines);
    if (lines.n)
        admin_put(c, "warning", json_string(buf_cstr(&lines)));
    return OK;
}

static enum err check_ours(struct admin_call *c, const struct endpoint *e, const char *body) {
    if (e->policy->challenges == CHALLENGES_STATIC && wants_challenge(body))
        return err_set(
            ERR_REFUSED,
            "the endpoint '%s' takes its static challenge only: {{scep.challenge}} wants "
            "challenge = one-time in signet.conf",
            e->name);
    return warn(c, e, body);
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

enum err profile_endpoint_warn(struct admin_call *c, const char *name, const char *body) {
    const struct pki *pki = pki_acquire(c->scope->pki);
    const struct endpoint *endpoint = pki_endpoint(pki, name);
    enum err e = endpoint ? warn(c, endpoint, body) : OK;
    pki_release(pki);
    return e;
}
