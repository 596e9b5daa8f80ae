/* SPDX-License-Identifier: Apache-2.0 */
#include "mdm/md5.h"

#include "base/text.h"
#include "ca/seal.h"
#include "crypto/lib.h"
#include "mde/mde.h"

#define LABEL "device-secret"

/* ---- the digest ---- */

static enum err md5_base64(struct span in, char out[MD5_DIGEST_TEXT]) {
    uint8_t md5[16];
    size_t n = sizeof md5;
    BUF_AUTO(text);
    if (!EVP_Q_digest(crypto_lib(), "MD5", NULL, in.p, in.n, md5, &n))
        return crypto_error("MD5");
    base64_encode(&text, span_of(md5, sizeof md5));
    memcpy(out, buf_cstr(&text), MD5_DIGEST_TEXT);
    return OK;
}

enum err md5_digest(const char *name, struct span secret, struct span nonce,
                    char out[MD5_DIGEST_TEXT]) {
    BUF_AUTO(inner);
    BUF_AUTO(outer);
    buf_printf(&inner, "%s:", name);
    buf_span(&inner, secret);
    TRY(md5_base64(buf_view(&inner), out));
    buf_printf(&outer, "%s:", out);
    buf_span(&outer, nonce);
    return md5_base64(buf_view(&outer), out);
}

/* ---- secrets ---- */

enum err md5_new_secret(const struct authority *auth, struct arena *a, const char **secret,
                        struct span *sealed) {
    char text[CHALLENGE_SIZE];
    TRY(challenge_mint(text));
    *secret = arena_str(a, span_str(text));
    return seal(auth, a, LABEL, span_str(*secret), sealed);
}

enum err md5_open_secret(const struct authority *auth, struct arena *a, struct span sealed,
                         struct span *secret) {
    return unseal(auth, a, LABEL, sealed, secret);
}

enum err md5_enroll(const struct authority *auth, struct arena *a, const char *device_id,
                    int64_t now, struct device_secret **out) {
    const char *plain;
    struct device_secret *s = *out = arena_alloc(a, sizeof *s);
    *s = (struct device_secret){.name = device_id, .changed = now};
    TRY(md5_new_secret(auth, a, &plain, &s->host));
    return md5_new_secret(auth, a, &plain, &s->server);
}

enum err md5_app_auth(const struct authority *auth, struct arena *a, const struct device_secret *s,
                      struct mde_app_auth *out) {
    struct span host, server;
    TRY(md5_open_secret(auth, a, s->host, &host));
    TRY(md5_open_secret(auth, a, s->server, &server));
    *out = (struct mde_app_auth){
        .name = s->name, .host_secret = arena_str(a, host), .server_secret = arena_str(a, server)};
    return md5_next_nonce(auth, a, s->name, s->logins, &out->nonce);
}

/* ---- nonces: what only we can compute ---- */

/* The same key hashes challenges, which hold no NUL. */
static enum err derive(const struct authority *auth, const char *text, uint8_t out[32]) {
    BUF_AUTO(b);
    buf_char(&b, 0);
    buf_printf(&b, "md5:%s", text);
    return hmac_sha256(span_of(auth->challenge_key, sizeof auth->challenge_key), buf_view(&b), out);
}

enum err md5_nonce(const struct authority *auth, struct arena *a, const char *what,
                   const char **nonce) {
    uint8_t mac[32];
    BUF_AUTO(text);
    TRY(derive(auth, what, mac));
    base64_encode(&text, span_of(mac, MD5_NONCE));
    *nonce = arena_str(a, buf_view(&text));
    return OK;
}

enum err md5_next_nonce(const struct authority *auth, struct arena *a, const char *device_id,
                        int64_t logins, const char **nonce) {
    const char *what = arena_printf(a, "next:%s:%lld", device_id, (long long)logins);
    return md5_nonce(auth, a, what, nonce);
}
