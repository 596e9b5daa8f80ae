/* SPDX-License-Identifier: Apache-2.0 */
/* signet device list: the hosts that have enrolled, as the server knows them. */
#include "cmd/cli.h"
#include "cmd/cmd.h"

static const char usage[] =
    "Usage: signet device list [--all] [-o json] [-d DIR]\n\n"
    "The hosts that have enrolled with the server. NAME and BUILD are what the host claims; ACCOUNT\n"
    "is who enrolled it, proved by password; SID is what signet device set said; SEEN is its last\n"
    "session (UTC). STATE:\n\n"
    "  enrolled   it is managed\n"
    "  refused    it has shown another hardware than before: its sessions are refused until signet\n"
    "             device confirm or signet device reject\n"
    "  leaving    it was told to unenroll, and has not answered yet\n"
    "  left       its user or the administrator ended the management; its certificates are revoked\n"
    "  removed    by signet device remove; shown with --all only\n\n"
    "  -d DIR   the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n";

int cmd_device_list(int argc, char **argv) {
    static const struct cli_column columns[] = {
        {"DEVICEID", "device_id"}, {"NAME", "name"}, {"STATE", "state"},   {"BUILD", "os_version"},
        {"ACCOUNT", "account"},    {"SID", "sid"},   {"SEEN", "last_seen"}};
    bool all = false;
    const struct cli_option own[] = {{"all", NULL, &all}, {NULL, NULL, NULL}};
    struct cli cli;
    int status;
    if (!cli_options(argc, argv, usage, own, &cli, &status))
        return status;
    if (cli.argc)
        return cli_usage(usage, "device list takes no argument '%s'", cli.argv[0]);
    json_t *devices = cli_pages(
        &cli, json_pack("{s:s, s:b}", "command", "device.list", "all", (int)all), "devices");
    if (!devices)
        return cli_fail();
    if (cli.json)
        cli_print_json(json_incref(devices));
    else
        cli_print_list(devices, columns, sizeof columns / sizeof *columns,
                       "No host has enrolled yet.");
    json_decref(devices);
    return 0;
}
