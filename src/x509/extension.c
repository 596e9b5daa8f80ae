/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/extension.h"

enum err extension_next(struct der *d, struct extension *out) {
    struct der body;
    *out = (struct extension){0};
    TRY(der_enter(d, DER_SEQUENCE, &body));
    TRY(der_oid(&body, &out->oid));
    if (der_at(&body, DER_BOOLEAN))
        TRY(der_boolean(&body, &out->critical));
    TRY(der_read(&body, DER_OCTET_STRING, &out->value));
    return der_end(&body);
}

enum err extension_key_usage(struct span value, unsigned *bits) {
    struct der d = der_of(value);
    struct span s;
    TRY(der_read(&d, DER_BIT_STRING, &s));
    TRY(der_end(&d));
    if (s.n == 0 || s.n > 3 || s.p[0] > 7)
        return err_set(ERR_PARSE, "KeyUsage of %zu octets", s.n);
    *bits = s.n > 1 ? s.p[1] : 0;
    return OK;
}
