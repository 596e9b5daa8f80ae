/* SPDX-License-Identifier: Apache-2.0 */
/* Commands on accounts: who may enroll hosts, and who may fetch challenges. */
#include "base/clock.h"
#include "mdm/tickets.h"
#include "server/admin_target.h"
#include "server/config.h"
#include "server/report.h"

enum { MAX_HOSTS = 1000000 };

/* With an endpoint: an account of its mscep_admin page, which is of another kind. */
static enum err endpoint_argument(struct admin_call *c, const char **out) {
    TRY(admin_optional(c, "endpoint", out));
    if (!*out)
        return OK;
    const struct pki *pki = pki_acquire(c->scope->pki);
    const struct endpoint *endpoint;
    enum err e = admin_endpoint(c, pki, *out, &endpoint);
    bool no_page = e == OK && !endpoint->policy->mscep_admin;
    pki_release(pki);
    if (no_page)
        admin_put(c, "warning",
                  json_sprintf("the endpoint '%s' has no page for this account: set mscep-admin "
                               "in signet.conf and restart",
                               *out));
    return e;
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

/* `hosts` null: as the configuration has it. */
static enum err user_set(struct tx *tx, struct admin_call *c) {
    const char *name;
    int64_t hosts = -1;
    TRY(admin_name(c, "name", &name));
    if (!json_object_get(c->request, "hosts"))
        return err_set(ERR_USAGE, "the argument 'hosts' is missing");
    if (!json_is_null(json_object_get(c->request, "hosts")))
        TRY(admin_number(c, "hosts", 0, MAX_HOSTS, -1, &hosts));
    return account_set_max_devices(tx, name, hosts);
}

/* The only answer that ever holds the code. */
static enum err user_code(struct tx *tx, struct admin_call *c) {
    const char *name, *lifetime;
    struct account account;
    int64_t ms, hosts, now = clock_ms();
    char code[TICKET_CODE_SIZE], iso[CLOCK_ISO_SIZE];
    TRY(admin_name(c, "name", &name));
    TRY(admin_optional(c, "for", &lifetime));
    TRY(admin_number(c, "hosts", 1, 10000, 1, &hosts));
    ms = DAY_MS;
    if (lifetime && config_duration(c->a, lifetime, &ms) != OK)
        return err_context(ERR_USAGE, "--for");
    TRY(account_get(tx, c->a, name, &account));
    TRY(ticket_new_code(tx, c->scope->scep->authority, name, now, now + ms, hosts, code));
    admin_put(c, "code", json_string(code));
    admin_put(c, "hosts", json_integer(hosts));
    admin_put(c, "expires", json_string(clock_iso(now + ms, iso)));
    return OK;
}

static enum err user_revoke_codes(struct tx *tx, struct admin_call *c) {
    const char *name;
    struct account account;
    struct open_codes open;
    int64_t now = clock_ms();
    TRY(admin_name(c, "name", &name));
    TRY(account_get(tx, c->a, name, &account));
    TRY(ticket_open_codes(tx, name, now, &open));
    TRY(ticket_revoke(tx, name, now));
    admin_put(c, "count", json_integer(open.count));
    return OK;
}

static json_t *put_user(json_t *list, const char *name, int64_t created) {
    char iso[CLOCK_ISO_SIZE];
    json_t *user = json_pack("{s:s, s:s}", "name", name, "created", clock_iso(created, iso));
    json_array_append_new(list, user);
    return user;
}

static enum err put_account(struct tx *tx, const struct admin_call *c, json_t *list,
                            const struct account *account) {
    struct open_codes codes;
    int64_t hosts;
    TRY(device_count_of_account(tx, account->name, INT64_MAX, &hosts));
    TRY(ticket_open_codes(tx, account->name, clock_ms(), &codes));
    json_t *user = put_user(list, account->name, account->created);
    int64_t max =
        account->max_devices >= 0 ? account->max_devices : c->scope->config->hosts_per_user;
    json_object_set_new(user, "hosts", json_integer(hosts));
    if (max) /* 0: no limit */
        json_object_set_new(user, "max_hosts", json_integer(max));
    json_object_set_new(user, "codes", json_integer(codes.count));
    report_time(user, "codes_until", codes.until);
    return OK;
}

static enum err user_list(struct tx *tx, struct admin_call *c) {
    struct account *all;
    struct ndes_account *ndes;
    json_t *list = admin_put_list(c, "users");
    TRY(account_list(tx, c->a, &all));
    TRY(ndes_account_list(tx, c->a, &ndes));
    for (; all; all = all->next)
        TRY(put_account(tx, c, list, all));
    for (; ndes; ndes = ndes->next)
        json_object_set_new(put_user(list, ndes->name, ndes->created), "endpoint",
                            json_string(ndes->endpoint));
    return OK;
}

const struct admin_command admin_user_commands[] = {
    {"user.add", user_add, ADMIN_WRITES, NULL},
    {"user.remove", user_remove, ADMIN_WRITES, NULL},
    {"user.set", user_set, ADMIN_WRITES, NULL},
    {"user.code", user_code, ADMIN_WRITES, NULL},
    {"user.revoke-codes", user_revoke_codes, ADMIN_WRITES, NULL},
    {"user.list", user_list, ADMIN_READS, NULL},
    {NULL, NULL, ADMIN_READS, NULL},
};
