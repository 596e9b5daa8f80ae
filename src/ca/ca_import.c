/* SPDX-License-Identifier: Apache-2.0 */
/* Taking a certificate that an upper CA has issued. Everything is checked before anything is
 * written. */
#include "base/clock.h"
#include "base/file.h"
#include "ca/ca_place.h"

enum { MAX_CERTS = 32 };

struct import {
    struct cert pool[MAX_CERTS];
    size_t count;
    struct ca_chain chain;
};

static enum err read_pool(struct ca_place *p, struct span pem, struct import *in) {
    struct span ders[MAX_CERTS];
    enum err e = cert_parse_pem_all(&p->arena, pem, ders, MAX_CERTS, &in->count);
    if (e != OK)
        return err_context(e, "the file must hold certificates in PEM (openssl pkcs7 -print_certs "
                              "and openssl x509 -inform der make them)");
    for (size_t i = 0; i < in->count; i++)
        TRY(cert_parse(ders[i], &in->pool[i]));
    return OK;
}

/* Where the key lies whose certificate is awaited. */
static const char *awaiting_key(struct ca_place *p) {
    return ca_has(p, "ca.pem") ? ca_path(p, "next.key") : ca_key_path(p);
}

static enum err find_ours(const struct import *in, struct span spki, size_t *at) {
    for (*at = 0; *at < in->count; (*at)++)
        if (span_eq(in->pool[*at].spki, spki))
            return OK;
    return err_set(ERR_REFUSED,
                   "none of the %zu certificates in the file is for the key of the "
                   "request",
                   in->count);
}

static enum err check(struct ca_place *p, struct span pem, struct import *in) {
    struct key *key;
    size_t ours;
    TRY(read_pool(p, pem, in));
    TRY(ca_key_open(p, awaiting_key(p), &key));
    enum err e = find_ours(in, key_spki(key), &ours);
    key_free(key);
    TRY(e);
    TRY(ca_chain_order(in->pool, in->count, ours, &in->chain));
    return ca_chain_check(&in->chain, clock_ms());
}

static enum err import(struct ca_place *p, struct span pem) {
    struct import in;
    BUF_AUTO(text);
    bool changed, for_rollover = ca_has(p, "next.csr");
    if (!for_rollover && !ca_has(p, "ca.csr"))
        return err_set(ERR_CONFLICT,
                       "the CA '%s' has no request that waits for a certificate: signet ca csr %s "
                       "makes one. (A new certificate for the key in force is not taken: what was "
                       "issued under the old one could not be revoked any more.)",
                       p->settings->name, p->settings->name);
    TRY(check(p, pem, &in));
    TRY(ca_chain_pem(&in.chain, &text));
    if (for_rollover) {
        TRY(file_write(ca_path(p, "next.pem"), buf_view(&text), 0644));
        ca_remove(p, "next.csr");
        return OK;
    }
    TRY(ca_put_in_force(p, buf_view(&text)));
    return ca_keep(p, false, &changed);
}

enum err ca_import(const char *folder, const struct ca_settings *settings, struct span pem) {
    CA_PLACE_AUTO(p);
    TRY(ca_place_open(folder, settings, true, &p));
    TRY(ca_settle(&p));
    return import(&p, pem);
}
