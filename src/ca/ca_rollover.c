/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One CA after another. Putting a new one in force changes several files, and the machine may stop
 * between any two; what makes this safe is that one rename decides:
 *
 *   1. retired-N/ gets copies of today's key and certificate      nothing has changed for readers
 *   2. ca.pem becomes the new certificate                         the decision
 *   3. next.key becomes ca.key, requests are removed              tidying: ca_settle
 *
 * Stopped before 2, the old CA is in force and a retired copy of it is ignored (it is the same
 * certificate); the next attempt uses that folder again. Stopped before 3, the new key is found in
 * next.key (ca_key_find), and the next change or start of the server settles the rest.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "ca/ca_place.h"

enum { MAX_FILE = 1 << 20 };

/* Replaces retired-N/file by a copy of a file. */
static enum err copy(struct ca_place *p, const char *from, const char *to, mode_t mode) {
    BUF_AUTO(content);
    TRY(file_read(from, MAX_FILE, &content));
    return file_write(ca_path(p, to), buf_view(&content), mode);
}

/* A token's key cannot be copied, and need not be: its URI is. */
static enum err keep_key(struct ca_place *p, const char *path, const char *to) {
    if (strncmp(path, "pkcs11:", 7) != 0)
        return copy(p, path, to, 0600);
    const char *line = arena_printf(&p->arena, "%s\n", path);
    return file_write(ca_path(p, to), span_str(line), 0600);
}

static enum err is_same_ca(struct ca_place *p, const char *file, const struct cert *cert,
                           bool *same) {
    struct ca_chain chain;
    *same = false;
    if (!ca_has(p, file))
        return OK;
    TRY(ca_chain_load(&p->arena, ca_path(p, file), &chain));
    *same = span_eq(chain.certs[0].der, cert->der);
    return OK;
}

/* The first retired-N that is free, or that an interrupted attempt has made for this very CA. */
static enum err choose_retired(struct ca_place *p, const struct cert *cert, int *n) {
    for (*n = 1; *n <= CA_MAX_RETIRED; (*n)++) {
        const char *file = arena_printf(&p->arena, "retired-%d/ca.pem", *n);
        bool same;
        TRY(is_same_ca(p, file, cert, &same));
        if (same || !ca_has(p, file))
            return OK;
    }
    return err_set(ERR_LIMIT, "'%s' holds %d retired CAs; remove those that have expired",
                   p->folder, CA_MAX_RETIRED);
}

/* The certificate comes last: a folder without it is nothing. */
static enum err retire(struct ca_place *p) {
    struct ca_chain now;
    struct key *key;
    const char *path;
    int n;
    TRY(ca_chain_load(&p->arena, ca_path(p, "ca.pem"), &now));
    TRY(ca_key_find(p, now.certs[0].spki, &key, &path));
    key_free(key);
    TRY(choose_retired(p, &now.certs[0], &n));
    const char *folder = arena_printf(&p->arena, "retired-%d", n);
    TRY(file_mkdir(ca_path(p, folder), 0700));
    TRY(keep_key(p, path, arena_printf(&p->arena, "%s/ca.key", folder)));
    return copy(p, ca_path(p, "ca.pem"), arena_printf(&p->arena, "%s/ca.pem", folder), 0644);
}

bool ca_retired(struct ca_place *p, int n, const char **folder, struct ca_settings *settings) {
    const char *name = arena_printf(&p->arena, "retired-%d", n);
    *folder = ca_path(p, name);
    *settings = *p->settings;
    settings->key = NULL;
    return ca_has(p, arena_printf(&p->arena, "%s/ca.pem", name));
}

static void remove_requests(struct ca_place *p) {
    ca_remove(p, "ca.csr");
    ca_remove(p, "next.csr");
}

