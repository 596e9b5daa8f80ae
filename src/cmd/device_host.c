/* SPDX-License-Identifier: Apache-2.0 */
/* signet device: verbs of the emulated Windows host. Each works on a state folder DIR. */
#include "cmd/device_host.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/device_apply.h"
#include "cmd/device_join.h"
#include "cmd/device_look.h"
#include "cmd/device_traits.h"
#include "cmd/device_work.h"

static const struct option long_options[] = {
    {"help", no_argument, NULL, 'h'},
    {"name", required_argument, NULL, 'n'},
    {"build", required_argument, NULL, 'B'},
    {"server", required_argument, NULL, 's'},
    {"user", required_argument, NULL, 'u'},
    {"password-file", required_argument, NULL, 'p'},
    {"code", required_argument, NULL, 'c'},
    {"sign-in", no_argument, NULL, 'i'},
    {"type", required_argument, NULL, 't'},
    {"fault", required_argument, NULL, 'F'},
    {"output", required_argument, NULL, 'o'},
    {"trace", required_argument, NULL, 'T'},
    {"connect-to", required_argument, NULL, 'C'},
    {"for", required_argument, NULL, 'f'},
    {"until-settled", no_argument, NULL, 'U'},
    {"time-scale", required_argument, NULL, 'S'},
    {"renew", no_argument, NULL, 'R'},
    {"export", required_argument, NULL, 'E'},
    {"id", required_argument, NULL, 'I'},
    {"all", no_argument, NULL, 'A'},
    {"changed", no_argument, NULL, 'D'},
    {NULL, 0, NULL, 0},
};

struct verb {
    const char *name;
    const char *arguments;
    const char *purpose;
    const char *letters; /* options that it takes */
    int min, max;        /* arguments, DIR included */
    enum err (*run)(struct host *h, const struct device_options *o, int argc, char **argv,
                    int *status);
    enum host_access access;
    bool no_host; /* opens none by itself */
};

#define NETWORK_OPTIONS                                                           \
    "\n  --trace FOLDER        write each message that is sent or received there" \
    "\n  --connect-to H:P:H2:P2  send what is for H:P to H2:P2"
#define FAULT_OPTION \
    "\n  --fault FAULT,...     what goes wrong while the command runs: --fault list shows what can"

bool device_host_is(const char *dir) {
    ARENA_AUTO(a);
    return access(arena_printf(&a, "%s/host.json", dir), F_OK) == 0;
}

