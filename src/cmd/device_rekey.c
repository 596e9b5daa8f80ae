/* SPDX-License-Identifier: Apache-2.0 */
/* signet device rekey: another secret for a host that logs in by MD5. */
#include <stdio.h>

#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/device_ask.h"

static const char usage[] =
    "Usage: signet device rekey HOST [-d DIR]\n\n"
    "The host, named by its DeviceID or name, is sent a new secret in its next session, and logs in\n"
    "with it from then on; the old one is good until it has done so. For hosts that log in by\n"
    "syncml:auth-md5 ([mdm] device-auth). It happens by itself every 30 days.\n\n"
    "  -d DIR   the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n";

int cmd_device_rekey(int argc, char **argv) {
    struct cli cli;
    int status;
    json_t *reply = device_ask(argc, argv, usage, NULL, "device.rekey", &cli, &status);
    if (!reply)
        return status;
    json_decref(reply);
    printf("%s gets a new secret in its next session.\n", cli.argv[0]);
    return 0;
}
