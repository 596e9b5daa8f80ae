/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/profile_read.h"
#include "cmd/synopsis.h"
#include "csp/profile.h"
#include "csp/sendable.h"
#include "server/admin.h"

static const char usage[] =
    "Usage: signet profile new --use USE... [OPTIONS] [--out FILE]\n"
    "       signet profile lint FILE... [--fix] [--server URL|NAME] [-o json]\n"
    "       signet profile show FILE|NAME [--raw] [-o json] [-d DIR]\n"
    "       signet profile diff A B [-o json] [-d DIR]\n"
    "       signet profile adopt FILE [--name NAME [--endpoint NAME] [--send-anyway]] [-d DIR]\n"
    "       signet profile add FILE [--name NAME] [--endpoint NAME] [--trust-device-name]\n"
    "                          [--send-anyway] [-d DIR]\n"
    "       signet profile list [-o json] [-d DIR]\n"
    "       signet profile assign NAME HOST|GROUP [-o json] [-d DIR]\n"
    "       signet profile unassign NAME HOST|GROUP [-d DIR]\n"
    "       signet profile remove NAME [-d DIR]\n\n"
    "A profile is the SyncML that Windows gets: one Atomic for ClientCertificateInstall/SCEP. These\n"
    "placeholders are filled when it is sent:\n\n"
    "  {{enrollment.id}}        the UniqueID         {{device.id}}    the host's DeviceID\n"
    "  {{scep.url}}             ServerURL            {{device.name}}  what the host calls itself\n"
    "  {{scep.challenge}}       a fresh challenge    {{user.upn}}     the account that enrolled it\n"
    "  {{scep.ca_thumbprint}}   the CA's SHA-1\n\n"
    "new writes a profile from plain options; lint says what is wrong with one before it is sent; show\n"
    "says what each of its values means, diff how two of them differ. Each has a --help of its own.\n"
    "\n"
    "adopt takes a profile that was written for another server, puts the first four where they\n"
    "belong and says what it changed. With --name it is kept; without, it goes to standard output.\n"
    "Other placeholders of that server (in a subject, say) are named, and are yours to replace.\n"
    "add keeps a profile as it is (--name: by default the file's name without its ending); its\n"
    "UniqueID must be {{enrollment.id}}, since signet follows that node. FILE - is standard input.\n"
    "--endpoint says where its certificates come from, and so what the scep placeholders stand for:\n"
    "an endpoint of signet.conf or an upstream of signet gateway (by default: default).\n"
    "add, adopt and assign warn of a key length or EKUs that the endpoint does not grant.\n"
    "\n"
    "What lint calls an error is refused, and not sent either, but with --send-anyway, to see a host\n"
    "fail; so is a profile with placeholders of another server left in it. What signet cannot read as\n"
    "one Atomic of the CSP's nodes, with one Exec at its end, it cannot send either way.\n"
    "{{device.name}} may stand in a subject only with --trust-device-name: a host can claim any.\n"
    "\n"
    "assign gives a profile to an enrolled host (by its name or DeviceID), or to the hosts of a group,\n"
    "those that join it later, too; each gets it in its next session. Assigned again, a host gets it\n"
    "anew, but once: what was not delivered yet stays as it is (JSON: waits). unassign takes it away\n"
    "again: the host deletes its certificate, which is revoked when it is gone. remove does that for\n"
    "all hosts, and the profile is kept no more.\n"
    "\n"
    "  -d DIR   the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n";

static void warn(const char *lines) {
    for (size_t n; (n = strcspn(lines, "\n")) > 0; lines += n + (lines[n] != '\0'))
        fprintf(stderr, "signet: warning: %.*s\n", (int)n, lines);
}

struct wish {
    const char *name, *endpoint;
    bool trust, anyway;
    const char *changes; /* what adopt changed: told when it is kept; or NULL */
};

/* Who leaves --endpoint out may not have meant to take the profile away from where it was. */
static void print_move(const json_t *reply) {
    const char *before = json_string_value(json_object_get(reply, "endpoint_before"));
    const char *now = cli_text(reply, "endpoint");
    if (before && strcmp(before, now) != 0)
        printf("Its endpoint was '%s', and is '%s' now (--endpoint).\n", before, now);
}

