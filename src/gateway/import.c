/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate of an upstream that the administrator brings: it proves what a relay only reports.
 */
#include "enroll/enroll.h"
#include "gateway/internal.h"
#include "x509/name.h"

struct import {
    struct arena *a;
    struct foreign_certificate *c;
    struct enrollment e;
};

static enum err import_work(struct tx *tx, void *user) {
    struct import *i = user;
    TRY(enroll_find_import(tx, i->a, i->c, &i->e));
    return enroll_import(tx, i->a, &i->e, i->c);
}

static enum err describe(struct gateway *g, struct arena *a, const char *name, struct span der,
                         struct foreign_certificate *out) {
    struct cert c;
    char *sha1 = arena_alloc(a, CERT_THUMBPRINT_SIZE);
    TRY(cert_parse(der, &c));
    TRY(cert_sha1_hex(der, sha1));
    const struct gateway_upstream *u = gateway_acquire(g, name);
    if (!u)
        return err_set(ERR_NOT_FOUND, "there is no upstream '%s'; signet gateway list shows them",
                       name);
    *out = (struct foreign_certificate){
        .upstream = arena_str(a, span_str(u->settings->name)),
        .serial = c.serial,
        .subject = name_text(a, c.subject),
        .sha1 = sha1,
        .der = der,
        .not_before = c.not_before,
        .not_after = c.not_after,
    };
    enum err e = gateway_has_issued(u, &c);
    gateway_release(u);
    return e;
}

enum err gateway_import(struct gateway *g, struct arena *a, const char *name, struct span der,
                        const char **enrollment) {
    struct foreign_certificate c;
    struct import i = {.a = a, .c = &c};
    TRY(describe(g, a, name, der, &c));
    TRY(store_write(g->options.store, import_work, &i));
    *enrollment = i.e.id;
    return OK;
}
