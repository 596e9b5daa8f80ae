/* SPDX-License-Identifier: Apache-2.0 */
/* What the administrator may say of an upstream. */
#include "gateway/internal.h"

enum {
    MAX_MESSAGE = 200,
    MAX_TRUST = 256, /* certificates */
    TIMEOUT_MS = 15000,
    MIN_TIMEOUT_MS = 1000,
    MAX_TIMEOUT_MS = 120000,
    MAX_REQUESTS = 32,
    MOST_REQUESTS = 256,
};

static enum err check_name(const char *name) {
    if (!name || !ca_name_is_valid(name))
        return err_set(ERR_CONFIG,
                       "the name of an upstream has at most 32 letters, digits, . - and "
                       "_, and begins with a letter or a digit");
    for (const char *p = name; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            return err_set(ERR_CONFIG,
                           "the name of an upstream is a part of URLs: lower-case letters "
                           "only");
    return OK;
}

enum err settings_name_is_free(const struct gateway *g, const char *name) {
    const struct pki *pki = pki_acquire(g->options.pki);
    enum err e = OK;
    for (size_t i = 0; i < pki->configured_count; i++)
        if (strcasecmp(pki->endpoints[i].name, name) == 0)
            e = err_set(ERR_EXISTS, "'%s' is an endpoint of signet.conf: take another name", name);
    pki_release(pki);
    return e;
}

static enum err check_url(const char *url, const char *what) {
    if (!url || !fetch_url_is_good(url))
        return err_set(ERR_CONFIG, "%s is to be an http or https URL without user and password",
                       what);
    return OK;
}

static enum err check_pem(const char *pem, size_t max, const char *what) {
    ARENA_AUTO(a);
    size_t count;
    struct span *certs = arena_alloc(&a, max * sizeof *certs);
    if (!pem)
        return OK;
    enum err e = cert_parse_pem_all(&a, span_str(pem), certs, max, &count);
    return e == OK ? OK : err_context(ERR_CONFIG, "%s", what);
}

static enum err check_message(const char *message) {
    for (const char *p = message; p && *p; p++)
        if (*p < ' ' || *p == 0x7f)
            return err_set(ERR_CONFIG, "the message holds a control character or no ASCII");
    return message && strlen(message) > MAX_MESSAGE
               ? err_set(ERR_CONFIG, "the message is longer than %d bytes", MAX_MESSAGE)
               : OK;
}

static enum err check_range(int64_t *value, int64_t otherwise, int64_t least, int64_t most,
                            const char *what) {
    if (!*value)
        *value = otherwise;
    return *value >= least && *value <= most ? OK : err_set(ERR_CONFIG, "%s", what);
}

/* ---- what belongs to one mode ---- */

static enum err check_ndes(const struct upstream *u) {
    if (!u->ndes_url && !u->ndes_credentials)
        return OK;
    if (!u->ndes_url || !u->ndes_credentials)
        return err_set(ERR_CONFIG,
                       "an mscep_admin page takes its URL and a file with the credentials");
    if (u->challenge_file)
        return err_set(ERR_CONFIG,
                       "the challenge comes from a file or from an mscep_admin page, not "
                       "from both");
    TRY(check_url(u->ndes_url, "the mscep_admin page"));
    if (u->ndes_auth < UPSTREAM_AUTH_ANY || u->ndes_auth > UPSTREAM_AUTH_BASIC)
        return err_set(ERR_CONFIG, "there is no such way to log in at an mscep_admin page");
    if (u->ndes_auth == UPSTREAM_AUTH_BASIC && !fetch_url_is_https(u->ndes_url))
        return err_set(ERR_CONFIG,
                       "Basic would show the password to anybody on the way: it takes an "
                       "https URL");
    return OK;
}

static enum err check_relay(const struct upstream *u) {
    if (u->webhook_secret || u->ca)
        return err_set(ERR_CONFIG, "a webhook secret and a CA of ours are for the mode ra: a relay "
                                   "passes the host's own messages on");
    return check_ndes(u);
}

static enum err check_ra(struct gateway *g, struct upstream *u) {
    if (u->challenge_file || u->ndes_url || u->ndes_credentials)
        return err_set(ERR_CONFIG,
                       "the upstream's challenge is for the mode relay: in mode ra hosts "
                       "get one-time challenges of ours");
    if (!u->ca)
        u->ca = PKI_DEFAULT;
    const struct pki *pki = pki_acquire(g->options.pki);
    bool found = pki_ca(pki, u->ca) != NULL;
    pki_release(pki);
    return found ? OK
                 : err_set(ERR_CONFIG, "there is no CA '%s' of ours: signet ca list shows them",
                           u->ca);
}

static enum err check_mode(struct gateway *g, struct upstream *u) {
    if (u->mode == UPSTREAM_RELAY)
        return check_relay(u);
    if (u->mode == UPSTREAM_RA)
        return check_ra(g, u);
    return err_set(ERR_CONFIG, "the mode of an upstream is relay or ra");
}

enum err settings_check_thumbprint(const char *text) {
    if (strlen(text) != 40 || strspn(text, "0123456789abcdefABCDEF") != 40)
        return err_set(ERR_CONFIG, "a thumbprint is a SHA-1 of 40 hexadecimal digits");
    return OK;
}

enum err settings_check(struct gateway *g, const struct upstream *given, struct upstream *out) {
    *out = *given;
    TRY(check_name(out->name));
    TRY(settings_name_is_free(g, out->name));
    TRY(check_url(out->url, "the upstream"));
    TRY(check_message(out->message));
    if (out->thumbprint)
        TRY(settings_check_thumbprint(out->thumbprint));
    TRY(check_pem(out->trust, MAX_TRUST, "the roots of its https"));
    TRY(check_pem(out->chain, OFFER_MAX_CHAIN_CERTS, "the chain"));
    TRY(check_range(&out->timeout, TIMEOUT_MS, MIN_TIMEOUT_MS, MAX_TIMEOUT_MS,
                    "the time-out of an upstream is 1s to 2m"));
    TRY(check_range(&out->max_requests, MAX_REQUESTS, 1, MOST_REQUESTS,
                    "an upstream gets 1 to 256 requests at once"));
    return check_mode(g, out);
}
