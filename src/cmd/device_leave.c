/* SPDX-License-Identifier: Apache-2.0 */
/* signet device unenroll and remove: hosts that leave; confirm and reject: which host is which. */
#include <stdio.h>
#include <string.h>

#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "server/admin.h"

#define FOLDER_OPTION \
    "  -d DIR   the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n"

static const char unenroll_usage[] =
    "Usage: signet device unenroll HOST [--now] [-d DIR]\n\n"
    "Ends the management of a host: its certificates are revoked at once, what waits for it is\n"
    "cancelled, and it is told to unenroll in its next session. It is `leaving` until it says that\n"
    "it has left, or for a week. --now does not wait for it, and it is not told: its device\n"
    "certificate is revoked, too; for a host that is lost.\n"
    "(For an emulated host: signet device unenroll DIR.)\n\n" FOLDER_OPTION;

static const char remove_usage[] =
    "Usage: signet device remove HOST [-d DIR]\n\n"
    "Takes a host out of the lists: its certificates are revoked at once, its device certificate,\n"
    "too; its profiles, its groups and its SID end. It is not told. What is known of it stays:\n"
    "signet device list --all.\n\n" FOLDER_OPTION;

static const char confirm_usage[] =
    "Usage: signet device confirm HOST [-d DIR]\n\n"
    "HOST has enrolled with the hardware's name (HWDevID) of a host that another account had\n"
    "enrolled, which is a claim: an alarm tells of it. confirm says that it is that hardware: the\n"
    "host that was known by it has left, and its certificates are revoked.\n\n" FOLDER_OPTION;

static const char reject_usage[] =
    "Usage: signet device reject HOST [-d DIR]\n\n"
    "HOST has enrolled with the hardware's name (HWDevID) of a host that another account had\n"
    "enrolled, which is a claim: an alarm tells of it. reject says that they are two hosts (clones\n"
    "of one image share that name): both stay.\n\n" FOLDER_OPTION;

/* Runs a command on the host that the only argument names; NULL when *status says why. */
static json_t *ask(int argc, char **argv, const char *usage, const char *command,
                   const struct cli_option *own, const bool *now, int *status) {
    struct cli cli;
    json_t *reply;
    if (!cli_options(argc, argv, usage, own, &cli, status))
        return NULL;
    if (cli.argc != 1) {
        *status = cli_usage(usage, "device %s takes one HOST", argv[0]);
        return NULL;
    }
    json_t *request = json_pack("{s:s, s:s, s:b}", "command", command, "device", cli.argv[0], "now",
                                (int)(now && *now));
    if (admin_call(cli.folder, request, &reply) == OK)
        return reply;
    *status = cli_fail();
    return NULL;
}

/* "PC-1 (DeviceID 0123..., enrolled by alice) ...": its name is its own claim. */
static int print_end(json_t *reply, const char *key, const char *what) {
    const json_t *d = json_object_get(reply, key);
    printf("%s (DeviceID %s, enrolled by %s) %s\n", cli_text(d, "name"), cli_text(d, "device_id"),
           cli_text(d, "account"), what);
    json_decref(reply);
    return 0;
}

int cmd_device_unenroll(int argc, char **argv) {
    bool now = false;
    const struct cli_option own[] = {{"now", NULL, &now}, {NULL, NULL, NULL}};
    int status;
    json_t *reply = ask(argc, argv, unenroll_usage, "device.unenroll", own, &now, &status);
    return reply ? print_end(reply, "device",
                             now ? "has left; its certificates are revoked."
                                 : "is leaving: it is told in its next session; its certificates "
                                   "are revoked.")
                 : status;
}

int cmd_device_remove(int argc, char **argv) {
    int status;
    json_t *reply = ask(argc, argv, remove_usage, "device.remove", NULL, NULL, &status);
    return reply ? print_end(reply, "device", "is removed; its certificates are revoked.") : status;
}

int cmd_device_confirm(int argc, char **argv) {
    int status;
    json_t *reply = ask(argc, argv, confirm_usage, "device.confirm", NULL, NULL, &status);
    return reply ? print_end(reply, "known", "has left; its certificates are revoked.") : status;
}

int cmd_device_reject(int argc, char **argv) {
    int status;
    json_t *reply = ask(argc, argv, reject_usage, "device.reject", NULL, NULL, &status);
    return reply ? print_end(reply, "known", "stays, and so does the other one.") : status;
}
