/* SPDX-License-Identifier: Apache-2.0 */
#include "device/certstore.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "device/ossl.h"

enum { FILE_MAX = 64 * 1024 };

static const struct {
    const char *name, *folder;
} stores[STORE__MAX] = {
    [STORE_ROOT] = {"LocalMachine\\Root", "Root"},
    [STORE_CA] = {"LocalMachine\\CA", "CA"},
    [STORE_MY] = {"LocalMachine\\My", "My"},
    [STORE_REQUEST] = {"LocalMachine\\REQUEST", "Request"},
    [STORE_USER_CA] = {"CurrentUser\\CA", "UserCA"},
    [STORE_USER_MY] = {"CurrentUser\\My", "UserMy"},
    [STORE_USER_REQUEST] = {"CurrentUser\\REQUEST", "UserRequest"},
};

const char *certstore_name(enum cert_store s) {
    return stores[s].name;
}

void cert_thumbprint(struct span der, char out[THUMBPRINT_SIZE]) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    EVP_Digest(der.p, der.n, digest, &n, EVP_sha1(), NULL);
    hex_upper(span_of(digest, n), out);
}

const struct cert_entry *certstore_find(const struct certstore *s, enum cert_store store,
                                        struct span thumbprint) {
    for (size_t i = 0; i < s->count; i++)
        if (s->entries[i].store == store && span_is_nocase(thumbprint, s->entries[i].thumbprint))
            return &s->entries[i];
    return NULL;
}

bool certstore_take(const struct certstore *s, enum cert_store store, const char *thumbprint,
                    X509 **cert, EVP_PKEY **key) {
    const struct cert_entry *e = thumbprint ? certstore_find(s, store, span_str(thumbprint)) : NULL;
    *cert = NULL;
    *key = NULL;
    if (!e || !e->key.n)
        return false;
    OSSL_AUTO(BIO) pem = ossl_reader(e->key);
    *cert = ossl_x509_read(e->der);
    *key = PEM_read_bio_PrivateKey(pem, NULL, NULL, NULL);
    if (*cert && *key)
        return true;
    X509_free(*cert);
    EVP_PKEY_free(*key);
    *cert = NULL;
    *key = NULL;
    return false;
}

const struct cert_entry *certstore_add(struct certstore *s, struct arena *a, enum cert_store store,
                                       struct span der, struct span key) {
    struct cert_entry fresh = {.store = store};
    cert_thumbprint(der, fresh.thumbprint);
    for (size_t i = 0; i < s->count; i++) {
        struct cert_entry *old = &s->entries[i];
        if (old->store != store || strcmp(old->thumbprint, fresh.thumbprint) != 0)
            continue;
        if (!old->key.n && key.n)
            old->key = arena_copy(a, key);
        return old;
    }
    fresh.der = arena_copy(a, der);
    fresh.key = key.n ? arena_copy(a, key) : SPAN_NONE;
    s->entries = mem_realloc(s->entries, (s->count + 1) * sizeof fresh);
    s->entries[s->count] = fresh;
    return &s->entries[s->count++];
}

bool certstore_remove(struct certstore *s, enum cert_store store, struct span thumbprint) {
    const struct cert_entry *e = certstore_find(s, store, thumbprint);
    if (!e)
        return false;
    size_t at = (size_t)(e - s->entries);
    memmove(s->entries + at, s->entries + at + 1, (s->count - at - 1) * sizeof *e);
    s->count--;
    return true;
}

void cert_pem(struct span der, struct buf *out) {
    BUF_AUTO(text);
    base64_encode(&text, der);
    buf_str(out, "-----BEGIN CERTIFICATE-----\n");
    for (struct span left = buf_view(&text); left.n; left = span_from(left, 64)) {
        buf_add(out, left.p, left.n < 64 ? left.n : 64);
        buf_char(out, '\n');
    }
    buf_str(out, "-----END CERTIFICATE-----\n");
}

void certstore_pem(const struct certstore *s, enum cert_store store, struct buf *out) {
    for (size_t i = 0; i < s->count; i++)
        if (s->entries[i].store == store)
            cert_pem(s->entries[i].der, out);
}

