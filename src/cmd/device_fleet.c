/* SPDX-License-Identifier: Apache-2.0 */
/* signet device fleet: many emulated hosts in one process. */
#include "cmd/device_fleet.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/cores.h"
#include "base/file.h"
#include "base/log.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/device_fleet_server.h"
#include "cmd/device_join.h"
#include "cmd/open_files.h"

enum { EXIT_NOT_SETTLED = 3, TICK_MS = 500 };

/* What follows from the options. */
static enum err prepare(struct fleet_command *c) {
    struct fleet_settings *s = &c->fleet;
    if (c->password_file)
        TRY(device_read_password(c->password_file, &c->password));
    s->password = c->code ? c->code : buf_cstr(&c->password);
    s->trust = &c->trust;
    s->spread_ms = c->spread_s * 1000;
    s->threads = c->threads ? (unsigned)c->threads : 2 * cores();
    s->faulty = s->faulty || !fault_is_any(&s->fault) ? s->faulty : s->hosts;
    s->joined = c->server.profile ? fleet_server_joined : NULL;
    s->joined_user = &c->server;
    TRY(fleet_server_check(&c->server));
    if (!s->dir)
        return OK;
    TRY(open_files_allow(s->hosts, "hosts")); /* each is locked */
    return file_mkdir(s->dir, 0700);
}

/* ---- the run ---- */

static sigset_t ends(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

/* Until it is over, time is up, or somebody wants its end; a second signal kills. */
static bool watch(struct fleet *f, const struct fleet_command *c, int64_t begin) {
    const struct timespec tick = {.tv_nsec = TICK_MS * 1000000L};
    sigset_t set = ends();
    for (;;) {
        struct fleet_counts now;
        int64_t ms = clock_monotonic_ms() - begin;
        fleet_count(f, &now);
        fleet_print_progress(&now, &c->fleet, (double)ms / 1000);
        if (now.over)
            return false;
        bool ended = sigtimedwait(&set, NULL, &tick) > 0;
        if (ended || (c->for_s && ms >= c->for_s * 1000))
            break;
    }
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    return true;
}

/* The states of the hosts' enrollments; and how many hosts have one that is confirmed. */
static json_t *ask_server(const struct fleet *f, const struct fleet_command *c,
                          int64_t *confirmed) {
    const struct fleet_member *m = fleet_members(f);
    if (!c->server.folder)
        return NULL;
    json_t *ids = json_object();
    for (int64_t i = 0; i < c->fleet.hosts; i++)
        json_object_set_new(ids, m[i].host->device_id, json_false());
    json_t *states = fleet_server_states(&c->server, ids);
    for (int64_t i = 0; i < c->fleet.hosts; i++)
        *confirmed += json_is_true(json_object_get(ids, m[i].host->device_id));
    if (!states)
        fprintf(stderr, "signet device fleet: the server cannot be asked: %s\n", err_detail());
    json_decref(ids);
    return states;
}

static int sum_up(struct fleet *f, const struct fleet_command *c, int64_t begin, bool interrupted) {
    const struct fleet_settings *s = &c->fleet;
    struct fleet_counts counts;
    double seconds = (double)(clock_monotonic_ms() - begin) / 1000;
    int64_t confirmed = 0;
    json_t *states = ask_server(f, c, &confirmed);
    struct fleet_report r = {s, seconds, states, interrupted};
    fleet_count(f, &counts);
    fleet_print_report(f, &r, c->json);
    bool all_confirmed = !c->server.folder || confirmed == s->hosts;
    json_decref(states);
    return counts.states[FLEET_SETTLED] == s->hosts && all_confirmed ? 0 : EXIT_NOT_SETTLED;
}

static enum err run(struct fleet_command *c, int *status) {
    struct fleet *f;
    sigset_t set = ends();
    TRY(prepare(c));
    TRY(fleet_open(&c->fleet, &f));
    log_set_level(LOG_ERROR); /* of every session there is a line */
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    int64_t begin = clock_monotonic_ms();
    fleet_start(f);
    bool interrupted = watch(f, c, begin);
    fleet_stop(f);
    *status = sum_up(f, c, begin, interrupted);
    enum err e = fleet_save(f);
    fleet_close(f);
    return e;
}

int cmd_device_fleet(int argc, char **argv) {
    struct fleet_command c;
    int status = 0;
    enum err e = fleet_read_options(&c, argc, argv);
    if (e == OK && !c.help)
        e = run(&c, &status);
    if (e == OK && c.help)
        fputs(fleet_usage, stdout);
    certstore_free(&c.trust);
    buf_free(&c.password);
    arena_free(&c.arena);
    if (e == ERR_USAGE)
        return cli_usage(fleet_usage, "%s", err_detail());
    return e == OK ? status : cli_fail();
}
