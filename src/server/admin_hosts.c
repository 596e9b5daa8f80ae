/* SPDX-License-Identifier: Apache-2.0 */
/* Commands on accounts, profiles and enrollments. */
#include "base/clock.h"
#include "base/text.h"
#include "csp/profile.h"
#include "csp/sendable.h"
#include "enroll/life.h"
#include "server/admin_target.h"
#include "server/profile_endpoint.h"
#include "server/report_device.h"
#include "store/assignment.h"

enum { MAX_PAGE = 500 };

/* ---- profiles ---- */

/* The rules of `profile lint`: what it calls an error is refused, unless signet could send it and
 * was told to. */
static enum err check_profile(struct admin_call *c, const struct stored_profile *p) {
    struct span body = span_str(p->body);
    if (p->send_anyway)
        return profile_sendable(c->a, body, p->trust_device_name);
    enum err e = profile_check(c->a, body, p->trust_device_name);
    if (e == OK)
        return OK;
    const char *why = arena_str(c->a, span_str(err_detail()));
    bool could = profile_sendable(c->a, body, p->trust_device_name) == OK;
    return err_set(e, "%s (signet profile lint tells all%s)", why,
                   could ? "; profile add --send-anyway keeps and sends it all the same" : "");
}

struct addition {
    struct admin_call *call;
    struct stored_profile profile;
};

static enum err keep_profile(struct tx *tx, void *user) {
    const struct addition *add = user;
    const struct stored_profile *p = &add->profile;
    struct admin_call *c = add->call;
    struct stored_profile before;
    TRY(profile_endpoint_check(tx, c, p->endpoint, p->body));
    if (profile_get(tx, c->a, p->name, &before) == OK) {
        admin_put(c, "replaced", json_true());
        admin_put(c, "endpoint_before", json_string(before.endpoint));
    }
    admin_put(c, "endpoint", json_string(p->endpoint));
    return profile_put(tx, p);
}

/* It is judged first: while somebody writes, no session goes on. */
static enum err profile_add(struct tx *tx, struct admin_call *c) {
    struct addition add = {.call = c, .profile = {.created = clock_ms()}};
    struct stored_profile *p = &add.profile;
    (void)tx;
    TRY(admin_name(c, "name", &p->name));
    TRY(admin_argument(c, "body", PROFILE_MAX, &p->body));
    TRY(admin_optional(c, "endpoint", &p->endpoint));
    p->endpoint = p->endpoint ? p->endpoint : PKI_DEFAULT;
    p->trust_device_name = admin_flag(c, "trust_device_name");
    p->send_anyway = admin_flag(c, "send_anyway");
    TRY(check_profile(c, p));
    return store_write(c->scope->store, keep_profile, &add);
}

static enum err list_profiles(struct tx *tx, struct admin_call *c) {
    struct stored_profile *all;
    json_t *list = admin_put_list(c, "profiles");
    TRY(profile_list(tx, c->a, &all));
    for (; all; all = all->next) {
        char iso[CLOCK_ISO_SIZE];
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:b}", "name", all->name, "endpoint",
                                        all->endpoint, "created", clock_iso(all->created, iso),
                                        "send_anyway", (int)all->send_anyway));
    }
    return OK;
}

static enum err profile_show(struct tx *tx, struct admin_call *c) {
    struct stored_profile p;
    const char *name;
    TRY(admin_name(c, "name", &name));
    TRY(profile_get(tx, c->a, name, &p));
    admin_put(c, "body", json_string(p.body));
    admin_put(c, "endpoint", json_string(p.endpoint));
    return OK;
}

/* The host gets it once, however often it is assigned before it comes: the one that waits, unless
 * the profile is another now. */
static enum err find_waiting(struct tx *tx, struct admin_call *c, const struct stored_profile *p,
                             const struct device *d, struct enrollment **out) {
    struct enrollment *e;
    *out = NULL;
    TRY(enrollment_list_present(tx, c->a, d->id, &e));
    for (; e; e = e->next) {
        if (e->state != STATE_ASSIGNED || e->replaces || strcmp(e->profile, p->name) != 0 ||
            strcmp(e->endpoint, p->endpoint) != 0)
            continue;
        TRY(enrollment_body(tx, c->a, e));
        if (strcmp(e->body, p->body) == 0 && e->send_anyway == p->send_anyway)
            *out = e;
    }
    return OK;
}

static enum err assign_to_host(struct tx *tx, struct admin_call *c, const struct stored_profile *p,
                               const struct device *d) {
    struct assignment assigned = {.profile = p->name, .device = d->id, .created = clock_ms()};
    struct enrollment fresh, *waits;
    bool added;
    TRY(admin_host_is_here(d));
    TRY(find_waiting(tx, c, p, d, &waits));
    TRY(assignment_put(tx, &assigned, &added));
    if (!waits)
        TRY(enroll_assign_for(tx, c->a, d, p, assigned.id, &fresh));
    admin_put(c, "waits", json_boolean(waits));
    admin_put(c, "id", json_string(waits ? waits->id : fresh.id));
    admin_put(c, "device", report_host(d));
    return OK;
}

/* Its members get the profile in their next sessions, and so does who joins it later. */
static enum err assign_to_group(struct tx *tx, struct admin_call *c, const struct stored_profile *p,
                                const struct group *g) {
    struct assignment assigned = {.profile = p->name, .device_group = g->id, .created = clock_ms()};
    bool added;
    TRY(assignment_put(tx, &assigned, &added));
    admin_put(c, "group", report_group(g));
    admin_put(c, "added", json_boolean(added));
    return OK;
}

