/* SPDX-License-Identifier: Apache-2.0 */
/* What no single value tells: it takes two keys, or two sections, to be wrong. */
#include <string.h>

#include "server/config_keys.h"

static enum err check_bits(const struct policy *p, const char **key) {
    *key = "rsa-max-bits";
    if (p->rsa && p->rsa_min_bits > p->rsa_max_bits)
        return err_set(ERR_CONFIG, "rsa-max-bits (%u) is below rsa-min-bits (%u)", p->rsa_max_bits,
                       p->rsa_min_bits);
    return OK;
}

/* What a way of challenging needs beside. */
static enum err check_challenge(const struct policy *p, const char **key) {
    *key = "challenge";
    if (p->challenges == CHALLENGES_STATIC && !p->static_challenge)
        return err_set(ERR_CONFIG,
                       "challenge = static needs static-challenge-file, a file with the secret");
    if (p->challenges == CHALLENGES_WEBHOOK && (!p->webhook_url || !p->webhook_secret))
        return err_set(ERR_CONFIG, "challenge = webhook needs webhook-url and webhook-secret-file");
    *key = "mscep-admin";
    if (p->mscep_admin && p->challenges != CHALLENGES_ONE_TIME)
        return err_set(ERR_CONFIG, "the page of mscep-admin gives one-time challenges: set "
                                   "challenge = one-time, or leave mscep-admin empty");
    return OK;
}

static enum err check_ca(const struct config *c, const struct endpoint_settings *e,
                         const char **key) {
    *key = "ca";
    for (size_t i = 0; i < c->pki.ca_count; i++)
        if (strcmp(c->pki.cas[i].name, e->ca) == 0)
            return OK;
    return err_set(ERR_CONFIG,
                   "there is no [ca \"%s\"] in this file: add the section (it may be empty), and "
                   "make the CA with signet ca new %s",
                   e->ca, e->ca);
}

/* Whether one of the first `count` endpoints serves that path already. */
static const char *server_of(const struct config *c, size_t count, const char *path) {
    for (size_t i = 0; i < count; i++) {
        const struct endpoint_settings *e = &c->pki.endpoints[i];
        for (size_t p = 0; p < e->path_count; p++)
            if (strcmp(e->paths[p], path) == 0)
                return e->name;
        if (e->policy.mscep_admin && strcmp(e->policy.mscep_admin, path) == 0)
            return e->name;
    }
    return NULL;
}

static enum err refuse_twice(const char *path, const char *name) {
    return err_set(ERR_CONFIG, "the path '%s' is served by the endpoint '%s' already: take another",
                   path, name);
}

static enum err check_paths(const struct config *c, size_t index, const char **key) {
    const struct endpoint_settings *e = &c->pki.endpoints[index];
    const char *name, *page = e->policy.mscep_admin;
    *key = "path";
    for (size_t p = 0; p < e->path_count; p++) {
        if ((name = server_of(c, index, e->paths[p])))
            return refuse_twice(e->paths[p], name);
        for (size_t q = 0; q < p; q++)
            if (strcmp(e->paths[p], e->paths[q]) == 0)
                return refuse_twice(e->paths[p], e->name);
    }
    *key = "mscep-admin";
    for (size_t p = 0; page && p < e->path_count; p++)
        if (strcmp(page, e->paths[p]) == 0)
            return refuse_twice(page, e->name);
    if (page && (name = server_of(c, index, page)))
        return refuse_twice(page, name);
    return OK;
}

enum err config_check(const struct config *c, size_t *endpoint, const char **key) {
    for (*endpoint = 0; *endpoint < c->pki.endpoint_count; ++*endpoint) {
        const struct endpoint_settings *e = &c->pki.endpoints[*endpoint];
        TRY(check_bits(&e->policy, key));
        TRY(check_challenge(&e->policy, key));
        TRY(check_ca(c, e, key));
        TRY(check_paths(c, *endpoint, key));
    }
    return OK;
}
