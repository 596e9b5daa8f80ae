/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which certificate of GetCACert is "the CA": the one whose thumbprint is pinned and goes into
 * relayed profiles.
 *
 *   one certificate alone    that one
 *   with RAs                 the CA that has issued the RA: Windows wants its thumbprint
 *                            (windows-scep.md, 2.2)
 *   CAs only                 the lowest: the one that issues, not its root
 *
 * What belongs to it: its issuers upwards, and what it has issued, downwards, each held by its
 * signature. A certificate beside these counts for nothing, also for the signature of a CertRep:
 * over http anybody on the way could have put it there. Which RA certificates of the pinned CA are
 * taken, once it is pinned, is in agents.c.
 */
#include "crypto/public.h"
#include "gateway/internal.h"

#include "base/clock.h"
#include "base/text.h"
#include "x509/name.h"

enum { MAX_POOL = SCEP_CLIENT_MAX_CERTS + OFFER_MAX_CHAIN_CERTS, NONE = MAX_POOL };

struct candidate {
    struct cert c;
    bool ca;
    bool answered;     /* by the upstream; else of the settings' chain */
    bool above, below; /* the pinned CA, or itself */
};

struct pool {
    struct candidate all[MAX_POOL];
    size_t n;
    bool has_ra;
};

static bool is_ours(const struct candidate *x) {
    return x->above || x->below;
}

/* ---- reading ---- */

static enum err add(struct pool *p, struct span der, bool answered, bool alone) {
    struct candidate *x = &p->all[p->n];
    struct cert_constraints constraints;
    for (size_t i = 0; i < p->n; i++)
        if (span_eq(p->all[i].c.der, der))
            return OK;
    *x = (struct candidate){.answered = answered};
    TRY(cert_parse(der, &x->c));
    TRY(cert_constraints(&x->c, &constraints));
    /* Roots of version 1 have no BasicConstraints. */
    x->ca = alone || constraints.ca || cert_is_issued_by(&x->c, &x->c);
    p->has_ra = p->has_ra || !x->ca;
    p->n++;
    return OK;
}

static enum err read_answer(struct arena *a, struct span body, struct pool *p) {
    struct span certs[SCEP_CLIENT_MAX_CERTS], text = span_trim(body);
    size_t count;
    bool single;
    if (text.n && text.p[0] == '<')
        return err_set(ERR_PARSE,
                       "it is answered by HTML or XML: the URL is that of something else "
                       "than a SCEP server");
    if (scep_client_certs(a, body, certs, SCEP_CLIENT_MAX_CERTS, &count, &single) != OK)
        return err_context(ERR_PARSE,
                           "the answer to GetCACert is no certificate: is this the URL of "
                           "a SCEP server?");
    for (size_t i = 0; i < count; i++)
        TRY(add(p, certs[i], true, count == 1));
    return count ? OK : err_set(ERR_PARSE, "there is no certificate in the answer");
}

static enum err read_chain(struct arena *a, const char *pem, struct pool *p) {
    struct span certs[OFFER_MAX_CHAIN_CERTS];
    size_t count = 0;
    TRY(cert_parse_pem_all(a, span_str(pem), certs, OFFER_MAX_CHAIN_CERTS, &count));
    for (size_t i = 0; i < count; i++)
        TRY(add(p, certs[i], false, false));
    return OK;
}

/* ---- finding ---- */

/* Another CA than itself, or NONE. */
static size_t issuer_of(const struct pool *p, size_t i) {
    for (size_t k = 0; k < p->n; k++)
        if (k != i && p->all[k].ca && cert_is_issued_by(&p->all[i].c, &p->all[k].c))
            return k;
    return NONE;
}

static bool has_issued_a_ca(const struct pool *p, size_t i) {
    for (size_t k = 0; k < p->n; k++)
        if (k != i && p->all[k].ca && p->all[k].answered &&
            cert_is_issued_by(&p->all[k].c, &p->all[i].c))
            return true;
    return false;
}

/* The rule above, among all, or among what is ours. */
static size_t find_ca(const struct pool *p, bool ours) {
    for (size_t i = 0; i < p->n; i++) {
        size_t issuer = p->all[i].ca || (ours && !is_ours(&p->all[i])) ? NONE : issuer_of(p, i);
        if (issuer != NONE)
            return issuer;
    }
    for (size_t i = 0; !p->has_ra && i < p->n; i++)
        if (p->all[i].answered && (!ours || is_ours(&p->all[i])) && !has_issued_a_ca(p, i))
            return i;
    return NONE;
}

static size_t find_named(const struct pool *p, const char *thumbprint) {
    for (size_t i = 0; i < p->n; i++) {
        char own[CERT_THUMBPRINT_SIZE];
        if (p->all[i].ca && cert_sha1_hex(p->all[i].c.der, own) == OK &&
            strcasecmp(own, thumbprint) == 0)
            return i;
    }
    return NONE;
}

/* ---- what belongs to the pinned CA ---- */

