/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "cmd/cmd.h"
#include "cmd/synopsis.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *purpose;
} commands[] = {
    {"init", cmd_init, "make a data folder: authorities, TLS certificate, configuration"},
    {"serve", cmd_serve, "run the server: Windows MDM, SCEP, administration"},
    {"user", cmd_user, "accounts that may enroll hosts, or fetch challenges"},
    {"profile", cmd_profile,
     "SCEP profiles: new, lint, show, diff, adopt, add, list, assign, unassign, remove"},
    {"enrollment", cmd_enrollment, "what became of each profile on each host: the timeline"},
    {"pfx", cmd_pfx, "keys with certificates for hosts, by PKCS#12: make, send, remove"},
    {"device", cmd_device, "enrolled hosts, and the emulated Windows host"},
    {"group", cmd_group, "groups of hosts: add, remove, list, show, delete"},
    {"command", cmd_command, "SyncML commands for hosts: send, list, show, cancel, retry"},
    {"challenge", cmd_challenge, "one-time challenges for any SCEP client: new, list, revoke"},
    {"request", cmd_request, "requests that wait for an administrator: list, approve, deny"},
    {"cert", cmd_cert, "issued certificates: list, show, revoke, export"},
    {"ca", cmd_ca, "the CAs: list, new, csr, import, rollover"},
    {"alarm", cmd_alarm, "what somebody should look at"},
    {"backup", cmd_backup, "a copy of the data folder while the server runs"},
    {"restore", cmd_restore, "a data folder from a backup"},
    {"gateway", cmd_gateway, "SCEP servers of others, made fit for Windows: relay or RA"},
    {"probe", cmd_probe, "will Windows enroll at this SCEP server, and if not, why"},
    {"explain", cmd_explain, "a code, a line of a log or an export of a host, in words"},
    {"scep", cmd_scep, "look into SCEP messages"},
    {"demo", cmd_demo, "the whole way on loopback: three hosts, three outcomes"},
    {"bench", cmd_bench, "how fast this machine issues certificates, beside what its RSA allows"},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static void usage(FILE *out) {
    fprintf(out, "signet puts SCEP certificates on Windows hosts and proves that they arrived.\n\n"
                 "Usage: signet COMMAND [ARGUMENTS]     (signet COMMAND --help tells more)\n\n");
    for (int i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].purpose);
    fprintf(out, "\n  --version   print the version\n");
}

static int refuse(const char *typed) {
    ARENA_AUTO(a);
    const char *names[COMMANDS];
    for (int i = 0; i < COMMANDS; i++)
        names[i] = commands[i].name;
    fprintf(stderr, "signet: there is no command '%s'%s (signet --help lists them)\n", typed,
            synopsis_hint(&a, typed, names, COMMANDS));
    return 2;
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        usage(stderr);
        return 2;
    }
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("signet %s\n", SIGNET_VERSION);
        return 0;
    }
    return refuse(argv[1]);
}
