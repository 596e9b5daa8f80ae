/* SPDX-License-Identifier: Apache-2.0 */
/* Objects on a token: finding a private key, and the public one that belongs to it. */
#ifndef SIGNET_CRYPTO_PKCS11_OBJECT_H
#define SIGNET_CRYPTO_PKCS11_OBJECT_H

#include "crypto/pkcs11_token.h"

/* Objects of a class with a label (NULL: any) and an id (empty: any): the first, and whether 0, 1
 * or more (then 2) were found. */
CK_RV pkcs11_find(const struct pkcs11_session *s, CK_OBJECT_CLASS class, const char *label,
                  struct span id, CK_OBJECT_HANDLE *object, unsigned *count);

/* A CK_BBOOL; `fallback` where the object does not tell. */
bool pkcs11_flag(const struct pkcs11_session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                 bool fallback);

/*
 * SubjectPublicKeyInfo, in `a`, of a private key: from the public key of the same id and label,
 * else from a certificate, else from what an RSA key itself tells. *rv is the last code of
 * Cryptoki. ERR_NOT_FOUND, ERR_IO, ERR_ALGORITHM.
 */
enum err pkcs11_public(const struct pkcs11_session *s, CK_OBJECT_HANDLE private, struct arena *a,
                       struct span *spki, CK_RV *rv) ERR_MUST_USE;

#endif
