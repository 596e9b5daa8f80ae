/* SPDX-License-Identifier: Apache-2.0 */
/* Running the administrator's commands, and the arguments that they take. */
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "mdm/password.h"
#include "server/admin_command.h"

/* ---- arguments ---- */

enum err admin_argument(const struct admin_call *c, const char *key, size_t max, const char **out) {
    *out = json_string_value(json_object_get(c->request, key));
    if (!*out || !**out)
        return err_set(ERR_USAGE, "the argument '%s' is missing", key);
    if (strlen(*out) > max)
        return err_set(ERR_LIMIT, "'%s' is longer than %zu bytes", key, max);
    return OK;
}

enum err admin_name(const struct admin_call *c, const char *key, const char **out) {
    TRY(admin_argument(c, key, ADMIN_MAX_NAME, out));
    for (const char *p = *out; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return err_set(ERR_USAGE, "'%s' holds a control character", key);
    return OK;
}

enum err admin_optional(const struct admin_call *c, const char *key, const char **out) {
    const json_t *value = json_object_get(c->request, key);
    *out = NULL;
    if (value && !json_is_null(value) && !json_is_string(value))
        return err_set(ERR_USAGE, "'%s' is no text", key);
    return json_string_length(value) ? admin_name(c, key, out) : OK;
}

/* As the administrator typed it: key_usage is --key-usage. */
static const char *option_of(const struct admin_call *c, const char *key) {
    char *option = arena_str(c->a, span_str(key));
    for (char *p = option; *p; p++)
        if (*p == '_')
            *p = '-';
    return option;
}

enum err admin_number(const struct admin_call *c, const char *key, int64_t least, int64_t most,
                      int64_t otherwise, int64_t *out) {
    const json_t *value = json_object_get(c->request, key);
    *out = value ? json_integer_value(value) : otherwise;
    if (value && !json_is_integer(value))
        return err_set(ERR_USAGE, "%s is no number", option_of(c, key));
    if (value && (*out < least || *out > most))
        return err_set(ERR_USAGE, "%s: %lld is not a number from %lld to %lld", option_of(c, key),
                       (long long)*out, (long long)least, (long long)most);
    return OK;
}

bool admin_flag(const struct admin_call *c, const char *key) {
    return json_is_true(json_object_get(c->request, key));
}

void admin_put(struct admin_call *c, const char *key, json_t *value) {
    json_object_set_new(c->reply, key, value);
}

json_t *admin_put_list(struct admin_call *c, const char *key) {
    json_t *list = json_array();
    admin_put(c, key, list);
    return list;
}

/* ---- running ---- */

struct running {
    struct admin_call *call;
    enum err (*run)(struct tx *tx, struct admin_call *c);
};

static enum err run_in_transaction(struct tx *tx, void *user) {
    struct running *r = user;
    return r->run(tx, r->call);
}

static enum err prepare(struct admin_call *c, const char *name) {
    const char *password;
    if (strcmp(name, "user.add") != 0)
        return OK;
    TRY(admin_argument(c, "password", ADMIN_MAX_NAME, &password));
    return password_hash(c->a, span_str(password), &c->password_hash);
}

static enum err run_command(struct admin_call *c, const struct admin_command *command) {
    struct store *store = c->scope->store;
    struct running r = {c, command->run};
    TRY(prepare(c, command->name));
    if (command->mode == ADMIN_ALONE)
        return command->run(NULL, c);
    TRY(command->mode == ADMIN_WRITES ? store_write(store, run_in_transaction, &r)
                                      : store_read(store, run_in_transaction, &r));
    if (command->committed)
        command->committed(c);
    return OK;
}

static const struct admin_command *const tables[] = {
    admin_user_commands,        admin_host_commands,      admin_device_commands,
    admin_group_commands,       admin_queue_commands,     admin_pfx_commands,
    admin_certificate_commands, admin_challenge_commands, admin_gateway_commands,
    admin_endpoint_commands};

static enum err dispatch(struct admin_call *c) {
    const char *name = json_string_value(json_object_get(c->request, "command"));
    for (size_t t = 0; name && t < sizeof tables / sizeof *tables; t++)
        for (const struct admin_command *command = tables[t]; command->name; command++)
            if (strcmp(command->name, name) == 0)
                return run_command(c, command);
    return err_set(ERR_USAGE, "this server has no command '%s'", name ? name : "");
}

/* What was done, to whom, and how it ended. */
static void log_outcome(const json_t *request, enum err e) {
    static const char *const keys[] = {"name",     "profile", "device", "id",
                                       "endpoint", "subject", "reason"};
    const char *command = json_string_value(json_object_get(request, "command"));
    BUF_AUTO(about);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const json_t *value = json_object_get(request, keys[i]);
        if (json_is_string(value))
            buf_printf(&about, " %s=%s", keys[i], log_q(span_str(json_string_value(value))));
        else if (json_is_integer(value))
            buf_printf(&about, " %s=%lld", keys[i], (long long)json_integer_value(value));
    }
    log_write(e == OK ? LOG_INFO : LOG_WARN, "admin", "op=%s%s status=%s reason=%s",
              log_q(span_str(command ? command : "-")), buf_cstr(&about), e == OK ? "ok" : "error",
              log_q(span_str(e == OK ? "-" : err_detail())));
}

json_t *admin_run(const struct admin_scope *scope, json_t *request) {
    ARENA_AUTO(a);
    struct admin_call c = {.scope = scope, .a = &a, .request = request, .reply = json_object()};
    enum err e = dispatch(&c);
    log_outcome(request, e);
    json_object_set_new(c.reply, "ok", json_boolean(e == OK));
    if (e != OK)
        json_object_set_new(c.reply, "error",
                            json_string(text_claim(&a, span_str(err_detail()), 500)));
    return c.reply;
}
