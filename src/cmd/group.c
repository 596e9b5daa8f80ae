/* SPDX-License-Identifier: Apache-2.0 */
/* signet group: hosts by names of the administrator's. */
#include <stdio.h>
#include <string.h>

#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/synopsis.h"
#include "server/admin.h"

static const char usage[] =
    "Usage: signet group add NAME [HOST...] [-d DIR]\n"
    "       signet group remove NAME HOST... [-d DIR]\n"
    "       signet group list [-o json] [-d DIR]\n"
    "       signet group show NAME [-o json] [-d DIR]\n"
    "       signet group delete NAME [-d DIR]\n\n"
    "Groups of hosts (each named by its DeviceID or name), which profile assign and command send take\n"
    "where they take a host; a group's name comes before a host's, which is the host's own claim.\n"
    "add makes the group where there is none, but not with a host's name. Who joins a group gets its profiles; who leaves it\n"
    "deletes their certificates, unless the profile is assigned to it in another way, too. A group\n"
    "that has a profile cannot be deleted.\n\n"
    "  -d DIR   the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n";

static long long number(const json_t *reply, const char *key) {
    return json_integer_value(json_object_get(reply, key));
}

static json_t *request_of(const char *command, const struct cli *cli) {
    json_t *hosts = json_array();
    for (int i = 2; i < cli->argc; i++)
        json_array_append_new(hosts, json_string(cli->argv[i]));
    return json_pack("{s:s, s:s, s:o}", "command", command, "name", cli->argv[1], "devices", hosts);
}

static int add(const struct cli *cli) {
    json_t *reply;
    if (admin_call(cli->folder, request_of("group.add", cli), &reply) != OK)
        return cli_fail();
    printf("The group '%s' %s %lld host%s.\n", cli->argv[1],
           json_is_true(json_object_get(reply, "made")) ? "is made, with" : "has",
           number(reply, "members"), number(reply, "members") == 1 ? "" : "s");
    json_decref(reply);
    return 0;
}

static int remove_hosts(const struct cli *cli) {
    json_t *reply;
    if (admin_call(cli->folder, request_of("group.remove", cli), &reply) != OK)
        return cli_fail();
    printf("%lld of %d left the group '%s'.\n", number(reply, "changed"), cli->argc - 2,
           cli->argv[1]);
    json_decref(reply);
    return 0;
}

static int delete_group(const struct cli *cli) {
    json_t *reply;
    if (admin_call(cli->folder, request_of("group.delete", cli), &reply) != OK)
        return cli_fail();
    bool one = number(reply, "members") == 1;
    printf("The group '%s' is gone; its %lld host%s stay%s.\n", cli->argv[1],
           number(reply, "members"), one ? "" : "s", one ? "s" : "");
    json_decref(reply);
    return 0;
}

static int list(const struct cli *cli) {
    static const struct cli_column columns[] = {{"NAME", "name"}, {"HOSTS", "members"}};
    return cli_list(cli, json_pack("{s:s}", "command", "group.list"), "groups", columns, 2,
                    "There is no group yet: signet group add NAME HOST...");
}

static void print_group(const json_t *group, const json_t *devices) {
    static const struct cli_column columns[] = {
        {"DEVICEID", "device_id"}, {"NAME", "name"}, {"STATE", "state"}, {"SEEN", "last_seen"}};
    const json_t *profiles = json_object_get(group, "profiles"), *name;
    size_t i;
    printf("group %s: %lld host%s; profiles:", cli_text(group, "name"), number(group, "members"),
           number(group, "members") == 1 ? "" : "s");
    json_array_foreach(profiles, i, name) printf("%s %s", i ? "," : "", json_string_value(name));
    printf(json_array_size(profiles) ? "\n" : " none\n");
    cli_print_list(devices, columns, sizeof columns / sizeof *columns,
                   "No host is in it: signet group add NAME HOST...");
}

static int show(const struct cli *cli) {
    json_t *reply;
    if (admin_call(cli->folder, request_of("group.show", cli), &reply) != OK)
        return cli_fail();
    json_t *group = json_object_get(reply, "group");
    json_t *devices = cli_pages(cli, request_of("group.show", cli), "devices");
    if (devices && cli->json) {
        json_object_set(group, "devices", devices);
        cli_print_json(json_incref(group));
    } else if (devices) {
        print_group(group, devices);
    }
    json_decref(reply);
    json_decref(devices);
    return devices ? 0 : cli_fail();
}

int cmd_group(int argc, char **argv) {
    struct cli cli;
    int status;
    if (!cli_options(argc, argv, usage, NULL, &cli, &status))
        return status;
    const char *verb = cli.argc ? cli.argv[0] : "";
    if (cli.argc >= 2 && strcmp(verb, "add") == 0)
        return add(&cli);
    if (cli.argc >= 3 && strcmp(verb, "remove") == 0)
        return remove_hosts(&cli);
    if (cli.argc == 1 && strcmp(verb, "list") == 0)
        return list(&cli);
    if (cli.argc == 2 && strcmp(verb, "show") == 0)
        return show(&cli);
    if (cli.argc == 2 && strcmp(verb, "delete") == 0)
        return delete_group(&cli);
    return synopsis_refuse(usage, &cli);
}
