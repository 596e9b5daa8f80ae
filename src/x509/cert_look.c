/* SPDX-License-Identifier: Apache-2.0 */
/* What a certificate says of itself, beyond its fields. */
#include "base/text.h"
#include "der/der.h"
#include "wire/oid.h"
#include "x509/cert.h"
#include "x509/extension.h"
#include "x509/name.h"

enum err cert_constraints(const struct cert *c, struct cert_constraints *out) {
    struct span value;
    bool critical;
    struct der d, inside;
    *out = (struct cert_constraints){0};
    if (!cert_extension(c, OID_BASIC_CONSTRAINTS, &value, &critical))
        return OK;
    d = der_of(value);
    TRY(der_enter(&d, DER_SEQUENCE, &inside));
    if (der_at(&inside, DER_BOOLEAN))
        TRY(der_boolean(&inside, &out->ca));
    out->limited = der_at(&inside, DER_INTEGER);
    return out->limited ? der_small(&inside, UINT8_MAX, &out->path_length) : OK;
}

bool cert_has_usage(const struct cert *c, unsigned wanted) {
    struct span value;
    bool critical;
    unsigned bits;
    return cert_extension(c, OID_KEY_USAGE, &value, &critical) &&
           extension_key_usage(value, &bits) == OK && (bits & wanted) == wanted;
}

bool cert_is_issued_by(const struct cert *c, const struct cert *issuer) {
    return name_same(c->issuer, issuer->subject) && cert_verify(c, issuer->spki) == OK;
}

enum err cert_sha1_hex(struct span der, char out[CERT_THUMBPRINT_SIZE]) {
    uint8_t sha1[DIGEST_MAX_SIZE];
    TRY(digest_of(DIGEST_SHA1, der, sha1));
    hex_upper(span_of(sha1, 20), out);
    return OK;
}
