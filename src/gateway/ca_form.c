/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hosts get of an upstream in relay mode, in the form that Windows takes (windows-scep.md, 2.1
 * and 2.2), made of what the upstream says of itself.
 */
#include "base/text.h"
#include "gateway/internal.h"

enum { MAX_CAPABILITIES = 32, MAX_CAPABILITY = 40 };

/* ---- GetCACaps ---- */

static bool next_line(struct span *rest, struct span *line) {
    while (rest->n && strchr("\r\n", rest->p[0]))
        *rest = span_from(*rest, 1);
    size_t n = 0;
    while (n < rest->n && !strchr("\r\n", rest->p[n]))
        n++;
    *line = span_trim(span_of(rest->p, n));
    *rest = span_from(*rest, n);
    return n > 0;
}

enum err capabilities_clean(struct arena *a, struct span body, const char **out) {
    BUF_AUTO(b);
    struct span rest = span_trim(body), line;
    if (rest.n && rest.p[0] == '<')
        return err_set(ERR_PARSE,
                       "GetCACaps is answered by HTML or XML, not by a list of words: the "
                       "URL is that of something else");
    for (int i = 0; i < MAX_CAPABILITIES && next_line(&rest, &line); i++)
        if (line.n)
            buf_printf(&b, "%s%s", b.n ? "\n" : "", text_claim(a, line, MAX_CAPABILITY));
    *out = arena_str(a, buf_view(&b));
    return OK;
}

struct capabilities {
    bool post, aes, des3, sha1, sha256, sha512, standard;
};

static struct capabilities read_capabilities(const char *text) {
    struct capabilities c = {0};
    const struct {
        const char *word;
        bool *flag;
    } words[] = {{"POSTPKIOperation", &c.post},
                 {"AES", &c.aes},
                 {"AES128", &c.aes},
                 {"AES256", &c.aes},
                 {"DES3", &c.des3},
                 {"SHA-1", &c.sha1},
                 {"SHA-256", &c.sha256},
                 {"SHA-512", &c.sha512},
                 {"SCEPStandard", &c.standard}};
    struct span rest = span_str(text), line;
    while (next_line(&rest, &line))
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (span_is_nocase(line, words[i].word))
                *words[i].flag = true;
    c.post = c.post || c.standard; /* RFC 8894, 3.5.2 */
    c.aes = c.aes || c.standard;
    c.sha256 = c.sha256 || c.standard;
    return c;
}

/*
 * SHA-256 stands first because Windows takes the first digest that it knows. POSTPKIOperation is
 * ours to promise: a POST becomes a GET on the way. GetCaCertChain and GetNextCACert are not served
 * here, and Renewal is not, since a token is good for the first request only. An upstream that
 * names no cipher gets what Windows chooses then.
 */
void form_capabilities(struct arena *a, struct gateway_upstream *u) {
    struct capabilities c = read_capabilities(u->settings->capabilities);
    u->post = c.post;
    u->aes = c.aes;
    u->sha256 = c.sha256;
    u->capabilities =
        arena_printf(a, "%s%s%s%s%sPOSTPKIOperation\n%s", c.sha256 ? "SHA-256\n" : "",
                     c.sha512 ? "SHA-512\n" : "", c.sha1 ? "SHA-1\n" : "", c.aes ? "AES\n" : "",
                     c.des3 ? "DES3\n" : "", c.standard ? "SCEPStandard\n" : "");
}

/* ---- GetCACert ---- */

static size_t add_new(struct span *certs, size_t n, struct span der) {
    for (size_t i = 0; i < n; i++)
        if (span_eq(certs[i], der))
            return n;
    certs[n] = der;
    return n + 1;
}

/*
 * With RAs: a PKCS#7 of them, the pinned CA and its issuers up to the root. Without: the CA's
 * certificate alone, whatever its KeyUsage; Windows encrypts to it (windows-scep.md, 2.2), and
 * takes no PKCS#7 that holds CAs only.
 */
enum err form_ca_certs(struct arena *a, const struct offer *offer, struct gateway_upstream *u) {
    struct span certs[SCEP_CLIENT_MAX_CERTS + CA_MAX_CHAIN + 1];
    size_t n = 0;
    for (size_t i = 0; i < offer->cert_count; i++)
        if (!offer->is_ca[i])
            n = add_new(certs, n, offer->certs[i].der);
    if (n == 0) {
        u->ca_certs = offer->chain[0].der;
        u->ca_certs_single = true;
        return OK;
    }
    for (size_t i = 0; i < offer->chain_count; i++)
        n = add_new(certs, n, offer->chain[i].der);
    return scep_certs_only(a, certs, n, &u->ca_certs);
}
