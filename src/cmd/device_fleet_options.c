/* SPDX-License-Identifier: Apache-2.0 */
/* The options of signet device fleet. */
#include <getopt.h>
#include <stdlib.h>

#include "cmd/cli.h"
#include "cmd/device_fleet.h"
#include "cmd/device_join.h"
#include "device/builds.h"

const char fleet_usage[] =
    "Usage: signet device fleet -n N --server URL --trust CERT.pem --user NAME\n"
    "                           --code CODE|--password-file FILE [options]\n\n"
    "Plays N Windows hosts at once: each enrolls, has its sessions, gets its certificate and tells\n"
    "the server so, as signet device enroll and run do it for one. It ends when each host has a\n"
    "certificate and has told, or has failed; or when --for is over, or at Ctrl-C; and sums up.\n"
    "Exit status 0 when all have told, and the server (with -d) has each confirmed; else 3.\n\n"
    "  -n N                  hosts, 1 to 10000\n"
    "  --server URL          as for signet device enroll\n"
    "  --trust CERT.pem      what every host trusts: the server's tls.pem\n"
    "  --user NAME           who enrolls them all\n"
    "  --code CODE           his code for N hosts: signet user code NAME --hosts N\n"
    "  --password-file FILE  or his password: the server then hashes it for each host\n"
    "  --sign-in             on the server's page, where it has one\n"
    "  -d DATA               the server's data folder: it is asked what it has confirmed\n"
    "                        (default: $SIGNET_DIR, if set)\n"
    "  --profile NAME        with -d: the profile that each host is given when it has enrolled;\n"
    "                        without, hosts wait until somebody gives them one\n"
    "  --builds NAME,...     the builds of Windows that they are, by turns (signet device builds)\n"
    "  --spread SECONDS      the enrollments begin at random within this time\n"
    "  --time-scale N        Windows' minutes pass N times as fast\n"
    "  --fault FAULT         as of signet device run, in each host\n"
    "  --faulty N            only in the first N hosts\n"
    "  --for SECONDS         end then at the latest\n"
    "  --dir DIR             keep the hosts there, each in a folder of its own, when the fleet ends;\n"
    "                        those that are there go on. Without, they are gone\n"
    "  --prefix NAME         their names: NAME-01 and so on, with as many digits as N (FLEET)\n"
    "  --threads N           so many hosts do something at a time (two for each core)\n"
    "  --shared-keys N       identities and throw-away signers have N keys in common, so that less\n"
    "                        time goes into making them; each certificate's key is its host's own\n"
    "  -o json               the summary as JSON\n";

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
    O_SIGN_IN,
    O_BUILDS,
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
    {"sign-in", no_argument, NULL, O_SIGN_IN},
    {"profile", required_argument, NULL, O_PROFILE},
    {"spread", required_argument, NULL, O_SPREAD},
    {"time-scale", required_argument, NULL, O_SCALE},
    {"fault", required_argument, NULL, O_FAULT},
    {"faulty", required_argument, NULL, O_FAULTY},
    {"for", required_argument, NULL, O_FOR},
    {"dir", required_argument, NULL, O_DIR},
    {"prefix", required_argument, NULL, O_PREFIX},
    {"builds", required_argument, NULL, O_BUILDS},
    {"shared-keys", required_argument, NULL, O_KEYS},
    {"threads", required_argument, NULL, O_THREADS},
    {NULL, 0, NULL, 0},
};

static enum err read_number(const char *text, int64_t *out) {
    if (!span_int(span_str(text), out) || *out < 1 || *out > 1000000000)
        return err_set(ERR_USAGE, "'%s' is no number from 1 on", text);
    return OK;
}

static enum err read_builds(const char *text, struct fleet_settings *s) {
    ARENA_AUTO(a);
    if (!*text)
        return err_set(ERR_USAGE, "--builds is empty; signet device builds lists the builds");
    for (const char *p = text; *p; p += *p == ',') {
        size_t n = strcspn(p, ",");
        const char *name = arena_str(&a, span_of(p, n));
        if (s->build_count == FLEET_BUILDS_MAX)
            return err_set(ERR_USAGE, "--builds takes %d at most", FLEET_BUILDS_MAX);
        const struct device_build *b = build_find(name);
        if (!b)
            return err_set(ERR_USAGE, "there is no build '%s'; signet device builds lists them",
                           name);
        s->builds[s->build_count++] = b;
        p += n;
    }
    return OK;
}

static enum err take_option(struct fleet_command *c, int option) {
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
    case O_SIGN_IN:
        s->sign_in = true;
        return OK;
    case O_BUILDS:
        return read_builds(optarg, s);
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

static enum err read_all(struct fleet_command *c, int argc, char **argv) {
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

static enum err check(struct fleet_command *c) {
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

enum err fleet_read_options(struct fleet_command *c, int argc, char **argv) {
    *c = (struct fleet_command){.fleet = {.prefix = "FLEET", .time_scale = 1}};
    TRY(read_all(c, argc, argv));
    return c->help ? OK : check(c);
}
