/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/device_ask.h"

#include "server/admin.h"

json_t *device_ask(int argc, char **argv, const char *usage, const struct cli_option *own,
                   const char *command, struct cli *cli, int *status) {
    json_t *reply;
    if (!cli_options(argc, argv, usage, own, cli, status))
        return NULL;
    if (cli->argc != 1) {
        *status = cli_usage(usage, "device %s takes one HOST", argv[0]);
        return NULL;
    }
    json_t *request = json_pack("{s:s, s:s}", "command", command, "device", cli->argv[0]);
    for (; own && own->name; own++)
        json_object_set_new(request, own->name, json_boolean(*own->flag));
    if (admin_call(cli->folder, request, &reply) == OK)
        return reply;
    *status = cli_fail();
    return NULL;
}
