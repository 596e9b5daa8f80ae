/* SPDX-License-Identifier: Apache-2.0 */
#include "device/registry.h"

static struct span step(const char **path) {
    size_t n = strcspn(*path, "\\");
    struct span s = span_of(*path, n);
    *path += n + ((*path)[n] == '\\');
    return s;
}

static struct reg_key *find_child(const struct reg_key *k, struct span name) {
    for (struct reg_key *c = k ? k->child : NULL; c; c = c->next)
        if (span_is_nocase(name, c->name))
            return c;
    return NULL;
}

struct reg_key *reg_child(const struct reg_key *k, const char *name) {
    return find_child(k, span_str(name));
}

struct reg_key *registry_open(struct registry *r, const char *path) {
    struct reg_key *k = &r->root;
    while (k && *path)
        k = find_child(k, step(&path));
    return k;
}

static struct reg_key *add_child(struct registry *r, struct reg_key *k, struct span name) {
    struct reg_key **end = &k->child;
    while (*end)
        end = &(*end)->next;
    *end = arena_alloc(&r->mem, sizeof **end);
    (*end)->name = arena_str(&r->mem, name);
    return *end;
}

struct reg_key *registry_create(struct registry *r, const char *path) {
    struct reg_key *k = &r->root;
    while (*path) {
        struct span name = step(&path);
        struct reg_key *c = find_child(k, name);
        k = c ? c : add_child(r, k, name);
    }
    return k;
}

bool registry_delete(struct registry *r, const char *path) {
    struct reg_key *parent = NULL, *k = &r->root;
    while (k && *path) {
        parent = k;
        k = find_child(k, step(&path));
    }
    if (!k || !parent)
        return false;
    struct reg_key **at = &parent->child;
    while (*at != k)
        at = &(*at)->next;
    *at = k->next;
    return true;
}

struct reg_value *reg_value(const struct reg_key *k, const char *name) {
    for (struct reg_value *v = k ? k->values : NULL; v; v = v->next)
        if (strcasecmp(v->name, name) == 0)
            return v;
    return NULL;
}

const char *reg_text(const struct reg_key *k, const char *name) {
    struct reg_value *v = reg_value(k, name);
    return v ? v->text : NULL;
}

bool reg_number(const struct reg_key *k, const char *name, uint32_t *out) {
    struct reg_value *v = reg_value(k, name);
    int64_t number;
    if (v && !v->text) {
        *out = v->number;
        return true;
    }
    if (!v || !span_int(span_trim(span_str(v->text)), &number) || number < 0 || number > UINT32_MAX)
        return false;
    *out = (uint32_t)number;
    return true;
}

static struct reg_value *make_value(struct registry *r, struct reg_key *k, const char *name) {
    struct reg_value *v = reg_value(k, name);
    if (v)
        return v;
    struct reg_value **end = &k->values;
    while (*end)
        end = &(*end)->next;
    *end = arena_alloc(&r->mem, sizeof **end);
    (*end)->name = arena_str(&r->mem, span_str(name));
    return *end;
}

void reg_set_text(struct registry *r, struct reg_key *k, const char *name, struct span text) {
    make_value(r, k, name)->text = arena_str(&r->mem, text);
}

void reg_set_number(struct registry *r, struct reg_key *k, const char *name, uint32_t number) {
    struct reg_value *v = make_value(r, k, name);
    v->text = NULL;
    v->number = number;
}

bool reg_delete_value(struct reg_key *k, const char *name) {
    for (struct reg_value **v = &k->values; *v; v = &(*v)->next)
        if (strcasecmp((*v)->name, name) == 0) {
            *v = (*v)->next;
            return true;
        }
    return false;
}

static void copy_key(struct registry *to, struct reg_key *k, const struct reg_key *from) {
    for (const struct reg_value *v = from->values; v; v = v->next)
        if (v->text)
            reg_set_text(to, k, v->name, span_str(v->text));
        else
            reg_set_number(to, k, v->name, v->number);
    for (const struct reg_key *c = from->child; c; c = c->next)
        copy_key(to, add_child(to, k, span_str(c->name)), c);
}

void registry_copy(struct registry *to, const struct registry *from) {
    copy_key(to, &to->root, &from->root);
}

void registry_free(struct registry *r) {
    arena_free(&r->mem);
    r->root = (struct reg_key){0};
}
