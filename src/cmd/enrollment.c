/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/synopsis.h"
#include "cmd/timeline.h"
#include "server/admin.h"

static const char usage[] =
    "Usage: signet enrollment list [--host HOST] [--state STATE] [--all] [--max N] [-o json]\n"
    "                              [-d DIR]\n"
    "       signet enrollment show ID [-o json] [-d DIR]\n\n"
    "What became of each profile on each host, and of each PKCS#12 (signet pfx). The states:\n\n"
    "  assigned     waits for the host's next session\n"
    "  sent         put into an answer to the host\n"
    "  accepted     the host took the profile (200 or 202): no certificate is meant by that\n"
    "  rejected     the host refused the profile\n"
    "  requested    the host has asked the CA, or the upstream\n"
    "  issued       it has issued; that it arrived is not known\n"
    "  refused      it has refused\n"
    "  reported     an upstream sent SUCCESS and the host shows a certificate; signet has not seen\n"
    "               it: signet gateway import NAME FILE confirms it\n"
    "  confirmed    the host shows the very certificate that was issued, or sent as PKCS#12\n"
    "  failed       the host says that it failed, so far; with its HRESULT in words\n"
    "  unconfirmed  the time is over, and nothing is known\n"
    "  expiring     its certificate is good still, and its successor is on the way\n"
    "  gone         it was confirmed; the host shows it no longer, or it has ended\n"
    "  renewed      a successor, with an id of its own, has taken its place\n"
    "  removing     the host is asked to delete it\n"
    "  removed      the host has it no longer, or never had it\n"
    "  revoked      the host has left, and its certificates are revoked\n\n"
    "list leaves out renewed, removed and revoked ones, but with --all, or where --state names them;\n"
    "--max N shows the newest N. The oldest comes first; ASSIGNED is its time (UTC).\n\n"
    "show prints the timeline: each event, its time (UTC), and with -o json its evidence.\n\n"
    "  -d DIR   the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n";

struct options {
    const char *host, *state, *max;
    bool all;
};

static const char *when_none(const struct options *o) {
    if (o->host || o->state)
        return "No enrollment is as you asked.";
    return o->all ? "No profile is assigned yet: signet profile assign NAME HOST"
                  : "No enrollment is in force (--all shows those that were): signet profile "
                    "assign NAME HOST";
}

static int list(const struct cli *cli, const struct options *o) {
    static const struct cli_column columns[] = {
        {"ID", "id"},           {"STATE", "state"},      {"HOST", "device.name"},
        {"PROFILE", "profile"}, {"ASSIGNED", "created"}, {"ERROR", "error.code"}};
    json_t *request = json_pack("{s:s, s:s*, s:s*, s:b}", "command", "enrollment.list", "device",
                                o->host, "state", o->state, "all", (int)o->all);
    if (!cli_put_number(request, "newest", o->max)) {
        json_decref(request);
        return cli_usage(usage, "--max takes a number from 1 on, not '%s'", o->max);
    }
    json_t *all = cli_pages(cli, request, "enrollments");
    if (!all)
        return cli_fail();
    if (cli->json)
        cli_print_json(json_incref(all));
    else
        cli_print_list(all, columns, sizeof columns / sizeof *columns, when_none(o));
    json_decref(all);
    return 0;
}

static int show(const struct cli *cli) {
    json_t *reply;
    if (admin_call(cli->folder,
                   json_pack("{s:s, s:s}", "command", "enrollment.show", "id", cli->argv[1]),
                   &reply) != OK)
        return cli_fail();
    json_t *enrollment = json_object_get(reply, "enrollment");
    if (cli->json) {
        cli_print_json(json_incref(enrollment));
    } else {
        BUF_AUTO(text);
        timeline_print(&text, enrollment, cli_width(100));
        fputs(buf_cstr(&text), stdout);
    }
    json_decref(reply);
    return 0;
}

int cmd_enrollment(int argc, char **argv) {
    struct options o = {0};
    const struct cli_option own[] = {{"host", &o.host, NULL},
                                     {"state", &o.state, NULL},
                                     {"max", &o.max, NULL},
                                     {"all", NULL, &o.all},
                                     {NULL, NULL, NULL}};
    struct cli cli;
    int status;
    if (!cli_options(argc, argv, usage, own, &cli, &status))
        return status;
    if (cli.argc == 1 && strcmp(cli.argv[0], "list") == 0)
        return list(&cli, &o);
    if (cli.argc == 2 && strcmp(cli.argv[0], "show") == 0)
        return show(&cli);
    return synopsis_refuse(usage, &cli);
}
