/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The private RSA operation without padding. What comes out is not judged here: an error tells
 * only what anybody can compute (the length, or a number not below the modulus), so that the
 * padding stays with unpad.h's constant time.
 */
#ifndef SIGNET_CRYPTO_RSA_H
#define SIGNET_CRYPTO_RSA_H

#include "crypto/key.h"

/* `out` is as long as the modulus, in `a`. ERR_CRYPTO. */
enum err key_decrypt_raw(const struct key *k, struct span in, struct arena *a,
                         struct span *out) ERR_MUST_USE;

/*
 * Whether key_decrypt_raw can work with this key, for those who load what opens envelopes.
 * ERR_ALGORITHM: it is no RSA key, or its token lacks CKM_RSA_X_509, without which the padding
 * would be the token's to judge.
 */
enum err key_check_decrypt(const struct key *k) ERR_MUST_USE;

#endif
