/* SPDX-License-Identifier: Apache-2.0 */
/* signet device fleet: many emulated hosts in one process. */
#include "cmd/device_fleet.h"

#include <getopt.h>
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

static const char usage[] =
    "Usage: signet device fleet -n N --server URL --trust CERT.pem --user NAME\n"
    "                           --code CODE|--password-file FILE [options]\n\n"
    "Plays N Windows hosts at once: each enrolls, has its sessions, gets its certificate and tells\n"
    "the server so, as signet device enroll and run do it for one. It ends when each host has a\n"
    "certificate and has told, or has failed; or when --for is over, or at Ctrl-C; and sums up.\n"
    "Exit status 0 when all have told, and the server (with -d) has them confirmed; else 3.\n\n"
    "  -n N                  hosts, 1 to 10000\n"
    "  --server URL          as for signet device enroll\n"
    "  --trust CERT.pem      what every host trusts: the server's tls.pem\n"
    "  --user NAME           who enrolls them all\n"
    "  --code CODE           his code for N hosts: signet user code NAME --hosts N\n"
    "  --password-file FILE  or his password: the server then hashes it for each host\n"
    "  -d DATA               the server's data folder: it is asked what it has confirmed\n"
    "                        (default: $SIGNET_DIR, if set)\n"
    "  --profile NAME        with -d: the profile that each host is given when it has enrolled;\n"
    "                        without, hosts wait until somebody gives them one\n"
    "  --spread SECONDS      the enrollments begin at random within this time\n"
    "  --time-scale N        Windows' minutes pass N times as fast\n"
    "  --fault FAULT         as of signet device run, once in each host\n"
    "  --faulty N            only in the first N hosts\n"
    "  --for SECONDS         end then at the latest\n"
    "  --dir DIR             keep the hosts there, each in a folder of its own, when the fleet ends;\n"
    "                        those that are there go on. Without, they are gone\n"
    "  --prefix NAME         their names: NAME-0001 and so on (FLEET)\n"
    "  --threads N           so many hosts do something at a time (two for each core)\n"
    "  --shared-keys N       identities and throw-away signers have N keys in common, so that less\n"
    "                        time goes into making them; each certificate's key is its host's own\n"
    "  -o json               the summary as JSON\n";

enum { EXIT_NOT_SETTLED = 3, TICK_MS = 500 };

enum option_id {
    O_SERVER = 256,
    O_TRUST,
    O_USER,
    O_CODE,
    O_PASSWORD,
    O_PROFILE,
    O_SPREAD,
    O_SCALE,
    O_FAULT,
    O_FAULTY,
    O_FOR,
    O_DIR,
    O_PREFIX,
    O_THREADS,
    O_KEYS,
    O_END
};

static const struct option long_options[] = {
    {"help", no_argument, NULL, 'h'},
    {"data", required_argument, NULL, 'd'},
    {"output", required_argument, NULL, 'o'},
    {"server", required_argument, NULL, O_SERVER},
    {"trust", required_argument, NULL, O_TRUST},
    {"user", required_argument, NULL, O_USER},
    {"code", required_argument, NULL, O_CODE},
    {"password-file", required_argument, NULL, O_PASSWORD},
    {"profile", required_argument, NULL, O_PROFILE},
    {"spread", required_argument, NULL, O_SPREAD},
    {"time-scale", required_argument, NULL, O_SCALE},
    {"fault", required_argument, NULL, O_FAULT},
    {"faulty", required_argument, NULL, O_FAULTY},
    {"for", required_argument, NULL, O_FOR},
    {"dir", required_argument, NULL, O_DIR},
    {"prefix", required_argument, NULL, O_PREFIX},
    {"shared-keys", required_argument, NULL, O_KEYS},
    {"threads", required_argument, NULL, O_THREADS},
    {NULL, 0, NULL, 0},
};

struct command {
    struct arena arena;
    struct fleet_settings fleet;
    struct fleet_server server;
    struct certstore trust;
    struct buf password;
    const char *code, *password_file;
    int64_t threads, for_s, spread_s;
    bool json, help;
};

/* ---- options ---- */

static enum err read_number(const char *text, int64_t *out) {
    if (!span_int(span_str(text), out) || *out < 1 || *out > 1000000000)
        return err_set(ERR_USAGE, "'%s' is no number from 1 on", text);
    return OK;
}