/* Beside a ca.pem, next.key is the key of what is awaited, unless ca.pem is its certificate. */
enum err ca_settle(struct ca_place *p) {
    struct ca_chain now;
    struct key *key;
    if (!ca_has(p, "ca.pem"))
        return OK;
    if (!ca_has(p, "next.key")) {
        remove_requests(p);
        return OK;
    }
    TRY(ca_chain_load(&p->arena, ca_path(p, "ca.pem"), &now));
    TRY(ca_key_open(p, ca_path(p, "next.key"), &key));
    bool in_force = span_eq(key_spki(key), now.certs[0].spki);
    key_free(key);
    if (!in_force)
        return OK;
    remove_requests(p);
    ca_remove(p, "next.pem");
    return ca_rename(p, "next.key", "ca.key");
}

enum err ca_put_in_force(struct ca_place *p, struct span pem) {
    if (ca_has(p, "ca.pem"))
        TRY(retire(p));
    TRY(file_write(ca_path(p, "ca.pem"), pem, 0644));
    return ca_settle(p);
}

static enum err check_idle(struct ca_place *p) {
    const char *name = p->settings->name;
    if (!ca_has(p, "ca.pem"))
        return err_set(ERR_NOT_FOUND, "there is no CA '%s' yet", name);
    if (ca_has(p, "next.pem"))
        return err_set(ERR_CONFLICT,
                       "the next CA is published already; signet ca rollover %s --finish puts it "
                       "in force",
                       name);
    if (ca_has(p, "ca.csr"))
        return err_set(ERR_CONFLICT,
                       "the request %s/ca.csr waits for its certificate: import that first, or "
                       "remove it together with next.key",
                       p->folder);
    return OK;
}

static enum err prepare(struct ca_place *p, const char *kind, struct key **key) {
    BUF_AUTO(pem);
    struct ca_chain now;
    struct span ignored;
    TRY(check_idle(p));
    TRY(ca_chain_load(&p->arena, ca_path(p, "ca.pem"), &now));
    TRY(ca_key_make(p, ca_path(p, "next.key"), kind, key));
    if (now.count > 1)
        return ca_request(p, now.certs[0].subject, *key, "next.csr", &p->arena, &ignored);
    TRY(ca_self_sign(&p->arena, now.certs[0].subject, *key, 0, &pem));
    return file_write(ca_path(p, "next.pem"), buf_view(&pem), 0644);
}

enum err ca_rollover_prepare(const char *folder, const struct ca_settings *settings,
                             const char *key_kind) {
    CA_PLACE_AUTO(p);
    struct key *key = NULL;
    TRY(ca_place_open(folder, settings, true, &p));
    TRY(ca_settle(&p));
    enum err e = prepare(&p, key_kind, &key);
    key_free(key);
    return e;
}

/* next.key must be the key of next.pem before anything moves. */
static enum err check_next(struct ca_place *p, struct ca_chain *next) {
    struct key *key;
    if (!ca_has(p, "next.pem"))
        return err_set(ERR_CONFLICT,
                       ca_has(p, "next.csr")
                           ? "the request %s/next.csr waits for its certificate (signet ca import "
                             "%s FILE)"
                           : "in '%s' no rollover is under way; signet ca rollover %s begins one",
                       p->folder, p->settings->name);
    TRY(ca_chain_load(&p->arena, ca_path(p, "next.pem"), next));
    TRY(ca_chain_check(next, clock_ms()));
    TRY(ca_key_open(p, ca_path(p, "next.key"), &key));
    bool same = span_eq(key_spki(key), next->certs[0].spki);
    key_free(key);
    return same ? OK : err_set(ERR_CONFIG, "%s/next.key is not the key of next.pem", p->folder);
}

static enum err finish(struct ca_place *p) {
    BUF_AUTO(pem);
    struct ca_chain next;
    bool changed;
    TRY(check_next(p, &next));
    TRY(ca_chain_pem(&next, &pem));
    TRY(ca_put_in_force(p, buf_view(&pem)));
    return ca_keep(p, false, &changed);
}

enum err ca_rollover_finish(const char *folder, const struct ca_settings *settings) {
    CA_PLACE_AUTO(p);
    TRY(ca_place_open(folder, settings, true, &p));
    TRY(ca_settle(&p));
    return finish(&p);
}
