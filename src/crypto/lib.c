/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/lib.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"

static struct {
    pthread_once_t once;
    OSSL_LIB_CTX *ctx;
    EVP_MD *md[DIGEST_SHA512 + 1];
    EVP_CIPHER *cipher[CIPHER_DES_CBC]; /* all but the last, which is legacy's */
    EVP_CIPHER *gcm;
    EVP_MAC_CTX *hmac;
} lib = {.once = PTHREAD_ONCE_INIT};

static struct {
    pthread_once_t once;
    pthread_key_t key;
} numbers = {.once = PTHREAD_ONCE_INIT};

static struct {
    pthread_once_t once;
    OSSL_LIB_CTX *ctx;
    EVP_CIPHER *des;
} legacy = {.once = PTHREAD_ONCE_INIT};

/* One with its digest, to be copied: to look that up by its name costs more than a short HMAC. */
static EVP_MAC_CTX *new_hmac(OSSL_LIB_CTX *ctx) {
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, sizeof digest - 1), OSSL_PARAM_END};
    EVP_MAC *mac = EVP_MAC_fetch(ctx, "HMAC", NULL);
    EVP_MAC_CTX *hmac = mac ? EVP_MAC_CTX_new(mac) : NULL;
    EVP_MAC_free(mac);
    if (hmac && EVP_MAC_init(hmac, (const void *)"", 0, params)) /* else it cannot be copied */
        return hmac;
    EVP_MAC_CTX_free(hmac);
    return NULL;
}

static void load(void) {
    static const char *const names[] = {"SHA1", "SHA256", "SHA384", "SHA512"};
    lib.ctx = OSSL_LIB_CTX_new();
    bool good = lib.ctx && OSSL_PROVIDER_load(lib.ctx, "default");
    for (int i = 0; i <= DIGEST_SHA512; i++)
        good = good && (lib.md[i] = EVP_MD_fetch(lib.ctx, names[i], NULL));
    for (int i = 0; i < CIPHER_DES_CBC; i++)
        good =
            good && (lib.cipher[i] = EVP_CIPHER_fetch(lib.ctx, cipher_name((enum cipher)i), NULL));
    good = good && (lib.gcm = EVP_CIPHER_fetch(lib.ctx, "AES-256-GCM", NULL));
    good = good && (lib.hmac = new_hmac(lib.ctx));
    if (!good) {
        log_write(LOG_ERROR, "crypto", "reason=\"OpenSSL's default provider does not load\"");
        abort();
    }
}

OSSL_LIB_CTX *crypto_lib(void) {
    pthread_once(&lib.once, load);
    return lib.ctx;
}

const EVP_MD *crypto_md(enum digest d) {
    pthread_once(&lib.once, load);
    return lib.md[d];
}

EVP_MAC_CTX *crypto_hmac_sha256(void) {
    pthread_once(&lib.once, load);
    return EVP_MAC_CTX_dup(lib.hmac);
}

const EVP_CIPHER *crypto_aes256_gcm(void) {
    pthread_once(&lib.once, load);
    return lib.gcm;
}

static void free_numbers(void *ctx) {
    BN_CTX_free(ctx);
}

static void make_key_of_numbers(void) {
    if (pthread_key_create(&numbers.key, free_numbers) != 0)
        abort();
}

BN_CTX *crypto_numbers(void) {
    pthread_once(&numbers.once, make_key_of_numbers);
    BN_CTX *ctx = pthread_getspecific(numbers.key);
    if (!ctx) {
        ctx = BN_CTX_new_ex(crypto_lib());
        if (!ctx || pthread_setspecific(numbers.key, ctx) != 0)
            abort(); /* out of memory, as in base/mem.c */
    }
    return ctx;
}

/* Without the provider the endpoint's switch for DES has no effect; the log says why. */
static void load_legacy(void) {
    legacy.ctx = OSSL_LIB_CTX_new();
    if (legacy.ctx && OSSL_PROVIDER_load(legacy.ctx, "legacy"))
        legacy.des = EVP_CIPHER_fetch(legacy.ctx, cipher_name(CIPHER_DES_CBC), NULL);
    if (!legacy.des) {
        ERR_clear_error();
        log_write(LOG_ERROR, "crypto", "reason=\"OpenSSL's legacy provider does not load\"");
    }
}

const EVP_CIPHER *crypto_cipher(enum cipher c) {
    if (c == CIPHER_DES_CBC) {
        pthread_once(&legacy.once, load_legacy);
        return legacy.des;
    }
    pthread_once(&lib.once, load);
    return lib.cipher[c];
}

enum err crypto_error(const char *what) {
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    err_set(ERR_CRYPTO, "%s: %s", what, reason ? reason : "OpenSSL gives no reason");
    ERR_clear_error();
    return ERR_CRYPTO;
}
