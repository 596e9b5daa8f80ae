/* SPDX-License-Identifier: Apache-2.0 */
#include "scep/decoy.h"

#include <pthread.h>
#include <stdlib.h>

#include "crypto/algorithm.h"
#include "wire/scep.h"

enum { RSA_OCTETS = 256, CHALLENGE = 64 };

static struct {
    pthread_once_t once;
    struct arena arena; /* as long as the process */
    struct span der;
} decoy = {.once = PTHREAD_ONCE_INIT};

/* A modulus of 2048 bits, and odd, is all that a public operation wants of a key. */
static void put_key(struct der_writer *w) {
    uint8_t modulus[1 + RSA_OCTETS] = {0};
    static const uint8_t exponent[] = {1, 0, 1};
    memset(modulus + 1, 0xc5, RSA_OCTETS);
    size_t spki = der_mark(w);
    der_put_item(w, DER_INTEGER, span_of(exponent, sizeof exponent));
    der_put_item(w, DER_INTEGER, span_of(modulus, sizeof modulus));
    der_wrap(w, DER_SEQUENCE, spki);
    der_put(w, span_of("", 1));
    der_wrap(w, DER_BIT_STRING, spki);
    algorithm_put(w, OID_RSA, PARAMS_NULL);
    der_wrap(w, DER_SEQUENCE, spki);
}

static void put_attributes(struct der_writer *w) {
    uint8_t challenge[CHALLENGE];
    memset(challenge, 'x', sizeof challenge);
    size_t mark = der_mark(w);
    der_put_item(w, DER_PRINTABLE_STRING, span_of(challenge, sizeof challenge));
    der_wrap(w, DER_SET, mark);
    der_put_oid(w, OID_CHALLENGE_PASSWORD);
    der_wrap(w, DER_SEQUENCE, mark);
    der_wrap(w, DER_CONTEXT_CONSTRUCTED(0), mark);
}

static void put_name(struct der_writer *w) {
    size_t mark = der_mark(w);
    der_put_item(w, DER_UTF8_STRING, span_str("decoy"));
    der_put_oid(w, OID_CN);
    der_wrap(w, DER_SEQUENCE, mark);
    der_wrap(w, DER_SET, mark);
    der_wrap(w, DER_SEQUENCE, mark);
}

static void build(void) {
    struct der_writer w = der_writer_in(&decoy.arena);
    uint8_t signature[RSA_OCTETS];
    memset(signature, 0x3a, sizeof signature);
    der_put_bits(&w, span_of(signature, sizeof signature));
    algorithm_put(&w, OID_SHA256_RSA, PARAMS_NULL);
    size_t info = der_mark(&w);
    put_attributes(&w);
    put_key(&w);
    put_name(&w);
    der_put_small(&w, 0);
    der_wrap(&w, DER_SEQUENCE, info);
    der_wrap(&w, DER_SEQUENCE, 0);
    decoy.der = der_written(&w);
}

void decoy_csr(struct span signed_part, struct csr *out) {
    pthread_once(&decoy.once, build);
    if (csr_parse(decoy.der, out) != OK)
        abort();
    out->info = signed_part;
}
