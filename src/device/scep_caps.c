/* SPDX-License-Identifier: Apache-2.0 */
#include "device/scep_caps.h"

static const EVP_MD *digest_of(struct span keyword) {
    static const struct {
        const char *keyword;
        const EVP_MD *(*digest)(void);
    } digests[] = {
        {"SHA-1", EVP_sha1},
        {"SHA-256", EVP_sha256},
        {"SHA-384", EVP_sha384},
        {"SHA-512", EVP_sha512},
    };
    for (size_t i = 0; i < sizeof digests / sizeof *digests; i++)
        if (span_is_nocase(keyword, digests[i].keyword))
            return digests[i].digest();
    return NULL;
}

static void take_keyword(struct span k, struct scep_caps *c) {
    bool standard = span_is_nocase(k, "SCEPStandard"); /* stands for both (RFC 8894, 3.5.2) */
    c->post = c->post || standard || span_is_nocase(k, "POSTPKIOperation");
    c->aes = c->aes || standard || span_is_nocase(k, "AES") || span_is_nocase(k, "AES128");
    c->chain = c->chain || span_is_nocase(k, "GetCaCertChain");
    if (!c->digest)
        c->digest = digest_of(k);
}

void scep_caps_read(struct span body, struct scep_caps *out) {
    *out = (struct scep_caps){0};
    while (body.n) {
        ptrdiff_t end = span_find(body, '\n');
        struct span line = end < 0 ? body : span_of(body.p, (size_t)end);
        take_keyword(span_trim(line), out);
        body = span_from(body, line.n + 1);
    }
}

const EVP_MD *scep_caps_digest(const struct scep_caps *c, const struct host *h) {
    if (host_switch_is(h, "digest", "first-of-caps") ||
        host_switch_is(h, "digest", "hash-algorithm"))
        return c->digest ? c->digest : EVP_sha1();
    if (host_switch_is(h, "digest", "sha256"))
        return EVP_sha256();
    return host_switch_is(h, "digest", "sha512") ? EVP_sha512() : EVP_sha1();
}

const EVP_CIPHER *scep_caps_cipher(const struct scep_caps *c, const struct host *h) {
    if (!c->aes || host_switch_is(h, "cipher", "des3"))
        return EVP_des_ede3_cbc();
    return host_switch_is(h, "cipher", "aes256") ? EVP_aes_256_cbc() : EVP_aes_128_cbc();
}
