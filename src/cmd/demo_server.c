/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "cmd/demo.h"
#include "csp/profile.h"
#include "server/admin.h"

enum { WAIT_TRIES = 400 }; /* 20 s */

/* ---- the server ---- */

/* The seed asks for 1024 bits; signet refuses that unless it is told otherwise. */
static enum err allow_weak_keys(const struct demo *d) {
    BUF_AUTO(text);
    BUF_AUTO(changed);
    const char *file = arena_printf(d->a, "%s/signet.conf", d->data), *line = "rsa-min-bits = 2048";
    TRY(file_read(file, 65536, &text));
    const char *at = strstr(buf_cstr(&text), line);
    if (!at)
        return err_set(ERR_INTERNAL, "signet.conf has no line '%s'", line);
    buf_add(&changed, text.p, (size_t)(at - (char *)text.p));
    buf_str(&changed, "rsa-min-bits = 1024");
    buf_str(&changed, at + strlen(line));
    fprintf(d->words,
            "   (!) the seed's profile asks for RSA-1024: this demo's endpoint allows it by\n"
            "       rsa-min-bits = 1024. Yours refuses keys below 2048 bits.\n");
    return file_write(file, buf_view(&changed), 0600);
}

static enum err await_server(const struct demo *d) {
    const struct timespec moment = {.tv_nsec = 50000000};
    for (int i = 0; i < WAIT_TRIES; i++) {
        json_t *reply;
        if (admin_call(d->data, json_pack("{s:s}", "command", "device.list"), &reply) == OK) {
            json_decref(reply);
            return OK;
        }
        nanosleep(&moment, NULL);
    }
    return err_set(ERR_CONFLICT, "the server does not start; its log is %s",
                   demo_path(d, "server.log"));
}

enum err demo_start_server(struct demo *d) {
    unsigned short public;
    const char *serve[] = {d->self, "serve", "-d", d->data, NULL};
    TRY(process_init(d->self, d->data, "localhost", demo_path(d, "commands.log"), &public));
    fprintf(d->words, "-> signet init, signet serve: a server on 127.0.0.1:%u\n", public);
    d->url = arena_printf(d->a, "https://localhost:%u", public);
    TRY(allow_weak_keys(d));
    TRY(process_start(serve, demo_path(d, "server.log"), &d->server));
    return await_server(d);
}

/* ---- the profiles ---- */

enum err demo_replace(struct buf *out, const char *text, const char *what, const char *with) {
    const char *at = strstr(text, what);
    if (!at)
        return err_set(ERR_INTERNAL, "the adopted profile holds no %s", what);
    buf_add(out, text, (size_t)(at - text));
    buf_str(out, with);
    buf_str(out, at + strlen(what));
    return OK;
}

enum err demo_add_profile(const struct demo *d, const char *name, const char *endpoint,
                          struct span text) {
    const char *file = arena_printf(d->a, "%s/%s.xml", d->folder, name);
    const char *add[] = {d->self, "profile",    "add",    file, "-d",
                         d->data, "--endpoint", endpoint, NULL};
    TRY(file_write(file, text, 0600));
    return demo_run(d, add);
}

enum err demo_adopt(const struct demo *d, struct buf *adopted) {
    BUF_AUTO(changes);
    TRY(profile_adopt(d->a, span_str(demo_seed_profile), adopted, &changes));
    fprintf(d->words, "-> signet profile adopt: the seed's profile, for this server\n");
    for (struct span rest = buf_view(&changes); rest.n;) {
        ptrdiff_t end = span_find(rest, '\n');
        size_t n = end < 0 ? rest.n : (size_t)end;
        fprintf(d->words, "     %.*s\n", (int)n, (const char *)rest.p);
        rest = span_from(rest, n + 1);
    }
    return OK;
}
