/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main job, end to end, with nothing but this program and micromdm/scep: a server, three
 * emulated Windows hosts, the seed's profile, and what is known at the end. Each step is a command
 * that a user could type; each process listens on loopback only and ends with the demo.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/demo.h"
#include "cmd/timeline.h"
#include "csp/profile.h"
#include "server/admin.h"

static const char usage[] =
    "Usage: signet demo [--keep] [-o json]\n"
    "       signet demo --seed-profile\n\n"
    "The whole way on loopback, in a temporary folder: a server, and three emulated Windows hosts.\n\n"
    "  host 1  gets the profile of the seed, adopted: ends confirmed\n"
    "  host 2  gets it with a wrong CAThumbprint: accepts it just so, ends failed 0x80091007\n"
    "  host 3  gets it with the URL of a micromdm/scep: accepts it just so, ends failed 0x80190194\n\n"
    "Exits with 0 only if all three end so. Needs Debian's package 'scep' for the third.\n\n"
    "  --keep           leave the folder, and say where it is\n"
    "  -o json          the three enrollments with events and evidence\n"
    "  --seed-profile   only print the seed's profile: something to try profile adopt on\n";

enum { HOSTS = 3, WAIT_TRIES = 100, COLUMN = 54 };

#define WRONG_THUMBPRINT "3559DC5D5C4017BD4CDBD0466AF14DDA41655E57" /* the seed's own */

static const struct {
    const char *name, *profile, *title, *state, *error;
} hosts[HOSTS] = {
    {"DESKTOP-ONE", "seed", "1. the seed's profile, adopted", "confirmed", NULL},
    {"DESKTOP-TWO", "wrong-thumbprint", "2. a wrong CAThumbprint", "failed", "0x80091007"},
    {"DESKTOP-THREE", "micromdm", "3. micromdm/scep as ServerURL", "failed", "0x80190194"},
};

struct demo {
    struct arena *a;
    const char *folder, *data, *self;
    const char *url; /* where hosts enroll */
    FILE *words;     /* where the story is told */
    pid_t server, peer;
    unsigned short peer_port;
    const char *ids[HOSTS];
    json_t *enrollments[HOSTS];
};

static const char *path(const struct demo *d, const char *file) {
    return arena_printf(d->a, "%s/%s", d->folder, file);
}

static enum err run(const struct demo *d, const char *const *argv) {
    return process_run(argv, path(d, "commands.log"));
}

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
    return err_set(ERR_CONFLICT, "the server does not start; its log is %s", path(d, "server.log"));
}

static enum err start_server(struct demo *d) {
    char public[8], management[8], plain[8];
    snprintf(public, sizeof public, "%u", process_free_port());
    snprintf(management, sizeof management, "%u", process_free_port());
    snprintf(plain, sizeof plain, "%u", process_free_port());
    const char *init[] = {
        d->self,    "init",         d->data,         "--host", "localhost",
        "--listen", "127.0.0.1",    "--public-port", public,   "--management-port",
        management, "--plain-port", plain,           NULL};
    const char *serve[] = {d->self, "serve", "-d", d->data, NULL};
    fprintf(d->words, "-> signet init, signet serve: a server on 127.0.0.1:%s\n", public);
    d->url = arena_printf(d->a, "https://localhost:%s", public);
    TRY(run(d, init));
    TRY(allow_weak_keys(d));
    TRY(process_start(serve, path(d, "server.log"), &d->server));
    return await_server(d);
}

/* ---- the profiles ---- */

static enum err replace(struct buf *out, const char *text, const char *what, const char *with) {
    const char *at = strstr(text, what);
    if (!at)
        return err_set(ERR_INTERNAL, "the adopted profile holds no %s", what);
    buf_add(out, text, (size_t)(at - text));
    buf_str(out, with);
    buf_str(out, at + strlen(what));
    return OK;
}

static enum err add_profile(const struct demo *d, const char *name, struct span text) {
    const char *file = arena_printf(d->a, "%s/%s.xml", d->folder, name);
    const char *add[] = {d->self, "profile", "add", file, "-d", d->data, NULL};
    TRY(file_write(file, text, 0600));
    return run(d, add);
}

