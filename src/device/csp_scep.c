/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ClientCertificateInstall/SCEP (windows-mdm.md, A). Nodes are values of the registry, so that a
 * registry made by hand and one made by a server are the same thing:
 *
 *     {UniqueID}           HKLM\SOFTWARE\Microsoft\SCEP\<ProviderID>\<UniqueID>: Status, ErrorCode
 * ... {UniqueID}/Install   its subkey Install, the Challenge in a subkey of that
 */
#include "device/chain.h"
#include "device/csptree.h"
#include "device/hresult.h"
#include "device/ossl.h"
#include "device/scep_pending.h"
#include "device/scep_task.h"
#include "wire/mdm.h"
#include "wire/scep.h"

static const char *provider_path(const struct csp_target *t) {
    const struct enrollment *e = t->host->enrollment;
    return arena_printf(t->arena, "%s\\%s", t->user_scope ? SCEP_KEY_USER : SCEP_KEY_MACHINE,
                        e ? e->provider : "Local");
}

static const char *key_path(const struct csp_target *t) {
    return arena_printf(t->arena, "%s\\%s", provider_path(t), t->steps[0]);
}

static struct reg_key *open_key(const struct csp_target *t) {
    return registry_open(t->host->registry, key_path(t));
}

static bool is_install(const struct csp_target *t) {
    return t->count > 1 && strcmp(t->steps[1], "Install") == 0;
}

static bool is_challenge(const struct csp_target *t) {
    return strcmp(t->steps[2], "Challenge") == 0;
}

static int give(const struct csp_target *t, struct csp_value *out, struct span data) {
    out->data = arena_copy(t->arena, data);
    return SYNCML_OK;
}

static int list_children(const struct csp_target *t, const struct reg_key *k,
                         struct csp_value *out) {
    BUF_AUTO(list);
    for (struct reg_value *v = k->values; v; v = v->next) {
        BUF_AUTO(uri);
        buf_printf(&uri, "%.*s/%s", SPAN_FMT(t->uri), v->name);
        if (csp_find(buf_view(&uri))) /* CorrelationGuid and such are no nodes */
            csp_list_add(&list, v->name);
    }
    if (!is_install(t) && reg_child(k, "Install"))
        csp_list_add(&list, "Install");
    return give(t, out, buf_view(&list));
}

/*
 * A certificate that expired, whose chain is not trusted any more, or that went away with its key
 * reads as an empty text (windows-mdm.md, A.3).
 */
static bool is_alive(const struct csp_target *t, const char *thumbprint) {
    const struct cert_entry *e = certstore_find(
        &t->host->certs, t->user_scope ? STORE_USER_MY : STORE_MY, span_str(thumbprint));
    OSSL_AUTO(X509) x = e && e->key.n ? ossl_x509_read(e->der) : NULL;
    return x &&
           chain_check(&t->host->certs, t->user_scope, NULL, x, host_clock_ms(t->host)) == HR_OK;
}

static const char *print_error(const struct csp_target *t, uint32_t code) {
    if (host_switch_is(t->host, "errorcode-form", "hex"))
        return arena_printf(t->arena, "0x%08x", code);
    if (host_switch_is(t->host, "errorcode-form", "unsigned"))
        return arena_printf(t->arena, "%u", code);
    return arena_printf(t->arena, "%d", (int32_t)code);
}

static int get_output(const struct csp_target *t, const struct reg_key *k, struct csp_value *out) {
    const char *name = t->steps[1], *text = reg_text(k, name);
    uint32_t number;
    if (strcmp(name, "Status") == 0) {
        number = CSP_SCEP_UNKNOWN;
        reg_number(k, name, &number);
        return give(t, out, span_str(arena_printf(t->arena, "%u", number)));
    }
    if (strcmp(name, "ErrorCode") == 0)
        return reg_number(k, name, &number) ? give(t, out, span_str(print_error(t, number)))
                                            : csp_absent(t);
    if (strcmp(name, "CertThumbprint") == 0) {
        if (!text || !*text)
            return csp_absent(t);
        return give(t, out, is_alive(t, text) ? span_str(text) : SPAN_NONE);
    }
    return give(t, out, span_str(text));
}

static int get(const struct csp_target *t, struct csp_value *out) {
    if (t->count == 0)
        return csp_key_list(t, provider_path(t), out);
    struct reg_key *k = open_key(t), *install = reg_child(k, "Install");
    if (!k || (is_install(t) && !install))
        return SYNCML_NOT_FOUND;
    if (t->count == 1)
        return list_children(t, k, out);
    if (!is_install(t))
        return get_output(t, k, out);
    if (t->count == 2)
        return list_children(t, install, out);
    struct reg_value *v = is_challenge(t) ? NULL : reg_value(install, t->steps[2]);
    if (!v) /* the Challenge is never told */
        return SYNCML_NOT_FOUND;
    return give(t, out, span_str(v->text ? v->text : arena_printf(t->arena, "%u", v->number)));
}

/* The key of the UniqueID, made with the values that Windows gives it at first. */
static struct reg_key *make_key(const struct csp_target *t) {
    struct registry *r = t->host->registry;
    struct reg_key *k = open_key(t);
    if (k)
        return k;
    k = registry_create(r, key_path(t));
    reg_set_text(r, k, "CertThumbprint", SPAN_NONE);
    reg_set_number(r, k, "Status", CSP_SCEP_UNKNOWN);
    return k;
}

