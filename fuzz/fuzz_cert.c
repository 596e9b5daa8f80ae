/* SPDX-License-Identifier: Apache-2.0 */
/* Oracle: fields lie inside the certificate, in their order. */
#include <stdlib.h>

#include "wire/oid.h"
#include "x509/cert.h"
#include "x509/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    struct cert c;
    struct span value;
    bool critical;
    if (cert_parse(span_of(data, size), &c) != OK)
        return 0;
    if (c.serial.p > c.issuer.p || c.issuer.p > c.subject.p || c.subject.p > c.spki.p ||
        c.signature.p + c.signature.n != data + size)
        abort();
    name_text(&a, c.subject);
    if (name_same(c.subject, c.issuer) != name_same(c.issuer, c.subject))
        abort();
    (void)cert_extension(&c, OID_AUTHORITY_KEY_ID, &value, &critical);
    (void)!cert_verify(&c, c.spki);
    return 0;
}
