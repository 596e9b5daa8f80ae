/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that many hosts of one process share, so that a large fleet does not spend its time with
 * making them. For a host's identity and its throw-away signers only: the key of a certificate is
 * always its own. No real hosts share keys.
 */
#ifndef SIGNET_DEVICE_KEY_POOL_H
#define SIGNET_DEVICE_KEY_POOL_H

#include <openssl/types.h>
#include <stddef.h>

#include "base/err.h"

enum { KEY_POOL_MAX = 64, KEY_POOL_BITS = 2048 };

struct key_pool { /* zero-initialise */
    EVP_PKEY *keys[KEY_POOL_MAX];
    size_t count;
};

/* Makes so many keys. ERR_USAGE above KEY_POOL_MAX, ERR_CRYPTO. */
enum err key_pool_make(struct key_pool *p, size_t count) ERR_MUST_USE __attribute__((nonnull));

/*
 * One of the pool's keys when it has that size, else a new one; NULL when OpenSSL fails. The caller
 * frees it in either case. `p` may be NULL. Thread-safe.
 */
EVP_PKEY *key_pool_take(const struct key_pool *p, size_t bits);

void key_pool_free(struct key_pool *p) __attribute__((nonnull));

#endif
