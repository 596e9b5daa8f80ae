/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet device: what the server knows of its hosts, and the emulated Windows host. Two tables of
 * verbs; those of the emulated host (device_host.c) work on a state folder DIR. `fleet` plays many.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/device_host.h"
#include "cmd/synopsis.h"

/* The server's verbs. */
static const struct verb {
    const char *name;
    const char *arguments;
    int (*run)(int argc, char **argv);
} verbs[] = {
    {"list", "[--all] [-o json] [-d DIR]", cmd_device_list},
    {"show", "HOST [-o json] [-d DIR]", cmd_device_show},
    {"set", "HOST sid=SID [-d DIR]", cmd_device_set},
    {"import", "FILE.csv [-d DIR]", cmd_device_import},
    {"unenroll", "HOST [--now] [-d DIR]", cmd_device_unenroll},
    {"remove", "HOST [-d DIR]", cmd_device_remove},
    {"confirm", "HOST [-d DIR]", cmd_device_confirm},
    {"reject", "HOST [-d DIR]", cmd_device_reject},
    {"rekey", "HOST [-d DIR]", cmd_device_rekey},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

/* Verbs that make emulated hosts of their own. */
static const struct verb makers[] = {
    {"fleet", "-n N --server URL --trust CERT.pem --user NAME --code CODE [...]", cmd_device_fleet},
    {"compare", "DIR [DIR2 | NAME=VALUE...] [--build BUILD | --host HOSTDIR]", cmd_device_compare},
};
enum { MAKERS = sizeof makers / sizeof *makers };

static void print_usage(void) {
    printf("Hosts that have enrolled with the server:\n\n");
    for (int i = 0; i < VERBS; i++)
        printf("  signet device %s %s\n", verbs[i].name, verbs[i].arguments);
    printf("\nThe emulated Windows host. DIR holds its whole state:\n\n");
    device_host_print_verbs();
    printf("\nHosts that it makes by itself:\n\n");
    for (int i = 0; i < MAKERS; i++)
        printf("  signet device %s %s\n", makers[i].name, makers[i].arguments);
    printf("\nsignet device VERB --help tells more.\n");
}

static bool is_servers(const char *verb) {
    for (int i = 0; i < VERBS; i++)
        if (strcmp(verb, verbs[i].name) == 0)
            return true;
    return false;
}

/*
 * A verb that both have (unenroll) is the emulated host's when it names the folder of one, or a
 * path, which no host's name is; unless an option says that the server is meant.
 */
static bool is_for_emulated_host(int argc, char **argv) {
    if (!device_host_has(argv[0]) || !is_servers(argv[0]))
        return device_host_has(argv[0]);
    bool has_host = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--now") == 0 || strncmp(argv[i], "-d", 2) == 0)
            return false;
        has_host = has_host || device_host_is(argv[i]) || strchr(argv[i], '/');
    }
    return has_host;
}

static int refuse(const char *typed) {
    enum { MAX_HOST_VERBS = 40 };
    ARENA_AUTO(a);
    const char *names[VERBS + MAKERS + MAX_HOST_VERBS];
    size_t n = device_host_names(names, MAX_HOST_VERBS);
    for (int i = 0; i < VERBS; i++)
        names[n++] = verbs[i].name;
    for (int i = 0; i < MAKERS; i++)
        names[n++] = makers[i].name;
    return cli_usage("Usage: signet device", "device has no verb '%s'%s", typed,
                     synopsis_hint(&a, typed, names, n));
}

int cmd_device(int argc, char **argv) {
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        print_usage();
        return 0;
    }
    if (argc > 1 && is_for_emulated_host(argc - 1, argv + 1))
        return device_host_run(argc - 1, argv + 1);
    for (int i = 0; argc > 1 && i < VERBS; i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            return verbs[i].run(argc - 1, argv + 1);
    for (int i = 0; argc > 1 && i < MAKERS; i++)
        if (strcmp(argv[1], makers[i].name) == 0)
            return makers[i].run(argc - 1, argv + 1);
    if (argc > 1)
        return refuse(argv[1]);
    return cli_usage("Usage: signet device", "a verb is missing");
}
