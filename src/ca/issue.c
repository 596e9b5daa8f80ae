/* SPDX-License-Identifier: Apache-2.0 */
/* Issuing: certificates from the CA, identities from the device CA, challenges. */
#include "ca/authority.h"
#include "base/text.h"
#include "x509/cert.h"
#include "x509/name.h"

static const int64_t HOUR = 3600000;

static enum err finish(struct arena *a, struct cert_template *t, const struct key *issuer,
                       struct issued *out) {
    uint8_t *serial = arena_alloc(a, CERT_SERIAL_SIZE), sha1[DIGEST_MAX_SIZE];
    TRY(cert_new_serial(serial));
    t->serial = out->serial = span_of(serial, CERT_SERIAL_SIZE);
    /* Certificates have no milliseconds: the database shall say what the certificate says. */
    out->not_before = t->not_before -= t->not_before % 1000;
    out->not_after = t->not_after -= t->not_after % 1000;
    TRY(cert_build(a, t, issuer, &out->der));
    TRY(digest_of(DIGEST_SHA1, out->der, sha1));
    hex_upper(span_of(sha1, 20), out->sha1);
    return OK;
}

enum err authority_issue(const struct authority *auth, const struct ca_policy *policy,
                         struct arena *a, const struct csr *csr, int64_t now, struct issued *out) {
    struct cert_template t = {
        .issuer = auth->ca_subject,
        .subject = csr->subject,
        .spki = csr->spki,
        .issuer_spki = key_spki(auth->ca_key),
        .not_before = now - policy->backdate,
        .not_after = now + policy->validity,
        .key_usage = csr->key_usage,
        .eku = csr->eku,
        .san = csr->san,
    };
    return finish(a, &t, auth->ca_key, out);
}

enum err authority_issue_identity(const struct authority *auth, struct arena *a, struct span spki,
                                  const char *device_id, int64_t now, int64_t validity,
                                  struct issued *out) {
    const char *eku[] = {"1.3.6.1.5.5.7.3.2"}; /* clientAuth */
    struct cert_template t = {
        .issuer = auth->device_ca_subject,
        .spki = spki,
        .issuer_spki = key_spki(auth->device_key),
        .not_before = now - HOUR,
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
