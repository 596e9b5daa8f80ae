/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A certificate, or certificates in PEM. Oracles: fields lie inside it, in their order; what was
 * read is the same after a way through PEM.
 */
#include "fuzz.h"
#include "mutate_der.h"

#include "wire/oid.h"
#include "x509/cert.h"
#include "x509/name.h"

enum { MAX_CERTS = 8 };

static void through_pem(struct arena *a, struct span ders, const struct span *certs, size_t count) {
    BUF_AUTO(pem);
    struct span again[MAX_CERTS];
    size_t n;
    must(cert_to_pem(ders, &pem) == OK);
    must(cert_parse_pem_all(a, buf_view(&pem), again, MAX_CERTS, &n) == OK && n == count);
    for (size_t i = 0; i < n; i++)
        must(span_eq(certs[i], again[i]));
}

static void as_pem(struct arena *a, struct span in) {
    BUF_AUTO(ders);
    struct span certs[MAX_CERTS];
    size_t n;
    if (cert_parse_pem_all(a, in, certs, MAX_CERTS, &n) != OK)
        return;
    for (size_t i = 0; i < n; i++)
        buf_span(&ders, certs[i]);
    through_pem(a, buf_view(&ders), certs, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    struct cert c;
    struct span value;
    bool critical;
    as_pem(&a, span_of(data, size));
    if (cert_parse(span_of(data, size), &c) != OK)
        return 0;
    must(c.serial.p < c.issuer.p && c.issuer.p < c.subject.p && c.subject.p < c.spki.p);
    must(c.signature.p + c.signature.n == data + size);
    name_text(&a, c.subject);
    must(name_same(c.subject, c.issuer) == name_same(c.issuer, c.subject));
    (void)cert_extension(&c, OID_AUTHORITY_KEY_ID, &value, &critical);
    (void)cert_key_id(&c);
    (void)!cert_verify(&c, c.spki);
    through_pem(&a, c.der, &c.der, 1);
    return 0;
}
