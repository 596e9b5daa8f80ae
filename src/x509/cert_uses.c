/* SPDX-License-Identifier: Apache-2.0 */
/* What a certificate says of its holder, as the promise judges it. */
#include "wire/oid.h"
#include "x509/cert.h"
#include "x509/extension.h"

enum { MAX_EXTENSIONS = 64 };

static enum err read_use(const struct extension *x, struct cert_uses *out) {
    if (oid_is(x->oid, OID_SUBJECT_ALT_NAME))
        out->san = x->value;
    if (oid_is(x->oid, OID_EXT_KEY_USAGE))
        out->eku = x->value;
    if (!oid_is(x->oid, OID_KEY_USAGE))
        return OK;
    out->has_key_usage = true;
    return extension_key_usage(x->value, &out->key_usage);
}

/* RFC 5280, 4.2: none more than once, or two readers could see two different certificates. */
static enum err once(struct der rest, struct span oid) {
    struct extension x;
    while (!der_is_empty(&rest)) {
        TRY(extension_next(&rest, &x));
        if (span_eq(x.oid, oid)) {
            ARENA_AUTO(a);
            return err_set(ERR_PARSE, "the certificate has extension %s more than once",
                           oid_text(&a, oid));
        }
    }
    return OK;
}

enum err cert_read_uses(const struct cert *c, struct cert_uses *out) {
    struct der d = der_of(c->extensions), list;
    struct cert_constraints constraints;
    struct extension x;
    int count = 0;
    *out = (struct cert_uses){0};
    if (c->extensions.n == 0)
        return OK;
    TRY(der_enter(&d, DER_SEQUENCE, &list));
    while (!der_is_empty(&list)) {
        TRY(extension_next(&list, &x));
        if (++count > MAX_EXTENSIONS)
            return err_set(ERR_PARSE, "the certificate has more than %d extensions",
                           MAX_EXTENSIONS);
        TRY(once(list, x.oid));
        TRY(read_use(&x, out));
    }
    TRY(cert_constraints(c, &constraints));
    out->ca = constraints.ca;
    return OK;
}