static enum err keep(const struct cli *cli, const struct wish *wish, struct span body) {
    ARENA_AUTO(a);
    BUF_AUTO(warnings);
    json_t *reply;
    json_t *text = json_stringn((const char *)body.p, body.n);
    if (!text)
        return err_set(ERR_PARSE, "the profile is not UTF-8");
    json_t *request = json_pack("{s:s, s:s, s:o, s:b, s:b, s:s*}", "command", "profile.add", "name",
                                wish->name, "body", text, "trust_device_name", (int)wish->trust,
                                "send_anyway", (int)wish->anyway, "endpoint", wish->endpoint);
    if (!request)
        return err_set(ERR_USAGE, "the name of the profile or its endpoint is not UTF-8");
    TRY(admin_call(cli->folder, request, &reply));
    bool relay = json_is_true(json_object_get(reply, "relay"));
    if (profile_warnings(&a, body, relay, &warnings) != OK)
        buf_clear(&warnings); /* the server has read it, so that it can be read */
    warn(buf_cstr(&warnings));
    const char *warning = json_string_value(json_object_get(reply, "warning"));
    if (warning)
        warn(warning);
    if (wish->changes)
        fputs(wish->changes, stdout);
    printf(json_is_true(json_object_get(reply, "replaced"))
               ? "The profile '%s' is replaced; enrollments that exist keep the one they had.\n"
               : "The profile '%s' is kept.\n",
           wish->name);
    print_move(reply);
    json_decref(reply);
    return OK;
}

/* What adopt left, and the server would refuse to keep. */
static void warn_left(struct arena *a, struct span adopted, bool trust) {
    const struct lint_options options = {.ours = true, .trust_device_name = trust};
    struct lint_findings found = {0};
    profile_lint(a, adopted, &options, &found);
    for (const struct lint_finding *f = found.first; f; f = f->next)
        if (profile_refused_for(f))
            fprintf(stderr, "signet: warning: line %u, %s: %s [%s]\n", f->line, f->node, f->detail,
                    f->code->name);
}

static int adopt(const struct cli *cli, struct wish *wish) {
    if ((wish->endpoint || wish->anyway) && !wish->name)
        return cli_usage(usage, "%s is for a profile that is kept: give --name too",
                         wish->endpoint ? "--endpoint" : "--send-anyway");
    ARENA_AUTO(a);
    BUF_AUTO(text);
    BUF_AUTO(adopted);
    BUF_AUTO(changes);
    if (file_read(cli->argv[1], PROFILE_MAX, &text) != OK ||
        profile_adopt(&a, buf_view(&text), &adopted, &changes) != OK)
        return cli_fail();
    wish->changes = changes.n ? buf_cstr(&changes) : "nothing needed to be changed\n";
    if (wish->name)
        return keep(cli, wish, buf_view(&adopted)) == OK ? 0 : cli_fail();
    fputs(wish->changes, stderr);
    warn_left(&a, buf_view(&adopted), wish->trust);
    fwrite(adopted.p, 1, adopted.n, stdout);
    return 0;
}

static const char *name_of_file(struct arena *a, const char *path) {
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    return arena_str(a, span_of(base, dot && dot > base ? (size_t)(dot - base) : strlen(base)));
}

static int add(const struct cli *cli, struct wish wish) {
    ARENA_AUTO(a);
    BUF_AUTO(text);
    if (!wish.name && strcmp(cli->argv[1], "-") == 0)
        return cli_usage(usage,
                         "a profile from standard input has no name: give a name with --name");
    if (!wish.name)
        wish.name = name_of_file(&a, cli->argv[1]);
    if (file_read(cli->argv[1], PROFILE_MAX, &text) != OK ||
        keep(cli, &wish, buf_view(&text)) != OK)
        return cli_fail();
    return 0;
}

static int list(const struct cli *cli) {
    static const struct cli_column columns[] = {{"NAME", "name"}, {"ENDPOINT", "endpoint"}};
    return cli_list(cli, json_pack("{s:s}", "command", "profile.list"), "profiles", columns, 2,
                    "There is no profile yet: signet profile add FILE");
}

static json_t *request_of(const char *command, const struct cli *cli) {
    return json_pack("{s:s, s:s, s:s}", "command", command, "profile", cli->argv[1], "device",
                     cli->argv[2]);
}

