/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/synopsis.h"

static const char usage[] =
    "Usage: signet alarm list [-o json] [-d DIR]\n\n"
    "What somebody should look at, the newest first: challenges that were used twice, transactions\n"
    "that somebody tried to take over, certificates of the CAs that are about to end; upstreams of the\n"
    "gateway that come with another CA, that say nothing of use any more, or that may have issued a\n"
    "certificate that nobody has; hosts that do what no good host does. ABOUT is an endpoint, an\n"
    "upstream, an enrollment (signet enrollment show ID) or a host by the name that it claims; JSON\n"
    "has its device_id, too. STATE is that of a host which showed another hardware: open until signet\n"
    "device confirm or signet device reject, then settled; other alarms have none.\n\n"
    "  -d DIR   the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n";

int cmd_alarm(int argc, char **argv) {
    static const struct cli_column columns[] = {
        {"TIME", "at"}, {"ABOUT", "about"}, {"STATE", "state"}, {"WHAT", "text"}};
    struct cli cli;
    int status;
    if (!cli_options(argc, argv, usage, NULL, &cli, &status))
        return status;
    if (cli.argc != 1 || strcmp(cli.argv[0], "list") != 0)
        return synopsis_refuse(usage, &cli);
    return cli_list(&cli, json_pack("{s:s}", "command", "alarm.list"), "alarms", columns, 4,
                    "There are no alarms.");
}
