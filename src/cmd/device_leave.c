/* SPDX-License-Identifier: Apache-2.0 */
/* signet device unenroll and remove: hosts that leave; confirm and reject: which host is which. */
#include <stdio.h>

#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/device_ask.h"

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
    "Settles which hardware a host is; an alarm tells of both cases.\n\n"
    "  HOST has shown another HWDevID in a session than before: its sessions are refused since,\n"
    "  for its device certificate may have been copied. confirm says that it is the same host (one\n"
    "  that was repaired, say): its sessions go on, and for a week it shows its HWDevID in each.\n"
    "  Where a claim (see below) is open as well, it is refused, and says what to do.\n\n"
    "  HOST has enrolled with the HWDevID of a host that another account had enrolled, which is a\n"
    "  claim. confirm says that it is that hardware: the host that was known by it has left, and\n"
    "  its certificates are revoked.\n\n" FOLDER_OPTION;

static const char reject_usage[] =
    "Usage: signet device reject HOST [-d DIR]\n\n"
    "Settles which hardware a host is; an alarm tells of both cases.\n\n"
    "  HOST has shown another HWDevID in a session than before: its sessions are refused since.\n"
    "  reject says that its device certificate was copied: that and all its certificates are\n"
    "  revoked, and the host must enroll anew.\n\n"
    "  HOST has enrolled with the HWDevID of a host that another account had enrolled, which is a\n"
    "  claim. reject says that they are two hosts (clones of one image share that name): both\n"
    "  stay.\n\n" FOLDER_OPTION;

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
    struct cli cli;
    int status;
    json_t *reply = device_ask(argc, argv, unenroll_usage, own, "device.unenroll", &cli, &status);
    if (!reply && status == 1)
        fprintf(stderr, "(%s holds no emulated host either: signet device trust makes one)\n",
                cli.argv[0]);
    return reply ? print_end(reply, "device",
                             now ? "has left; its certificates are revoked."
                                 : "is leaving: it is told in its next session; its certificates "
                                   "are revoked.")
                 : status;
}

int cmd_device_remove(int argc, char **argv) {
    struct cli cli;
    int status;
    json_t *reply = device_ask(argc, argv, remove_usage, NULL, "device.remove", &cli, &status);
    return reply ? print_end(reply, "device", "is removed; its certificates are revoked.") : status;
}

int cmd_device_confirm(int argc, char **argv) {
    struct cli cli;
    int status;
    json_t *reply = device_ask(argc, argv, confirm_usage, NULL, "device.confirm", &cli, &status);
    if (reply && !json_object_get(reply, "known"))
        return print_end(reply, "device", "is the host that it was: its sessions go on.");
    return reply ? print_end(reply, "known", "has left; its certificates are revoked.") : status;
}

int cmd_device_reject(int argc, char **argv) {
    struct cli cli;
    int status;
    json_t *reply = device_ask(argc, argv, reject_usage, NULL, "device.reject", &cli, &status);
    if (reply && !json_object_get(reply, "known"))
        return print_end(reply, "device",
                         "has left; its certificates are revoked, and it must enroll anew.");
    return reply ? print_end(reply, "known", "stays, and so does the other one.") : status;
}