static enum err make_profiles(struct demo *d) {
    BUF_AUTO(adopted);
    BUF_AUTO(changes);
    BUF_AUTO(wrong);
    BUF_AUTO(foreign);
    struct span seed = span_str(demo_seed_profile);
    const char *url = arena_printf(d->a, "http://127.0.0.1:%u/scep", d->peer_port);
    TRY(profile_adopt(d->a, seed, &adopted, &changes));
    fprintf(d->words, "-> signet profile adopt: the seed's profile, for this server\n");
    for (struct span rest = buf_view(&changes); rest.n;) {
        ptrdiff_t end = span_find(rest, '\n');
        size_t n = end < 0 ? rest.n : (size_t)end;
        fprintf(d->words, "     %.*s\n", (int)n, (const char *)rest.p);
        rest = span_from(rest, n + 1);
    }
    TRY(add_profile(d, "seed", buf_view(&adopted)));
    TRY(replace(&wrong, buf_cstr(&adopted), "{{scep.ca_thumbprint}}", WRONG_THUMBPRINT));
    TRY(add_profile(d, "wrong-thumbprint", buf_view(&wrong)));
    TRY(replace(&foreign, buf_cstr(&adopted), "{{scep.url}}", url));
    return add_profile(d, "micromdm", buf_view(&foreign));
}

/* ---- the hosts ---- */

static enum err enroll_host(struct demo *d, int i) {
    const char *state = path(d, hosts[i].name), *tls = arena_printf(d->a, "%s/tls.pem", d->data);
    const char *trust[] = {d->self, "device", "trust", state, tls, "--name", hosts[i].name, NULL};
    const char *enroll[] = {d->self,
                            "device",
                            "enroll",
                            state,
                            "--server",
                            d->url,
                            "--user",
                            "alice@example.com",
                            "--password-file",
                            path(d, "password"),
                            NULL};
    TRY(run(d, trust));
    TRY(run(d, enroll));
    json_t *reply;
    TRY(admin_call(d->data,
                   json_pack("{s:s, s:s, s:s}", "command", "profile.assign", "profile",
                             hosts[i].profile, "device", hosts[i].name),
                   &reply));
    d->ids[i] = arena_str(d->a, span_str(cli_text(reply, "id")));
    json_decref(reply);
    return OK;
}

static enum err enroll_hosts(struct demo *d) {
    const char *user[] = {
        d->self, "user",  "add", "alice@example.com", "--password-file", path(d, "password"),
        "-d",    d->data, NULL};
    TRY(file_write(path(d, "password"), span_str("correct horse battery staple\n"), 0600));
    TRY(run(d, user));
    fprintf(d->words, "-> signet device enroll: three Windows hosts enroll at %s\n", d->url);
    for (int i = 0; i < HOSTS; i++)
        TRY(enroll_host(d, i));
    return OK;
}

/* All at once: each runs until its SCEP task is done and told. */
static enum err run_hosts(struct demo *d) {
    pid_t pids[HOSTS] = {0};
    enum err e = OK;
    fprintf(d->words,
            "-> signet device run: sessions, the SCEP task, its retries (time is sped up)\n");
    for (int i = 0; i < HOSTS && e == OK; i++) {
        const char *argv[] = {d->self,
                              "device",
                              "run",
                              path(d, hosts[i].name),
                              "--until-settled",
                              "--for",
                              "60",
                              "--time-scale",
                              "1200",
                              NULL};
        e = process_start(argv, arena_printf(d->a, "%s/%s.log", d->folder, hosts[i].name),
                          &pids[i]);
    }
    for (int i = 0; i < HOSTS; i++) {
        enum err ended =
            pids[i] ? process_wait(pids[i], hosts[i].name,
                                   arena_printf(d->a, "%s/%s.log", d->folder, hosts[i].name))
                    : OK;
        e = e == OK ? ended : e;
    }
    return e;
}

/* ---- the outcome ---- */

static enum err fetch_outcomes(struct demo *d) {
    for (int i = 0; i < HOSTS; i++) {
        json_t *reply;
        TRY(admin_call(d->data,
                       json_pack("{s:s, s:s}", "command", "enrollment.show", "id", d->ids[i]),
                       &reply));
        d->enrollments[i] = json_incref(json_object_get(reply, "enrollment"));
        json_decref(reply);
    }
    return OK;
}

static bool is_as_expected(const struct demo *d, int i) {
    const json_t *error = json_object_get(d->enrollments[i], "error");
    if (strcmp(cli_text(d->enrollments[i], "state"), hosts[i].state) != 0)
        return false;
    return hosts[i].error ? strcmp(cli_text(error, "code"), hosts[i].error) == 0 : !error;
}

