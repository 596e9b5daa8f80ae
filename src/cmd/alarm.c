/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cmd/cli.h"
#include "cmd/cmd.h"

static const char usage[] =
    "Usage: signet alarm list [-o json] [-d DIR]\n\n"
    "What somebody should look at, the newest first: challenges that were used twice, transactions\n"
    "that somebody tried to take over, certificates of the CAs that are about to end; upstreams of the\n"
    "gateway that come with another CA, that say nothing of use any more, or that may have issued a\n"
    "certificate that nobody has. ABOUT is an endpoint, an upstream, an enrollment (signet enrollment\n"
    "show ID).\n\n"
    "  -d DIR   the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n";

int cmd_alarm(int argc, char **argv) {
    static const struct cli_column columns[] = {
        {"TIME", "at"}, {"ABOUT", "about"}, {"WHAT", "text"}};
    struct cli cli;
    int status;
    if (!cli_options(argc, argv, usage, NULL, &cli, &status))
        return status;
    if (cli.argc != 1 || strcmp(cli.argv[0], "list") != 0)
        return cli_usage(usage, "alarm takes list");
    return cli_list(&cli, json_pack("{s:s}", "command", "alarm.list"), "alarms", columns, 3,
                    "There are no alarms.");
}
