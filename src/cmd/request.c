/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/span.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/synopsis.h"
#include "server/admin.h"

static const char usage[] =
    "Usage: signet request list [--all] [-o json] [-d DIR]\n"
    "       signet request approve ID [-o json] [-d DIR]\n"
    "       signet request deny ID [--reason TEXT] [-o json] [-d DIR]\n\n"
    "Requests that wait for an administrator, on endpoints with approval = manual, or for an upstream\n"
    "in mode ra, which alone can approve them. list shows those that wait, with --all the newest of\n"
    "all. approve issues at once; the client gets the certificate when it polls. A denial's reason is\n"
    "told to the client.\n\n"
    "  -d DIR   the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n";

static int list(const struct cli *cli, bool all) {
    static const struct cli_column columns[] = {
        {"ID", "id"},           {"STATE", "state"},       {"WAITS FOR", "waits_for"},
        {"CREATED", "created"}, {"ENDPOINT", "endpoint"}, {"FROM", "peer"},
        {"SUBJECT", "subject"}};
    return cli_list(cli, json_pack("{s:s, s:b}", "command", "request.list", "all", (int)all),
                    "requests", columns, sizeof columns / sizeof *columns,
                    all ? "There are no requests." : "No request waits.");
}

static int decide(const struct cli *cli, bool approve, const char *reason) {
    int64_t id;
    json_t *reply;
    if (!span_int(span_str(cli->argv[1]), &id) || id < 1)
        return cli_usage(usage, "'%s' is not the number of a request (signet request list)",
                         cli->argv[1]);
    json_t *request = json_pack("{s:s, s:I}", "command",
                                approve ? "request.approve" : "request.deny", "id", (json_int_t)id);
    if (reason)
        json_object_set_new(request, "reason", json_string(reason));
    if (admin_call(cli->folder, request, &reply) != OK)
        return cli_fail();
    if (cli->json)
        cli_print_json(json_incref(reply));
    else if (approve)
        printf("Request %lld is approved; the certificate's thumbprint is %s.\n", (long long)id,
               cli_text(reply, "thumbprint"));
    else
        printf("Request %lld is denied.\n", (long long)id);
    json_decref(reply);
    return 0;
}

int cmd_request(int argc, char **argv) {
    const char *reason = NULL;
    bool all = false;
    const struct cli_option own[] = {
        {"reason", &reason, NULL}, {"all", NULL, &all}, {NULL, NULL, NULL}};
    struct cli cli;
    int status;
    if (!cli_options(argc, argv, usage, own, &cli, &status))
        return status;
    if (cli.argc == 1 && strcmp(cli.argv[0], "list") == 0)
        return list(&cli, all);
    if (cli.argc == 2 && strcmp(cli.argv[0], "approve") == 0)
        return decide(&cli, true, NULL);
    if (cli.argc == 2 && strcmp(cli.argv[0], "deny") == 0)
        return decide(&cli, false, reason);
    return synopsis_refuse(usage, &cli);
}
