/* SPDX-License-Identifier: Apache-2.0 */
/* signet device show: all that the server knows of one host. */
#include <stdio.h>
#include <string.h>

#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/device_ask.h"

static const char usage[] =
    "Usage: signet device show HOST [-o json] [-d DIR]\n\n"
    "What the server knows of a host (named by its DeviceID or name): what it claims, who enrolled\n"
    "it, the certificate that it proves itself by, its groups and profiles, its enrollments, the\n"
    "newest commands for it, and what happened to it (UTC).\n\n"
    "  -d DIR   the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n";

static void print_line(const char *head, const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    if (text)
        printf("  %-14s %s\n", head, text);
}

static void print_names(const char *head, const json_t *list) {
    const json_t *name;
    size_t i;
    if (!json_array_size(list))
        return;
    printf("  %-14s ", head);
    json_array_foreach(list, i, name) printf("%s%s", i ? ", " : "", json_string_value(name));
    printf("\n");
}

static void print_claim(const json_t *device) {
    const json_t *known = json_object_get(device, "claims");
    if (!known)
        return;
    printf("  It says that it is the hardware of %s (DeviceID %s, enrolled by %s):\n"
           "  signet device confirm, if it is; signet device reject, if they are two hosts.\n",
           cli_text(known, "name"), cli_text(known, "device_id"), cli_text(known, "account"));
}

static void print_other_hardware(const json_t *device) {
    if (!json_object_get(device, "other_hw_dev_id"))
        return;
    printf("  Its sessions are refused: it has shown another hardware than before (HWDevID %s).\n"
           "  signet device confirm, if it is its own (repaired); signet device reject, if its\n"
           "  device certificate was copied: the host leaves, and must enroll anew.\n",
           cli_text(device, "other_hw_dev_id"));
}

static void print_head(const json_t *d) {
    static const struct {
        const char *head, *key;
    } lines[] = {{"DeviceID", "device_id"},
                 {"HWDevID", "hw_dev_id"},
                 {"HWDevID seen", "shown_hw_dev_id"},
                 {"model", "model"},
                 {"build", "os_version"},
                 {"enrolled by", "account"},
                 {"enrolled", "enrolled"},
                 {"enrolled as", "enrollment_type"},
                 {"last seen", "last_seen"},
                 {"left", "left"},
                 {"signed in", "login_status"},
                 {"SID", "sid"}};
    printf("%s  %s\n", cli_text(d, "name"), cli_text(d, "state"));
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        print_line(lines[i].head, d, lines[i].key);
    print_line("identity until", json_object_get(d, "identity"), "not_after");
    print_line("login secret", json_object_get(d, "secret"), "changed");
    print_line("next secret", json_object_get(d, "secret"), "next");
    print_names("groups", json_object_get(d, "groups"));
    print_names("profiles", json_object_get(d, "profiles"));
    print_other_hardware(d);
    print_claim(d);
}

static void print_lists(const json_t *d) {
    static const struct cli_column enrollments[] = {
        {"ENROLLMENT", "id"}, {"STATE", "state"}, {"PROFILE", "profile"}, {"ERROR", "error.code"}};
    static const struct cli_column commands[] = {
        {"COMMAND", "id"}, {"STATE", "state"}, {"STATUS", "status"}, {"WHAT", "command"}};
    static const struct cli_column journal[] = {{"AT", "at"}, {"KIND", "kind"}, {"WHAT", "text"}};
    printf("\n");
    cli_print_list(json_object_get(d, "enrollments"), enrollments, 4, "No profile was assigned.");
    printf("\n");
    cli_print_list(json_object_get(d, "commands"), commands, 4, "No command was sent.");
    if (!json_array_size(json_object_get(d, "journal")))
        return;
    printf("\n");
    cli_print_list(json_object_get(d, "journal"), journal, 3, "");
}

int cmd_device_show(int argc, char **argv) {
    struct cli cli;
    int status;
    json_t *reply = device_ask(argc, argv, usage, NULL, "device.show", &cli, &status);
    if (!reply)
        return status;
    json_t *device = json_object_get(reply, "device");
    if (cli.json) {
        cli_print_json(json_incref(device));
    } else {
        print_head(device);
        print_lists(device);
    }
    json_decref(reply);
    return 0;
}
