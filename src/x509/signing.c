/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/signing.h"

#include "crypto/algorithm.h"

static enum digest digest_for(const struct key *k) {
    unsigned bits = key_bits(k);
    if (key_is_rsa(k) || bits <= 256)
        return DIGEST_SHA256;
    return bits <= 384 ? DIGEST_SHA384 : DIGEST_SHA512;
}

/* RFC 4055, 5: NULL for RSA; RFC 5758, 3.2: absent for ECDSA. */
void signing_put_algorithm(struct der_writer *w, const struct key *k) {
    bool rsa = key_is_rsa(k);
    algorithm_put(w, signature_oid(!rsa, digest_for(k)), rsa ? PARAMS_NULL : PARAMS_ABSENT);
}

enum err signing_put(struct der_writer *w, struct span tbs, const struct key *k) {
    struct span signature = SPAN_NONE;
    TRY(key_sign(k, digest_for(k), tbs, w->a, &signature));
    der_put_bits(w, signature);
    signing_put_algorithm(w, k);
    der_put(w, tbs);
    return OK;
}

enum err signing_wrap(struct arena *a, struct span tbs, const struct key *k, struct span *der) {
    struct der_writer w = der_writer_in(a);
    TRY(signing_put(&w, tbs, k));
    der_wrap(&w, DER_SEQUENCE, 0);
    *der = der_written(&w);
    return OK;
}
