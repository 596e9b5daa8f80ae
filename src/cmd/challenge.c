/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/span.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/synopsis.h"
#include "server/admin.h"

static const char usage[] =
    "Usage: signet challenge new --subject SUBJECT [OPTIONS] [-o json] [-d DIR]\n"
    "       signet challenge list [--max N] [-o json] [-d DIR]\n"
    "       signet challenge revoke ID [-d DIR]\n\n"
    "One-time challenges: who has one gets one certificate, and the very one that it was made for.\n"
    "new prints the challenge, and nothing else, to standard output. It is shown once. list shows the\n"
    "newest 100 (--max N), but those of MDM's enrollments.\n\n"
    "  --subject S      the subject that it is for, such as 'CN=host1,O=Example'. On an endpoint with\n"
    "                   rules for names, or with manual approval, it may be left out\n"
    "  --san SAN        the alternative names, as in a profile: '3+host1.example.com;11+me@example.com'\n"
    "                   (2 e-mail, 3 DNS name, 7 URI, 8 address, 11 UPN)\n"
    "  --eku OIDS       the EKUs, as in a profile: 1.3.6.1.5.5.7.3.2+1.3.6.1.5.5.7.3.4\n"
    "  --endpoint NAME  the endpoint it is for (default: that of [scep])\n"
    "  --for TIME       how long it serves, such as 30m or 7d (default: challenge-lifetime)\n"
    "  --count N        so many; {{n}} in the subject or the names stands for 1, 2, 3 ...\n\n"
    "  -d DIR   the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n";

struct order {
    const char *subject, *san, *eku, *endpoint, *lifetime, *count, *max;
};

static void put(json_t *request, const char *key, const char *value) {
    if (value)
        json_object_set_new(request, key, json_string(value));
}

static json_t *request_of(const struct order *o, int64_t count) {
    json_t *request =
        json_pack("{s:s, s:I}", "command", "challenge.new", "count", (json_int_t)count);
    put(request, "subject", o->subject);
    put(request, "san", o->san);
    put(request, "eku", o->eku);
    put(request, "endpoint", o->endpoint);
    put(request, "lifetime", o->lifetime);
    return request;
}

static int print_new(const struct cli *cli, json_t *reply) {
    json_t *list = json_object_get(reply, "challenges"), *item;
    size_t i;
    if (cli->json) {
        cli_print_json(json_incref(list));
        return 0;
    }
    json_array_foreach(list, i, item) printf("%s\n", cli_text(item, "challenge"));
    const json_t *first = json_array_get(list, 0);
    fprintf(stderr, "For %s on the endpoint %s, once, until %s.\n",
            json_object_get(first, "subject") ? cli_text(first, "subject") : "any allowed subject",
            cli_text(first, "endpoint"), cli_text(first, "expires"));
    return 0;
}

static int make(const struct cli *cli, const struct order *o) {
    int64_t count = 1;
    json_t *reply;
    if (o->count && (!span_int(span_str(o->count), &count) || count < 1))
        return cli_usage(usage, "--count: '%s' is not a number from 1 on", o->count);
    if (admin_call(cli->folder, request_of(o, count), &reply) != OK)
        return cli_fail();
    int status = print_new(cli, reply);
    json_decref(reply);
    return status;
}

static int list(const struct cli *cli, const char *max) {
    static const struct cli_column columns[] = {{"ID", "id"},           {"STATE", "state"},
                                                {"EXPIRES", "expires"}, {"ENDPOINT", "endpoint"},
                                                {"ACCOUNT", "account"}, {"SUBJECT", "subject"}};
    json_t *request = json_pack("{s:s}", "command", "challenge.list");
    if (!cli_put_number(request, "max", max)) {
        json_decref(request);
        return cli_usage(usage, "--max: '%s' is not a number from 1 on", max);
    }
    return cli_list(cli, request, "challenges", columns, sizeof columns / sizeof *columns,
                    "There are no challenges.");
}

static int revoke(const struct cli *cli) {
    int64_t id;
    json_t *reply;
    if (!span_int(span_str(cli->argv[1]), &id) || id < 1)
        return cli_usage(usage, "'%s' is not the number of a challenge (signet challenge list)",
                         cli->argv[1]);
    if (admin_call(cli->folder,
                   json_pack("{s:s, s:I}", "command", "challenge.revoke", "id", (json_int_t)id),
                   &reply) != OK)
        return cli_fail();
    json_decref(reply);
    printf("Challenge %lld is revoked.\n", (long long)id);
    return 0;
}

int cmd_challenge(int argc, char **argv) {
    struct order o = {0};
    const struct cli_option own[] = {{"subject", &o.subject, NULL}, {"san", &o.san, NULL},
                                     {"eku", &o.eku, NULL},         {"endpoint", &o.endpoint, NULL},
                                     {"max", &o.max, NULL},         {"for", &o.lifetime, NULL},
                                     {"count", &o.count, NULL},     {NULL, NULL, NULL}};
    struct cli cli;
    int status;
    if (!cli_options(argc, argv, usage, own, &cli, &status))
        return status;
    if (cli.argc == 1 && strcmp(cli.argv[0], "new") == 0)
        return make(&cli, &o);
    if (cli.argc == 1 && strcmp(cli.argv[0], "list") == 0)
        return list(&cli, o.max);
    if (cli.argc == 2 && strcmp(cli.argv[0], "revoke") == 0)
        return revoke(&cli);
    return synopsis_refuse(usage, &cli);
}
