/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "server/admin.h"

static const char usage[] =
    "Usage: signet user add NAME [--endpoint ENDPOINT] [--password-file FILE] [-d DIR]\n"
    "       signet user list [-o json] [-d DIR]\n"
    "       signet user remove NAME [--endpoint ENDPOINT] [-d DIR]\n\n"
    "Accounts that may enroll hosts. Windows asks for name and password when a host enrolls.\n"
    "With --endpoint: accounts of another kind, which may fetch challenges from that endpoint's\n"
    "mscep_admin page, and nothing else.\n"
    "add reads the password from FILE (- is standard input), or asks for it at the terminal.\n\n"
    "  -d DIR   the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n";

enum { MAX_PASSWORD = 1024 };

/* Asks without showing what is typed. */
static enum err ask_password(struct buf *out) {
    struct termios before, silent;
    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return err_set(ERR_USAGE, "standard input is no terminal: give --password-file FILE");
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    fputs("Password: ", stderr);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    for (int c; (c = getchar()) != EOF && c != '\n' && out->n < MAX_PASSWORD;)
        buf_char(out, (char)c);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fputc('\n', stderr);
    return OK;
}

static enum err read_password(const char *file, struct buf *out) {
    if (!file)
        TRY(ask_password(out));
    else
        TRY(file_read(file, MAX_PASSWORD, out));
    while (out->n && (out->p[out->n - 1] == '\n' || out->p[out->n - 1] == '\r'))
        out->n--;
    return out->n ? OK : err_set(ERR_USAGE, "the password is empty");
}

static json_t *request_of(const char *command, const char *name, const char *endpoint) {
    json_t *request = json_pack("{s:s, s:s}", "command", command, "name", name);
    if (endpoint)
        json_object_set_new(request, "endpoint", json_string(endpoint));
    return request;
}

static int add(const struct cli *cli, const char *endpoint, const char *file) {
    BUF_AUTO(password);
    json_t *reply;
    if (read_password(file, &password) != OK)
        return cli_fail();
    json_t *request = request_of("user.add", cli->argv[1], endpoint);
    json_object_set_new(request, "password",
                        json_stringn_nocheck((const char *)password.p, password.n));
    if (admin_call(cli->folder, request, &reply) != OK)
        return cli_fail();
    const char *warning = json_string_value(json_object_get(reply, "warning"));
    if (warning)
        fprintf(stderr, "signet: warning: %s\n", warning);
    json_decref(reply);
    if (endpoint)
        printf("%s may fetch challenges of the endpoint %s.\n", cli->argv[1], endpoint);
    else
        printf("%s may enroll hosts.\n", cli->argv[1]);
    return 0;
}

static int remove_user(const struct cli *cli, const char *endpoint) {
    json_t *reply;
    if (admin_call(cli->folder, request_of("user.remove", cli->argv[1], endpoint), &reply) != OK)
        return cli_fail();
    json_decref(reply);
    if (endpoint)
        printf("%s may not fetch challenges of the endpoint %s any more.\n", cli->argv[1],
               endpoint);
    else
        printf("%s may not enroll hosts any more; hosts that are enrolled stay so.\n",
               cli->argv[1]);
    return 0;
}

static int list(const struct cli *cli) {
    static const struct cli_column columns[] = {
        {"NAME", "name"}, {"CHALLENGES OF", "endpoint"}, {"CREATED", "created"}};
    return cli_list(cli, json_pack("{s:s}", "command", "user.list"), "users", columns, 3,
                    "There are no accounts yet: signet user add NAME.");
}

int cmd_user(int argc, char **argv) {
    const char *password_file = NULL, *endpoint = NULL;
    const struct cli_option own[] = {
        {"password-file", &password_file, NULL}, {"endpoint", &endpoint, NULL}, {NULL, NULL, NULL}};
    struct cli cli;
    int status;
    if (!cli_options(argc, argv, usage, own, &cli, &status))
        return status;
    if (cli.argc == 1 && (strcmp(cli.argv[0], "add") == 0 || strcmp(cli.argv[0], "remove") == 0))
        return cli_usage(usage, "user %s: the NAME is missing", cli.argv[0]);
    if (cli.argc == 2 && strcmp(cli.argv[0], "add") == 0)
        return add(&cli, endpoint, password_file);
    if (cli.argc == 2 && strcmp(cli.argv[0], "remove") == 0)
        return remove_user(&cli, endpoint);
    if (cli.argc == 1 && strcmp(cli.argv[0], "list") == 0)
        return list(&cli);
    return cli_usage(usage, "user takes add NAME, list or remove NAME");
}
