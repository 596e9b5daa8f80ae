/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/synopsis.h"
#include "server/admin.h"

static const char usage[] =
    "Usage: signet cert list [--live] [--revoked] [--endpoint NAME] [--subject PART] [--max N]\n"
    "                        [--before ID] [-o json] [-d DIR]\n"
    "       signet cert show CERT [-o json] [-d DIR]\n"
    "       signet cert revoke CERT [--reason REASON] [-d DIR]\n"
    "       signet cert export CERT [-d DIR]                  PEM to standard output\n\n"
    "The certificates that SCEP clients got. CERT is the beginning of a serial, or a thumbprint.\n"
    "list shows the newest 100 (--max N) that fit; --before says where the next page begins.\n"
    "A revocation shows in the CRL and in OCSP at once; as superseded only after its enrollment, if\n"
    "it has one, has ended: the host may hold that very certificate. REASON: unspecified,\n"
    "keyCompromise, affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn.\n\n"
    "  -d DIR   the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n";

struct options {
    const char *endpoint, *subject, *max, *before, *reason;
    bool live, revoked;
};

/* ---- list ---- */

static void print_list(const json_t *reply, bool filtered) {
    static const struct cli_column columns[] = {{"SERIAL", "serial"},
                                                {"STATE", "state"},
                                                {"ENDS", "not_after"},
                                                {"ENDPOINT", "endpoint"},
                                                {"SUBJECT", "subject"}};
    const json_t *list = json_object_get(reply, "certificates"),
                 *next = json_object_get(reply, "next");
    cli_print_list(list, columns, sizeof columns / sizeof *columns,
                   filtered ? "No certificate is as you asked." : "There are no certificates.");
    if (next)
        printf("(older ones: --before %lld)\n", (long long)json_integer_value(next));
}

static int list(const struct cli *cli, const struct options *o) {
    json_t *reply, *request = json_pack("{s:s, s:b, s:b}", "command", "cert.list", "live",
                                        (int)o->live, "revoked", (int)o->revoked);
    if (!cli_put_number(request, "max", o->max) || !cli_put_number(request, "before", o->before)) {
        json_decref(request);
        return cli_usage(usage, "--max and --before take a number from 1 on");
    }
    if (o->endpoint)
        json_object_set_new(request, "endpoint", json_string(o->endpoint));
    if (o->subject)
        json_object_set_new(request, "subject", json_string(o->subject));
    if (admin_call(cli->folder, request, &reply) != OK)
        return cli_fail();
    if (cli->json)
        cli_print_json(json_incref(json_object_get(reply, "certificates")));
    else
        print_list(reply, o->live || o->revoked || o->endpoint || o->subject || o->before);
    json_decref(reply);
    return 0;
}

/* ---- one certificate ---- */

static json_t *request_of(const char *command, const struct cli *cli) {
    return json_pack("{s:s, s:s}", "command", command, "id", cli->argv[1]);
}

static void print_certificate(const json_t *cert) {
    static const struct cli_column rows[] = {
        {"Subject", "subject"},       {"State", "state"},       {"Serial", "serial"},
        {"Thumbprint", "thumbprint"}, {"Endpoint", "endpoint"}, {"CA", "ca"},
        {"Enrollment", "enrollment"}, {"Issued", "issued"},     {"Begins", "not_before"},
        {"Ends", "not_after"},        {"Revoked", "revoked"},   {"Reason", "reason"}};
    const json_t *entry;
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        if (json_object_get(cert, rows[i].key))
            printf("%-11s %s\n", rows[i].head, cli_text(cert, rows[i].key));
    printf("\n");
    json_array_foreach(json_object_get(cert, "journal"), i, entry) printf(
        "%s  %s: %s\n", cli_text(entry, "at"), cli_text(entry, "kind"), cli_text(entry, "text"));
}

static int show(const struct cli *cli) {
    json_t *reply;
    if (admin_call(cli->folder, request_of("cert.show", cli), &reply) != OK)
        return cli_fail();
    json_t *cert = json_object_get(reply, "certificate");
    if (cli->json)
        cli_print_json(json_incref(cert));
    else
        print_certificate(cert);
    json_decref(reply);
    return 0;
}

static int revoke(const struct cli *cli, const char *reason) {
    json_t *reply, *request = request_of("cert.revoke", cli);
    if (reason)
        json_object_set_new(request, "reason", json_string(reason));
    if (admin_call(cli->folder, request, &reply) != OK)
        return cli_fail();
    printf("The certificate %s of %s is revoked (%s).\n", cli_text(reply, "serial"),
           cli_text(reply, "subject"), cli_text(reply, "reason"));
    json_decref(reply);
    return 0;
}

static int export(const struct cli *cli) {
    json_t *reply;
    if (admin_call(cli->folder, request_of("cert.export", cli), &reply) != OK)
        return cli_fail();
    fputs(cli_text(reply, "pem"), stdout);
    json_decref(reply);
    return 0;
}

int cmd_cert(int argc, char **argv) {
    struct options o = {0};
    const struct cli_option own[] = {{"live", NULL, &o.live},         {"revoked", NULL, &o.revoked},
                                     {"endpoint", &o.endpoint, NULL}, {"subject", &o.subject, NULL},
                                     {"max", &o.max, NULL},           {"before", &o.before, NULL},
                                     {"reason", &o.reason, NULL},     {NULL, NULL, NULL}};
    struct cli cli;
    int status;
    if (!cli_options(argc, argv, usage, own, &cli, &status))
        return status;
    const char *verb = cli.argc ? cli.argv[0] : "";
    if (cli.argc == 1 && strcmp(verb, "list") == 0)
        return list(&cli, &o);
    if (cli.argc == 2 && strcmp(verb, "show") == 0)
        return show(&cli);
    if (cli.argc == 2 && strcmp(verb, "revoke") == 0)
        return revoke(&cli, o.reason);
    if (cli.argc == 2 && strcmp(verb, "export") == 0)
        return export(&cli);
    return synopsis_refuse(usage, &cli);
}