static void claim_above(struct pool *p, size_t pin) {
    for (size_t i = pin; i != NONE && !p->all[i].above; i = issuer_of(p, i))
        p->all[i].above = true;
}

static bool claim_more(struct pool *p) {
    bool grown = false;
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < p->n && !p->all[i].below; k++)
            if (k != i && p->all[k].below && p->all[k].ca &&
                cert_is_issued_by(&p->all[i].c, &p->all[k].c))
                grown = p->all[i].below = true;
    return grown;
}

static void claim(struct pool *p, size_t pin) {
    for (size_t i = 0; i < p->n; i++)
        p->all[i].above = p->all[i].below = false;
    claim_above(p, pin);
    p->all[pin].below = true;
    while (claim_more(p)) {
    }
}

/* An upstream that has an RA, but none of the pinned CA, has gone over to another CA. */
static bool is_served(const struct pool *p) {
    for (size_t i = 0; i < p->n; i++)
        if (!p->all[i].ca && is_ours(&p->all[i]))
            return true;
    return !p->has_ra;
}

static enum err not_offered(const struct pool *p, const char *named, struct offer *out) {
    size_t other = find_ca(p, false);
    if (other == NONE)
        return err_set(ERR_PARSE, "it holds no CA that has issued its RA: add the CA's certificate "
                                  "with --chain");
    TRY(cert_sha1_hex(p->all[other].c.der, out->other));
    return err_set(ERR_CONFLICT,
                   "the upstream does not serve the CA with the thumbprint %s, but %s",
                   named ? named : "-", out->other);
}

static enum err choose(struct pool *p, const char *named, bool exact, struct offer *out,
                       size_t *pin) {
    *pin = named ? find_named(p, named) : find_ca(p, false);
    if (*pin == NONE)
        return not_offered(p, named, out);
    claim(p, *pin);
    size_t issuing = exact ? *pin : find_ca(p, true);
    if (issuing == NONE || !is_served(p))
        return not_offered(p, named, out);
    *pin = issuing;
    claim(p, *pin);
    return OK;
}

/* ---- telling ---- */

static enum err check_chain(struct arena *a, const struct pool *p) {
    for (size_t i = 0; i < p->n; i++)
        if (!p->all[i].answered && !is_ours(&p->all[i]))
            return err_set(
                ERR_CONFIG,
                "the chain holds '%s', which is neither above nor below the upstream's CA",
                name_text(a, p->all[i].c.subject));
    return OK;
}

static enum err tell_chain(const struct pool *p, size_t pin, struct offer *out) {
    for (size_t i = pin; i != NONE; i = issuer_of(p, i)) {
        if (out->chain_count == CA_MAX_CHAIN + 1)
            return err_set(ERR_LIMIT, "there are more than %d CAs above its CA", CA_MAX_CHAIN);
        out->chain[out->chain_count++] = p->all[i].c;
        if (cert_is_issued_by(&p->all[i].c, &p->all[i].c))
            break;
    }
    return OK;
}

static bool is_rsa(const struct cert *c) {
    struct spki spki;
    return spki_parse(c->spki, &spki) == OK && spki.rsa;
}

/* The RA that may encrypt, one that is valid now if there is one; where there is no RA, the CA. */
static void tell_recipient(const struct pool *p, size_t pin, struct offer *out) {
    int64_t now = clock_ms();
    for (size_t i = 0; i < p->n; i++) {
        const struct cert *c = &p->all[i].c;
        bool may = cert_has_usage(c, KU_KEY_ENCIPHERMENT) || !cert_has_usage(c, 0);
        if (p->all[i].ca || !is_ours(&p->all[i]) || !may || !is_rsa(c))
            continue;
        if (!out->recipient.der.n || out->recipient.not_after <= now)
            out->recipient = *c;
    }
    if (!p->has_ra && is_rsa(&p->all[pin].c))
        out->recipient = p->all[pin].c;
}

enum err offer_read(struct arena *a, const struct upstream *u, struct span body, const char *named,
                    bool exact, struct offer *out) {
    struct pool *p = arena_alloc(a, sizeof *p);
    size_t pin;
    *out = (struct offer){0};
    enum err e = read_answer(a, body, p);
    if (e != OK)
        return err_context(e, "GetCACert");
    if (u->chain && (e = read_chain(a, u->chain, p)) != OK)
        return err_context(ERR_CONFIG, "the chain");
    e = choose(p, named, exact, out, &pin);
    if (e != OK)
        return err_context(e, "GetCACert");
    TRY(check_chain(a, p));
    TRY(tell_chain(p, pin, out));
    tell_recipient(p, pin, out);
    for (size_t i = 0; i < p->n; i++)
        if (p->all[i].answered && is_ours(&p->all[i])) {
            out->is_ca[out->cert_count] = p->all[i].ca;
            out->certs[out->cert_count++] = p->all[i].c;
        }
    return cert_sha1_hex(p->all[pin].c.der, out->thumbprint);
}
