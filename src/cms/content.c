/* SPDX-License-Identifier: Apache-2.0 */
#include "cms/content.h"

#include "der/ber.h"

enum err cms_content(struct arena *a, struct span message, const char *type, const char *type_name,
                     struct der *content) {
    struct der d, info;
    struct span der, oid;
    TRY(ber_to_der(a, message, &der));
    d = der_of(der);
    TRY(der_enter(&d, DER_SEQUENCE, &info));
    TRY(der_oid(&info, &oid));
    if (!oid_is(oid, type))
        return der_error(&info, "the content type is not %s", type_name);
    TRY(der_enter(&info, DER_CONTEXT_CONSTRUCTED(0), content));
    return der_end(&info);
}