/* One that an older signet has kept, by fewer rules: said now, not when a host comes. */
static enum err check_kept(struct admin_call *c, const struct stored_profile *p) {
    const char *fails = p->send_anyway ? NULL : profile_fails(c->a, span_str(p->body));
    return fails
               ? err_set(ERR_REFUSED,
                         "the profile '%s' is not sent to hosts: %s; add it again, mended or with "
                         "--send-anyway",
                         p->name, fails)
               : OK;
}

static enum err profile_assign(struct tx *tx, struct admin_call *c) {
    const char *profile;
    struct stored_profile p;
    struct admin_target to;
    TRY(admin_name(c, "profile", &profile));
    TRY(profile_get(tx, c->a, profile, &p));
    TRY(check_kept(c, &p));
    TRY(profile_endpoint_warn(c, p.endpoint, p.body));
    TRY(admin_target(tx, c, "device", &to));
    return to.is_group ? assign_to_group(tx, c, &p, &to.group)
                       : assign_to_host(tx, c, &p, &to.device);
}

/* A host may have the profile by a group all the same; then it keeps it. */
static enum err put_groups_left(struct tx *tx, struct admin_call *c, const char *profile,
                                const struct device *d) {
    struct assignment *left;
    TRY(assignment_list_for(tx, c->a, d->id, &left));
    for (; left; left = left->next)
        if (strcmp(left->profile, profile) == 0)
            admin_put(c, "kept", json_true());
    return OK;
}

static enum err profile_unassign(struct tx *tx, struct admin_call *c) {
    const char *profile;
    struct admin_target from;
    struct assignment assigned;
    bool changed;
    TRY(admin_name(c, "profile", &profile));
    TRY(admin_target(tx, c, "device", &from));
    enum err e = assignment_find(tx, c->a, profile, from.is_group ? 0 : from.device.id,
                                 from.is_group ? from.group.id : 0, &assigned);
    if (e == ERR_NOT_FOUND)
        return from.is_group
                   ? err_set(e, "the profile '%s' is not assigned to the group '%s'", profile,
                             from.group.name)
                   : err_set(e,
                             "the profile '%s' is not assigned to the host %s (DeviceID %s) itself",
                             profile, from.device.name, from.device.device_id);
    TRY(e);
    TRY(assignment_end(tx, assigned.id, clock_ms()));
    if (from.is_group)
        return OK;
    TRY(put_groups_left(tx, c, profile, &from.device));
    return enroll_reconcile(tx, c->a, &from.device, &changed);
}

/* Each host that has it deletes its certificate in its next session. */
static enum err profile_remove(struct tx *tx, struct admin_call *c) {
    const char *name;
    TRY(admin_name(c, "name", &name));
    TRY(profile_delete(tx, name));
    return assignment_end_profile(tx, name, clock_ms());
}

/* ---- enrollments ---- */

/* One who asks for a state wants it shown whatever it is. */
static enum err read_filter(struct tx *tx, struct admin_call *c, struct enrollment_filter *out) {
    const char *host, *name;
    struct device d;
    enum enroll_state state;
    *out = (struct enrollment_filter){.past = admin_flag(c, "all")};
    TRY(admin_optional(c, "device", &host));
    TRY(admin_optional(c, "state", &name));
    if (host) {
        TRY(admin_host(tx, c, "device", &d));
        out->device = d.id;
    }
    if (!name)
        return OK;
    if (!enroll_state_parse(name, &state))
        return err_set(ERR_USAGE, "'%s' is no state: signet enrollment --help has them", name);
    out->state = state;
    out->past = true;
    return OK;
}

/* By pages: "next" is the "after" of the next one; the first begins with the "newest" so many. */
static enum err list_enrollments(struct tx *tx, struct admin_call *c) {
    struct enrollment_filter filter;
    struct enrollment *page;
    int64_t after, max, last, newest;
    json_t *list = admin_put_list(c, "enrollments");
    TRY(admin_number(c, "after", 0, INT64_MAX, 0, &after));
    TRY(admin_number(c, "max", 1, MAX_PAGE, MAX_PAGE, &max));
    TRY(admin_number(c, "newest", 1, INT64_MAX, 0, &newest));
    TRY(read_filter(tx, c, &filter));
    if (newest && !after)
        TRY(enrollment_before_newest(tx, &filter, newest, &after));
    TRY(enrollment_page(tx, c->a, &filter, after, max, &last, &page));
    for (const struct enrollment *e = page; e; e = e->next) {
        struct device d;
        TRY(device_by_id(tx, c->a, e->device, &d));
        json_array_append_new(list, report_enrollment(e, &d));
    }
    if (last)
        admin_put(c, "next", json_integer(last));
    return OK;
}

static enum err show_enrollment(struct tx *tx, struct admin_call *c) {
    const char *id;
    struct enrollment e;
    struct device d;
    TRY(admin_name(c, "id", &id));
    TRY(enrollment_get(tx, c->a, id, &e));
    TRY(device_by_id(tx, c->a, e.device, &d));
    json_t *out = report_enrollment(&e, &d);
    admin_put(c, "enrollment", out);
    return report_add_details(tx, c->a, &e, out);
}

/* ---- the table ---- */

const struct admin_command admin_host_commands[] = {
    {"profile.add", profile_add, ADMIN_ALONE, NULL},
    {"profile.list", list_profiles, ADMIN_READS, NULL},
    {"profile.show", profile_show, ADMIN_READS, NULL},
    {"profile.assign", profile_assign, ADMIN_WRITES, admin_tell_revocation},
    {"profile.unassign", profile_unassign, ADMIN_WRITES, admin_tell_revocation},
    {"profile.remove", profile_remove, ADMIN_WRITES, NULL},
    {"enrollment.list", list_enrollments, ADMIN_READS, NULL},
    {"enrollment.show", show_enrollment, ADMIN_READS, NULL},
    {NULL, NULL, ADMIN_READS, NULL},
};
