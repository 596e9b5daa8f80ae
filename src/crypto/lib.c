/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/lib.h"

#include <openssl/err.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"

static struct {
    pthread_once_t once;
    OSSL_LIB_CTX *ctx;
    EVP_MD *md[DIGEST_SHA512 + 1];
    EVP_CIPHER *aes128, *aes256;
} lib = {.once = PTHREAD_ONCE_INIT};

static void load(void) {
    static const char *const names[] = {"SHA1", "SHA256", "SHA384", "SHA512"};
    lib.ctx = OSSL_LIB_CTX_new();
    bool good = lib.ctx && OSSL_PROVIDER_load(lib.ctx, "default");
    for (int i = 0; i <= DIGEST_SHA512; i++)
        good = good && (lib.md[i] = EVP_MD_fetch(lib.ctx, names[i], NULL));
    good = good && (lib.aes128 = EVP_CIPHER_fetch(lib.ctx, "AES-128-CBC", NULL));
    good = good && (lib.aes256 = EVP_CIPHER_fetch(lib.ctx, "AES-256-CBC", NULL));
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

const EVP_CIPHER *crypto_aes_cbc(size_t key_size) {
    pthread_once(&lib.once, load);
    return key_size == 16 ? lib.aes128 : lib.aes256;
}

enum err crypto_error(const char *what) {
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    err_set(ERR_CRYPTO, "%s: %s", what, reason ? reason : "OpenSSL gives no reason");
    ERR_clear_error();
    return ERR_CRYPTO;
}
