/* SPDX-License-Identifier: Apache-2.0 */
/* signet command: SyncML commands of the administrator for hosts. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/synopsis.h"
#include "server/admin.h"

static const char usage[] =
    "Usage: signet command send HOST|GROUP FILE [-o json] [-d DIR]\n"
    "       signet command list [--host HOST] [--batch ID] [--state STATE] [--max N] [--before ID]\n"
    "                           [-o json] [-d DIR]\n"
    "       signet command show ID [-o json] [-d DIR]\n"
    "       signet command cancel ID [-d DIR]\n"
    "       signet command retry ID [-o json] [-d DIR]\n\n"
    "send queues the SyncML commands of FILE (- is standard input) for a host, or for each host of a\n"
    "group: Add, Replace, Delete, Get, Exec, and Atomic or Sequence around them, such as\n\n"
    "  <Get><Item><Target><LocURI>./DevDetail/SwV</LocURI></Target></Item></Get>\n\n"
    "CmdIDs are written anew. A host gets its commands in order in its next sessions, the next ones\n"
    "when each of the last has its Status. What is for ./User waits until somebody is signed in.\n"
    "Each command is sent once at most. STATE:\n\n"
    "  waiting    for the host's next session\n"
    "  sent       put into an answer to the host\n"
    "  done       the host's Status is 200 or 202\n"
    "  failed     it is another one\n"
    "  unknown    the session ended without a Status: it may have run\n"
    "  cancelled  before it went out\n\n"
    "list shows the newest 100 (--max N); --batch those of one send; --before says where the next\n"
    "page begins. show has each Status, and the Results (64 KiB of each are kept). retry queues one\n"
    "that is not waiting any more once again, under a new id.\n\n"
    "  -d DIR   the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n";

enum { MAX_FILE = 1024 * 1024, MAX_SHOWN = 2000 };

struct options {
    const char *host, *batch, *state, *max, *before;
};

/* ---- send ---- */

static void print_sent(const struct cli *cli, const json_t *reply) {
    const json_t *device = json_object_get(reply, "device");
    long long count = json_integer_value(json_object_get(reply, "count"));
    long long batch = json_integer_value(json_object_get(reply, "batch"));
    long long hosts = json_integer_value(json_object_get(reply, "hosts"));
    long long skipped = json_integer_value(json_object_get(reply, "skipped"));
    if (device) /* a host's name is its own claim: who enrolled it is not */
        printf("%lld command%s for %s (DeviceID %s, enrolled by %s), in its next session.\n", count,
               count == 1 ? "" : "s", cli_text(device, "name"), cli_text(device, "device_id"),
               cli_text(device, "account"));
    else
        printf("%lld command%s for each of %lld hosts of the group '%s', in their next sessions.\n",
               count, count == 1 ? "" : "s", hosts, cli->argv[1]);
    if (skipped)
        printf("%lld that are leaving or have left get nothing.\n", skipped);
    if (device && count == 1)
        printf("Follow it with: signet command show %lld\n", batch);
    else
        printf("Follow them with: signet command list --batch %lld\n", batch);
}

static int send_file(const struct cli *cli) {
    BUF_AUTO(text);
    json_t *reply;
    if (file_read(cli->argv[2], MAX_FILE, &text) != OK)
        return cli_fail();
    json_t *body = json_stringn((const char *)text.p, text.n);
    if (!body) {
        err_set(ERR_PARSE, "'%s' is not UTF-8: save it as UTF-8", cli->argv[2]);
        return cli_fail();
    }
    if (admin_call(cli->folder,
                   json_pack("{s:s, s:s, s:o}", "command", "command.send", "device", cli->argv[1],
                             "body", body),
                   &reply) != OK)
        return cli_fail();
    json_object_del(reply, "ok");
    if (cli->json)
        cli_print_json(json_incref(reply));
    else
        print_sent(cli, reply);
    json_decref(reply);
    return 0;
}

/* ---- list ---- */

static void print_list(const json_t *reply) {
    static const struct cli_column columns[] = {{"ID", "id"},           {"STATE", "state"},
                                                {"STATUS", "status"},   {"HOST", "device.name"},
                                                {"COMMAND", "command"}, {"SENT", "sent"}};
    const json_t *next = json_object_get(reply, "next");
    cli_print_list(json_object_get(reply, "commands"), columns, sizeof columns / sizeof *columns,
                   "There are no commands.");
    if (next)
        printf("(older ones: --before %lld)\n", (long long)json_integer_value(next));
}

static int list(const struct cli *cli, const struct options *o) {
    json_t *reply, *request = json_pack("{s:s, s:s*, s:s*}", "command", "command.list", "device",
                                        o->host, "state", o->state);
    if (!cli_put_number(request, "max", o->max) || !cli_put_number(request, "batch", o->batch) ||
        !cli_put_number(request, "before", o->before)) {
        json_decref(request);
        return cli_usage(usage, "--max, --batch and --before take a number from 1 on");
    }
    if (admin_call(cli->folder, request, &reply) != OK)
        return cli_fail();
    if (cli->json)
        cli_print_json(json_incref(json_object_get(reply, "commands")));
    else
        print_list(reply);
    json_decref(reply);
    return 0;
}

