/* SPDX-License-Identifier: Apache-2.0 */
/* PFX files for the tests of the emulated host, made by OpenSSL. */
#ifndef SIGNET_TESTS_DEVICE_PFX_FIXTURE_H
#define SIGNET_TESTS_DEVICE_PFX_FIXTURE_H

#include "device_fixture.h"

#include <openssl/pkcs12.h>

#include "device/legacy.h"

OSSL_OWNER(PKCS12)

struct made_pfx {
    EVP_PKEY *key; /* NULL: none */
    X509 *cert;
    STACK_OF(X509) * others;
    const char *password;
    int key_cipher, cert_cipher; /* 0: OpenSSL's default, AES-256; -1: none */
    int iterations, mac_iterations;
};

static inline struct span pfx_der(struct arena *a, PKCS12 *p12) {
    unsigned char *p = NULL;
    int n = i2d_PKCS12(p12, &p);
    assert_true(n > 0);
    struct span copy = arena_copy(a, span_of(p, (size_t)n));
    OPENSSL_free(p);
    return copy;
}

static inline struct span make_pfx(struct arena *a, struct made_pfx m) {
    LEGACY_AUTO(legacy);
    assert_true(legacy_open(&legacy));
    OSSL_AUTO(PKCS12)
    p12 = PKCS12_create_ex(m.password, "x", m.key, m.cert, m.others, m.key_cipher, m.cert_cipher,
                           m.iterations ? m.iterations : 1, m.mac_iterations ? m.mac_iterations : 1,
                           0, legacy.ctx, NULL);
    assert_non_null(p12);
    return pfx_der(a, p12);
}

#endif
