/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/key_pem.h"

#include <openssl/decoder.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "base/file.h"
#include "crypto/lib.h"

/* PBKDF2-HMAC-SHA256: some 80 ms for each guess, and at each start. */
enum { MAX_FILE = 65536, SALT = 16, ITERATIONS = 200000 };

/* ---- reading ---- */

struct password {
    struct span secret;
    bool asked;
};

/* OpenSSL asks for it only when the file is encrypted; without this it would ask on the terminal.
 */
static int give_password(char *out, int size, int writing, void *arg) {
    struct password *password = arg;
    (void)writing;
    password->asked = true;
    if (password->secret.n == 0 || password->secret.n > (size_t)size)
        return -1;
    memcpy(out, password->secret.p, password->secret.n);
    return (int)password->secret.n;
}

static bool decode(struct span pem, struct password *password, EVP_PKEY **out) {
    OSSL_DECODER_CTX *ctx = OSSL_DECODER_CTX_new_for_pkey(
        out, "PEM", NULL, NULL, OSSL_KEYMGMT_SELECT_PRIVATE_KEY, crypto_lib(), NULL);
    bool good = ctx && OSSL_DECODER_CTX_set_pem_password_cb(ctx, give_password, password) &&
                OSSL_DECODER_from_data(ctx, &pem.p, &pem.n);
    OSSL_DECODER_CTX_free(ctx);
    return good;
}

/* A PEM file with a public key is decoded without complaint. */
static bool is_private(const EVP_PKEY *pkey) {
    PKCS8_PRIV_KEY_INFO *key = EVP_PKEY2PKCS8(pkey);
    PKCS8_PRIV_KEY_INFO_free(key);
    return key != NULL;
}

enum err key_pem_read(const char *path, struct span secret, EVP_PKEY **out) {
    BUF_AUTO(pem);
    struct password password = {.secret = secret};
    EVP_PKEY *pkey = NULL;
    TRY(file_read(path, MAX_FILE, &pem));
    if (decode(buf_view(&pem), &password, &pkey) && is_private(pkey)) {
        *out = pkey;
        return OK;
    }
    EVP_PKEY_free(pkey);
    crypto_error("private key"); /* empties the queue */
    if (!password.asked)
        return err_set(ERR_PARSE, "%s: not a private key in PEM", path);
    return err_set(ERR_AUTH,
                   secret.n ? "%s: not the passphrase of this key"
                            : "%s: the key is encrypted: bring its passphrase as a "
                              "credential",
                   path);
}

/* ---- writing ---- */

static bool put_encrypted(BIO *bio, PKCS8_PRIV_KEY_INFO *key, struct span secret) {
    uint8_t salt[SALT];
    X509_SIG *sealed = NULL;
    if (random_bytes(salt, sizeof salt) == OK)
        sealed =
            PKCS8_encrypt_ex(-1, crypto_cipher(CIPHER_AES256_CBC), (const char *)secret.p,
                             (int)secret.n, salt, sizeof salt, ITERATIONS, key, crypto_lib(), NULL);
    bool good = sealed && PEM_write_bio_PKCS8(bio, sealed);
    X509_SIG_free(sealed);
    return good;
}

enum err key_pem_write(EVP_PKEY *pkey, struct span secret, const char *path) {
    PKCS8_PRIV_KEY_INFO *key = EVP_PKEY2PKCS8(pkey);
    BIO *bio = BIO_new(BIO_s_mem()); /* wiped when it is freed */
    char *pem = NULL;
    bool good =
        key && bio &&
        (secret.n ? put_encrypted(bio, key, secret) : PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, key));
    long n = good ? BIO_get_mem_data(bio, &pem) : 0;
    enum err e = n > 0 ? file_write(path, span_of(pem, (size_t)n), 0600)
                       : crypto_error("encoding a private key");
    BIO_free(bio);
    PKCS8_PRIV_KEY_INFO_free(key);
    return e;
}
