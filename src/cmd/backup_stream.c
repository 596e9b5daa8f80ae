/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/backup_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "crypto/key.h"

#define MAGIC "SIGNETB1"

enum { LOG2_N = 16, MAX_LOG2_N = 20, R = 8, P = 1, SALT = 16, NONCE = 12, KEY = 32, TAG = 16 };
enum { HEADER = 8 + 4 + SALT + NONCE, BLOCK = 65536, LEAST = 1024 };

struct backup_stream {
    FILE *file;
    char *path;
    bool unfinished;        /* it is written, and would be refused */
    EVP_CIPHER_CTX *cipher; /* NULL: in the clear */
    uint8_t header[HEADER], key[KEY];
    uint64_t left; /* of what can be read */
};

/* ---- the seal ---- */

static enum err derive(struct backup_stream *s, struct span passphrase) {
    uint64_t n = UINT64_C(1) << s->header[8], memory = UINT64_C(2) << 30;
    uint32_t r = R, p = P;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, (void *)(uintptr_t)passphrase.p,
                                          passphrase.n),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, s->header + 12, SALT),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
    EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    bool good = ctx && EVP_KDF_derive(ctx, s->key, KEY, params) == 1;
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return good ? OK : err_set(ERR_CRYPTO, "cannot compute the key of the passphrase");
}

static enum err start_cipher(struct backup_stream *s, bool encrypt) {
    int n;
    EVP_CIPHER *aes = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    if (!s->cipher)
        s->cipher = EVP_CIPHER_CTX_new();
    bool good = aes && s->cipher &&
                EVP_CipherInit_ex2(s->cipher, aes, s->key, s->header + HEADER - NONCE, encrypt,
                                   NULL) == 1 &&
                EVP_CipherUpdate(s->cipher, NULL, &n, s->header, HEADER) == 1;
    EVP_CIPHER_free(aes);
    return good ? OK : err_set(ERR_CRYPTO, "cannot start AES-256-GCM");
}

/* ---- writing ---- */

static enum err write_error(const struct backup_stream *s) {
    return err_set(ERR_IO, "cannot write '%s': %s", s->path, strerror(errno));
}

static enum err put(struct backup_stream *s, const uint8_t *p, size_t n) {
    return fwrite(p, 1, n, s->file) == n ? OK : write_error(s);
}

static enum err write_header(struct backup_stream *s, struct span passphrase) {
    memcpy(s->header, MAGIC, 8);
    memcpy(s->header + 8, (uint8_t[]){LOG2_N, R, P, 0}, 4);
    TRY(random_bytes(s->header + 12, SALT + NONCE));
    TRY(derive(s, passphrase));
    TRY(start_cipher(s, true));
    return put(s, s->header, HEADER);
}

