/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoints that signet.conf does not have: those of upstreams in RA mode. They come and go while
 * the server runs, so that each pki holds copies of its own.
 */
#include "ca/pki_endpoint.h"

static const char *copy_text(struct arena *a, const char *text) {
    return text ? arena_str(a, span_str(text)) : NULL;
}

struct endpoint_settings *endpoint_copy(struct arena *a, const struct endpoint_settings *from) {
    struct endpoint_settings *to = arena_alloc(a, sizeof *to);
    struct span *certs = arena_alloc(a, from->upstream_cert_count * sizeof *certs);
    *to = *from;
    to->name = copy_text(a, from->name);
    to->ca = copy_text(a, from->ca);
    to->upstream = copy_text(a, from->upstream);
    for (size_t i = 0; i < from->path_count; i++)
        to->paths[i] = copy_text(a, from->paths[i]);
    for (size_t i = 0; i < from->upstream_cert_count; i++)
        certs[i] = arena_copy(a, from->upstream_certs[i]);
    to->upstream_certs = certs;
    return to;
}

static bool serves(const struct endpoint_settings *s, const char *path) {
    for (size_t i = 0; i < s->path_count; i++)
        if (strcasecmp(s->paths[i], path) == 0)
            return true;
    return s->policy.mscep_admin && strcasecmp(s->policy.mscep_admin, path) == 0;
}

enum err endpoint_is_free(const struct pki *pki, const struct endpoint_settings *s) {
    for (size_t i = 0; i < pki->endpoint_count; i++) {
        const struct endpoint_settings *other = pki->endpoints[i].settings;
        if (strcasecmp(other->name, s->name) == 0)
            return err_set(ERR_CONFIG, "there is an endpoint '%s' already", other->name);
        for (size_t p = 0; p < s->path_count; p++)
            if (serves(other, s->paths[p]))
                return err_set(ERR_CONFIG, "the path '%s' is served by the endpoint '%s' already",
                               s->paths[p], other->name);
    }
    return OK;
}
