/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/device_crl.h"

#include "ca/revocation_state.h"
#include "store/device.h"

/* Identities of before schema 4 have their serial in the certificate alone. */
static enum err serial_of(const struct identity *i, struct span *out) {
    struct cert cert;
    *out = i->serial;
    if (out->n)
        return OK;
    TRY(cert_parse(i->der, &cert));
    *out = cert.serial;
    return OK;
}

static enum err list(struct tx *tx, struct arena *a, const struct ca *ca, int64_t now,
                     struct certificate **out) {
    struct identity *all;
    (void)ca;
    *out = NULL;
    TRY(identity_list_revoked(tx, a, now, &all));
    for (struct identity *i = all; i; i = i->next) {
        *out = arena_alloc(a, sizeof **out);
        **out = (struct certificate){.revoked = i->revoked, .reason = i->reason};
        TRY(serial_of(i, &(*out)->serial));
        out = &(*out)->next;
    }
    return OK;
}

enum err device_crl(struct revocation *r, const struct authority *auth, struct arena *a,
                    struct published_crl *out) {
    const struct ca_settings usual = ca_settings_default("device");
    struct ca ca = {.name = usual.name, .crl_validity = usual.crl_validity};
    ca.issuer.cert = auth->device_ca_cert;
    ca.issuer.key = auth->device_key;
    TRY(cert_parse(auth->device_ca_cert, &ca.issuer.parsed));
    TRY(cert_sha1_hex(auth->device_ca_cert, ca.sha1));
    return revocation_crl_of(r, &ca, list, a, out);
}