static const struct verb verbs[] = {
    {"trust", "DIR CERT.pem... [--name NAME] [--build NAME]",
     "Makes a new host in DIR when there is none, and imports the certificates into its store\n"
     "LocalMachine\\Root. It trusts what this store holds and nothing else.\n"
     "\n  --name NAME           the new host's name (default: DESKTOP- and seven characters)"
     "\n  --build NAME          the build of Windows that it is from now on (signet device builds)",
     "hn:B:", 2, 1000, emulated_trust, HOST_CHANGE, true},
    {"enroll",
     "DIR --server URL --user NAME --password-file FILE|--code CODE [--sign-in]\n"
     "                       [--type Full|Device]",
     "Enrolls the host as Settings > Access work or school does: discovery, policy, certificate,\n"
     "provisioning document. A URL without path gets /EnrollmentServer/Discovery.svc.\n"
     "\n  --code CODE           an enrollment code, in the password's place"
     "\n  --sign-in             on the server's page, where it has one, instead of in the messages" FAULT_OPTION
         NETWORK_OPTIONS,
     "hs:u:p:c:it:T:C:F:", 1, 1, emulated_enroll, HOST_CHANGE, false},
    {"renew", "DIR",
     "Renews the device's identity now, as Windows does by itself before it expires (ROBO).\n"
     "signet takes it in the identity's last 42 days: to try it at once, let identity-validity be 42d.\n" FAULT_OPTION
         NETWORK_OPTIONS,
     "hT:C:F:", 1, 1, emulated_renew, HOST_CHANGE, false},
    {"sync", "DIR",
     "Holds one management session now, as Settings > Info > Sync.\n" FAULT_OPTION NETWORK_OPTIONS,
     "hT:C:F:", 1, 1, emulated_sync, HOST_CHANGE, false},
    {"unenroll", "DIR",
     "Leaves the server, as Settings > Disconnect: tells it once in a session, then removes the\n"
     "account with its identity and what the server configured, whether the server heard it or\n"
     "not.\n" NETWORK_OPTIONS,
     "hT:C:", 1, 1, emulated_unenroll, HOST_CHANGE, false},
    {"run", "DIR [--for SECONDS] [--until-settled] [--time-scale N]",
     "Runs the host's scheduled tasks: sessions by the poll schedule, SCEP tasks with their\n"
     "retries, and the sessions that report their results. It ends when nothing is left to wait for:\n"
     "no SCEP task, and no server.\n"
     "\n  --for SECONDS         end after this time"
     "\n  --until-settled       end when each SCEP task is over and reported, and say how each ended;\n"
     "                        where all are, a session first asks for more. Exit status 0 though\n"
     "                        some failed (signet device scep has 1), 3 when --for came first"
     "\n  --time-scale N        Windows' minutes pass N times as fast" FAULT_OPTION NETWORK_OPTIONS,
     "hf:US:T:C:F:", 1, 1, emulated_run, HOST_CHANGE, false},
    {"scep", "DIR [ID] [--renew]",
     "Makes one attempt of the SCEP enrollment ID, or of all, from the registry as it stands; when\n"
     "the server has pended its request, a CertPoll. What is finished is left as it is. Exit status 1\n"
     "when one failed.\n"
     "\n  --renew               ask for a successor of its certificate, which signs the request. No"
     "\n                        Windows is known to renew so: a tool to test servers" FAULT_OPTION
         NETWORK_OPTIONS,
     "hT:C:RF:", 1, 2, emulated_scep, HOST_CHANGE, false},
    {"apply", "DIR FILE|- [-o json]",
     "Carries out the SyncML commands in FILE (a profile's Atomic, or commands side by side) as one\n"
     "message of a session, without a server, and shows the Status of each. No enrollment is needed;\n"
     "an accepted Exec of Enroll leaves a task that `run` or `scep` carries out. A Status 404 or 500 has\n"
     "the HRESULT that a host of SyncApplicationVersion 3.0 tells with it. Exit status 3 when a command\n"
     "was refused, or when the host could not read the message at all.",
     "ho:", 2, 2, emulated_apply, HOST_CHANGE, false},
    {"registry", "DIR [--export FILE|-] [-o reg|json]",
     "Shows the registry, key by key, as the Registry Editor does. Secrets are hidden; registry.reg\n"
     "in DIR, which can be edited by hand, holds them.\n"
     "\n  --export FILE         write what the Registry Editor exports (UTF-16); - is standard output"
     "\n  -o reg                the same as plain text",
     "ho:E:", 1, 1, look_registry, HOST_READ, false},
    {"events", "DIR [--id N] [--all] [-o xml|json]",
     "Shows the event log with the columns of the Event Viewer, each text below its line, the oldest\n"
     "event first; times are UTC. signet explain reads it: signet device events DIR | signet explain -\n"
     "\n  --id N                only the events with this id"
     "\n  --all                 with those that Windows does not have: source signet, id 1, one for each"
     "\n                        command that changed something or failed"
     "\n  -o xml                as \"Save all events as\" writes them",
     "ho:I:A", 1, 1, look_events, HOST_READ, false},
    {"certs", "DIR [-o json]",
     "Shows the certificate stores as certutil -store does, and whether each private key is the\n"
     "certificate's.",
     "ho:", 1, 1, look_certs, HOST_READ, false},
    {"tasks", "DIR [-o json]",
     "Shows what the Task Scheduler would: the sessions by the poll schedule, and each SCEP\n"
     "enrollment with its next run and its last result.",
     "ho:", 1, 1, look_tasks, HOST_READ, false},
    {"sign-in", "DIR",
     "The user who enrolled signs in: ./User works, his SCEP tasks run, and a session is due where\n"
     "the server has set PollOnLogin. A new host has him signed in.",
     "h", 1, 1, emulated_sign_in, HOST_CHANGE, false},
    {"sign-out", "DIR",
     "Nobody is signed in any more: commands for ./User fail (500), a user's SCEP tasks wait.", "h",
     1, 1, emulated_sign_out, HOST_CHANGE, false},
    {"switches", "[DIR [NAME=VALUE...]] [--changed] [-o json]",
     "Lists where builds of Windows differ or nobody knows, with value, default, meaning and\n"
     "evidence; or sets switches of the host in DIR.\n"
     "\n  --changed             only those that the host's build or somebody has set, a line each",
     "ho:D", 0, 1000, emulated_switches, HOST_CHANGE, true},
    {"builds", "[-o json]",
     "Lists the builds of Windows that a host can be (signet device trust --build), with the\n"
     "switches that each sets. What the reference does not tell apart is the same in all of them.",
     "ho:", 0, 0, emulated_builds, HOST_READ, true},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

void device_host_print_verbs(void) {
    for (int i = 0; i < VERBS; i++)
        printf("  signet device %s %s\n", verbs[i].name, verbs[i].arguments);
}

static bool is_count(const char *text, int64_t *out) {
    return span_int(span_str(text), out) && *out > 0 && *out <= 1000000000;
}

/* Whether it is one of the words between the bars. */
static bool is_among(const char *words, const char *word) {
    for (const char *p = words; *p; p += *p == '|') {
        size_t n = strcspn(p, "|");
        if (n == strlen(word) && memcmp(p, word, n) == 0)
            return true;
        p += n;
    }
    return false;
}

/* What -o takes. */
static const char *forms_of(const struct verb *v) {
    if (v->run == look_registry)
        return "reg|json";
    return v->run == look_events ? "xml|json" : "json";
}

static enum err take_option(int c, struct device_options *o) {
    const char **text[128] = {
        ['c'] = &o->code,          ['n'] = &o->name,  ['s'] = &o->server,   ['u'] = &o->user,
        ['p'] = &o->password_file, ['t'] = &o->type,  ['o'] = &o->output,   ['T'] = &o->trace,
        ['C'] = &o->connect_to,    ['B'] = &o->build, ['E'] = &o->export_to};
    if (c == 'h')
        o->help = true;
    else if (c == 'U')
        o->until_settled = true;
    else if (c == 'R')
        o->renews = true;
    else if (c == 'i')
        o->sign_in = true;
    else if (c == 'A')
        o->all = true;
    else if (c == 'D')
        o->changed = true;
    else if (c == 'F' && strcmp(optarg, "list") == 0)
        o->list_faults = true;
    else if (c == 'F')
        return fault_parse(optarg, &o->fault);
    else if (c == 'f' || c == 'S' || c == 'I') {
        if (!is_count(optarg, c == 'f' ? &o->for_s : c == 'S' ? &o->time_scale : &o->event_id))
            return err_set(ERR_USAGE, "'%s' is no number from 1 on", optarg);
    } else
        *text[c] = optarg;
    return OK;
}

static enum err read_options(const struct verb *v, int argc, char **argv,
                             struct device_options *o) {
    optind = 0;
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, v->letters, long_options, NULL)) != -1;) {
        if (c == '?' || !strchr(v->letters, c))
            return err_set(ERR_USAGE, "the option '%s' is unknown here or lacks its value",
                           argv[optind - 1]);
        TRY(take_option(c, o));
    }
    const char *forms = forms_of(v);
    if (o->output && !is_among(forms, o->output))
        return err_set(ERR_USAGE, "-o takes %s, not '%s'", forms, o->output);
    int count = argc - optind;
    if (!o->help && !o->list_faults && (count < v->min || count > v->max))
        return err_set(ERR_USAGE, "too %s arguments, it takes: %s", count < v->min ? "few" : "many",
                       v->arguments);
    return OK;
}

