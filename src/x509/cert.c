/* SPDX-License-Identifier: Apache-2.0 */
/* Reading certificates. Windows' throw-away signer has a critical AKI: extensions are not judged.
 */
#include "x509/cert.h"

#include "base/file.h"
#include "crypto/algorithm.h"
#include "crypto/public.h"
#include "x509/extension.h"
#include "x509/pem.h"

enum { MAX_PEM = 1 << 20 };

static enum err read_validity(struct der *d, struct cert *out) {
    struct der validity;
    TRY(der_enter(d, DER_SEQUENCE, &validity));
    TRY(der_time(&validity, &out->not_before));
    TRY(der_time(&validity, &out->not_after));
    return der_end(&validity);
}

static enum err read_extensions(struct der *d, struct cert *out) {
    struct der outer, list;
    struct extension x;
    TRY(der_enter(d, DER_CONTEXT_CONSTRUCTED(3), &outer));
    TRY(der_read_whole(&outer, DER_SEQUENCE, &out->extensions));
    TRY(der_end(&outer));
    outer = der_of(out->extensions);
    TRY(der_enter(&outer, DER_SEQUENCE, &list));
    while (!der_is_empty(&list))
        TRY(extension_next(&list, &x));
    return OK;
}

/* issuerUniqueID and subjectUniqueID: obsolete, but legal. */
static enum err skip_unique_ids(struct der *d) {
    struct span ignored;
    for (int n = 1; n <= 2; n++)
        if (der_at(d, DER_CONTEXT(n)))
            TRY(der_read(d, DER_CONTEXT(n), &ignored));
    return OK;
}

static enum err read_tbs(struct der *d, struct cert *out) {
    struct der tbs, version;
    struct span ignored;
    unsigned number;
    TRY(der_enter(d, DER_SEQUENCE, &tbs));
    if (der_at(&tbs, DER_CONTEXT_CONSTRUCTED(0))) {
        TRY(der_enter(&tbs, DER_CONTEXT_CONSTRUCTED(0), &version));
        TRY(der_small(&version, 2, &number));
        TRY(der_end(&version));
    }
    TRY(der_integer(&tbs, &out->serial));
    TRY(der_read_whole(&tbs, DER_SEQUENCE, &ignored));
    TRY(der_read_whole(&tbs, DER_SEQUENCE, &out->issuer));
    TRY(read_validity(&tbs, out));
    TRY(der_read_whole(&tbs, DER_SEQUENCE, &out->subject));
    TRY(der_read_whole(&tbs, DER_SEQUENCE, &out->spki));
    TRY(skip_unique_ids(&tbs));
    if (!der_is_empty(&tbs))
        TRY(read_extensions(&tbs, out));
    return der_end(&tbs);
}

enum err cert_parse(struct span der, struct cert *out) {
    struct der d = der_of(der), body, at;
    *out = (struct cert){.der = der};
    TRY(der_check(der));
    TRY(der_enter(&d, DER_SEQUENCE, &body));
    at = body;
    TRY(der_read_whole(&at, DER_SEQUENCE, &out->tbs));
    TRY(read_tbs(&body, out));
    TRY(der_read_whole(&body, DER_SEQUENCE, &out->signature_algorithm));
    TRY(der_bits(&body, &out->signature));
    return der_end(&body);
}

bool cert_extension(const struct cert *c, const char *oid, struct span *value, bool *critical) {
    struct der d = der_of(c->extensions), list;
    struct extension x;
    if (c->extensions.n == 0 || der_enter(&d, DER_SEQUENCE, &list) != OK)
        return false;
    while (!der_is_empty(&list) && extension_next(&list, &x) == OK)
        if (oid_is(x.oid, oid)) {
            *value = x.value;
            *critical = x.critical;
            return true;
        }
    return false;
}

