/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mode RA: our key as a client of the upstream, with the self-signed certificate that stands for it
 * there. It stays the same for as long as the upstream is ours, so that a request that is asked
 * again is the same transaction of the same client.
 */
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "gateway/internal.h"

static const char *path_of(const struct gateway *g, struct arena *a, const char *name,
                           const char *ending) {
    return arena_printf(a, "%s/gateway/%s.%s", g->options.folder, name, ending);
}

enum err self_make(const struct gateway *g, const char *name) {
    ARENA_AUTO(a);
    struct key *key;
    struct span der;
    const char *title = arena_printf(&a, "signet gateway %s", name);
    TRY(file_mkdir(arena_printf(&a, "%s/gateway", g->options.folder), 0700));
    TRY(key_generate("rsa2048", &key));
    enum err e = key_save(key, SPAN_NONE, path_of(g, &a, name, "key"));
    if (e == OK)
        e = scep_client_certificate(&a, key, title, clock_ms(), &der);
    if (e == OK)
        e = cert_save_pem(der, path_of(g, &a, name, "pem"));
    key_free(key);
    return e;
}

enum err self_load(const struct gateway *g, struct arena *a, const char *name, struct key **key,
                   struct scep_key *out) {
    TRY(file_check_closed(path_of(g, a, name, "key")));
    TRY(key_open(path_of(g, a, name, "key"), SPAN_NONE, key));
    out->key = *key;
    TRY(cert_load_pem(a, path_of(g, a, name, "pem"), &out->cert));
    TRY(cert_parse(out->cert, &out->parsed));
    if (!span_eq(out->parsed.spki, key_spki(*key)))
        return err_set(ERR_CONFIG,
                       "%s is not the certificate of %s: remove the upstream and add it "
                       "anew",
                       path_of(g, a, name, "pem"), path_of(g, a, name, "key"));
    return OK;
}

void self_remove(const struct gateway *g, const char *name) {
    ARENA_AUTO(a);
    unlink(path_of(g, &a, name, "key"));
    unlink(path_of(g, &a, name, "pem"));
}
