/* SPDX-License-Identifier: Apache-2.0 */
/* As with every DER writer, read each function from its end. */
#include "crypto/pkcs11_form.h"

#include "crypto/algorithm.h"

/* A big-endian number as a positive INTEGER, minimal (X.690, 8.3.2). */
static void put_number(struct der_writer *w, struct span s) {
    size_t mark = der_mark(w);
    while (s.n > 1 && s.p[0] == 0)
        s = span_from(s, 1);
    der_put(w, s);
    if (s.n && s.p[0] & 0x80)
        der_put(w, span_of("", 1));
    der_wrap(w, DER_INTEGER, mark);
}

struct span pkcs11_rsa_spki(struct arena *a, struct span modulus, struct span exponent) {
    struct der_writer key = der_writer_in(a), w = der_writer_in(a);
    put_number(&key, exponent);
    put_number(&key, modulus);
    der_wrap(&key, DER_SEQUENCE, 0);
    der_put_bits(&w, der_written(&key));
    algorithm_put(&w, OID_RSA, PARAMS_NULL);
    der_wrap(&w, DER_SEQUENCE, 0);
    return der_written(&w);
}

/* Only the length tells: a point's first octet, 04, is the tag of an OCTET STRING too. */
static struct span raw_point(struct span point) {
    enum { P256 = 1 + 2 * 32, P384 = 1 + 2 * 48, P521 = 1 + 2 * 66 };
    struct der d = der_of(point);
    struct span content;
    bool raw = point.n == P256 || point.n == P384 || point.n == P521;
    return !raw && der_read(&d, DER_OCTET_STRING, &content) == OK ? content : point;
}

struct span pkcs11_ec_spki(struct arena *a, struct span params, struct span point) {
    struct der_writer w = der_writer_in(a);
    der_put_bits(&w, raw_point(point));
    size_t algorithm = der_mark(&w);
    der_put(&w, params);
    der_put_oid(&w, OID_EC_PUBLIC_KEY);
    der_wrap(&w, DER_SEQUENCE, algorithm);
    der_wrap(&w, DER_SEQUENCE, 0);
    return der_written(&w);
}

struct span pkcs11_ecdsa_value(struct arena *a, struct span raw) {
    struct der_writer w = der_writer_in(a);
    put_number(&w, span_from(raw, raw.n / 2));
    put_number(&w, span_of(raw.p, raw.n / 2));
    der_wrap(&w, DER_SEQUENCE, 0);
    return der_written(&w);
}
