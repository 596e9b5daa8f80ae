/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/device_compare.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "cmd/cli.h"
#include "cmd/demo.h"
#include "device/builds.h"
#include "record/retell.h"
#include "server/admin.h"

enum { WAIT_TRIES = 400 /* 20 s */, MAX_SWITCHES = 64 };

static const char *in(const struct stage *s, const char *name) {
    return arena_printf(s->a, "%s/%s", s->folder, name);
}

static const char *log_of(const struct stage *s) {
    return in(s, "commands.log");
}

/* ---- signals ---- */

static volatile sig_atomic_t ended_by;

static void note_end(int signal) {
    ended_by = signal;
}

/* The step that runs ends first, a second or two; a second signal kills. */
static void catch_signals(void) {
    struct sigaction action = {.sa_handler = note_end, .sa_flags = SA_RESTART | SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static enum err must_go_on(void) {
    return ended_by ? err_set(ERR_CONFLICT, "ended by a signal") : OK;
}

/* ---- folder and server ---- */

static enum err make_folder(struct stage *s) {
    char self[4096];
    const char *tmp = getenv("TMPDIR");
    char *template = arena_printf(s->a, "%s/signet-compare-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0 || !mkdtemp(template))
        return err_set(ERR_IO, "cannot make a temporary folder: %s", strerror(errno));
    s->self = arena_str(s->a, span_of(self, (size_t)n));
    s->folder = template;
    s->data = in(s, "data");
    return OK;
}

static enum err make_server(struct stage *s) {
    unsigned short public;
    TRY(process_init(s->self, s->data, "localhost", log_of(s), &public));
    s->url = arena_printf(s->a, "https://localhost:%u", public);
    return OK;
}

enum err stage_make(struct stage *s, const struct recorded *recording) {
    BUF_AUTO(profile);
    catch_signals();
    TRY(make_folder(s));
    TRY(make_server(s));
    s->enrollment_type = retell_enrollment_type(recording);
    s->has_profile = retell_profile(recording, &profile);
    TRY(file_write(in(s, "password"), span_str("correct horse battery staple\n"), 0600));
    return s->has_profile ? file_write(in(s, "profile.xml"), buf_view(&profile), 0600) : OK;
}

void stage_end(struct stage *s) {
    if (s->folder)
        process_remove_folder(s->folder);
    if (!ended_by)
        return;
    signal(ended_by, SIG_DFL);
    raise(ended_by); /* as if nobody had caught it */
}

/* ---- the server of a trial ---- */

static enum err await_server(const struct stage *s) {
    const struct timespec moment = {.tv_nsec = 20000000};
    for (int i = 0; i < WAIT_TRIES; i++) {
        json_t *reply;
        TRY(must_go_on());
        if (admin_call(s->data, json_pack("{s:s}", "command", "device.list"), &reply) == OK) {
            json_decref(reply);
            return OK;
        }
        nanosleep(&moment, NULL);
    }
    return err_set(ERR_CONFLICT, "the server for the comparison does not start");
}

static enum err start_server(struct stage *s, const char *recording, pid_t *pid) {
    const char *serve[] = {s->self, "serve", "-d", s->data, "--record", recording, NULL};
    const char *user[] = {s->self,           "user", "add",   "alice", "--password-file",
                          in(s, "password"), "-d",   s->data, NULL};
    /* Whatever it is: the recorded host got it, too. */
    const char *profile[] = {s->self,         "profile", "add",   in(s, "profile.xml"),
                             "--send-anyway", "-d",      s->data, NULL};
    TRY(process_start(serve, in(s, "server.log"), pid));
    TRY(await_server(s));
    if (s->trials > 1) /* the data folder has both */
        return OK;
    TRY(process_run(user, log_of(s)));
    return s->has_profile ? process_run(profile, log_of(s)) : OK;
}

/* ---- its host ---- */

/* A command of the host: what it exits with is its own affair. */
static enum err play(const struct stage *s, const char *const *argv, int *status) {
    pid_t pid;
    TRY(must_go_on());
    TRY(process_start(argv, log_of(s), &pid));
    return process_end(pid, argv[2], status);
}

static enum err set_switches(const struct stage *s, const char *host, const char *const *switches,
                             size_t count) {
    const char *argv[MAX_SWITCHES + 5] = {s->self, "device", "switches", host};
    if (count > MAX_SWITCHES)
        return err_set(ERR_USAGE, "more than %d switches", MAX_SWITCHES);
    memcpy(argv + 4, switches, count * sizeof *switches);
    return count ? process_run(argv, log_of(s)) : OK;
}

static void assign_profile(const struct stage *s, const char *name) {
    json_t *reply;
    if (s->has_profile && admin_call(s->data,
                                     json_pack("{s:s, s:s, s:s}", "command", "profile.assign",
                                               "profile", "profile", "device", name),
                                     &reply) == OK)
        json_decref(reply);
}

static enum err run_host_of(const struct stage *s, const char *const *switches, size_t count) {
    const char *name = arena_printf(s->a, "HOST-%u", s->trials), *host = in(s, name);
    const char *build = s->build ? s->build : device_builds[0].name;
    const char *trust[] = {s->self,  "device", "trust",   host,  in(s, "data/tls.pem"),
                           "--name", name,     "--build", build, NULL};
    const char *enroll[] = {s->self,
                            "device",
                            "enroll",
                            host,
                            "--server",
                            s->url,
                            "--user",
                            "alice",
                            "--password-file",
                            in(s, "password"),
                            "--type",
                            s->enrollment_type,
                            NULL};
    const char *sync[] = {s->self, "device", "sync", host, NULL};
    const char *run[] = {s->self, "device", "run",          host,   "--until-settled",
                         "--for", "15",     "--time-scale", "1200", NULL};
    int status;
    TRY(process_run(trust, log_of(s)));
    TRY(set_switches(s, host, switches, count));
    TRY(play(s, enroll, &status));
    if (status != 0)
        return OK;
    assign_profile(s, name);
    TRY(play(s, sync, &status));
    return s->has_profile ? play(s, run, &status) : OK;
}

void stage_skipped(const char *why) {
    fprintf(stderr, "signet device compare: left out: %s\n", why);
}

enum err stage_try(struct stage *s, const char *const *switches, size_t count, struct facts *out) {
    struct recorded *recording;
    pid_t server = 0;
    const char *folder = arena_printf(s->a, "%s/recording-%u", s->folder, ++s->trials);
    enum err e = must_go_on();
    if (e == OK)
        e = start_server(s, folder, &server);
    if (e == OK)
        e = run_host_of(s, switches, count);
    process_stop(server);
    TRY(e);
    TRY(lines_read(s->a, folder, stage_skipped, &recording));
    *out = facts_of(s->a, recording);
    return OK;
}
