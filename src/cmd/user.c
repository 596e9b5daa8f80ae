/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "server/admin.h"

static const char usage[] =
    "Usage: signet user add NAME [--password-file FILE] [-d DIR]\n"
    "       signet user list [-o json] [-d DIR]\n"
    "       signet user remove NAME [-d DIR]\n\n"
    "Accounts that may enroll hosts. Windows asks for name and password when a host enrolls.\n"
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

static int add(const struct cli *cli, const char *file) {
    BUF_AUTO(password);
    json_t *reply;
    if (read_password(file, &password) != OK)
        return cli_fail();
    json_t *request =
        json_pack("{s:s, s:s, s:o}", "command", "user.add", "name", cli->argv[1], "password",
                  json_stringn_nocheck((const char *)password.p, password.n));
    if (admin_call(cli->folder, request, &reply) != OK)
        return cli_fail();
    json_decref(reply);
    printf("%s may enroll hosts.\n", cli->argv[1]);
    return 0;
}

static int remove_user(const struct cli *cli) {
    json_t *reply;
    if (admin_call(cli->folder,
                   json_pack("{s:s, s:s}", "command", "user.remove", "name", cli->argv[1]),
                   &reply) != OK)
        return cli_fail();
    json_decref(reply);
    printf("%s may not enroll hosts any more; hosts that are enrolled stay so.\n", cli->argv[1]);
    return 0;
}

static int list(const struct cli *cli) {
    json_t *reply;
    if (admin_call(cli->folder, json_pack("{s:s}", "command", "user.list"), &reply) != OK)
        return cli_fail();
    json_t *users = json_object_get(reply, "users"), *user;
    size_t i;
    if (cli->json)
        cli_print_json(json_incref(users));
    else if (json_array_size(users) == 0)
        printf("There are no accounts yet: signet user add NAME.\n");
    else
        json_array_foreach(users, i, user) printf("%s\n", cli_text(user, "name"));
    json_decref(reply);
    return 0;
}

int cmd_user(int argc, char **argv) {
    const char *password_file = NULL;
    const struct cli_option own[] = {{"password-file", &password_file, NULL}, {NULL, NULL, NULL}};
    struct cli cli;
    int status;
    if (!cli_options(argc, argv, usage, own, &cli, &status))
        return status;
    if (cli.argc == 1 && (strcmp(cli.argv[0], "add") == 0 || strcmp(cli.argv[0], "remove") == 0))
        return cli_usage(usage, "user %s: the NAME is missing", cli.argv[0]);
    if (cli.argc == 2 && strcmp(cli.argv[0], "add") == 0)
        return add(&cli, password_file);
    if (cli.argc == 2 && strcmp(cli.argv[0], "remove") == 0)
        return remove_user(&cli);
    if (cli.argc == 1 && strcmp(cli.argv[0], "list") == 0)
        return list(&cli);
    return cli_usage(usage, "user takes add NAME, list or remove NAME");
}