static enum err begin(struct backup_stream *s, struct span passphrase) {
    int fd = open(s->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return err_set(ERR_EXISTS, "'%s' exists already; a backup does not replace another",
                       s->path);
    if (fd < 0)
        return write_error(s);
    s->unfinished = true;
    s->file = fdopen(fd, "w");
    return passphrase.n ? write_header(s, passphrase) : OK;
}

enum err backup_create(const char *path, struct span passphrase, struct backup_stream **out) {
    struct backup_stream *s = mem_alloc(sizeof *s);
    s->path = mem_strdup(path);
    enum err e = begin(s, passphrase);
    if (e == OK)
        *out = s;
    else
        backup_close(s);
    return e;
}

enum err backup_write(struct backup_stream *s, struct span data) {
    uint8_t sealed[BLOCK];
    if (!s->cipher)
        return put(s, data.p, data.n);
    while (data.n) {
        int n, take = data.n < BLOCK ? (int)data.n : BLOCK;
        if (EVP_CipherUpdate(s->cipher, sealed, &n, data.p, take) != 1)
            return err_set(ERR_CRYPTO, "cannot encrypt the backup");
        TRY(put(s, sealed, (size_t)n));
        data = span_from(data, (size_t)take);
    }
    return OK;
}

static enum err write_tag(struct backup_stream *s) {
    uint8_t tag[TAG];
    int n;
    if (EVP_CipherFinal_ex(s->cipher, tag, &n) != 1 ||
        EVP_CIPHER_CTX_ctrl(s->cipher, EVP_CTRL_AEAD_GET_TAG, TAG, tag) != 1)
        return err_set(ERR_CRYPTO, "cannot encrypt the backup");
    return put(s, tag, TAG);
}

enum err backup_finish(struct backup_stream *s) {
    if (s->cipher)
        TRY(write_tag(s));
    if (fflush(s->file) != 0 || fsync(fileno(s->file)) != 0)
        return write_error(s);
    s->unfinished = false;
    return OK;
}

/* ---- reading ---- */

static enum err read_error(const char *path) {
    return err_set(ERR_IO, "cannot read '%s': %s", path, strerror(errno));
}

static enum err raw_read(struct backup_stream *s, void *out, size_t n) {
    if (fread(out, 1, n, s->file) == n)
        return OK;
    return err_set(ERR_PARSE, "the backup '%s' has been cut short", s->path);
}

enum err backup_read(struct backup_stream *s, void *out, size_t n) {
    if (n > s->left)
        return err_set(ERR_PARSE, "the backup '%s' has been cut short", s->path);
    TRY(raw_read(s, out, n));
    s->left -= n;
    int done;
    if (s->cipher && EVP_CipherUpdate(s->cipher, out, &done, out, (int)n) != 1)
        return err_set(ERR_CRYPTO, "cannot decrypt the backup");
    return OK;
}

bool backup_at_end(const struct backup_stream *s) {
    return s->left == 0;
}

enum err backup_rewind(struct backup_stream *s) {
    struct stat status;
    if (fstat(fileno(s->file), &status) != 0 || fseek(s->file, s->cipher ? HEADER : 0, SEEK_SET))
        return read_error(s->path);
    s->left = (uint64_t)status.st_size;
    if (!s->cipher && s->left < LEAST)
        return err_set(ERR_PARSE, "'%s' is no backup of signet's: it is too short for one",
                       s->path);
    if (!s->cipher)
        return OK;
    if (s->left < HEADER + TAG)
        return err_set(ERR_PARSE, "the backup '%s' has been cut short", s->path);
    s->left -= HEADER + TAG;
    return start_cipher(s, false);
}

/* Reads all to its end, where the tag says whether it was good. */
static enum err authenticate(struct backup_stream *s) {
    uint8_t block[BLOCK], tag[TAG];
    int n;
    TRY(backup_rewind(s));
    while (s->left)
        TRY(backup_read(s, block, s->left < BLOCK ? s->left : BLOCK));
    explicit_bzero(block, sizeof block);
    TRY(raw_read(s, tag, TAG));
    if (EVP_CIPHER_CTX_ctrl(s->cipher, EVP_CTRL_AEAD_SET_TAG, TAG, tag) != 1 ||
        EVP_CipherFinal_ex(s->cipher, block, &n) != 1)
        return err_set(ERR_AUTH,
                       "'%s': the passphrase is wrong, or the backup is not as it was written",
                       s->path);
    return backup_rewind(s);
}

static enum err open_sealed(struct backup_stream *s, struct span passphrase) {
    const uint8_t *costs = s->header + 8;
    if (!passphrase.n)
        return err_set(ERR_AUTH, "the backup '%s' is sealed: give --passphrase-file", s->path);
    if (costs[0] < 1 || costs[0] > MAX_LOG2_N || costs[1] != R || costs[2] != P || costs[3])
        return err_set(ERR_PARSE, "'%s' is of a newer signet, or damaged", s->path);
    TRY(derive(s, passphrase));
    TRY(start_cipher(s, false));
    return authenticate(s);
}

static enum err open_stream(struct backup_stream *s, struct span passphrase) {
    s->file = fopen(s->path, "re");
    if (!s->file)
        return read_error(s->path);
    if (fread(s->header, 1, HEADER, s->file) == HEADER && memcmp(s->header, MAGIC, 8) == 0)
        return open_sealed(s, passphrase);
    if (passphrase.n)
        return err_set(ERR_PARSE, "'%s' is not a sealed backup", s->path);
    return backup_rewind(s);
}

enum err backup_open(const char *path, struct span passphrase, struct backup_stream **out) {
    struct backup_stream *s = mem_alloc(sizeof *s);
    s->path = mem_strdup(path);
    enum err e = open_stream(s, passphrase);
    if (e == OK)
        *out = s;
    else
        backup_close(s);
    return e;
}

void backup_close(struct backup_stream *s) {
    if (!s)
        return;
    if (s->file)
        fclose(s->file);
    if (s->unfinished)
        unlink(s->path);
    EVP_CIPHER_CTX_free(s->cipher);
    free(s->path);
    explicit_bzero(s, sizeof *s);
    free(s);
}
