/* SPDX-License-Identifier: Apache-2.0 */
/* Issuing: certificates of endpoints, identities from the device CA, challenges. */
#include "base/clock.h"
#include "ca/pki.h"
#include "x509/name.h"

static enum err finish(struct arena *a, struct cert_template *t, const struct key *issuer,
                       struct issued *out) {
    uint8_t *serial = arena_alloc(a, CERT_SERIAL_SIZE);
    TRY(cert_new_serial(serial));
    t->serial = out->serial = span_of(serial, CERT_SERIAL_SIZE);
    /* Certificates have no milliseconds: the database shall say what the certificate says. */
    out->not_before = t->not_before -= t->not_before % 1000;
    out->not_after = t->not_after -= t->not_after % 1000;
    TRY(cert_build(a, t, issuer, &out->der));
    return cert_sha1_hex(out->der, out->sha1);
}

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b) {
    return a > b ? a : b;
}

#define CA_MARK "{{ca}}"

/*
 * A URL with the issuing CA's thumbprint in the place of {{ca}}: after a rollover the retired CA's
 * CRL must stay where its certificates say that it is.
 */
static const char *url_of(struct arena *a, const struct ca *ca, const char *url) {
    const char *at = url ? strstr(url, CA_MARK) : NULL;
    if (!at)
        return url;
    return arena_printf(a, "%.*s%s%s", (int)(at - url), url, ca->sha1, at + strlen(CA_MARK));
}

enum err pki_issue(const struct endpoint *endpoint, struct arena *a, const struct grant *grant,
                   int64_t now, struct issued *out) {
    const struct policy *policy = endpoint->policy;
    const struct cert *ca = &endpoint->ca->issuer.parsed;
    struct cert_template t = {
        .issuer = ca->subject,
        .subject = grant->subject,
        .spki = grant->spki,
        .issuer_spki = ca->spki,
        .issuer_key_id = cert_key_id(ca),
        .not_before = later(now - policy->backdate, ca->not_before),
        .not_after = earlier(now + earlier(grant->validity, policy->validity), ca->not_after),
        .key_usage = grant->key_usage,
        .eku = grant->eku,
        .san = grant->san,
        .crl_url = url_of(a, endpoint->ca, policy->crl_url),
        .ocsp_url = url_of(a, endpoint->ca, policy->ocsp_url),
        .issuer_url = url_of(a, endpoint->ca, policy->issuer_url),
        .sid = grant->sid,
    };
    if (t.not_after <= now)
        return err_set(ERR_REFUSED, "the CA '%s' has expired, or the certificate would at once",
                       endpoint->ca->name);
    return finish(a, &t, endpoint->ca->issuer.key, out);
}

enum err authority_issue_identity(const struct authority *auth, struct arena *a, struct span spki,
                                  const char *device_id, int64_t now, int64_t validity,
                                  struct issued *out) {
    const char *eku[] = {"1.3.6.1.5.5.7.3.2"}; /* clientAuth */
    struct cert_template t = {
        .issuer = auth->device_ca_subject,
        .spki = spki,
        .issuer_spki = key_spki(auth->device_key),
        .not_before = now - HOUR_MS,
        .not_after = now + validity,
        .key_usage = KU_DIGITAL_SIGNATURE,
    };
    BUF_AUTO(subject);
    buf_printf(&subject, "CN=%s", device_id);
    TRY(name_from_x500(a, buf_view(&subject), &t.subject));
    TRY(eku_build(a, eku, 1, &t.eku));
    return finish(a, &t, auth->device_key, out);
}

enum err challenge_mint(char out[CHALLENGE_SIZE]) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint8_t random[CHALLENGE_SIZE - 1];
    TRY(random_bytes(random, sizeof random));
    for (size_t i = 0; i < sizeof random; i++)
        out[i] = alphabet[random[i] % 32];
    out[CHALLENGE_SIZE - 1] = 0;
    return OK;
}

enum err challenge_hash(const struct authority *auth, struct span challenge, uint8_t out[32]) {
    return hmac_sha256(span_of(auth->challenge_key, sizeof auth->challenge_key), challenge, out);
}
