/* SPDX-License-Identifier: Apache-2.0 */
/* Commands on accounts, devices, profiles and enrollments. */
#include <strings.h>

#include "base/clock.h"
#include "base/text.h"
#include "csp/profile.h"
#include "server/admin_command.h"
#include "server/profile_endpoint.h"
#include "server/report.h"

enum { MAX_PROFILE = 256 * 1024 };

/* ---- accounts ---- */

/* With an endpoint: an account of its mscep_admin page, which is of another kind. */
static enum err endpoint_argument(struct admin_call *c, const char **out) {
    TRY(admin_optional(c, "endpoint", out));
    if (!*out)
        return OK;
    const struct pki *pki = pki_acquire(c->scope->pki);
    const struct endpoint *e = pki_endpoint(pki, *out);
    bool no_page = e && !e->policy->mscep_admin;
    pki_release(pki);
    if (!e)
        return err_set(ERR_NOT_FOUND, "there is no endpoint '%s' in signet.conf", *out);
    if (no_page)
        admin_put(c, "warning",
                  json_sprintf("the endpoint '%s' has no page for this account: set mscep-admin "
                               "in signet.conf and restart",
                               *out));
    return OK;
}

static enum err user_add(struct tx *tx, struct admin_call *c) {
    const char *endpoint, *name;
    TRY(admin_name(c, "name", &name));
    TRY(endpoint_argument(c, &endpoint));
    if (endpoint) {
        const struct ndes_account account = {.endpoint = endpoint,
                                             .name = name,
                                             .password = c->password_hash,
                                             .created = clock_ms()};
        return ndes_account_add(tx, &account);
    }
    const struct account account = {
        .name = name, .password = c->password_hash, .created = clock_ms()};
    return account_add(tx, &account);
}

static enum err user_remove(struct tx *tx, struct admin_call *c) {
    const char *name, *endpoint;
    TRY(admin_name(c, "name", &name));
    TRY(admin_optional(c, "endpoint", &endpoint));
    return endpoint ? ndes_account_remove(tx, endpoint, name) : account_remove(tx, name);
}

static void list_user(json_t *list, const char *name, const char *endpoint, int64_t created) {
    char iso[CLOCK_ISO_SIZE];
    json_t *user = json_pack("{s:s, s:s}", "name", name, "created", clock_iso(created, iso));
    if (endpoint)
        json_object_set_new(user, "endpoint", json_string(endpoint));
    json_array_append_new(list, user);
}

static enum err user_list(struct tx *tx, struct admin_call *c) {
    struct account *all;
    struct ndes_account *ndes;
    json_t *list = admin_put_list(c, "users");
    TRY(account_list(tx, c->a, &all));
    TRY(ndes_account_list(tx, c->a, &ndes));
    for (; all; all = all->next)
        list_user(list, all->name, NULL, all->created);
    for (; ndes; ndes = ndes->next)
        list_user(list, ndes->name, ndes->endpoint, ndes->created);
    return OK;
}

/* ---- devices ---- */

static enum err list_devices(struct tx *tx, struct admin_call *c) {
    struct device *all;
    json_t *list = admin_put_list(c, "devices");
    TRY(device_list(tx, c->a, &all));
    for (; all; all = all->next)
        json_array_append_new(list, report_device(all));
    return OK;
}

/* By DeviceID, or by name where only one host claims it. */
static enum err find_device(struct device *all, const char *text, const struct device **out) {
    *out = NULL;
    for (const struct device *d = all; d; d = d->next) {
        if (strcasecmp(d->device_id, text) == 0) {
            *out = d;
            return OK;
        }
        if (strcasecmp(d->name, text) != 0)
            continue;
        if (*out)
            return err_set(ERR_CONFLICT,
                           "several hosts call themselves '%s': name one by its DeviceID (signet "
                           "device list)",
                           text);
        *out = d;
    }
    if (!*out)
        return err_set(ERR_NOT_FOUND, "there is no host '%s'; signet device list shows them", text);
    return OK;
}

/* NULL takes it back. */
static enum err set_sid(struct tx *tx, struct device *all, const char *host, const char *sid) {
    const struct device *d;
    if (sid && !sid_is_valid(sid))
        return err_set(ERR_USAGE, "'%s' is not a SID such as S-1-5-21-1-2-3-1105", sid);
    TRY(find_device(all, host, &d));
    return device_set_sid(tx, d->id, sid);
}

static enum err device_set(struct tx *tx, struct admin_call *c) {
    const char *host, *sid;
    struct device *all;
    TRY(admin_name(c, "device", &host));
    TRY(admin_optional(c, "sid", &sid));
    if (!json_is_string(json_object_get(c->request, "sid")))
        return err_set(ERR_USAGE, "the argument 'sid' is missing; an empty one takes it back");
    TRY(device_list(tx, c->a, &all));
    return set_sid(tx, all, host, sid);
}