/* ---- one command ---- */

static void print_line(const char *head, const char *text) {
    if (text)
        printf("  %-9s  %s\n", head, text);
}

/* What the host sent is shown as text that can do nothing to a terminal. */
static void print_data(const json_t *result) {
    const json_t *data = json_object_get(result, "data"),
                 *cut = json_object_get(result, "cut_from");
    size_t n = json_string_length(data);
    BUF_AUTO(shown);
    BUF_AUTO(lines);
    if (!data)
        return;
    text_printable(&shown, span_of(json_string_value(data), n < MAX_SHOWN ? n : MAX_SHOWN));
    cli_wrap(&lines, buf_cstr(&shown), 4, 4, cli_width(100));
    printf("    %s", buf_cstr(&lines));
    if (n > MAX_SHOWN)
        printf("    (the first %d of %zu bytes: -o json has them all)\n", MAX_SHOWN, n);
    if (cut)
        printf("    (the host sent %lld bytes; %zu are kept)\n", (long long)json_integer_value(cut),
               n);
}

static void print_result(const json_t *result) {
    const json_t *status = json_object_get(result, "status");
    const char *uri = json_string_value(json_object_get(result, "loc_uri"));
    const char *error = json_string_value(json_object_get(result, "original_error"));
    printf("  %s%s%s", cli_text(result, "cmd"), uri ? " " : "", uri ? uri : "");
    if (status)
        printf("  => %lld", (long long)json_integer_value(status));
    printf(error ? " (%s)\n" : "\n", error);
    print_data(result);
}

static void print_command(const json_t *c) {
    static const struct {
        const char *head, *key;
    } lines[] = {
        {"queued", "created"}, {"sent", "sent"}, {"ended", "done"}, {"waits for", "waits_for"}};
    const json_t *device = json_object_get(c, "device"), *result;
    size_t i;
    printf("command %lld  %s\n", (long long)json_integer_value(json_object_get(c, "id")),
           cli_text(c, "command"));
    printf("  host       %s (DeviceID %s)\n", cli_text(device, "name"),
           cli_text(device, "device_id"));
    for (i = 0; i < sizeof lines / sizeof *lines; i++)
        print_line(lines[i].head, json_string_value(json_object_get(c, lines[i].key)));
    print_line("state", cli_text(c, "state"));
    json_array_foreach(json_object_get(c, "results"), i, result) print_result(result);
}

/* Sends a request about the command that the first argument names; NULL when *status says why. */
static json_t *ask(const struct cli *cli, const char *command, int *status) {
    json_t *reply, *request = json_pack("{s:s}", "command", command);
    *status = 1;
    if (!cli_put_number(request, "id", cli->argv[1])) {
        json_decref(request);
        *status = cli_usage(usage, "'%s' is no number of a command", cli->argv[1]);
        return NULL;
    }
    if (admin_call(cli->folder, request, &reply) == OK)
        return reply;
    *status = cli_fail();
    return NULL;
}

static int show(const struct cli *cli) {
    int status;
    json_t *reply = ask(cli, "command.show", &status);
    if (!reply)
        return status;
    json_t *command = json_object_get(reply, "command");
    if (cli->json)
        cli_print_json(json_incref(command));
    else
        print_command(command);
    json_decref(reply);
    return 0;
}

static int cancel(const struct cli *cli) {
    int status;
    json_t *reply = ask(cli, "command.cancel", &status);
    if (!reply)
        return status;
    printf("Command %s is cancelled.\n", cli->argv[1]);
    json_decref(reply);
    return 0;
}

static int retry(const struct cli *cli) {
    int status;
    json_t *reply = ask(cli, "command.retry", &status);
    if (!reply)
        return status;
    const json_t *id = json_object_get(reply, "id");
    if (cli->json)
        cli_print_json(json_pack("{s:O}", "id", id));
    else
        printf("It is queued again as command %lld.\n", (long long)json_integer_value(id));
    json_decref(reply);
    return 0;
}

int cmd_command(int argc, char **argv) {
    struct options o = {0};
    const struct cli_option own[] = {{"host", &o.host, NULL},     {"batch", &o.batch, NULL},
                                     {"state", &o.state, NULL},   {"max", &o.max, NULL},
                                     {"before", &o.before, NULL}, {NULL, NULL, NULL}};
    struct cli cli;
    int status;
    if (!cli_options(argc, argv, usage, own, &cli, &status))
        return status;
    const char *verb = cli.argc ? cli.argv[0] : "";
    if (cli.argc == 3 && strcmp(verb, "send") == 0)
        return send_file(&cli);
    if (cli.argc == 1 && strcmp(verb, "list") == 0)
        return list(&cli, &o);
    if (cli.argc == 2 && strcmp(verb, "show") == 0)
        return show(&cli);
    if (cli.argc == 2 && strcmp(verb, "cancel") == 0)
        return cancel(&cli);
    if (cli.argc == 2 && strcmp(verb, "retry") == 0)
        return retry(&cli);
    return synopsis_refuse(usage, &cli);
}