static void print_assigned(const struct cli *cli, const json_t *reply) {
    const char *warning = json_string_value(json_object_get(reply, "warning"));
    const json_t *device = json_object_get(reply, "device"),
                 *group = json_object_get(reply, "group");
    if (group)
        printf("The group '%s' has '%s': its hosts (%lld now) get it in their next sessions.\n",
               cli_text(group, "name"), cli->argv[1],
               (long long)json_integer_value(json_object_get(group, "members")));
    else if (json_is_true(json_object_get(reply, "waits")))
        printf("'%s' is assigned to %s already, and not delivered yet: enrollment %s.\n",
               cli->argv[1], cli_text(device, "name"), cli_text(reply, "id"));
    else /* A host's name is its own claim: who enrolled it, and under which DeviceID, is not. */
        printf("Enrollment %s: %s (DeviceID %s, enrolled by %s) gets '%s' in its next session.\n"
               "Follow it with: signet enrollment show %s\n",
               cli_text(reply, "id"), cli_text(device, "name"), cli_text(device, "device_id"),
               cli_text(device, "account"), cli->argv[1], cli_text(reply, "id"));
    if (warning)
        warn(warning);
}

static int assign(const struct cli *cli) {
    json_t *reply;
    if (admin_call(cli->folder, request_of("profile.assign", cli), &reply) != OK)
        return cli_fail();
    json_object_del(reply, "ok");
    if (cli->json)
        cli_print_json(json_incref(reply));
    else
        print_assigned(cli, reply);
    json_decref(reply);
    return 0;
}

static int unassign(const struct cli *cli) {
    json_t *reply;
    if (admin_call(cli->folder, request_of("profile.unassign", cli), &reply) != OK)
        return cli_fail();
    printf("'%s' is taken away from %s.\n", cli->argv[1], cli->argv[2]);
    if (json_is_true(json_object_get(reply, "kept")))
        printf("The host keeps it by a group that it is in: signet device show %s\n", cli->argv[2]);
    json_decref(reply);
    return 0;
}

static int remove_profile(const struct cli *cli) {
    json_t *reply;
    if (admin_call(cli->folder,
                   json_pack("{s:s, s:s}", "command", "profile.remove", "name", cli->argv[1]),
                   &reply) != OK)
        return cli_fail();
    printf("The profile '%s' is gone; each host that has it deletes its certificate in its next "
           "session.\n",
           cli->argv[1]);
    json_decref(reply);
    return 0;
}

/* Verbs with options and help of their own. */
static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} own_verbs[] = {
    {"new", cmd_profile_new},
    {"lint", cmd_profile_lint},
    {"show", cmd_profile_show},
    {"diff", cmd_profile_diff},
};

int cmd_profile(int argc, char **argv) {
    struct wish wish = {0};
    const struct cli_option own[] = {{"name", &wish.name, NULL},
                                     {"endpoint", &wish.endpoint, NULL},
                                     {"trust-device-name", NULL, &wish.trust},
                                     {"send-anyway", NULL, &wish.anyway},
                                     {NULL, NULL, NULL}};
    struct cli cli;
    int status;
    for (size_t i = 0; argc > 1 && i < sizeof own_verbs / sizeof *own_verbs; i++)
        if (strcmp(argv[1], own_verbs[i].name) == 0)
            return own_verbs[i].run(argc - 1, argv + 1);
    if (!cli_options(argc, argv, usage, own, &cli, &status))
        return status;
    const char *verb = cli.argc ? cli.argv[0] : "";
    if (cli.argc == 2 && strcmp(verb, "adopt") == 0)
        return adopt(&cli, &wish);
    if (cli.argc == 2 && strcmp(verb, "add") == 0)
        return add(&cli, wish);
    if (cli.argc == 1 && strcmp(verb, "list") == 0)
        return list(&cli);
    if (cli.argc == 3 && strcmp(verb, "assign") == 0)
        return assign(&cli);
    if (cli.argc == 3 && strcmp(verb, "unassign") == 0)
        return unassign(&cli);
    if (cli.argc == 2 && strcmp(verb, "remove") == 0)
        return remove_profile(&cli);
    return synopsis_refuse(usage, &cli);
}
