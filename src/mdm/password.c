/* SPDX-License-Identifier: Apache-2.0 */
#include "mdm/password.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <pthread.h>

#include <stdlib.h>

#include "base/text.h"
#include "crypto/key.h"

enum { LOG2_N = 14, R = 8, P = 1, SALT = 16, HASH = 32, PARALLEL = 2, WAITING = 2 };

#define PREFIX "scrypt$14$8$1$"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t left = PTHREAD_COND_INITIALIZER;
static unsigned computing, waiting; /* guarded by lock */

static enum err take_place(void) {
    enum err e = OK;
    pthread_mutex_lock(&lock);
    if (computing == PARALLEL && waiting == WAITING)
        e = err_set(ERR_BUSY, "too many passwords are being checked; try again in a moment");
    waiting++;
    while (e == OK && computing == PARALLEL)
        pthread_cond_wait(&left, &lock);
    waiting--;
    computing += e == OK;
    pthread_mutex_unlock(&lock);
    return e;
}

static void leave_place(void) {
    pthread_mutex_lock(&lock);
    computing--;
    pthread_cond_signal(&left);
    pthread_mutex_unlock(&lock);
}

static enum err scrypt(struct span password, const uint8_t salt[SALT], uint8_t out[HASH]) {
    uint64_t n = UINT64_C(1) << LOG2_N;
    uint32_t r = R, p = P;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, (void *)(uintptr_t)password.p,
                                          password.n),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt, SALT),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
    EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    enum err e = take_place();
    if (e == OK) {
        if (!ctx || EVP_KDF_derive(ctx, out, HASH, params) != 1)
            e = err_set(ERR_CRYPTO, "cannot compute a password hash");
        leave_place();
    }
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return e;
}

enum err password_hash(struct arena *a, struct span password, const char **text) {
    uint8_t salt[SALT], hash[HASH];
    char salt_hex[2 * SALT + 1], hash_hex[2 * HASH + 1];
    TRY(random_bytes(salt, sizeof salt));
    TRY(scrypt(password, salt, hash));
    hex_lower(span_of(salt, SALT), salt_hex);
    hex_lower(span_of(hash, HASH), hash_hex);
    *text = arena_printf(a, PREFIX "%s$%s", salt_hex, hash_hex);
    return OK;
}

static enum err read_hash(struct arena *a, const char *text, struct span *salt, struct span *hash) {
    struct span s = span_str(text);
    size_t prefix = strlen(PREFIX);
    if (!span_starts(s, PREFIX) || s.n != prefix + 2 * SALT + 1 + 2 * HASH)
        return err_set(ERR_STORE, "a password hash in the database is malformed");
    TRY(hex_decode(a, span_of(s.p + prefix, 2 * SALT), salt));
    return hex_decode(a, span_from(s, prefix + 2 * SALT + 1), hash);
}

enum err password_check(struct span password, const char *text) {
    ARENA_AUTO(a);
    static const uint8_t no_salt[SALT];
    struct span salt = span_of(no_salt, SALT), hash = SPAN_NONE;
    uint8_t computed[HASH];
    if (text)
        TRY(read_hash(&a, text, &salt, &hash));
    TRY(scrypt(password, salt.p, computed));
    if (!text || !same_secret(hash, span_of(computed, HASH)))
        return err_set(ERR_AUTH, "wrong user name or password");
    return OK;
}
