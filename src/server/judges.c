/* SPDX-License-Identifier: Apache-2.0 */
#include "server/judges.h"

enum { MAX_JUDGES = 64 };

/* Also with the same key in another certificate: what we issue is signed by the key. */
static bool believes(const struct cert *judge, struct span ours) {
    struct cert c;
    if (!ours.n)
        return false;
    if (cert_parse(ours, &c) != OK)
        return span_eq(judge->der, ours);
    return span_eq(judge->spki, c.spki) || cert_is_issued_by(&c, judge);
}

static bool believes_ca(const struct cert *judge, const struct ca *ca) {
    bool does = believes(judge, ca->issuer.cert) || believes(judge, ca->next);
    for (size_t i = 0; i < ca->chain_count; i++)
        does = does || believes(judge, ca->chain[i]);
    return does;
}

enum err judges_check(const char *path, const struct pki *pki, struct span device_ca) {
    ARENA_AUTO(a);
    struct span judges[MAX_JUDGES];
    size_t count = 0;
    TRY(cert_load_pem_all(&a, path, judges, MAX_JUDGES, &count));
    for (size_t i = 0; i < count; i++) {
        struct cert judge;
        TRY(cert_parse(judges[i], &judge));
        bool ours = believes(&judge, device_ca);
        for (size_t k = 0; k < pki->ca_count; k++)
            ours = ours || believes_ca(&judge, &pki->cas[k]);
        if (ours)
            return err_set(
                ERR_CONFIG,
                "forwarded-ca '%s' holds a CA of this server, or one above it, and hosts "
                "have certificates of these: take a CA, or a self-signed certificate, "
                "of the proxy's own",
                path);
    }
    return OK;
}