static int set_node(const struct csp_target *t, bool add) {
    struct reg_key *k = open_key(t);
    bool exists = t->count == 1 ? k != NULL : reg_child(k, "Install") != NULL;
    if (exists)
        return add ? SYNCML_ALREADY_EXISTS : SYNCML_OK;
    if (!add && !csp_upserts(t))
        return SYNCML_NOT_FOUND;
    make_key(t);
    if (t->count == 2)
        registry_create(t->host->registry, arena_printf(t->arena, "%s\\Install", key_path(t)));
    return SYNCML_OK;
}

static void write_value(const struct csp_target *t, struct reg_key *k, struct span data) {
    int64_t n;
    struct registry *r = t->host->registry;
    if (t->node->format == CSP_INT && span_int(span_trim(data), &n) && n >= 0 && n <= UINT32_MAX)
        reg_set_number(r, k, t->steps[2], (uint32_t)n);
    else
        reg_set_text(r, k, t->steps[2], data);
}

static int set(const struct csp_target *t, struct span data, bool add) {
    if (t->count < 3)
        return set_node(t, add);
    const char *path =
        arena_printf(t->arena, "%s\\Install%s", key_path(t), is_challenge(t) ? "\\Challenge" : "");
    struct reg_value *old = reg_value(registry_open(t->host->registry, path), t->steps[2]);
    if (old && add)
        return SYNCML_ALREADY_EXISTS;
    if (!old && !add && !csp_upserts(t))
        return SYNCML_NOT_FOUND;
    if (memchr(data.p ? data.p : (const uint8_t *)"", 0, data.n))
        return SYNCML_COMMAND_FAILED;
    make_key(t);
    write_value(t, registry_create(t->host->registry, path), data);
    return SYNCML_OK;
}

/* Deleting the UniqueID takes the task, what is pended and the certificate with its key along. */
static int remove_id(const struct csp_target *t) {
    const char *path = key_path(t), *thumbprint = reg_text(open_key(t), "CertThumbprint");
    if (thumbprint && *thumbprint)
        certstore_remove(&t->host->certs, t->user_scope ? STORE_USER_MY : STORE_MY,
                         span_str(thumbprint));
    tasks_remove(&t->host->tasks, path);
    scep_pending_drop(t->host, path);
    return registry_delete(t->host->registry, path) ? SYNCML_OK : SYNCML_NOT_FOUND;
}

static int remove_node(const struct csp_target *t) {
    if (t->count < 2)
        return remove_id(t);
    const char *path = arena_printf(t->arena, "%s\\Install", key_path(t));
    struct reg_key *install = registry_open(t->host->registry, path);
    bool found = install != NULL;
    if (found && t->count == 2)
        registry_delete(t->host->registry, path);
    else if (found && is_challenge(t))
        found = registry_delete(t->host->registry, arena_printf(t->arena, "%s\\Challenge", path));
    else if (found)
        found = reg_delete_value(install, t->steps[2]);
    return found ? SYNCML_OK : SYNCML_NOT_FOUND;
}

static void log_exec(const struct csp_target *t, const struct scep_settings *s, uint32_t result) {
    eventlog_add(&t->host->events, &t->host->mem, EVENT_SCEP_EXEC,
                 result != HR_ACCEPTED_FOR_PROCESSING,
                 "SCEP: CspExecute for UniqueId : (%s) InstallUserSid : () InstallLocation : (%s) "
                 "NodePath : (clientinstall)  KeyProtection: (0x%x) Result : (%s).",
                 s->id, t->user_scope ? "user" : "device", s->key_protection,
                 hresult_text(t->arena, result));
}

/* Whether all values are of the DDF's lists and ranges, where they were not judged before. */
static bool values_fit(const struct csp_target *t, const struct reg_key *install) {
    size_t n = t->uri.n - strlen("Enroll");
    bool clamp = host_switch_is(t->host, "retry-count", "clamp");
    for (const struct reg_value *v = install->values; v; v = v->next) {
        const char *uri = arena_printf(t->arena, "%.*s%s", (int)n, (const char *)t->uri.p, v->name);
        const char *text = v->text ? v->text : arena_printf(t->arena, "%u", v->number);
        const struct csp_node *node = csp_find(span_str(uri));
        bool over = clamp && strcmp(v->name, "RetryCount") == 0;
        if (node && !over && !csp_value_fits(node, span_str(text)))
            return false;
    }
    return true;
}

static bool may_enroll(const struct csp_target *t, const struct reg_key *install,
                       const struct scep_settings *s) {
    if (host_switch_is(t->host, "range-check", "exec") && !values_fit(t, install))
        return false;
    return host_switch_is(t->host, "required-check", "task") || !scep_settings_missing(s);
}

static int exec(const struct csp_target *t, struct span data) {
    struct scep_settings s;
    (void)data; /* Exec of Enroll carries none */
    const char *path = key_path(t);
    struct reg_key *install = reg_child(open_key(t), "Install");
    if (!install)
        return SYNCML_NOT_FOUND;
    scep_settings_read(install, path, &s);
    bool good = may_enroll(t, install, &s);
    log_exec(t, &s, good ? HR_ACCEPTED_FOR_PROCESSING : HR_INVALID_ARGUMENT);
    if (!good)
        return SYNCML_COMMAND_FAILED;
    size_t n = t->uri.n - strlen("/Install/Enroll");
    scep_task_schedule(t->host, path, arena_str(t->arena, span_of(t->uri.p, n)));
    return host_switch_is(t->host, "exec-status", "202") ? SYNCML_ACCEPTED : SYNCML_OK;
}

const struct csp_provider csp_scep_provider = {CSP_SCEP_ROOT, get, set, remove_node, exec};
