/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of hosts. What their profiles make of it for a host is enroll_reconcile's. */
#include "base/clock.h"
#include "base/text.h"
#include "enroll/life.h"
#include "server/admin_target.h"
#include "server/report_device.h"
#include "store/assignment.h"

enum { DEFAULT_PAGE = 1000, MAX_PAGE = 1000, DEVICE_ID_SIZE = 32, MAX_HOSTS = 10000 };

/* What looks like a DeviceID would hide that host. */
static enum err check_name(const char *name) {
    ARENA_AUTO(a);
    struct span raw;
    if (strlen(name) == DEVICE_ID_SIZE && hex_decode(&a, span_str(name), &raw) == OK)
        return err_set(ERR_USAGE, "'%s' looks like a DeviceID: a group needs another name", name);
    return OK;
}

/* A command that names it would mean the group, and surprise who meant the host. One that enrolls
 * later with a group's name does not take that over: server/admin_target.h. */
static enum err check_new(struct tx *tx, struct admin_call *c, const char *name) {
    struct group g;
    struct device d;
    enum err e = group_get(tx, c->a, name, &g);
    if (e != ERR_NOT_FOUND)
        return e;
    e = device_find(tx, c->a, name, &d);
    if (e == ERR_NOT_FOUND)
        return OK;
    return e == OK || e == ERR_CONFLICT
               ? err_set(ERR_CONFLICT,
                         "'%s' is the name of a host: a group needs another, and comes before its "
                         "hosts (signet group add GROUP HOST...)",
                         name)
               : e;
}

static enum err hosts_of(const struct admin_call *c, const json_t **out) {
    *out = json_object_get(c->request, "devices");
    if (*out && !json_is_array(*out))
        return err_set(ERR_USAGE, "'devices' is no list");
    if (json_array_size(*out) > MAX_HOSTS)
        return err_set(ERR_LIMIT, "more than %d hosts at once", MAX_HOSTS);
    return OK;
}

/* A host whose groups have changed gets its profiles, or loses them, without waiting for its next
 * session. */
static enum err change_member(struct tx *tx, struct admin_call *c, const struct group *g,
                              const json_t *host, bool add, int64_t *count) {
    struct device d;
    bool changed;
    const char *name = json_string_value(host);
    if (!name || !*name)
        return err_set(ERR_USAGE, "'devices' holds something that is no host");
    TRY(device_find(tx, c->a, name, &d));
    if (add)
        TRY(admin_host_is_here(&d));
    TRY(add ? group_add_member(tx, g->id, d.id, &changed)
            : group_remove_member(tx, g->id, d.id, &changed));
    *count += changed;
    return enroll_reconcile(tx, c->a, &d, &changed);
}

static enum err change_members(struct tx *tx, struct admin_call *c, const struct group *g,
                               bool add) {
    const json_t *hosts, *host;
    int64_t changed = 0;
    size_t i;
    TRY(hosts_of(c, &hosts));
    json_array_foreach(hosts, i, host) TRY(change_member(tx, c, g, host, add, &changed));
    admin_put(c, "changed", json_integer(changed));
    return OK;
}

static enum err group_add(struct tx *tx, struct admin_call *c) {
    const char *name;
    struct group g;
    bool made;
    TRY(admin_name(c, "name", &name));
    TRY(check_name(name));
    TRY(check_new(tx, c, name));
    TRY(group_make(tx, c->a, name, clock_ms(), &g, &made));
    TRY(change_members(tx, c, &g, true));
    TRY(group_count(tx, &g));
    admin_put(c, "made", json_boolean(made));
    admin_put(c, "members", json_integer(g.members));
    return OK;
}

static enum err find(struct tx *tx, struct admin_call *c, struct group *out) {
    const char *name;
    TRY(admin_name(c, "name", &name));
    return group_get(tx, c->a, name, out);
}

static enum err group_remove(struct tx *tx, struct admin_call *c) {
    struct group g;
    TRY(find(tx, c, &g));
    return change_members(tx, c, &g, false);
}

static enum err list_groups(struct tx *tx, struct admin_call *c) {
    struct group *all;
    json_t *list = admin_put_list(c, "groups");
    TRY(group_list(tx, c->a, 0, &all));
    for (; all; all = all->next)
        json_array_append_new(list, report_group(all));
    return OK;
}

/* The members by pages: "next" is the "after" of the next one. They are counted with the first. */
static enum err group_show(struct tx *tx, struct admin_call *c) {
    struct group g;
    struct device *page;
    struct assignment *assigned;
    int64_t after, max, count = 0;
    TRY(find(tx, c, &g));
    TRY(admin_number(c, "after", 0, INT64_MAX, 0, &after));
    TRY(admin_number(c, "max", 1, MAX_PAGE, DEFAULT_PAGE, &max));
    TRY(device_page_of_group(tx, c->a, g.id, after, max, &page));
    TRY(assignment_list(tx, c->a, NULL, g.id, &assigned));
    if (!after)
        TRY(group_count(tx, &g));
    json_t *out = report_group(&g), *profiles = json_array(), *list = admin_put_list(c, "devices");
    admin_put(c, "group", out);
    json_object_set_new(out, "profiles", profiles);
    for (; assigned; assigned = assigned->next)
        json_array_append_new(profiles, json_string(assigned->profile));
    for (; page; page = page->next) {
        json_array_append_new(list, report_host(page));
        if (++count == max)
            admin_put(c, "next", json_integer(page->id));
    }
    return OK;
}

/* Its members would lose their certificates by it in silence. */
static enum err delete_group(struct tx *tx, struct admin_call *c) {
    struct group g;
    struct assignment *assigned;
    TRY(find(tx, c, &g));
    TRY(assignment_list(tx, c->a, NULL, g.id, &assigned));
    if (assigned)
        return err_set(ERR_CONFLICT,
                       "the group '%s' has the profile '%s': signet profile unassign %s %s first",
                       g.name, assigned->profile, assigned->profile, g.name);
    TRY(group_count(tx, &g));
    admin_put(c, "members", json_integer(g.members));
    return group_delete(tx, g.id);
}

const struct admin_command admin_group_commands[] = {
    {"group.add", group_add, ADMIN_WRITES, admin_tell_revocation},
    {"group.remove", group_remove, ADMIN_WRITES, admin_tell_revocation},
    {"group.list", list_groups, ADMIN_READS, NULL},
    {"group.show", group_show, ADMIN_READS, NULL},
    {"group.delete", delete_group, ADMIN_WRITES, NULL},
    {NULL, NULL, ADMIN_READS, NULL},
};