static void print_timelines(const struct demo *d) {
    struct buf columns[HOSTS] = {{0}}, *pointers[HOSTS];
    BUF_AUTO(text);
    for (int i = 0; i < HOSTS; i++) {
        pointers[i] = &columns[i];
        buf_printf(&columns[i], "%s\n\n", hosts[i].title);
        timeline_print(&columns[i], d->enrollments[i], COLUMN);
    }
    size_t width =
        HOSTS * (COLUMN + 3); /* side by side; one below the other where that is too wide */
    if (cli_width(width) >= width)
        timeline_columns(&text, pointers, HOSTS, COLUMN);
    for (int i = 0; i < HOSTS && !text.n; i++)
        printf("\n%s", buf_cstr(&columns[i]));
    printf("\n%s\n", buf_cstr(&text));
    for (int i = 0; i < HOSTS; i++)
        buf_free(&columns[i]);
}

static bool report(struct demo *d, bool json, int64_t since) {
    bool all = true;
    for (int i = 0; i < HOSTS; i++)
        all = is_as_expected(d, i) && all;
    if (json) {
        json_t *list = json_array();
        for (int i = 0; i < HOSTS; i++)
            json_array_append(list, d->enrollments[i]);
        cli_print_json(json_pack("{s:b, s:o}", "as_expected", all, "enrollments", list));
        return all;
    }
    print_timelines(d);
    for (int i = 0; i < HOSTS; i++)
        printf("%s  %-14s %s%s%s\n", is_as_expected(d, i) ? "ok  " : "NOT ", hosts[i].name,
               cli_text(d->enrollments[i], "state"), hosts[i].error ? " " : "",
               hosts[i].error ? cli_text(json_object_get(d->enrollments[i], "error"), "code") : "");
    printf("\nAll three hosts answered the profile with the same 200. %s (%.1f s)\n",
           all ? "signet knows which one has the certificate."
               : "The demo did not end as it should.",
           (double)(clock_monotonic_ms() - since) / 1000);
    return all;
}

static enum err play(struct demo *d) {
    bool isolated = false;
    TRY(peer_start(d->a, d->folder, &d->peer_port, &isolated, &d->peer));
    TRY(start_server(d));
    fprintf(d->words, "-> scepserver: a micromdm/scep with a throw-away CA, %s\n",
            isolated ? "in a network namespace of its own"
                     : "on every address of this machine while the demo runs");
    TRY(make_profiles(d));
    TRY(enroll_hosts(d));
    TRY(run_hosts(d));
    return fetch_outcomes(d);
}

static void clean_up(struct demo *d, bool keep) {
    process_stop(d->server);
    process_stop(d->peer);
    for (int i = 0; i < HOSTS; i++)
        json_decref(d->enrollments[i]);
    if (keep)
        fprintf(d->words,
                "The demo's folder is %s (signet enrollment list needs a server: signet serve "
                "-d %s).\n",
                d->folder, d->data);
    else
        process_remove_folder(d->folder);
}

static enum err prepare(struct demo *d) {
    char self[4096];
    const char *tmp = getenv("TMPDIR");
    char *template = arena_printf(d->a, "%s/signet-demo-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0 || !mkdtemp(template))
        return err_set(ERR_IO, "cannot make a temporary folder: %s", strerror(errno));
    d->self = arena_str(d->a, span_of(self, (size_t)n));
    d->folder = template;
    d->data = path(d, "server");
    return OK;
}

int cmd_demo(int argc, char **argv) {
    ARENA_AUTO(a);
    bool keep = false, seed = false;
    const struct cli_option own[] = {
        {"keep", NULL, &keep}, {"seed-profile", NULL, &seed}, {NULL, NULL, NULL}};
    int64_t since = clock_monotonic_ms();
    struct demo d = {.a = &a};
    struct cli cli;
    int status;
    if (!cli_options(argc, argv, usage, own, &cli, &status))
        return status;
    if (cli.argc)
        return cli_usage(usage, "demo takes no argument '%s'", cli.argv[0]);
    if (seed) {
        fputs(demo_seed_profile, stdout);
        return 0;
    }
    d.words = cli.json ? stderr : stdout;
    if (prepare(&d) != OK)
        return cli_fail();
    status = play(&d) == OK ? (report(&d, cli.json, since) ? 0 : 1) : cli_fail();
    clean_up(&d, keep);
    return status;
}
