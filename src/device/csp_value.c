/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves of a CSP that are values of a registry key: an Atomic that fails takes them back. */
#include "device/csptree.h"
#include "wire/mdm.h"

static const char *text_of(const struct csp_target *t, const struct reg_value *v) {
    return v->text ? v->text : arena_printf(t->arena, "%u", v->number);
}

int csp_value_get(const struct csp_target *t, const char *path, const char *name,
                  struct csp_value *out) {
    struct reg_value *v = reg_value(registry_open(t->host->registry, path), name);
    const char *text = v ? text_of(t, v) : t->node->default_value;
    out->data = arena_copy(t->arena, span_str(text));
    return text ? SYNCML_OK : SYNCML_NOT_FOUND;
}

int csp_value_set(const struct csp_target *t, const char *path, const char *name, struct span data,
                  bool add) {
    struct registry *r = t->host->registry;
    bool exists = reg_value(registry_open(r, path), name) != NULL;
    if (exists && add)
        return SYNCML_ALREADY_EXISTS;
    if (!exists && !add && !csp_upserts(t))
        return SYNCML_NOT_FOUND;
    if (memchr(data.p ? data.p : (const uint8_t *)"", 0, data.n))
        return SYNCML_COMMAND_FAILED;
    reg_set_text(r, registry_create(r, path), name, data);
    return SYNCML_OK;
}

int csp_value_remove(const struct csp_target *t, const char *path, const char *name) {
    struct reg_key *k = registry_open(t->host->registry, path);
    return k && reg_delete_value(k, name) ? SYNCML_OK : SYNCML_NOT_FOUND;
}

int csp_value_list(const struct csp_target *t, const char *path, struct csp_value *out) {
    BUF_AUTO(list);
    struct reg_key *k = registry_open(t->host->registry, path);
    for (struct reg_value *v = k ? k->values : NULL; v; v = v->next)
        csp_list_add(&list, v->name);
    out->data = arena_copy(t->arena, buf_view(&list));
    return SYNCML_OK;
}

int csp_key_list(const struct csp_target *t, const char *path, struct csp_value *out) {
    BUF_AUTO(list);
    struct reg_key *k = registry_open(t->host->registry, path);
    for (struct reg_key *c = k ? k->child : NULL; c; c = c->next)
        csp_list_add(&list, c->name);
    out->data = arena_copy(t->arena, buf_view(&list));
    return SYNCML_OK;
}
