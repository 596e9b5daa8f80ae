/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the database holds and must not show: secrets that signet needs again in clear. Sealed by
 * AES-256-GCM under a key of the data folder, so that a copy of the database alone tells nothing.
 */
#ifndef SIGNET_CA_SEAL_H
#define SIGNET_CA_SEAL_H

#include "base/arena.h"
#include "ca/authority.h"

/*
 * `label` (a literal) says what it is: it separates the keys, and what was sealed under one label
 * opens under no other. The result lives in `a`: 12 bytes of nonce, the ciphertext, 16 of tag.
 * ERR_CRYPTO. Thread-safe.
 */
enum err seal(const struct authority *auth, struct arena *a, const char *label, struct span plain,
              struct span *sealed) ERR_MUST_USE;

/* ERR_CRYPTO: it was sealed with another key or label, or was changed. Thread-safe. */
enum err unseal(const struct authority *auth, struct arena *a, const char *label,
                struct span sealed, struct span *plain) ERR_MUST_USE;

#endif
