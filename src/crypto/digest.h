/* SPDX-License-Identifier: Apache-2.0 */
/* A digest over several pieces, for what is hashed but does not lie in one place. */
#ifndef SIGNET_CRYPTO_DIGEST_H
#define SIGNET_CRYPTO_DIGEST_H

#include "crypto/key.h"

enum err digest_of_parts(enum digest d, const struct span *parts, size_t count,
                         uint8_t out[DIGEST_MAX_SIZE]) ERR_MUST_USE;

#endif
