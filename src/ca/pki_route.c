/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which endpoint a URL path is for. Windows appends "/pkiclient.exe" to whatever it is given, also
 * when it stands there already (windows-scep.md, 1.1 and 1.2); others append other things.
 */
#include "ca/pki.h"
#include "wire/scep.h"

/* What follows `prefix` in the path, when that is nothing or begins with a slash; else NULL. */
static const char *behind(const char *path, const char *prefix) {
    size_t n = strlen(prefix);
    return strncasecmp(path, prefix, n) == 0 && (path[n] == 0 || path[n] == '/') ? path + n : NULL;
}

static bool only_windows_suffixes(const char *rest) {
    while (*rest) {
        rest = behind(rest, SCEP_WINDOWS_SUFFIX);
        if (!rest)
            return false;
    }
    return true;
}

const struct endpoint *pki_route(const struct pki *pki, const char *path) {
    const struct endpoint *best = NULL;
    const char *rest = NULL; /* the shorter it is, the longer is the path that matched */
    for (size_t i = 0; i < pki->endpoint_count; i++) {
        const struct endpoint_settings *s = pki->endpoints[i].settings;
        for (size_t j = 0; j < s->path_count; j++) {
            const char *r = behind(path, s->paths[j]);
            if (r && (!best || r > rest)) {
                best = &pki->endpoints[i];
                rest = r;
            }
        }
    }
    /* "/scep/crop" is a mistake for another endpoint, not the default's. Gateways lie elsewhere. */
    if (best == pki->endpoints && pki->configured_count > 1 && !only_windows_suffixes(rest))
        return NULL;
    return best;
}
