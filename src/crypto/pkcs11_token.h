/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token and its sessions. Keys of the same token share them: small tokens have few (a YubiHSM
 * 16). A login belongs to all sessions of the process, so it is the token's too. Thread-safe.
 *
 * A token may forget us (it was pulled out, restarted, logged out). Who notices gives his session
 * back with that code; when all are back they are closed together, and the next one to come opens
 * and logs in anew: so no handle of the old days can be mistaken for a new one. A PIN that the
 * token has refused is never sent to it again, since tokens lock after a few.
 */
#ifndef SIGNET_CRYPTO_PKCS11_TOKEN_H
#define SIGNET_CRYPTO_PKCS11_TOKEN_H

#include "base/span.h"
#include "crypto/pkcs11_module.h"
#include "crypto/pkcs11_uri.h"

struct pkcs11_token;

/* The one token that the URI names, counted. ERR_NOT_FOUND, ERR_CONFLICT (several), ERR_AUTH,
 * ERR_IO. */
enum err pkcs11_token_open(const struct pkcs11_uri *uri, struct span pin,
                           struct pkcs11_token **out) ERR_MUST_USE;

/* The last one out closes the sessions, which logs out, and wipes the PIN. NULL is allowed. */
void pkcs11_token_close(struct pkcs11_token *t);

const char *pkcs11_token_label(const struct pkcs11_token *t) __attribute__((returns_nonnull));

/* Whether the token offers the mechanism for all that `flags` (CKF_SIGN, CKF_DECRYPT) say. */
bool pkcs11_token_can(const struct pkcs11_token *t, CK_MECHANISM_TYPE mechanism, CK_FLAGS flags);

struct pkcs11_session {
    CK_FUNCTION_LIST *f;
    CK_SESSION_HANDLE handle;
    unsigned generation; /* object handles are good within one generation */
};

/* A session that is logged in, for this thread alone; waits while all are busy. ERR_AUTH, ERR_IO.
 */
enum err pkcs11_acquire(struct pkcs11_token *t, struct pkcs11_session *out) ERR_MUST_USE;

/* Gives it back with the code of the last call on it. */
void pkcs11_release(struct pkcs11_token *t, const struct pkcs11_session *s, CK_RV rv);

/* Whether the code means that the token has forgotten us, so that a second attempt is worth it. */
bool pkcs11_is_lost(CK_RV rv);

#endif
