/* SPDX-License-Identifier: Apache-2.0 */
/* The administrator's commands. Each is one function on one transaction. */
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include "csp/profile.h"
#include "mdm/password.h"
#include "server/admin.h"
#include "server/report.h"

enum { MAX_NAME = 200, MAX_PROFILE = 256 * 1024 };

struct call {
    const struct admin_scope *scope;
    struct arena *a;
    json_t *request;
    json_t *reply;
    const char *password_hash; /* computed before the transaction: it is slow */
};

/* A text argument that must be there. */
static enum err argument(const struct call *c, const char *key, size_t max, const char **out) {
    *out = json_string_value(json_object_get(c->request, key));
    if (!*out || !**out)
        return err_set(ERR_USAGE, "the argument '%s' is missing", key);
    if (strlen(*out) > max)
        return err_set(ERR_LIMIT, "'%s' is longer than %zu bytes", key, max);
    return OK;
}

/* Names go into URLs, logs and timelines. */
static enum err name_argument(const struct call *c, const char *key, const char **out) {
    TRY(argument(c, key, MAX_NAME, out));
    for (const char *p = *out; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return err_set(ERR_USAGE, "'%s' holds a control character", key);
    return OK;
}

static void put(struct call *c, const char *key, json_t *value) {
    json_object_set_new(c->reply, key, value);
}

/* ---- accounts ---- */

static enum err user_add(struct tx *tx, struct call *c) {
    struct account account = {.password = c->password_hash, .created = clock_ms()};
    TRY(name_argument(c, "name", &account.name));
    return account_add(tx, &account);
}

static enum err user_remove(struct tx *tx, struct call *c) {
    const char *name;
    TRY(name_argument(c, "name", &name));
    return account_remove(tx, name);
}

static enum err user_list(struct tx *tx, struct call *c) {
    struct account *all;
    json_t *list = json_array();
    put(c, "users", list);
    TRY(account_list(tx, c->a, &all));
    for (; all; all = all->next) {
        char iso[CLOCK_ISO_SIZE];
        json_array_append_new(list, json_pack("{s:s, s:s}", "name", all->name, "created",
                                              clock_iso(all->created, iso)));
    }
    return OK;
}

/* ---- devices ---- */

static enum err list_devices(struct tx *tx, struct call *c) {
    struct device *all;
    json_t *list = json_array();
    put(c, "devices", list);
    TRY(device_list(tx, c->a, &all));
    for (; all; all = all->next)
        json_array_append_new(list, report_device(all));
    return OK;
}

/* By DeviceID, or by name where only one host claims it. */
static enum err find_device(struct tx *tx, struct call *c, const char *text, struct device *out) {
    struct device *all, *found = NULL;
    TRY(device_list(tx, c->a, &all));
    for (struct device *d = all; d; d = d->next) {
        if (strcasecmp(d->device_id, text) == 0) {
            *out = *d;
            return OK;
        }
        if (strcasecmp(d->name, text) != 0)
            continue;
        if (found)
            return err_set(ERR_CONFLICT,
                           "several hosts call themselves '%s': name one by its DeviceID (signet "
                           "device list)",
                           text);
        found = d;
    }
    if (!found)
        return err_set(ERR_NOT_FOUND, "there is no host '%s'; signet device list shows them", text);
    *out = *found;
    return OK;
}

/* ---- profiles ---- */

/* A warning now is worth more than an enrollment that is refused later. */
static enum err warn_of_refusal(struct call *c, const char *body) {
    struct profile p;
    int64_t bits;
    TRY(profile_read(c->a, span_str(body), &p));
    if (span_int(span_trim(p.key_length), &bits) && bits < c->scope->rsa_min_bits)
        put(c, "warning",
            json_sprintf(
                "the profile asks for an RSA key of %d bits, and this server refuses keys "
                "below %d: raise its KeyLength, or lower rsa-min-bits in signet.conf and restart",
                (int)bits, (int)c->scope->rsa_min_bits));
    return OK;
}

static enum err profile_add(struct tx *tx, struct call *c) {
    struct stored_profile p = {.created = clock_ms()};
    TRY(name_argument(c, "name", &p.name));
    TRY(argument(c, "body", MAX_PROFILE, &p.body));
    p.trust_device_name = json_is_true(json_object_get(c->request, "trust_device_name"));
    TRY(profile_check(c->a, span_str(p.body), p.trust_device_name));
    TRY(warn_of_refusal(c, p.body));
    struct stored_profile before;
    if (profile_get(tx, c->a, p.name, &before) == OK)
        put(c, "replaced", json_true());
    return profile_put(tx, &p);
}

static enum err list_profiles(struct tx *tx, struct call *c) {
    struct stored_profile *all;
    json_t *list = json_array();
    put(c, "profiles", list);
    TRY(profile_list(tx, c->a, &all));
    for (; all; all = all->next) {
        char iso[CLOCK_ISO_SIZE];
        json_array_append_new(list, json_pack("{s:s, s:s}", "name", all->name, "created",
                                              clock_iso(all->created, iso)));
    }
    return OK;
}

static enum err profile_show(struct tx *tx, struct call *c) {
    struct stored_profile p;
    const char *name;
    TRY(name_argument(c, "name", &name));
    TRY(profile_get(tx, c->a, name, &p));
    put(c, "body", json_string(p.body));
    return OK;
}

static enum err profile_assign(struct tx *tx, struct call *c) {
    const char *profile, *host;
    struct stored_profile p;
    struct device d;
    struct enrollment e;
    TRY(name_argument(c, "profile", &profile));
    TRY(name_argument(c, "device", &host));
    TRY(profile_get(tx, c->a, profile, &p));
    TRY(find_device(tx, c, host, &d));
    TRY(enroll_assign(tx, c->a, &d, &p, &e));
    put(c, "id", json_string(e.id));
    put(c, "device", report_device(&d));
    return OK;
}

/* ---- enrollments ---- */

static enum err list_enrollments(struct tx *tx, struct call *c) {
    struct enrollment *all;
    json_t *list = json_array();
    put(c, "enrollments", list);
    TRY(enrollment_list(tx, c->a, 0, &all));
    for (struct enrollment *e = all; e; e = e->next) {
        struct device d;
        TRY(device_by_id(tx, c->a, e->device, &d));
        json_array_append_new(list, report_enrollment(e, &d));
    }
    return OK;
}

static enum err show_enrollment(struct tx *tx, struct call *c) {
    const char *id;
    struct enrollment e;
    struct device d;
    TRY(name_argument(c, "id", &id));
    TRY(enrollment_get(tx, c->a, id, &e));
    TRY(device_by_id(tx, c->a, e.device, &d));
    json_t *out = report_enrollment(&e, &d);
    put(c, "enrollment", out);
    return report_add_details(tx, c->a, &e, out);
}

/* ---- the table ---- */

static const struct {
    const char *name;
    enum err (*run)(struct tx *tx, struct call *c);
    bool writes;
} commands[] = {
    {"user.add", user_add, true},
    {"user.remove", user_remove, true},
    {"user.list", user_list, false},
    {"device.list", list_devices, false},
    {"profile.add", profile_add, true},
    {"profile.list", list_profiles, false},
    {"profile.show", profile_show, false},
    {"profile.assign", profile_assign, true},
    {"enrollment.list", list_enrollments, false},
    {"enrollment.show", show_enrollment, false},
};

struct running {
    struct call call;
    enum err (*run)(struct tx *tx, struct call *c);
};

static enum err run_in_transaction(struct tx *tx, void *user) {
    struct running *r = user;
    return r->run(tx, &r->call);
}

static enum err prepare(struct call *c, const char *name) {
    const char *password;
    if (strcmp(name, "user.add") != 0)
        return OK;
    TRY(argument(c, "password", MAX_NAME, &password));
    return password_hash(c->a, span_str(password), &c->password_hash);
}

static enum err dispatch(struct call *c) {
    struct store *store = c->scope->store;
    const char *name = json_string_value(json_object_get(c->request, "command"));
    for (size_t i = 0; name && i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, name) != 0)
            continue;
        TRY(prepare(c, name));
        struct running r = {*c, commands[i].run};
        return commands[i].writes ? store_write(store, run_in_transaction, &r)
                                  : store_read(store, run_in_transaction, &r);
    }
    return err_set(ERR_USAGE, "this server has no command '%s'", name ? name : "");
}

/* What was done, to whom, and how it ended. */
static void log_outcome(const json_t *request, enum err e) {
    static const char *const keys[] = {"name", "profile", "device", "id"};
    const char *command = json_string_value(json_object_get(request, "command"));
    BUF_AUTO(about);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *value = json_string_value(json_object_get(request, keys[i]));
        if (value)
            buf_printf(&about, " %s=%s", keys[i], log_q(span_str(value)));
    }
    log_write(e == OK ? LOG_INFO : LOG_WARN, "admin", "op=%s%s status=%s reason=%s",
              log_q(span_str(command ? command : "-")), buf_cstr(&about), e == OK ? "ok" : "error",
              log_q(span_str(e == OK ? "-" : err_detail())));
}

json_t *admin_run(const struct admin_scope *scope, json_t *request) {
    ARENA_AUTO(a);
    struct call c = {.scope = scope, .a = &a, .request = request, .reply = json_object()};
    enum err e = dispatch(&c);
    log_outcome(request, e);
    json_object_set_new(c.reply, "ok", json_boolean(e == OK));
    if (e != OK)
        json_object_set_new(c.reply, "error",
                            json_string(text_claim(&a, span_str(err_detail()), 500)));
    return c.reply;
}
