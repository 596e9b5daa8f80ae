/* SPDX-License-Identifier: Apache-2.0 */
/* Who plays which part among the certificates of GetCACert: the best candidate for each. */
#include "device/ossl.h"
#include "probe/authority.h"

bool authority_is_self_signed(X509 *x) {
    return X509_self_signed(x, 1) == 1;
}

/* Signatures of a stranger are dear: each is verified once. */
static void find_issuers(struct probe *p) {
    p->issuers = arena_alloc(p->a, (size_t)sk_X509_num(p->ca.all) * sizeof *p->issuers);
    for (int i = 0; i < sk_X509_num(p->ca.all); i++)
        p->issuers[i] = scep_ca_issuer_of(sk_X509_value(p->ca.all, i), p->ca.all);
}

X509 *authority_issuer(const struct probe *p, const X509 *x) {
    int i = 0;
    while (sk_X509_value(p->ca.all, i) != x)
        i++;
    return p->issuers[i];
}

bool authority_has_usage(X509 *x, uint32_t usage) {
    uint32_t own = X509_get_key_usage(x); /* UINT32_MAX when there is no KeyUsage */
    return own != UINT32_MAX && (own & usage);
}

/* How well a certificate suits a part of an RA: its usage, then its issuer, then its EKU. */
static int suits(const struct probe *p, X509 *x, uint32_t usage) {
    if (scep_ca_is_ca(x))
        return 0;
    return 1 + 4 * authority_has_usage(x, usage) + 2 * (authority_issuer(p, x) != NULL) +
           scep_ca_has_ra_eku(x);
}

/* The first that suits best, NULL when there are CAs only. */
static X509 *best_ra(const struct probe *p, uint32_t usage) {
    X509 *best = NULL;
    int most = 0;
    for (int i = 0; i < sk_X509_num(p->ca.all); i++) {
        X509 *x = sk_X509_value(p->ca.all, i);
        int score = suits(p, x, usage);
        if (score > most) {
            most = score;
            best = x;
        }
    }
    return best;
}

static bool issues_a_ca(const struct probe *p, X509 *ca) {
    for (int i = 0; i < sk_X509_num(p->ca.all); i++) {
        X509 *x = sk_X509_value(p->ca.all, i);
        if (X509_cmp(x, ca) != 0 && scep_ca_is_ca(x) && authority_issuer(p, x) == ca)
            return true;
    }
    return false;
}

/* The CA at the lower end of the answer's chain; the first certificate when there is no CA. */
static X509 *lowest_ca(const struct probe *p) {
    X509 *found = NULL;
    for (int i = 0; i < sk_X509_num(p->ca.all); i++) {
        X509 *x = sk_X509_value(p->ca.all, i);
        if (!scep_ca_is_ca(x))
            continue;
        if (!issues_a_ca(p, x))
            return x;
        if (!found)
            found = x;
    }
    return found ? found : sk_X509_value(p->ca.all, 0);
}

static void choose_parts(struct probe *p) {
    struct scep_ca *ca = &p->ca;
    if (ca->single) {
        ca->sign = ca->encrypt = ca->issuer = sk_X509_value(ca->all, 0);
        return;
    }
    ca->sign = best_ra(p, KU_DIGITAL_SIGNATURE);
    ca->encrypt = best_ra(p, KU_KEY_ENCIPHERMENT);
    ca->issuer = ca->sign ? authority_issuer(p, ca->sign) : NULL;
    if (!ca->issuer && ca->encrypt)
        ca->issuer = authority_issuer(p, ca->encrypt);
    if (!ca->issuer)
        ca->issuer = lowest_ca(p);
    if (!ca->sign) /* CAs only: as if the one that issues had been sent alone */
        ca->sign = ca->encrypt = ca->issuer;
}

/* Whether `above` is `x` or a CA over it. Two CAs may have signed each other: the walk has an end.
 */
static bool stands_above(const struct probe *p, const X509 *x, const X509 *above) {
    for (int i = 0; x && x != above && i < sk_X509_num(p->ca.all); i++)
        x = authority_issuer(p, x);
    return x == above;
}

bool authority_plays_a_part(const struct probe *p, const X509 *x) {
    X509 *const parts[] = {p->ca.sign, p->ca.encrypt, p->ca.issuer};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i] && stands_above(p, parts[i], x))
            return true;
    return false;
}

X509 *authority_top(const struct probe *p, X509 *x) {
    for (int i = 0; i < sk_X509_num(p->ca.all) && !authority_is_self_signed(x); i++) {
        X509 *issuer = authority_issuer(p, x);
        if (!issuer)
            break;
        x = issuer;
    }
    return x;
}

void authority_choose(struct probe *p) {
    find_issuers(p);
    choose_parts(p);
}
