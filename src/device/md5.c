/* SPDX-License-Identifier: Apache-2.0 */
#include "device/md5.h"

#include <openssl/evp.h>

#include "base/text.h"
#include "device/workplace.h"
#include "wire/mdm.h"

const char *md5_key(const struct host *h, struct arena *a, const char *level) {
    return arena_printf(a, "%s\\DMAcc\\AppAuth\\%s", workplace_key(h, a), level);
}

void md5_provision(struct host *h, const char *level, struct span name, struct span secret,
                   struct span data) {
    ARENA_AUTO(a);
    struct reg_key *k = registry_create(h->registry, md5_key(h, &a, level));
    reg_set_text(h->registry, k, "AAuthName", name);
    reg_set_text(h->registry, k, "AAuthSecret", secret);
    reg_set_text(h->registry, k, "AAuthData", data);
}

static const char *value(const struct host *h, const char *name) {
    ARENA_AUTO(a);
    return reg_text(registry_open(h->registry, md5_key(h, &a, "CLCRED")), name);
}

const char *md5_name(const struct host *h) {
    const char *name = value(h, "AAuthName");
    return name && *name ? name : NULL;
}

/* Base64 of the MD5 of "before:after". */
static bool digest(struct span before, struct span after, struct buf *out) {
    BUF_AUTO(text);
    uint8_t md5[16];
    size_t n = sizeof md5;
    buf_span(&text, before);
    buf_char(&text, ':');
    buf_span(&text, after);
    if (!EVP_Q_digest(NULL, "MD5", NULL, text.p, text.n, md5, &n))
        return false;
    base64_encode(out, span_of(md5, n));
    return true;
}

bool md5_write_cred(const struct host *h, struct buf *b) {
    ARENA_AUTO(a);
    BUF_AUTO(inner);
    BUF_AUTO(outer);
    const char *name = md5_name(h), *secret = value(h, "AAuthSecret"),
               *data = value(h, "AAuthData");
    struct span nonce;
    if (!name || !secret || !data || base64_decode(&a, span_str(data), &nonce) != OK || !nonce.n ||
        !digest(span_str(name), span_str(secret), &inner) ||
        !digest(buf_view(&inner), nonce, &outer))
        return false;
    buf_str(b, "<Cred><Meta><Format xmlns=\"" NS_METINF "\">b64</Format><Type xmlns=\"" NS_METINF
               "\">" AUTH_MD5 "</Type></Meta>");
    xml_leaf(b, "Data", buf_view(&outer));
    buf_str(b, "</Cred>");
    return true;
}

bool md5_take_nonce(struct host *h, const struct xml_node *status) {
    ARENA_AUTO(a);
    const struct xml_node *meta = xml_path(status, "Chal/Meta");
    struct span nonce = xml_path_text(meta, "NextNonce");
    if (!span_is(xml_path_text(meta, "Type"), AUTH_MD5) || !nonce.n)
        return false;
    reg_set_text(h->registry, registry_create(h->registry, md5_key(h, &a, "CLCRED")), "AAuthData",
                 nonce);
    return true;
}

/* Over UTF-16, without NUL: as a server that rekeys real hosts has it. */
const char *md5_account_uid(struct arena *a, const char *provider) {
    BUF_AUTO(utf16);
    uint8_t sha256[32];
    char hex[65];
    size_t n = sizeof sha256;
    for (; *provider; provider++) {
        buf_char(&utf16, *provider);
        buf_char(&utf16, 0);
    }
    if (!EVP_Q_digest(NULL, "SHA256", NULL, utf16.p, utf16.n, sha256, &n))
        return "";
    hex_upper(span_of(sha256, n), hex);
    return arena_printf(a, DMACC_UID_PREFIX "%s", hex);
}
