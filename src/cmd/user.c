/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/synopsis.h"
#include "server/admin.h"

static const char usage[] =
    "Usage: signet user add NAME [--endpoint ENDPOINT] [--password-file FILE] [-d DIR]\n"
    "       signet user code NAME [--for TIME] [--hosts N] [-o json] [-d DIR]\n"
    "       signet user code NAME --revoke [-d DIR]\n"
    "       signet user set NAME hosts=N [-d DIR]\n"
    "       signet user list [-o json] [-d DIR]\n"
    "       signet user remove NAME [--endpoint ENDPOINT] [-d DIR]\n\n"
    "Accounts that may enroll hosts. Windows asks for name and password when a host enrolls.\n"
    "With --endpoint: accounts of another kind, which may fetch challenges from that endpoint's\n"
    "mscep_admin page, and nothing else.\n"
    "add reads the password from FILE (- is standard input), or asks for it at the terminal.\n"
    "code prints an enrollment code, which is typed in the password's place: it serves for one\n"
    "host within a day, or for N hosts within TIME (30m, 12h, 7d). It is shown this once.\n"
    "With --revoke all open codes of the account are taken back.\n"
    "set says how many hosts the account may have enrolled: 0 is no limit, an empty number is\n"
    "hosts-per-user of signet.conf.\n"
    "list has, of each account, the codes that are open, and until when the last of them serves.\n\n"
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

static int print_code(const struct cli *cli, json_t *reply) {
    json_int_t hosts = json_integer_value(json_object_get(reply, "hosts"));
    if (cli->json) {
        json_object_del(reply, "ok");
        cli_print_json(reply);
        return 0;
    }
    printf("%s\n", cli_text(reply, "code"));
    fprintf(stderr, "Typed in the password's place by %s, it enrolls %lld host%s until %s.\n",
            cli->argv[1], (long long)hosts, hosts == 1 ? "" : "s", cli_text(reply, "expires"));
    json_decref(reply);
    return 0;
}

static int code(const struct cli *cli, const char *lifetime, const char *hosts) {
    json_t *request = request_of("user.code", cli->argv[1], NULL), *reply;
    int64_t number;
    if (lifetime)
        json_object_set_new(request, "for", json_string(lifetime));
    if (hosts && !span_int(span_str(hosts), &number)) {
        json_decref(request);
        return cli_usage(usage, "--hosts: '%s' is not a number", hosts);
    }
    if (hosts)
        json_object_set_new(request, "hosts", json_integer(number));
    if (admin_call(cli->folder, request, &reply) != OK)
        return cli_fail();
    return print_code(cli, reply);
}

static int revoke_codes(const struct cli *cli) {
    json_t *reply;
    if (admin_call(cli->folder, request_of("user.revoke-codes", cli->argv[1], NULL), &reply) != OK)
        return cli_fail();
    json_int_t count = json_integer_value(json_object_get(reply, "count"));
    printf("%lld open code%s of %s %s taken back.\n", (long long)count, count == 1 ? "" : "s",
           cli->argv[1], count == 1 ? "is" : "are");
    json_decref(reply);
    return 0;
}

static int set(const struct cli *cli) {
    static const char key[] = "hosts=";
    const char *value = cli->argv[2] + sizeof key - 1;
    int64_t number;
    json_t *reply;
    if (strncmp(cli->argv[2], key, sizeof key - 1) != 0)
        return cli_usage(usage, "user set takes hosts=N, not '%s'", cli->argv[2]);
    if (*value && !span_int(span_str(value), &number))
        return cli_usage(usage, "hosts=: '%s' is not a number", value);
    json_t *request = request_of("user.set", cli->argv[1], NULL);
    json_object_set_new(request, "hosts", *value ? json_integer(number) : json_null());
    if (admin_call(cli->folder, request, &reply) != OK)
        return cli_fail();
    json_decref(reply);
    if (!*value)
        printf("%s may enroll as many hosts as signet.conf says.\n", cli->argv[1]);
    else if (!number)
        printf("%s may enroll any number of hosts.\n", cli->argv[1]);
    else
        printf("%s may have %lld host%s enrolled.\n", cli->argv[1], (long long)number,
               number == 1 ? "" : "s");
    return 0;
}

static int list(const struct cli *cli) {
    static const struct cli_column columns[] = {
        {"NAME", "name"},        {"HOSTS", "hosts"},       {"AT MOST", "max_hosts"},
        {"OPEN CODES", "codes"}, {"UNTIL", "codes_until"}, {"CHALLENGES OF", "endpoint"},
        {"CREATED", "created"}};
    return cli_list(cli, json_pack("{s:s}", "command", "user.list"), "users", columns,
                    sizeof columns / sizeof *columns,
                    "There are no accounts yet: signet user add NAME.");
}

static bool is(const struct cli *cli, const char *verb, int argc) {
    return cli->argc == argc && strcmp(cli->argv[0], verb) == 0;
}

int cmd_user(int argc, char **argv) {
    const char *password_file = NULL, *endpoint = NULL, *lifetime = NULL, *hosts = NULL;
    bool revoke = false;
    const struct cli_option own[] = {{"password-file", &password_file, NULL},
                                     {"endpoint", &endpoint, NULL},
                                     {"for", &lifetime, NULL},
                                     {"hosts", &hosts, NULL},
                                     {"revoke", NULL, &revoke},
                                     {NULL, NULL, NULL}};
    struct cli cli;
    int status;
    if (!cli_options(argc, argv, usage, own, &cli, &status))
        return status;
    if (is(&cli, "add", 2))
        return add(&cli, endpoint, password_file);
    if (is(&cli, "remove", 2))
        return remove_user(&cli, endpoint);
    if (is(&cli, "code", 2))
        return revoke ? revoke_codes(&cli) : code(&cli, lifetime, hosts);
    if (is(&cli, "set", 3))
        return set(&cli);
    if (is(&cli, "list", 1))
        return list(&cli);
    return synopsis_refuse(usage, &cli);
}