/* RFC 5280, 4.1.1.2: the algorithm inside the signed part must be the one outside. */
static enum err check_inner_algorithm(const struct cert *c) {
    struct der d = der_of(c->tbs), tbs;
    struct span ignored, inner;
    TRY(der_enter(&d, DER_SEQUENCE, &tbs));
    if (der_at(&tbs, DER_CONTEXT_CONSTRUCTED(0)))
        TRY(der_read(&tbs, DER_CONTEXT_CONSTRUCTED(0), &ignored));
    TRY(der_integer(&tbs, &ignored));
    TRY(der_read_whole(&tbs, DER_SEQUENCE, &inner));
    return span_eq(inner, c->signature_algorithm)
               ? OK
               : err_set(ERR_REFUSED, "the certificate names two different signature algorithms");
}

struct span cert_key_id(const struct cert *cert) {
    struct span value, id;
    bool critical;
    if (!cert_extension(cert, OID_SUBJECT_KEY_ID, &value, &critical))
        return SPAN_NONE;
    struct der d = der_of(value);
    return der_read(&d, DER_OCTET_STRING, &id) == OK ? id : SPAN_NONE;
}

enum err cert_verify(const struct cert *c, struct span issuer_spki) {
    struct der d = der_of(c->signature_algorithm);
    struct algorithm alg;
    ARENA_AUTO(a);
    struct public_key *key = NULL;
    uint8_t hash[DIGEST_MAX_SIZE];
    enum digest digest = DIGEST_SHA1;
    bool ec = false;
    TRY(check_inner_algorithm(c));
    TRY(algorithm_read(&d, &alg));
    TRY(algorithm_signature(&alg, &ec, &digest));
    TRY(digest_of(digest, c->tbs, hash));
    TRY(public_load(&a, issuer_spki, &key));
    enum err e = public_is_rsa(key) == !ec
                     ? public_verify(key, digest, hash, c->signature)
                     : err_set(ERR_REFUSED, "the signature is of another kind than the key");
    return e == OK ? OK : err_context(e, "certificate");
}

/* ---- PEM ---- */

enum err cert_to_pem(struct span ders, struct buf *out) {
    struct der d = der_of(ders);
    do {
        struct span one;
        TRY(der_read_whole(&d, DER_SEQUENCE, &one));
        pem_put(out, PEM_CERTIFICATE, one);
    } while (!der_is_empty(&d));
    return OK;
}

static enum err next_certificate(struct arena *a, struct span *pem, struct span *der) {
    struct cert parsed;
    TRY(pem_next(a, pem, PEM_CERTIFICATE, der));
    return cert_parse(*der, &parsed);
}

enum err cert_parse_pem_all(struct arena *a, struct span pem, struct span *ders, size_t max,
                            size_t *count) {
    struct span der;
    enum err e;
    *count = 0;
    while ((e = next_certificate(a, &pem, &der)) == OK) {
        if (*count == max)
            return err_set(ERR_LIMIT, "more than %zu certificates", max);
        ders[(*count)++] = der;
    }
    if (e != ERR_NOT_FOUND)
        return e;
    return *count ? OK : err_set(ERR_PARSE, "no certificate in PEM");
}

enum err cert_save_pem(struct span ders, const char *path) {
    BUF_AUTO(pem);
    TRY(cert_to_pem(ders, &pem));
    return file_write(path, buf_view(&pem), 0644);
}

enum err cert_load_pem(struct arena *a, const char *path, struct span *der) {
    BUF_AUTO(pem);
    TRY(file_read(path, MAX_PEM, &pem));
    struct span rest = buf_view(&pem);
    enum err e = next_certificate(a, &rest, der);
    return e == OK ? OK : err_context(e == ERR_NOT_FOUND ? ERR_PARSE : e, "%s", path);
}

enum err cert_load_pem_all(struct arena *a, const char *path, struct span *ders, size_t max,
                           size_t *count) {
    BUF_AUTO(pem);
    TRY(file_read(path, MAX_PEM, &pem));
    enum err e = cert_parse_pem_all(a, buf_view(&pem), ders, max, count);
    return e == OK ? OK : err_context(e, "%s", path);
}
