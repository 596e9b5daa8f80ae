/* SPDX-License-Identifier: Apache-2.0 */
#include "mdm/password.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <pthread.h>

#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "crypto/key.h"

enum { LOG2_N = 14, R = 8, P = 1, SALT = 16, HASH = 32 };
enum { REMEMBER_MS = MINUTE_MS, PLACES = 64 };

#define PREFIX "scrypt$14$8$1$"

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
    bool ok = ctx && EVP_KDF_derive(ctx, out, HASH, params) == 1;
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return ok ? OK : err_set(ERR_CRYPTO, "cannot compute a password hash");
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

/* ---- what was right a moment ago ---- */

/* A host shows its password in two requests (windows-mdm.md, C.3). The place of each is chosen by
 * its keyed hash, which holds the slow hash, too: a changed password is another one. */
static struct {
    pthread_mutex_t lock;
    bool keyed;
    uint8_t key[32];
    struct {
        uint8_t mac[HASH];
        int64_t until; /* monotonic ms */
    } places[PLACES];
} right = {.lock = PTHREAD_MUTEX_INITIALIZER};

static enum err mac_of(struct span password, const char *text, uint8_t out[HASH]) {
    BUF_AUTO(b);
    enum err e = OK;
    pthread_mutex_lock(&right.lock);
    if (!right.keyed)
        e = random_bytes(right.key, sizeof right.key);
    right.keyed = e == OK;
    pthread_mutex_unlock(&right.lock);
    TRY(e);
    buf_str(&b, text);
    buf_char(&b, 0);
    buf_span(&b, password);
    e = hmac_sha256(span_of(right.key, sizeof right.key), buf_view(&b), out);
    explicit_bzero(b.p, b.n);
    return e;
}

static bool was_right(const uint8_t mac[HASH]) {
    pthread_mutex_lock(&right.lock);
    bool hit = right.places[mac[0] % PLACES].until > clock_monotonic_ms() &&
               same_secret(span_of(right.places[mac[0] % PLACES].mac, HASH), span_of(mac, HASH));
    pthread_mutex_unlock(&right.lock);
    return hit;
}

static void remember(const uint8_t mac[HASH]) {
    pthread_mutex_lock(&right.lock);
    memcpy(right.places[mac[0] % PLACES].mac, mac, HASH);
    right.places[mac[0] % PLACES].until = clock_monotonic_ms() + REMEMBER_MS;
    pthread_mutex_unlock(&right.lock);
}

/* ---- */

static enum err check(struct span password, const char *text) {
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

bool password_was_right(struct span password, const char *text) {
    uint8_t mac[HASH];
    return text && mac_of(password, text, mac) == OK && was_right(mac);
}

enum err password_check(struct span password, const char *text) {
    uint8_t mac[HASH];
    TRY(check(password, text));
    TRY(mac_of(password, text, mac));
    remember(mac);
    return OK;
}