/* All rows, or none: the error names the line of the first that is wrong. */
static enum err device_import(struct tx *tx, struct admin_call *c) {
    const json_t *rows = json_object_get(c->request, "rows"), *row;
    struct device *all;
    size_t i;
    if (!json_is_array(rows))
        return err_set(ERR_USAGE, "the argument 'rows' is not a list");
    TRY(device_list(tx, c->a, &all));
    json_array_foreach(rows, i, row) {
        const char *host = json_string_value(json_object_get(row, "device"));
        const char *sid = json_string_value(json_object_get(row, "sid"));
        enum err e = host && *host && sid ? set_sid(tx, all, host, *sid ? sid : NULL)
                                          : err_set(ERR_USAGE, "no host and SID");
        if (e != OK)
            return err_context(e, "line %d", (int)json_integer_value(json_object_get(row, "line")));
    }
    admin_put(c, "count", json_integer((json_int_t)json_array_size(rows)));
    return OK;
}

/* ---- profiles ---- */

static enum err profile_add(struct tx *tx, struct admin_call *c) {
    struct stored_profile p = {.created = clock_ms()};
    TRY(admin_name(c, "name", &p.name));
    TRY(admin_argument(c, "body", MAX_PROFILE, &p.body));
    TRY(admin_optional(c, "endpoint", &p.endpoint));
    p.endpoint = p.endpoint ? p.endpoint : PKI_DEFAULT;
    p.trust_device_name = json_is_true(json_object_get(c->request, "trust_device_name"));
    TRY(profile_check(c->a, span_str(p.body), p.trust_device_name));
    TRY(profile_endpoint_check(tx, c, p.endpoint, p.body));
    struct stored_profile before;
    if (profile_get(tx, c->a, p.name, &before) == OK) {
        admin_put(c, "replaced", json_true());
        admin_put(c, "endpoint_before", json_string(before.endpoint));
    }
    admin_put(c, "endpoint", json_string(p.endpoint));
    return profile_put(tx, &p);
}

static enum err list_profiles(struct tx *tx, struct admin_call *c) {
    struct stored_profile *all;
    json_t *list = admin_put_list(c, "profiles");
    TRY(profile_list(tx, c->a, &all));
    for (; all; all = all->next) {
        char iso[CLOCK_ISO_SIZE];
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s}", "name", all->name, "endpoint",
                                        all->endpoint, "created", clock_iso(all->created, iso)));
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

static enum err profile_assign(struct tx *tx, struct admin_call *c) {
    const char *profile, *host;
    struct stored_profile p;
    struct device *all;
    const struct device *d;
    struct enrollment e;
    TRY(admin_name(c, "profile", &profile));
    TRY(admin_name(c, "device", &host));
    TRY(profile_get(tx, c->a, profile, &p));
    TRY(device_list(tx, c->a, &all));
    TRY(find_device(all, host, &d));
    TRY(enroll_assign(tx, c->a, d, &p, &e));
    admin_put(c, "id", json_string(e.id));
    admin_put(c, "device", report_device(d));
    return OK;
}

/* ---- enrollments ---- */

static enum err list_enrollments(struct tx *tx, struct admin_call *c) {
    struct enrollment *all;
    json_t *list = admin_put_list(c, "enrollments");
    TRY(enrollment_list(tx, c->a, 0, &all));
    for (struct enrollment *e = all; e; e = e->next) {
        struct device d;
        TRY(device_by_id(tx, c->a, e->device, &d));
        json_array_append_new(list, report_enrollment(e, &d));
    }
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
    {"user.add", user_add, ADMIN_WRITES, NULL},
    {"user.remove", user_remove, ADMIN_WRITES, NULL},
    {"user.list", user_list, ADMIN_READS, NULL},
    {"device.list", list_devices, ADMIN_READS, NULL},
    {"device.set", device_set, ADMIN_WRITES, NULL},
    {"device.import", device_import, ADMIN_WRITES, NULL},
    {"profile.add", profile_add, ADMIN_WRITES, NULL},
    {"profile.list", list_profiles, ADMIN_READS, NULL},
    {"profile.show", profile_show, ADMIN_READS, NULL},
    {"profile.assign", profile_assign, ADMIN_WRITES, NULL},
    {"enrollment.list", list_enrollments, ADMIN_READS, NULL},
    {"enrollment.show", show_enrollment, ADMIN_READS, NULL},
    {NULL, NULL, ADMIN_READS, NULL},
};
