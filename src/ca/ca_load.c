/* SPDX-License-Identifier: Apache-2.0 */
/* Loading CAs. What does not fit together is an error here, not a failure of somebody's enrollment.
 */
#include <dirent.h>
#include <errno.h>

#include "base/clock.h"
#include "ca/ca_place.h"

/* A certificate and its key, from `stem`.pem and `stem`.key; ca_unload frees it, also when this
 * fails. */
static enum err load_pair(struct ca_place *p, struct arena *a, const char *stem,
                          struct scep_key *out) {
    struct key *key;
    const char *pem = ca_path(p, arena_printf(&p->arena, "%s.pem", stem));
    TRY(cert_load_pem(a, pem, &out->cert));
    TRY(cert_parse(out->cert, &out->parsed));
    if (p->keyless)
        return OK;
    TRY(ca_key_open(p, ca_path(p, arena_printf(&p->arena, "%s.key", stem)), &key));
    out->key = key;
    if (!span_eq(key_spki(key), out->parsed.spki))
        return err_set(ERR_CONFIG, "%s/%s.key is not the key of %s.pem", p->folder, stem, stem);
    return OK;
}

static enum err load_role(struct ca_place *p, struct arena *a, enum ca_role role,
                          const struct ca *ca, struct scep_key *out) {
    const char *name = ca_role_name(role);
    enum err e = load_pair(p, a, name, out);
    if (e == ERR_NOT_FOUND && p->keyless)
        return OK;
    if (e != OK)
        return err_context(e == ERR_NOT_FOUND ? ERR_CONFIG : e, "the CA '%s'", ca->name);
    if (cert_verify(&out->parsed, ca->issuer.parsed.spki) != OK)
        return err_set(ERR_CONFIG,
                       "%s/%s.pem is not issued by ca.pem: remove both %s files, and "
                       "signet serve makes them anew",
                       p->folder, name, name);
    return OK;
}

static enum err load_issuer(struct ca_place *p, struct arena *a, struct ca *ca) {
    struct ca_chain chain;
    struct key *key = NULL;
    TRY(ca_chain_load(a, ca_path(p, "ca.pem"), &chain));
    ca->issuer.parsed = chain.certs[0];
    ca->issuer.cert = chain.certs[0].der;
    for (size_t i = 1; i < chain.count; i++)
        ca->chain[ca->chain_count++] = chain.certs[i].der;
    if (!p->keyless)
        TRY(ca_key_find(p, ca->issuer.parsed.spki, &key, NULL));
    ca->issuer.key = key;
    TRY(cert_sha1_hex(ca->issuer.cert, ca->sha1));
    return cert_sha1_hex(chain.certs[chain.count - 1].der, ca->root_sha1);
}

/* An RA of old/; one that has expired opens nothing any more. */
static enum err load_opener(struct ca_place *p, struct arena *a, const char *stem, struct ca *ca) {
    struct scep_key *at = &ca->openers[ca->opener_count];
    if (ca->opener_count == CA_MAX_OPENERS)
        return err_set(ERR_LIMIT,
                       "'%s/old' holds more than %d RAs that have not expired: move the oldest "
                       "pairs elsewhere; who still encrypts to them must fetch the CA anew",
                       p->folder, CA_MAX_OPENERS);
    struct span der;
    struct cert cert;
    TRY(cert_load_pem(&p->arena, ca_path(p, arena_printf(&p->arena, "%s.pem", stem)), &der));
    TRY(cert_parse(der, &cert));
    if (cert.not_after <= clock_ms())
        return OK;
    ca->opener_count++; /* from now on ca_unload frees it */
    return load_pair(p, a, stem, at);
}

static enum err load_openers(struct ca_place *p, struct arena *a, struct ca *ca) {
    DIR *dir = opendir(ca_path(p, "old"));
    if (!dir)
        return errno == ENOENT
                   ? OK
                   : err_set(ERR_IO, "cannot read '%s/old': %s", p->folder, strerror(errno));
    enum err e = OK;
    for (const struct dirent *entry; e == OK && (entry = readdir(dir));) {
        size_t n = strlen(entry->d_name);
        if (n > 4 && strcmp(entry->d_name + n - 4, ".pem") == 0)
            e = load_opener(p, a, arena_printf(&p->arena, "old/%.*s", (int)(n - 4), entry->d_name),
                            ca);
    }
    closedir(dir);
    return e;
}

/* Published is what has its certificate and is not in force (a rollover that has just ended). */
static enum err load_next(struct ca_place *p, struct arena *a, struct ca *ca) {
    struct ca_chain next;
    if (!ca_has(p, "next.pem"))
        return OK;
    TRY(ca_chain_load(a, ca_path(p, "next.pem"), &next));
    if (!span_eq(next.certs[0].der, ca->issuer.cert))
        ca->next = next.certs[0].der;
    return OK;
}

