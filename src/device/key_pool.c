/* SPDX-License-Identifier: Apache-2.0 */
#include "device/key_pool.h"

#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdlib.h>

enum err key_pool_make(struct key_pool *p, size_t count) {
    if (count > KEY_POOL_MAX)
        return err_set(ERR_USAGE, "at most %d keys are shared", KEY_POOL_MAX);
    for (; p->count < count; p->count++) {
        p->keys[p->count] = EVP_RSA_gen(KEY_POOL_BITS);
        if (!p->keys[p->count])
            return err_set(ERR_CRYPTO, "a key cannot be made");
    }
    return OK;
}

EVP_PKEY *key_pool_take(const struct key_pool *p, size_t bits) {
    unsigned char r;
    if (!p || !p->count || bits != KEY_POOL_BITS)
        return EVP_RSA_gen(bits);
    if (RAND_bytes(&r, 1) != 1)
        abort();
    EVP_PKEY *key = p->keys[r % p->count];
    return EVP_PKEY_up_ref(key) == 1 ? key : NULL;
}

void key_pool_free(struct key_pool *p) {
    for (size_t i = 0; i < p->count; i++)
        EVP_PKEY_free(p->keys[i]);
    *p = (struct key_pool){0};
}