/* A fault that waits for a message which no session had has tested nothing. */
static void tell_unstruck(const struct fault *f) {
    if (f->drop_after)
        fprintf(stderr, "The fault drop-after=%u never struck: no session had so many messages.\n",
                f->drop_after);
    if (f->duplicate)
        fprintf(stderr, "The fault duplicate=%u never struck: no session had so many messages.\n",
                f->duplicate);
}

static enum err run_verb(const struct verb *v, const struct device_options *o, int argc,
                         char **argv, int *status) {
    struct host *h = NULL;
    if (!v->no_host) {
        TRY(host_open(argv[0], v->access, &h));
        h->trace = o->trace;
        h->connect_to = o->connect_to;
        h->time_scale = o->time_scale;
        host_set_fault(h, &o->fault);
    }
    enum err e = v->run(h, o, argc, argv, status);
    if (h)
        tell_unstruck(&h->fault);
    host_close(h);
    return e;
}

static void print_faults(void) {
    for (size_t i = 0; i < fault_count; i++)
        printf("%-16s %s\n", fault_list[i].name, fault_list[i].effect);
    printf("TIME is a number with s, m, h or d; offline counts the host's time (--time-scale).\n"
           "Several are joined by commas, or --fault is given again.\n");
}

static int start(const struct verb *v, int argc, char **argv) {
    struct device_options o = {.time_scale = 1};
    int status = 0;
    enum err e = read_options(v, argc, argv, &o);
    if (e == OK && o.help) {
        printf("Usage: signet device %s %s\n\n%s\n", v->name, v->arguments, v->purpose);
        return 0;
    }
    if (e == OK && o.list_faults) {
        print_faults();
        return 0;
    }
    if (e == OK)
        e = run_verb(v, &o, argc - optind, argv + optind, &status);
    if (e != OK) {
        fprintf(stderr, "signet device %s: %s\n", v->name, err_detail());
        if (e != ERR_USAGE)
            return 1;
        fprintf(stderr, "(signet device %s --help tells more)\n", v->name);
        return 2;
    }
    return status;
}

bool device_host_has(const char *verb) {
    for (int i = 0; i < VERBS; i++)
        if (strcmp(verb, verbs[i].name) == 0)
            return true;
    return false;
}

size_t device_host_names(const char **out, size_t max) {
    size_t n = 0;
    for (; n < VERBS && n < max; n++)
        out[n] = verbs[n].name;
    return n;
}

int device_host_run(int argc, char **argv) {
    for (int i = 0; i < VERBS; i++)
        if (strcmp(argv[0], verbs[i].name) == 0)
            return start(&verbs[i], argc, argv);
    return 2;
}
