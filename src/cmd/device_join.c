/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/device_join.h"

#include <openssl/pem.h>
#include <stdio.h>

#include "base/file.h"
#include "cmd/device_host.h"
#include "device/dm_client.h"
#include "device/mde_client.h"
#include "device/renew.h"

enum { PEM_MAX = 1024 * 1024, PASSWORD_MAX = 4096 };

enum err device_read_certs(const char *path, struct arena *a, struct certstore *into) {
    BUF_AUTO(text);
    int count = 0;
    TRY(file_read(path, PEM_MAX, &text));
    OSSL_AUTO(BIO) in = ossl_reader(buf_view(&text));
    for (;;) {
        OSSL_AUTO(X509) x = PEM_read_bio_X509(in, NULL, NULL, NULL);
        if (!x)
            break;
        certstore_add(into, a, STORE_ROOT, ossl_x509_der(a, x), SPAN_NONE);
        count++;
    }
    return count ? OK : err_set(ERR_PARSE, "'%s' holds no PEM certificate", path);
}

static enum err import(const char *dir, const char *name, const struct device_build *build,
                       const struct certstore *certs) {
    struct host *h;
    bool made = !device_host_is(dir);
    if (made)
        TRY(host_create(dir, name));
    else if (name)
        return err_set(ERR_USAGE, "'%s' holds a host already; its name stays", dir);
    TRY(host_open(dir, HOST_CHANGE, &h));
    for (size_t i = 0; i < certs->count; i++)
        certstore_add(&h->certs, &h->mem, STORE_ROOT, certs->entries[i].der, SPAN_NONE);
    if (build)
        h->build = build;
    enum err e = host_save(h);
    if (e == OK)
        printf("%s %s, DeviceID %s\n", made ? "made" : "changed", h->name, h->device_id);
    host_close(h);
    return e;
}

/* All files are read before a folder is made. */
enum err emulated_trust(struct host *none, const struct device_options *o, int argc, char **argv,
                        int *status) {
    ARENA_AUTO(a);
    struct certstore certs = {0};
    (void)none;
    (void)status;
    const struct device_build *build = o->build ? build_find(o->build) : NULL;
    if (o->build && !build)
        return err_set(ERR_USAGE, "there is no build '%s'; signet device builds lists them",
                       o->build);
    enum err e = OK;
    for (int i = 1; e == OK && i < argc; i++)
        e = device_read_certs(argv[i], &a, &certs);
    if (e == OK)
        e = import(argv[0], o->name, build, &certs);
    certstore_free(&certs);
    return e;
}

enum err device_read_password(const char *path, struct buf *out) {
    TRY(file_read(path, PASSWORD_MAX, out));
    while (out->n && (out->p[out->n - 1] == '\n' || out->p[out->n - 1] == '\r'))
        out->n--;
    return out->n ? OK : err_set(ERR_USAGE, "'%s' holds no password", path);
}

enum err emulated_enroll(struct host *h, const struct device_options *o, int argc, char **argv,
                         int *status) {
    BUF_AUTO(password);
    (void)argc;
    (void)argv;
    (void)status;
    const char *type = o->type ? o->type : "Full";
    if (!o->server || !o->user || !o->password_file == !o->code)
        return err_set(ERR_USAGE,
                       "--server, --user and one of --password-file and --code are needed");
    if (strcmp(type, "Full") != 0 && strcmp(type, "Device") != 0)
        return err_set(ERR_USAGE, "--type is Full or Device, not '%s'", type);
    if (o->password_file)
        TRY(device_read_password(o->password_file, &password));
    struct mde_user user = {.name = o->user,
                            .password = o->code ? o->code : buf_cstr(&password),
                            .type = type,
                            .sign_in = o->sign_in};
    TRY(mde_enroll(h, o->server, &user));
    printf("%s is enrolled with %s at %s\n", h->name, h->enrollment->provider,
           h->enrollment->address);
    return OK;
}

enum err emulated_renew(struct host *h, const struct device_options *o, int argc, char **argv,
                        int *status) {
    (void)o;
    (void)argc;
    (void)argv;
    (void)status;
    TRY(renew_identity(h));
    printf("%s has the identity %s\n", h->name, h->enrollment->thumbprint);
    return OK;
}

enum err emulated_unenroll(struct host *h, const struct device_options *o, int argc, char **argv,
                           int *status) {
    ARENA_AUTO(a);
    (void)o;
    (void)argc;
    (void)argv;
    (void)status;
    const char *provider = h->enrollment ? arena_str(&a, span_str(h->enrollment->provider)) : NULL;
    enum err e = dm_unenroll(h);
    if (!provider || h->enrollment)
        return e;
    printf("%s has left %s\n", h->name, provider);
    if (e != OK)
        fprintf(stderr, "signet device unenroll: the server may not know it: %s\n", err_detail());
    return OK;
}