static enum err load_file(struct certstore *s, struct arena *a, const char *dir,
                          enum cert_store store, const char *path) {
    BUF_AUTO(der);
    BUF_AUTO(key);
    TRY(file_read(path, FILE_MAX, &der));
    OSSL_AUTO(X509) x = ossl_x509_read(buf_view(&der));
    if (!x)
        return err_set(ERR_PARSE, "'%s' is no DER certificate", path);
    char thumbprint[THUMBPRINT_SIZE];
    cert_thumbprint(buf_view(&der), thumbprint);
    enum err e = file_read(arena_printf(a, "%s/keys/%s.key", dir, thumbprint), FILE_MAX, &key);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    certstore_add(s, a, store, buf_view(&der), buf_view(&key));
    return OK;
}

static bool is_visible(const char *name) {
    return name[0] != '.' && strlen(name) > 4 && strcmp(name + strlen(name) - 4, ".cer") == 0;
}

enum err certstore_load(struct certstore *s, struct arena *a, const char *dir) {
    for (int store = 0; store < STORE__MAX; store++) {
        const char *folder = arena_printf(a, "%s/certs/%s", dir, stores[store].folder);
        struct dirent **list = NULL;
        int n = scandir(folder, &list, NULL, alphasort);
        enum err e = OK;
        for (int i = 0; i < n; i++) {
            if (e == OK && is_visible(list[i]->d_name))
                e = load_file(s, a, dir, (enum cert_store)store,
                              arena_printf(a, "%s/%s", folder, list[i]->d_name));
            free(list[i]);
        }
        free(list);
        TRY(e);
    }
    return OK;
}

static enum err write_new(const char *path, struct span content, mode_t mode) {
    return access(path, F_OK) == 0 ? OK : file_write(path, content, mode);
}

static enum err save_entry(struct arena *a, const struct cert_entry *e, const char *dir) {
    if (e->key.n)
        TRY(write_new(arena_printf(a, "%s/keys/%s.key", dir, e->thumbprint), e->key, 0600));
    return write_new(
        arena_printf(a, "%s/certs/%s/%s.cer", dir, stores[e->store].folder, e->thumbprint), e->der,
        0644);
}

/* A file whose certificate left the store goes, with its key when no store holds it any more. */
static void remove_gone(const struct certstore *s, struct arena *a, const char *dir,
                        enum cert_store store) {
    const char *folder = arena_printf(a, "%s/certs/%s", dir, stores[store].folder);
    struct dirent **list = NULL;
    int n = scandir(folder, &list, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        const char *name = list[i]->d_name;
        struct span thumbprint = span_of(name, strlen(name) < 4 ? 0 : strlen(name) - 4);
        bool held = false;
        for (int other = 0; other < STORE__MAX; other++)
            held = held || certstore_find(s, (enum cert_store)other, thumbprint);
        if (is_visible(name) && !certstore_find(s, store, thumbprint)) {
            unlink(arena_printf(a, "%s/%s", folder, name));
            if (!held)
                unlink(arena_printf(a, "%s/keys/%.*s.key", dir, SPAN_FMT(thumbprint)));
        }
        free(list[i]);
    }
    free(list);
}

enum err certstore_save(const struct certstore *s, const char *dir) {
    ARENA_AUTO(a);
    TRY(file_mkdir(arena_printf(&a, "%s/certs", dir), 0700));
    TRY(file_mkdir(arena_printf(&a, "%s/keys", dir), 0700));
    for (int store = 0; store < STORE__MAX; store++)
        TRY(file_mkdir(arena_printf(&a, "%s/certs/%s", dir, stores[store].folder), 0700));
    for (size_t i = 0; i < s->count; i++)
        TRY(save_entry(&a, &s->entries[i], dir));
    for (int store = 0; store < STORE__MAX; store++)
        remove_gone(s, &a, dir, (enum cert_store)store);
    return OK;
}

void certstore_copy(struct certstore *to, const struct certstore *from) {
    to->count = from->count;
    to->entries = mem_alloc((from->count + 1) * sizeof *to->entries);
    if (from->count)
        memcpy(to->entries, from->entries, from->count * sizeof *to->entries);
}

void certstore_free(struct certstore *s) {
    free(s->entries);
    *s = (struct certstore){0};
}
