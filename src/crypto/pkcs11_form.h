/* SPDX-License-Identifier: Apache-2.0 */
/* What Cryptoki gives and takes in forms of its own, as X.509 writes it, and back. */
#ifndef SIGNET_CRYPTO_PKCS11_FORM_H
#define SIGNET_CRYPTO_PKCS11_FORM_H

#include "crypto/key.h"

/* SubjectPublicKeyInfo, in `a`, of big-endian numbers. */
struct span pkcs11_rsa_spki(struct arena *a, struct span modulus, struct span exponent);

/* The same of CKA_EC_PARAMS and CKA_EC_POINT, which is an OCTET STRING or, by old habit, is not. */
struct span pkcs11_ec_spki(struct arena *a, struct span params, struct span point);

/* ECDSA-Sig-Value of what CKM_ECDSA gives: r and s, each half of it. */
struct span pkcs11_ecdsa_value(struct arena *a, struct span raw);

#endif