static enum err load_in_force(struct ca_place *p, struct arena *a, struct ca *ca) {
    TRY(load_issuer(p, a, ca));
    TRY(load_role(p, a, CA_RA, ca, &ca->ra));
    TRY(load_role(p, a, CA_OCSP, ca, &ca->ocsp));
    if (ca_has(p, "ra-sign.pem") && ca_has(p, "ra-enc.pem")) {
        TRY(load_role(p, a, CA_RA_SIGN, ca, &ca->ra_sign));
        TRY(load_role(p, a, CA_RA_ENC, ca, &ca->ra_enc));
    }
    TRY(load_openers(p, a, ca));
    return load_next(p, a, ca);
}

static enum err load_retired(struct arena *a, const char *folder,
                             const struct ca_settings *settings, struct ca *ca) {
    CA_PLACE_AUTO(p);
    TRY(ca_place_open(folder, settings, false, &p));
    TRY(load_issuer(&p, a, ca));
    return load_role(&p, a, CA_OCSP, ca, &ca->ocsp);
}

static struct ca *begin(struct arena *a, const char *folder, const struct ca_settings *settings,
                        struct ca *ca) {
    *ca = (struct ca){.name = arena_str(a, span_str(settings->name)),
                      .folder = arena_str(a, span_str(folder)),
                      .crl_validity = settings->crl_validity};
    return ca;
}

/*
 * An expired one has nothing to answer for; and the CA in force may have a retired copy, when its
 * rollover was interrupted before it took place (ca_rollover.c).
 */
static enum err is_of_use(struct ca_place *p, const char *folder, const struct ca *in_force,
                          bool *of_use) {
    struct span der;
    struct cert cert;
    TRY(cert_load_pem(&p->arena, arena_printf(&p->arena, "%s/ca.pem", folder), &der));
    TRY(cert_parse(der, &cert));
    *of_use = cert.not_after > clock_ms() && !span_eq(der, in_force->issuer.cert);
    return OK;
}

static enum err load_all(struct ca_place *p, struct arena *a, struct ca *out, size_t max,
                         size_t *count) {
    if (max == 0)
        return err_set(ERR_LIMIT, "there are too many CAs");
    *count = 1;
    TRY(load_in_force(p, a, begin(a, p->folder, p->settings, out)));
    for (int n = 1; n <= CA_MAX_RETIRED; n++) {
        struct ca_settings settings;
        const char *folder;
        bool of_use;
        if (!ca_retired(p, n, &folder, &settings))
            continue;
        TRY(is_of_use(p, folder, out, &of_use));
        if (!of_use)
            continue;
        if (*count == max)
            return err_set(ERR_LIMIT, "there are too many CAs with those that are retired in '%s'",
                           p->folder);
        struct ca *ca = begin(a, folder, &settings, &out[(*count)++]);
        ca->retired = true;
        TRY(load_retired(a, folder, &settings, ca));
    }
    return OK;
}

enum err ca_load(const char *folder, const struct ca_settings *settings, struct arena *a,
                 struct ca *out, size_t max, size_t *count) {
    CA_PLACE_AUTO(p);
    *count = 0;
    TRY(ca_place_open(folder, settings, false, &p));
    if (!ca_has(&p, "ca.pem"))
        return ca_missing(&p);
    enum err e = load_all(&p, a, out, max, count);
    if (e == OK)
        return OK;
    while (*count)
        ca_unload(&out[--*count]);
    return e;
}

enum err ca_look(const char *folder, const struct ca_settings *settings, struct arena *a,
                 struct ca *out) {
    CA_PLACE_AUTO(p);
    struct ca_settings open = *settings;
    open.secret = NULL;
    TRY(ca_place_open(folder, &open, false, &p));
    p.keyless = true;
    return ca_has(&p, "ca.pem") ? load_in_force(&p, a, begin(a, folder, settings, out))
                                : ca_missing(&p);
}

/* Others only read a CA's keys; here is their owner. */
static void drop(struct scep_key *k) {
    struct key *own;
    memcpy(&own, &k->key, sizeof own);
    key_free(own);
    k->key = NULL;
}

void ca_unload(struct ca *ca) {
    struct scep_key *pairs[] = {&ca->issuer, &ca->ra, &ca->ra_sign, &ca->ra_enc, &ca->ocsp};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        drop(pairs[i]);
    for (size_t i = 0; i < ca->opener_count; i++)
        drop(&ca->openers[i]);
    *ca = (struct ca){0};
}
