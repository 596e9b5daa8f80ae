/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/oid.h"
#include "wire/scep.h"
#include "x509/csr.h"
#include "x509/extension.h"
#include "x509/signing.h"

/* attributes [0]: one extensionRequest (RFC 2985, 5.4.2). */
static void put_attributes(struct der_writer *w, unsigned key_usage) {
    size_t mark = der_mark(w);
    extension_put_key_usage(w, key_usage);
    extension_put_ca(w);
    der_wrap(w, DER_SEQUENCE, mark);
    der_wrap(w, DER_SET, mark);
    der_put_oid(w, OID_EXTENSION_REQUEST);
    der_wrap(w, DER_SEQUENCE, mark);
    der_wrap(w, DER_CONTEXT_CONSTRUCTED(0), mark);
}

enum err csr_build(struct arena *a, struct span subject, const struct key *key, unsigned key_usage,
                   struct span *der) {
    struct der_writer info = der_writer_in(a);
    struct der d = der_of(subject), name;
    if (!(key_usage & 0xff))
        return err_set(ERR_PARSE, "a CA's request without KeyUsage");
    TRY(der_check(subject));
    TRY(der_enter(&d, DER_SEQUENCE, &name));
    put_attributes(&info, key_usage);
    der_put(&info, key_spki(key));
    der_put(&info, subject);
    der_put_small(&info, 0); /* v1 */
    der_wrap(&info, DER_SEQUENCE, 0);
    return signing_wrap(a, der_written(&info), key, der);
}
