/* SPDX-License-Identifier: Apache-2.0 */
/* signet device list: the hosts that have enrolled, as the server knows them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "server/admin.h"

static const char usage[] =
    "Usage: signet device list [-o json] [-d DIR]\n\n"
    "The hosts that have enrolled with the server. NAME and BUILD are what the host claims; ACCOUNT\n"
    "is who enrolled it, proved by password; SEEN is its last session (UTC).\n\n"
    "  -d DIR   the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n";

static void print_list(const json_t *devices) {
    enum { COLUMNS = 5 };
    static const char *const head[COLUMNS] = {"DEVICEID", "NAME", "BUILD", "ACCOUNT", "SEEN"};
    static const char *const keys[COLUMNS] = {"device_id", "name", "os_version", "account",
                                              "last_seen"};
    size_t n = json_array_size(devices) + 1, i;
    const char **cells = mem_alloc(n * COLUMNS * sizeof *cells);
    json_t *device;
    memcpy(cells, head, sizeof head);
    json_array_foreach(devices, i, device) {
        for (size_t c = 0; c < COLUMNS; c++)
            cells[(i + 1) * COLUMNS + c] = cli_text(device, keys[c]);
    }
    cli_print_table(cells, n, COLUMNS);
    free(cells);
}

int cmd_device_list(int argc, char **argv) {
    struct cli cli;
    json_t *reply;
    int status;
    if (!cli_options(argc, argv, usage, NULL, &cli, &status))
        return status;
    if (cli.argc)
        return cli_usage(usage, "device list takes no argument '%s'", cli.argv[0]);
    if (admin_call(cli.folder, json_pack("{s:s}", "command", "device.list"), &reply) != OK)
        return cli_fail();
    json_t *devices = json_object_get(reply, "devices");
    if (cli.json)
        cli_print_json(json_incref(devices));
    else
        print_list(devices);
    json_decref(reply);
    return 0;
}
