/* SPDX-License-Identifier: Apache-2.0 */
/* A private key that stays on its token; crypto/key.h shows it to the rest of signet. */
#ifndef SIGNET_CRYPTO_PKCS11_H
#define SIGNET_CRYPTO_PKCS11_H

#include "base/buf.h"
#include "crypto/key.h"

struct pkcs11_key; /* thread-safe */

/*
 * Finds the key of a PKCS#11 URI, and its public half: SubjectPublicKeyInfo in `spki`. A key that
 * may sign proves here that it can, and that the public half is its own. ERR_PARSE, ERR_NOT_FOUND,
 * ERR_CONFLICT (several keys), ERR_AUTH, ERR_ALGORITHM, ERR_REFUSED, ERR_IO, ERR_CRYPTO.
 */
enum err pkcs11_open(const char *uri, struct span pin, struct pkcs11_key **out,
                     struct buf *spki) ERR_MUST_USE;
void pkcs11_free(struct pkcs11_key *k);

/* RSASSA-PKCS1-v1_5 or ECDSA of a digest, in `a`. ERR_CRYPTO, ERR_AUTH, ERR_IO. */
enum err pkcs11_sign(struct pkcs11_key *k, enum digest d, const uint8_t *hash, struct arena *a,
                     struct span *signature) ERR_MUST_USE;

/* RSA without padding; `em` has room for the modulus, as long as `in`. */
enum err pkcs11_decrypt(struct pkcs11_key *k, struct span in, uint8_t *em) ERR_MUST_USE;

/* Whether pkcs11_decrypt can work: ERR_ALGORITHM tells what the token or the key lacks. */
enum err pkcs11_check_decrypt(struct pkcs11_key *k) ERR_MUST_USE;

#endif
