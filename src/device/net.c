/* SPDX-License-Identifier: Apache-2.0 */
#include "device/net.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"

struct net {
    struct host *host;
    struct fetch *fetch;
    struct buf roots, cert;
};

static const struct cert_entry *identity(const struct host *h) {
    const struct enrollment *e = h->enrollment;
    if (!e)
        return NULL;
    enum cert_store store = e->user_store ? STORE_USER_MY : STORE_MY;
    return certstore_find(&h->certs, store, span_str(e->thumbprint));
}

enum err net_open(struct host *h, enum net_role role, struct net **out) {
    const struct cert_entry *id = role == NET_DEVICE ? identity(h) : NULL;
    if (role == NET_DEVICE && (!id || !id->key.n))
        return err_set(ERR_NOT_FOUND, "0x80180024: the device's identity (certificate with key) is "
                                      "not in its store; enroll the host");
    struct net *n = mem_alloc(sizeof *n);
    n->host = h;
    certstore_pem(&h->certs, STORE_ROOT, &n->roots);
    if (id)
        cert_pem(id->der, &n->cert);
    struct fetch_options o = {.trust = buf_view(&n->roots),
                              .client_cert = buf_view(&n->cert),
                              .client_key = id ? id->key : SPAN_NONE,
                              .connect_to = h->connect_to,
                              .tls12 = role == NET_SCEP || host_switch_is(h, "session-tls", "1.2")};
    n->fetch = fetch_new(&o);
    *out = n;
    return OK;
}

void net_close(struct net *n) {
    if (!n)
        return;
    fetch_free(n->fetch);
    buf_free(&n->roots);
    buf_free(&n->cert);
    free(n);
}

/* One more than the highest number in the folder, so that several commands can share it. */
static int next_number(const char *folder) {
    int highest = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));) {
        int number = atoi(e->d_name);
        highest = number > highest ? number : highest;
    }
    if (d)
        closedir(d);
    return highest + 1;
}

static enum err trace(const char *folder, const char *kind, const char *extension,
                      const struct fetch_request *q, const struct fetch_reply *r) {
    ARENA_AUTO(a);
    TRY(file_mkdir(folder, 0700));
    const char *stem = arena_printf(&a, "%s/%03d", folder, next_number(folder));
    TRY(file_write(arena_printf(&a, "%s-out-%s.headers", stem, kind), buf_view(&r->sent), 0600));
    if (q->post)
        TRY(file_write(arena_printf(&a, "%s-out-%s.%s", stem, kind, extension), q->body, 0600));
    if (r->cause != FETCH_OK)
        return OK;
    return file_write(arena_printf(&a, "%s-in-%s.%s", stem, kind, extension), buf_view(&r->body),
                      0600);
}

enum err net_send(struct net *n, const char *kind, const char *extension,
                  const struct fetch_request *q, struct fetch_reply *r) {
    if (host_is_offline(n->host)) {
        r->cause = FETCH_NAME;
        return err_set(ERR_IO, "'%s' has no address: the host is offline (--fault)", q->url);
    }
    enum err e = fetch_send(n->fetch, q, r);
    n->host->requests++;
    if (n->host->trace) {
        struct buf detail = {0};
        buf_str(&detail, err_detail());
        enum err traced = trace(n->host->trace, kind, extension, q, r);
        if (e != OK)
            e = err_set(e, "%s", buf_cstr(&detail));
        buf_free(&detail);
        TRY(e == OK ? traced : e);
    }
    return e;
}