static enum err take_option(struct command *c, int option) {
    struct fleet_settings *s = &c->fleet;
    const char **texts[O_END] = {
        [O_SERVER] = &s->server,   [O_USER] = &s->user,
        [O_CODE] = &c->code,       [O_PASSWORD] = &c->password_file,
        [O_DIR] = &s->dir,         [O_PREFIX] = &s->prefix,
        ['d'] = &c->server.folder, [O_PROFILE] = &c->server.profile,
    };
    int64_t *numbers[O_END] = {
        ['n'] = &s->hosts,          [O_SCALE] = &s->time_scale, [O_FAULTY] = &s->faulty,
        [O_THREADS] = &c->threads,  [O_FOR] = &c->for_s,        [O_SPREAD] = &c->spread_s,
        [O_KEYS] = &s->shared_keys,
    };
    if (texts[option]) {
        *texts[option] = optarg;
        return OK;
    }
    if (numbers[option])
        return read_number(optarg, numbers[option]);
    switch (option) {
    case O_TRUST:
        return device_read_certs(optarg, &c->arena, &c->trust);
    case O_FAULT:
        return fault_parse(optarg, &s->fault);
    case 'o':
        c->json = strcmp(optarg, "json") == 0;
        return c->json ? OK : err_set(ERR_USAGE, "-o takes json, not '%s'", optarg);
    default:
        c->help = true;
        return OK;
    }
}

static enum err read_options(struct command *c, int argc, char **argv) {
    optind = 0;
    opterr = 0;
    for (int o; (o = getopt_long(argc, argv, "hn:d:o:", long_options, NULL)) != -1;) {
        if (o == '?')
            return err_set(ERR_USAGE, "the option '%s' is unknown or lacks its value",
                           argv[optind - 1]);
        TRY(take_option(c, o));
    }
    if (optind < argc)
        return err_set(ERR_USAGE, "device fleet takes no argument '%s'", argv[optind]);
    return OK;
}

static enum err check(struct command *c) {
    const struct fleet_settings *s = &c->fleet;
    const char *environment = getenv("SIGNET_DIR");
    if (!s->hosts || !s->server || !s->user || !c->trust.count || !c->code == !c->password_file)
        return err_set(ERR_USAGE, "-n, --server, --trust, --user and one of --code and "
                                  "--password-file are needed");
    if (!c->server.folder && environment && *environment)
        c->server.folder = environment;
    if (c->server.profile && !c->server.folder)
        return err_set(ERR_USAGE, "--profile needs -d, the server's data folder");
    if (s->faulty && !fault_is_any(&s->fault))
        return err_set(ERR_USAGE, "--faulty needs --fault");
    return OK;
}

/* What follows from the options. */
static enum err prepare(struct command *c) {
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
    return s->dir ? file_mkdir(s->dir, 0700) : OK;
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
static bool watch(struct fleet *f, const struct command *c, int64_t begin) {
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

static json_t *ask_server(const struct fleet *f, const struct command *c) {
    const struct fleet_member *m = fleet_members(f);
    if (!c->server.folder)
        return NULL;
    json_t *ids = json_object();
    for (int64_t i = 0; i < c->fleet.hosts; i++)
        json_object_set_new(ids, m[i].host->device_id, json_true());
    json_t *states = fleet_server_states(&c->server, ids);
    if (!states)
        fprintf(stderr, "signet device fleet: the server cannot be asked: %s\n", err_detail());
    json_decref(ids);
    return states;
}

static int sum_up(struct fleet *f, const struct command *c, int64_t begin, bool interrupted) {
    const struct fleet_settings *s = &c->fleet;
    struct fleet_counts counts;
    double seconds = (double)(clock_monotonic_ms() - begin) / 1000;
    json_t *states = ask_server(f, c);
    struct fleet_report r = {s, seconds, states, interrupted};
    fleet_count(f, &counts);
    fleet_print_report(f, &r, c->json);
    bool confirmed =
        !c->server.folder || json_integer_value(json_object_get(states, "confirmed")) >= s->hosts;
    json_decref(states);
    return counts.states[FLEET_SETTLED] == s->hosts && confirmed ? 0 : EXIT_NOT_SETTLED;
}

static enum err run(struct command *c, int *status) {
    struct fleet *f;
    sigset_t set = ends();
    TRY(prepare(c));
    TRY(fleet_open(&c->fleet, &f));
    log_set_level(LOG_ERROR); /* of every session there is a line */
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    int64_t begin = clock_monotonic_ms();
    fleet_start(f);
    bool interrupted = watch(f, c, begin);
    enum err e = fleet_stop(f);
    if (e == OK)
        *status = sum_up(f, c, begin, interrupted);
    if (e == OK)
        e = fleet_save(f);
    fleet_close(f);
    return e;
}

int cmd_device_fleet(int argc, char **argv) {
    struct command c = {.fleet = {.prefix = "FLEET", .time_scale = 1}};
    int status = 0;
    enum err e = read_options(&c, argc, argv);
    if (e == OK && !c.help)
        e = check(&c);
    if (e == OK && !c.help)
        e = run(&c, &status);
    if (e == OK && c.help)
        fputs(usage, stdout);
    certstore_free(&c.trust);
    buf_free(&c.password);
    arena_free(&c.arena);
    if (e == ERR_USAGE)
        return cli_usage(usage, "%s", err_detail());
    return e == OK ? status : cli_fail();
}
