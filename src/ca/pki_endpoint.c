/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of GetCACert decides who opens and signs (windows-scep.md, 2.2): one RA certificate, two
 * as NDES has them, or the CA itself. A client holds on to the answer that it got, so that
 * envelopes for the other forms, and for RAs of yesterday, are opened as well; the CA's own key
 * opens nothing unless it is the form.
 */
#include "ca/pki_endpoint.h"

#include "base/buf.h"
#include "crypto/rsa.h"

const char *endpoint_section(struct arena *a, const char *name) {
    return strcmp(name, "default") == 0 ? "[scep]" : arena_printf(a, "[endpoint \"%s\"]", name);
}

/* ---- the single form ---- */

static enum err check_single(const struct ca *ca) {
    if (!key_is_rsa(ca->issuer.key))
        return err_set(ERR_CONFIG,
                       "ca-certs = single wants a CA with an RSA key, since clients encrypt to it; "
                       "'%s' has an EC key: set ca-certs = ra",
                       ca->name);
    /* Some clients choose a certificate by its KeyUsage, so that none at all is not enough. */
    if (!cert_has_usage(&ca->issuer.parsed, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT))
        return err_set(ERR_CONFIG,
                       "ca-certs = single wants a CA whose KeyUsage has digitalSignature and "
                       "keyEncipherment; that of '%s' has not: set ca-certs = ra",
                       ca->name);
    return OK;
}

/* ---- keys ---- */

static void add_opener(struct endpoint *e, const struct scep_key *key) {
    if (key->cert.n)
        e->openers[e->opener_count++] = *key;
}

/* The CA, the RA, the encrypting one of two, and those of yesterday. */
_Static_assert(CA_MAX_OPENERS + 3 <= SCEP_MAX_OPENERS, "an endpoint may hold more keys");

static void choose_keys(struct endpoint *e, enum ca_certs_form form) {
    const struct ca *ca = e->ca;
    if (form == CA_CERTS_SINGLE)
        add_opener(e, &ca->issuer);
    add_opener(e, &ca->ra);
    add_opener(e, &ca->ra_enc);
    for (size_t i = 0; i < ca->opener_count; i++)
        add_opener(e, &ca->openers[i]);
    e->signer = form == CA_CERTS_SINGLE     ? ca->issuer
                : form == CA_CERTS_SPLIT_RA ? ca->ra_sign
                                            : ca->ra;
}

/* Better now than when the first client has sent what nobody can open. */
static enum err check_openers(const struct endpoint *e) {
    for (size_t i = 0; i < e->opener_count; i++) {
        if (key_check_decrypt(e->openers[i].key) != OK)
            return err_context(ERR_CONFIG, "the CA '%s'", e->ca->name);
    }
    return OK;
}

/* ---- answers ---- */

/* An upstream may stand below one of our own CAs: no certificate goes out twice. */
static size_t add_upstream_certs(const struct endpoint_settings *s, struct span *certs, size_t n) {
    for (size_t i = 0; i < s->upstream_cert_count; i++) {
        bool there = false;
        for (size_t k = 0; k < n; k++)
            there = there || span_eq(certs[k], s->upstream_certs[i]);
        if (!there)
            certs[n++] = s->upstream_certs[i];
    }
    return n;
}

static enum err make_ca_certs(struct arena *a, struct endpoint *e, enum ca_certs_form form) {
    struct span certs[CA_MAX_CHAIN + 3 + PKI_MAX_UPSTREAM_CERTS];
    const struct ca *ca = e->ca;
    size_t n = 0;
    if (form == CA_CERTS_SINGLE) {
        e->ca_certs = ca->issuer.cert;
        e->ca_certs_single = true;
        return OK;
    }
    certs[n++] = e->signer.cert;
    if (form == CA_CERTS_SPLIT_RA)
        certs[n++] = ca->ra_enc.cert;
    certs[n++] = ca->issuer.cert;
    for (size_t i = 0; i < ca->chain_count; i++) /* with the root: both thumbprints match */
        certs[n++] = ca->chain[i];
    n = add_upstream_certs(e->settings, certs, n);
    return scep_certs_only(a, certs, n, &e->ca_certs);
}

static enum err check_upstream(const struct endpoint_settings *s) {
    if (s->upstream_cert_count > PKI_MAX_UPSTREAM_CERTS)
        return err_set(ERR_CONFIG, "the upstream has more than %d CA certificates",
                       PKI_MAX_UPSTREAM_CERTS);
    return OK;
}

/*
 * SHA-256 stands first because Windows takes the first digest that it knows; SHA-1 is accepted and
 * not offered. AES with DES3, and SHA-384, are for strongSwan 5.9.8, which looks for one and means
 * another (scep-interop.md). GetCaCertChain is not served.
 */
static const char *capabilities(struct arena *a, const struct endpoint *e) {
    return arena_printf(
        a, "SHA-256\nSHA-512\nSHA-384\nAES\nDES3\nPOSTPKIOperation\nSCEPStandard\n%s%s",
        e->policy->renewal_window ? "Renewal\n" : "", e->ca->next.n ? "GetNextCACert\n" : "");
}

enum err endpoint_resolve(struct arena *a, const struct pki *pki,
                          const struct endpoint_settings *settings, struct endpoint *out) {
    const char *ca = settings->ca;
    enum ca_certs_form form = settings->policy.ca_certs;
    *out = (struct endpoint){.name = settings->name,
                             .settings = settings,
                             .policy = &settings->policy,
                             .upstream = settings->upstream,
                             .ca = pki_ca(pki, ca)};
    TRY(policy_check(a, out->policy));
    if (!out->ca)
        return err_set(ERR_CONFIG,
                       "ca = %s: there is no such CA; add the section [ca \"%s\"] and make it with "
                       "signet ca new %s",
                       ca, ca, ca);
    TRY(check_upstream(settings));
    if (form == CA_CERTS_SINGLE)
        TRY(check_single(out->ca));
    choose_keys(out, form);
    TRY(check_openers(out));
    out->capabilities = capabilities(a, out);
    return make_ca_certs(a, out, form);
}
