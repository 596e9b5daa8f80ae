/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the keys of a CA are. A key file is PEM, or one line with the PKCS#11 URI of a token's key:
 * so next.key and retired-1/ca.key can be a token's as well as the key that signet.conf names.
 */
#include <unistd.h>

#include "base/file.h"
#include "ca/ca_place.h"

#define URI "pkcs11:" /* RFC 7512 */

enum { MAX_KEY = 65536 };

static bool is_uri(const char *source) {
    return strncmp(source, URI, strlen(URI)) == 0;
}

/* What the file names, or the file itself. */
static enum err source_of(struct ca_place *p, const char *path, const char **source) {
    BUF_AUTO(content);
    *source = path;
    if (is_uri(path))
        return OK;
    TRY(file_check_closed(path));
    TRY(file_read(path, MAX_KEY, &content));
    if (span_starts(buf_view(&content), URI))
        *source = arena_str(&p->arena, span_trim(buf_view(&content)));
    return OK;
}

enum err ca_key_open(struct ca_place *p, const char *path, struct key **out) {
    const char *source;
    TRY(source_of(p, path, &source));
    enum err e = key_open(source, buf_view(&p->secret), out);
    if (e != ERR_AUTH)
        return e;
    if (p->settings->secret)
        return err_context(e, "the systemd credential '%s'", p->settings->secret);
    return err_context(e, "the CA '%s' has no key 'secret-credential' in signet.conf",
                       p->settings->name);
}

/* A key that is there is taken, but not for one of another kind. */
static enum err check_kind(const struct key *key, const char *kind, const char *path) {
    int64_t bits;
    if (!kind || is_uri(kind))
        return OK;
    struct span number = span_from(span_str(kind), strcspn(kind, "0123456789"));
    if (span_int(number, &bits) && bits == key_bits(key) && (kind[0] == 'r') == key_is_rsa(key))
        return OK;
    return err_set(ERR_CONFLICT, "the key %s is there already, and it is no %s key", path, kind);
}

static enum err use_token(struct ca_place *p, const char *path, const char *uri, struct key **out) {
    TRY(key_open(uri, buf_view(&p->secret), out));
    return file_write(path, span_str(arena_printf(&p->arena, "%s\n", uri)), 0600);
}

static enum err generate(struct ca_place *p, const char *path, const char *kind, struct key **out) {
    TRY(key_generate(kind, out));
    return key_save(*out, buf_view(&p->secret), path);
}

enum err ca_key_make(struct ca_place *p, const char *path, const char *kind, struct key **out) {
    enum err e;
    *out = NULL;
    if (is_uri(path) || access(path, F_OK) == 0) {
        e = ca_key_open(p, path, out);
        if (e == OK)
            e = check_kind(*out, kind, path);
    } else {
        kind = kind ? kind : "rsa2048";
        e = is_uri(kind) ? use_token(p, path, kind, out) : generate(p, path, kind, out);
    }
    if (e != OK) {
        key_free(*out);
        *out = NULL;
    }
    return e;
}

const char *ca_key_path(struct ca_place *p) {
    return p->settings->key ? p->settings->key : ca_path(p, "ca.key");
}

enum err ca_key_find(struct ca_place *p, struct span spki, struct key **out, const char **path) {
    const char *places[] = {p->settings->key, ca_path(p, "ca.key"), ca_path(p, "next.key")};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (!places[i] || (!is_uri(places[i]) && access(places[i], F_OK) != 0))
            continue;
        TRY(ca_key_open(p, places[i], out));
        if (span_eq(key_spki(*out), spki)) {
            if (path)
                *path = places[i];
            return OK;
        }
        key_free(*out);
        *out = NULL;
    }
    return err_set(ERR_CONFIG, "%s is not the key of the CA's certificate in '%s'", ca_key_path(p),
                   p->folder);
}
