/* SPDX-License-Identifier: Apache-2.0 */
/* Reading OCSP requests (RFC 6960, 4.1). */
#include "x509/ocsp.h"

#include "crypto/public.h"
#include "wire/oid.h"
#include "x509/extension.h"

/* A CertID whose hash we do not know names no issuer: its hashes are left empty. */
static enum err read_cert_id(struct der *d, struct ocsp_cert_id *out) {
    struct der id = *d;
    struct algorithm alg;
    struct span name_hash, key_hash;
    TRY(der_read_whole(d, DER_SEQUENCE, &out->whole));
    TRY(der_enter(&id, DER_SEQUENCE, &id));
    TRY(algorithm_read(&id, &alg));
    TRY(der_read(&id, DER_OCTET_STRING, &name_hash));
    TRY(der_read(&id, DER_OCTET_STRING, &key_hash));
    TRY(der_integer(&id, &out->serial));
    TRY(der_end(&id));
    if (out->serial.n > OCSP_MAX_SERIAL) /* it is echoed, and kept */
        return err_set(ERR_LIMIT, "a serial number of %zu octets", out->serial.n);
    if (algorithm_digest(&alg, &out->digest) == OK) {
        out->issuer_name_hash = name_hash;
        out->issuer_key_hash = key_hash;
    }
    return OK;
}

/* RFC 6960, 4.4: an extension that is critical and unknown cannot be obeyed. */
static enum err read_extensions(struct der *d, uint8_t tag, struct span *nonce) {
    struct der outer, list;
    if (!der_at(d, tag))
        return OK;
    TRY(der_enter(d, tag, &outer));
    TRY(der_enter(&outer, DER_SEQUENCE, &list));
    TRY(der_end(&outer));
    while (!der_is_empty(&list)) {
        struct der at = list;
        struct extension x;
        TRY(extension_next(&list, &x));
        bool is_nonce = nonce && oid_is(x.oid, OID_OCSP_NONCE);
        if (!is_nonce && x.critical)
            return der_error(&at, "a critical extension that is unknown");
        if (is_nonce && (nonce->n || x.value.n == 0))
            return der_error(&at, "a nonce that is empty, or one of several");
        if (is_nonce)
            *nonce = x.value;
    }
    return OK;
}

static enum err read_request(struct der *d, struct ocsp_request *out) {
    struct der request;
    if (out->count == OCSP_MAX_CERTS)
        return err_set(ERR_LIMIT, "an OCSP request for more than %d certificates", OCSP_MAX_CERTS);
    TRY(der_enter(d, DER_SEQUENCE, &request));
    TRY(read_cert_id(&request, &out->certs[out->count++]));
    TRY(read_extensions(&request, DER_CONTEXT_CONSTRUCTED(0), NULL));
    return der_end(&request);
}

/* version [0] v1 and requestorName [1]: by DER the first is never there, but OpenSSL's -reqin is.
 */
static enum err skip_head(struct der *tbs) {
    struct der version;
    struct span ignored;
    unsigned number;
    if (der_at(tbs, DER_CONTEXT_CONSTRUCTED(0))) {
        TRY(der_enter(tbs, DER_CONTEXT_CONSTRUCTED(0), &version));
        TRY(der_small(&version, 0, &number));
        TRY(der_end(&version));
    }
    if (der_at(tbs, DER_CONTEXT_CONSTRUCTED(1)))
        TRY(der_read(tbs, DER_CONTEXT_CONSTRUCTED(1), &ignored));
    return OK;
}

static enum err read_tbs(struct der *d, struct ocsp_request *out) {
    struct der tbs, list;
    TRY(der_enter(d, DER_SEQUENCE, &tbs));
    TRY(skip_head(&tbs));
    TRY(der_enter(&tbs, DER_SEQUENCE, &list));
    do
        TRY(read_request(&list, out));
    while (!der_is_empty(&list));
    TRY(read_extensions(&tbs, DER_CONTEXT_CONSTRUCTED(2), &out->nonce));
    /* RFC 8954, 2.1: an OCTET STRING of 1 to 32 octets; two more for its header */
    if (out->nonce.n > OCSP_MAX_NONCE + 2)
        return err_set(ERR_LIMIT, "an OCSP nonce of %zu octets", out->nonce.n);
    return der_end(&tbs);
}

enum err ocsp_request_parse(struct span der, struct ocsp_request *out) {
    struct der d = der_of(der), body;
    struct span ignored;
    *out = (struct ocsp_request){0};
    TRY(der_check(der));
    TRY(der_enter(&d, DER_SEQUENCE, &body));
    TRY(read_tbs(&body, out));
    if (der_at(&body, DER_CONTEXT_CONSTRUCTED(0)))
        TRY(der_read(&body, DER_CONTEXT_CONSTRUCTED(0), &ignored));
    return der_end(&body);
}

bool ocsp_names_issuer(const struct ocsp_cert_id *id, struct span name, struct span spki) {
    struct spki key;
    uint8_t hash[DIGEST_MAX_SIZE];
    size_t n = digest_size(id->digest);
    return id->issuer_name_hash.n && digest_of(id->digest, name, hash) == OK &&
           span_eq(id->issuer_name_hash, span_of(hash, n)) && spki_parse(spki, &key) == OK &&
           digest_of(id->digest, key.bits, hash) == OK &&
           span_eq(id->issuer_key_hash, span_of(hash, n));
}
