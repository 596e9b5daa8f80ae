/* SPDX-License-Identifier: Apache-2.0 */
/* signet device list: the hosts that have enrolled, as the server knows them. */
#include "cmd/cli.h"
#include "cmd/cmd.h"

static const char usage[] =
    "Usage: signet device list [-o json] [-d DIR]\n\n"
    "The hosts that have enrolled with the server. NAME and BUILD are what the host claims; ACCOUNT\n"
    "is who enrolled it, proved by password; SID is what signet device set said; SEEN is its last\n"
    "session (UTC).\n\n"
    "  -d DIR   the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n";

int cmd_device_list(int argc, char **argv) {
    static const struct cli_column columns[] = {
        {"DEVICEID", "device_id"}, {"NAME", "name"}, {"BUILD", "os_version"},
        {"ACCOUNT", "account"},    {"SID", "sid"},   {"SEEN", "last_seen"}};
    struct cli cli;
    int status;
    if (!cli_options(argc, argv, usage, NULL, &cli, &status))
        return status;
    if (cli.argc)
        return cli_usage(usage, "device list takes no argument '%s'", cli.argv[0]);
    return cli_list(&cli, json_pack("{s:s}", "command", "device.list"), "devices", columns,
                    sizeof columns / sizeof *columns, "No host has enrolled yet.");
}
