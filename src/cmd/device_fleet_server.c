/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/device_fleet_server.h"

#include "cmd/cli.h"
#include "server/admin.h"

enum err fleet_server_check(const struct fleet_server *s) {
    json_t *reply;
    if (!s->folder)
        return OK;
    TRY(admin_call(s->folder,
                   s->profile
                       ? json_pack("{s:s, s:s}", "command", "profile.show", "name", s->profile)
                       : json_pack("{s:s}", "command", "profile.list"),
                   &reply));
    json_decref(reply);
    return OK;
}

enum err fleet_server_joined(void *server, const char *device_id) {
    const struct fleet_server *s = server;
    json_t *reply;
    TRY(admin_call(s->folder,
                   json_pack("{s:s, s:s, s:s}", "command", "profile.assign", "profile", s->profile,
                             "device", device_id),
                   &reply));
    json_decref(reply);
    return OK;
}

static void count(json_t *states, const char *state) {
    json_int_t before = json_integer_value(json_object_get(states, state));
    json_object_set_new(states, state, json_integer(before + 1));
}

json_t *fleet_server_states(const struct fleet_server *s, json_t *device_ids) {
    const struct cli cli = {.folder = s->folder};
    size_t i;
    json_t *e,
        *list = cli_pages(&cli, json_pack("{s:s, s:b}", "command", "enrollment.list", "all", 1),
                          "enrollments");
    if (!list)
        return NULL;
    json_t *states = json_object();
    json_array_foreach(list, i, e) {
        const char *id = cli_text(json_object_get(e, "device"), "device_id");
        const char *state = cli_text(e, "state");
        if (!json_object_get(device_ids, id))
            continue;
        count(states, state);
        if (strcmp(state, "confirmed") == 0)
            json_object_set_new(device_ids, id, json_true());
    }
    json_decref(list);
    return states;
}
