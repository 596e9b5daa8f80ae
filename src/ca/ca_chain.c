/* SPDX-License-Identifier: Apache-2.0 */
/* The way from a CA up to its root: found, verified, and held against RFC 5280. */
#include "ca/ca_place.h"
#include "wire/oid.h"
#include "x509/extension.h"
#include "x509/name.h"

static const struct cert *find_issuer(const struct cert *c, const struct cert *pool, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (cert_is_issued_by(c, &pool[i]))
            return &pool[i];
    return NULL;
}

enum err ca_chain_order(const struct cert *pool, size_t n, size_t first, struct ca_chain *out) {
    ARENA_AUTO(a);
    const struct cert *at = &pool[first];
    *out = (struct ca_chain){.certs[0] = *at, .count = 1};
    while (!cert_is_issued_by(at, at)) {
        const struct cert *issuer = find_issuer(at, pool, n);
        if (!issuer)
            return err_set(ERR_REFUSED,
                           "the issuer '%s' of '%s' is not there, or the signature is not of its "
                           "key; all issuers up to the root belong into the file",
                           name_text(&a, at->issuer), name_text(&a, at->subject));
        if (out->count == 1 + CA_MAX_CHAIN)
            return err_set(ERR_REFUSED, "there are more than %d CAs above '%s'", CA_MAX_CHAIN,
                           name_text(&a, pool[first].subject));
        out->certs[out->count++] = *issuer;
        at = issuer;
    }
    return OK;
}

/* RFC 5280, 4.2.1.3: a root may be without KeyUsage; the CA that we are may not. */
static enum err check_usage(const struct cert *c, const char *name, bool ours) {
    struct span value;
    bool critical;
    unsigned bits = 0, needed = ours ? KU_KEY_CERT_SIGN | KU_CRL_SIGN : KU_KEY_CERT_SIGN;
    if (cert_extension(c, OID_KEY_USAGE, &value, &critical))
        TRY(extension_key_usage(value, &bits));
    else if (!ours)
        return OK;
    if (!(bits & KU_KEY_CERT_SIGN))
        return err_set(ERR_REFUSED, "the KeyUsage of '%s' lacks keyCertSign", name);
    if ((bits & needed) != needed)
        return err_set(ERR_REFUSED,
                       "the KeyUsage of '%s' lacks cRLSign: nobody would accept its "
                       "CRLs",
                       name);
    return OK;
}

/* `below` is the number of CAs between this one and the end's certificate. */
static enum err check_one(const struct cert *c, unsigned below, int64_t now) {
    ARENA_AUTO(a);
    const char *name = name_text(&a, c->subject);
    struct cert_constraints constraints;
    TRY(cert_constraints(c, &constraints));
    if (!constraints.ca)
        return err_set(ERR_REFUSED, "'%s' is not a CA: BasicConstraints lacks CA:TRUE", name);
    TRY(check_usage(c, name, below == 0));
    if (constraints.limited && constraints.path_length < below)
        return err_set(ERR_REFUSED, "'%s' allows no CAs below it as deep as ours (pathLen %u)",
                       name, constraints.path_length);
    if (now >= c->not_after)
        return err_set(ERR_REFUSED, "the certificate of '%s' has expired", name);
    if (now < c->not_before)
        return err_set(ERR_REFUSED, "the certificate of '%s' is not valid yet", name);
    return OK;
}

enum err ca_chain_check(const struct ca_chain *chain, int64_t now) {
    for (size_t i = 0; i < chain->count; i++)
        TRY(check_one(&chain->certs[i], (unsigned)i, now));
    return OK;
}

enum err ca_chain_load(struct arena *a, const char *path, struct ca_chain *out) {
    struct span ders[1 + CA_MAX_CHAIN];
    struct cert pool[1 + CA_MAX_CHAIN];
    size_t count;
    TRY(cert_load_pem_all(a, path, ders, 1 + CA_MAX_CHAIN, &count));
    for (size_t i = 0; i < count; i++)
        TRY(cert_parse(ders[i], &pool[i]));
    enum err e = ca_chain_order(pool, count, 0, out);
    return e == OK ? OK : err_context(ERR_CONFIG, "%s", path);
}

enum err ca_chain_pem(const struct ca_chain *chain, struct buf *out) {
    for (size_t i = 0; i < chain->count; i++)
        TRY(cert_to_pem(chain->certs[i].der, out));
    return OK;
}
