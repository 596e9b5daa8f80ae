/* SPDX-License-Identifier: Apache-2.0 */
/* From a wish, or from what was given, to a sealed PKCS#12. */
#include "base/text.h"
#include "ca/seal.h"
#include "crypto/public.h"
#include "enroll/pfx.h"
#include "x509/name.h"

#define LABEL "pfx"

enum { PASSWORD = CHALLENGE_SIZE - 1, MAX_EKU = 16 };

/* ---- sealing: the password, then the file ---- */

static enum err seal_parcel(const struct authority *auth, struct arena *a,
                            const struct pkcs12 *content, enum pkcs12_form form,
                            struct pfx_parcel *out) {
    BUF_AUTO(plain);
    char password[CHALLENGE_SIZE];
    struct span file;
    TRY(challenge_mint(password));
    buf_str(&plain, password);
    enum err e = pkcs12_seal(a, content, password, form, &file);
    explicit_bzero(password, sizeof password);
    TRY(e);
    if (file.n > PKCS12_MAX_SIZE)
        return err_set(ERR_LIMIT,
                       "a PKCS#12 of %zu octets; %d are the most: leave out certificates", file.n,
                       PKCS12_MAX_SIZE);
    buf_span(&plain, file);
    return seal(auth, a, LABEL, buf_view(&plain), &out->secret);
}

enum err pfx_unpack(const struct authority *auth, struct arena *a, const struct pfx *pfx,
                    const char **password, struct span *file) {
    struct span plain;
    TRY(unseal(auth, a, LABEL, pfx->secret, &plain));
    if (plain.n <= PASSWORD)
        return err_set(ERR_INTERNAL, "the sealed PKCS#12 of '%s' is too short", pfx->enrollment);
    *password = arena_str(a, span_of(plain.p, PASSWORD));
    *file = span_from(plain, PASSWORD);
    return OK;
}

/* ---- made here ---- */

static enum err read_ekus(struct arena *a, const char *text, struct span *out) {
    const char *oids[MAX_EKU];
    size_t n = 0;
    struct span rest = span_str(text ? text : "");
    *out = SPAN_NONE;
    while (rest.n) {
        ptrdiff_t at = span_find(rest, '+');
        struct span one = span_trim(at < 0 ? rest : span_of(rest.p, (size_t)at));
        rest = at < 0 ? SPAN_NONE : span_from(rest, (size_t)at + 1);
        if (n == MAX_EKU)
            return err_set(ERR_LIMIT, "more than %d EKUs", MAX_EKU);
        oids[n++] = arena_str(a, one);
    }
    return n ? eku_build(a, oids, n, out) : OK;
}

/* In the form of a request, which is what a policy grants. */
static enum err read_wish(struct arena *a, const struct pfx_wish *wish, const struct key *key,
                          struct csr *out) {
    *out = (struct csr){
        .spki = key_spki(key), .has_key_usage = wish->key_usage != 0, .key_usage = wish->key_usage};
    TRY(name_from_x500(a, span_str(wish->subject), &out->subject));
    TRY(san_from_text(a, span_str(wish->san ? wish->san : ""), &out->san));
    return read_ekus(a, wish->eku, &out->eku);
}

/* Who asks for a usage, and is not told that he does not get it, finds out at the host. */
static enum err check_uncut(const struct endpoint *endpoint, const struct csr *wish,
                            const struct grant *grant) {
    if (wish->has_key_usage && grant->key_usage != wish->key_usage)
        return err_set(ERR_REFUSED,
                       "key usage %u: the endpoint '%s' grants %u of it; signet.conf, key-usage",
                       wish->key_usage, endpoint->name, grant->key_usage);
    if (wish->eku.n && !span_eq(wish->eku, grant->eku))
        return err_set(ERR_REFUSED,
                       "the endpoint '%s' does not grant all of these EKUs, or one is named twice; "
                       "signet.conf, eku",
                       endpoint->name);
    if (wish->san.n && !grant->san.n)
        return err_set(ERR_REFUSED, "none of these alternative names is granted");
    return OK;
}

static enum err issue(const struct endpoint *endpoint, struct arena *a, const struct pfx_wish *wish,
                      const struct key *key, int64_t now, struct issued *out) {
    struct csr csr;
    struct grant grant;
    TRY(read_wish(a, wish, key, &csr));
    TRY(policy_grant(a, endpoint->policy, &csr, true, &grant));
    TRY(check_uncut(endpoint, &csr, &grant));
    TRY(policy_map_sid(a, endpoint->policy, wish->sid, &grant));
    return pki_issue(endpoint, a, &grant, now, out);
}

static enum err make_with(const struct authority *auth, const struct endpoint *endpoint,
                          struct arena *a, const struct pfx_wish *wish, const struct key *key,
                          enum pkcs12_form form, int64_t now, struct pfx_parcel *out) {
    struct pkcs12 content = {.count = 1};
    *out = (struct pfx_parcel){.made = true, .endpoint = endpoint};
    TRY(issue(endpoint, a, wish, key, now, &out->issued));
    TRY(cert_parse(out->issued.der, &out->cert));
    TRY(key_write(key, a, &content.key));
    content.certs[0] = out->issued.der;
    return seal_parcel(auth, a, &content, form, out);
}

enum err pfx_make(const struct authority *auth, const struct endpoint *endpoint, struct arena *a,
                  const struct pfx_wish *wish, enum pkcs12_form form, int64_t now,
                  struct pfx_parcel *out) {
    struct key *key;
    if (endpoint->upstream)
        return err_set(ERR_REFUSED,
                       "the certificates of '%s' come from an upstream: signet cannot issue there; "
                       "have it issue one, and give it with signet pfx send",
                       endpoint->name);
    TRY(key_generate(wish->key ? wish->key : "rsa2048", &key));
    enum err e = make_with(auth, endpoint, a, wish, key, form, now, out);
    key_free(key);
    return e;
}

/* ---- given ---- */

static enum err check_given(const struct cert *cert, int64_t now) {
    struct cert_uses uses;
    TRY(cert_read_uses(cert, &uses));
    if (uses.ca)
        return err_set(ERR_REFUSED, "the certificate is a CA's: its key belongs on no host");
    if (cert->not_after <= now)
        return err_set(ERR_REFUSED, "the certificate has ended");
    return OK;
}

/* By what the keys are: an AlgorithmIdentifier can be written in more than one way. */
static bool same_key(struct span one, struct span other) {
    struct spki a, b;
    if (spki_parse(one, &a) != OK || spki_parse(other, &b) != OK || a.rsa != b.rsa)
        return false;
    return a.rsa ? span_eq(a.n, b.n) && span_eq(a.e, b.e)
                 : strcmp(a.curve, b.curve) == 0 && span_eq(a.bits, b.bits);
}

static enum err check_pair(const struct pkcs12 *given, const struct cert *cert) {
    struct key *key;
    TRY(key_read(given->key, &key));
    bool same = same_key(key_spki(key), cert->spki);
    key_free(key);
    return same ? OK : err_set(ERR_REFUSED, "the private key is not that of the certificate");
}

enum err pfx_take(const struct authority *auth, struct arena *a, const struct pkcs12 *given,
                  enum pkcs12_form form, int64_t now, struct pfx_parcel *out) {
    *out = (struct pfx_parcel){.made = false};
    TRY(cert_parse(given->certs[0], &out->cert));
    TRY(check_given(&out->cert, now));
    TRY(check_pair(given, &out->cert));
    return seal_parcel(auth, a, given, form, out);
}
