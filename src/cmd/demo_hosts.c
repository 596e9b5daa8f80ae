/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/file.h"
#include "cmd/cli.h"
#include "cmd/demo.h"
#include "server/admin.h"

/* ---- they enroll ---- */

static enum err set_switch(const struct demo *d, const struct demo_host *host) {
    const char *set[] = {d->self, "device", "switches", demo_path(d, host->name), host->set, NULL};
    if (!host->set)
        return OK;
    fprintf(d->words, "-> signet device switches %s %s\n", host->name, host->set);
    return demo_run(d, set);
}

static enum err assign(struct demo *d, size_t i) {
    const struct demo_host *host = &d->story->hosts[i];
    json_t *reply;
    TRY(admin_call(d->data,
                   json_pack("{s:s, s:s, s:s}", "command", "profile.assign", "profile",
                             host->profile, "device", host->name),
                   &reply));
    d->ids[i] = arena_str(d->a, span_str(cli_text(reply, "id")));
    json_decref(reply);
    return OK;
}

static enum err enroll_host(struct demo *d, size_t i) {
    const struct demo_host *host = &d->story->hosts[i];
    const char *state = demo_path(d, host->name);
    const char *tls = arena_printf(d->a, "%s/tls.pem", d->data);
    const char *trust[] = {d->self, "device", "trust", state, tls, "--name", host->name, NULL};
    const char *enroll[] = {d->self,
                            "device",
                            "enroll",
                            state,
                            "--server",
                            d->url,
                            "--user",
                            "alice@example.com",
                            "--password-file",
                            demo_path(d, "password"),
                            NULL};
    TRY(demo_run(d, trust));
    TRY(set_switch(d, host));
    TRY(demo_run(d, enroll));
    return assign(d, i);
}

enum err demo_enroll_hosts(struct demo *d) {
    const char *user[] = {
        d->self, "user",  "add", "alice@example.com", "--password-file", demo_path(d, "password"),
        "-d",    d->data, NULL};
    TRY(file_write(demo_path(d, "password"), span_str("correct horse battery staple\n"), 0600));
    TRY(demo_run(d, user));
    fprintf(d->words, "-> signet device enroll: %zu Windows hosts enroll at %s\n", d->story->count,
            d->url);
    for (size_t i = 0; i < d->story->count; i++)
        TRY(enroll_host(d, i));
    return OK;
}

/* ---- they run ---- */

static const char *log_of(const struct demo *d, size_t i) {
    return arena_printf(d->a, "%s/%s.log", d->folder, d->story->hosts[i].name);
}

static enum err start(const struct demo *d, size_t i, pid_t *pid) {
    const char *argv[] = {d->self,
                          "device",
                          "run",
                          demo_path(d, d->story->hosts[i].name),
                          "--until-settled",
                          "--for",
                          "60",
                          "--time-scale",
                          "1200",
                          NULL};
    return process_start(argv, log_of(d, i), pid);
}

enum err demo_run_hosts(struct demo *d) {
    pid_t pids[DEMO_MAX_HOSTS] = {0};
    enum err e = OK;
    fprintf(d->words,
            "-> signet device run: sessions, the SCEP task, its retries (time is sped up)\n");
    for (size_t i = 0; i < d->story->count && e == OK; i++)
        e = start(d, i, &pids[i]);
    for (size_t i = 0; i < d->story->count; i++) {
        enum err ended =
            pids[i] ? process_wait(pids[i], d->story->hosts[i].name, log_of(d, i)) : OK;
        e = e == OK ? ended : e;
    }
    return e;
}
