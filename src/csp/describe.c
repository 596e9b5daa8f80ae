/* SPDX-License-Identifier: Apache-2.0 */
#include "csp/describe.h"

#include "base/text.h"
#include "csp/commands.h"
#include "csp/words.h"

/* Every node that a profile can set: whom it names, the key, where it comes from, the rest. */
static const char *const order[] = {
    "SubjectName",
    "SubjectAlternativeNames",
    "EKUMapping",
    "KeyUsage",
    "KeyLength",
    "HashAlgorithm",
    "KeyProtection",
    "ContainerName",
    "CustomTextToShowInPrompt",
    "ValidPeriodUnits",
    "ValidPeriod",
    "ServerURL",
    "Challenge",
    "CAThumbprint",
    "RetryCount",
    "RetryDelay",
    "TemplateName",
    "AADKeyIdentifierList",
    "Install",
};

/* What matters also where nobody has thought of it. */
static const char *const told_defaults[] = {"KeyProtection", "RetryCount", "RetryDelay"};

struct list {
    struct arena *a;
    struct profile_item **tail;
};

static struct profile_item *append(struct list *l, const char *node, struct span raw) {
    BUF_AUTO(value);
    BUF_AUTO(words);
    struct profile_item *item = arena_alloc(l->a, sizeof *item);
    text_printable(&value, raw);
    words_of(&words, node, raw);
    *item = (struct profile_item){.node = node,
                                  .value = arena_str(l->a, buf_view(&value)),
                                  .words = arena_str(l->a, buf_view(&words)),
                                  .verb = "",
                                  .format = "",
                                  .raw = raw};
    *l->tail = item;
    l->tail = &item->next;
    return item;
}

static void set_command(struct list *l, struct profile_item *item,
                        const struct profile_command *c) {
    static const char unsaid[] = "chr"; /* SyncML's own default */
    item->verb = arena_str(l->a, c->element->name);
    item->format = c->format.n ? text_claim(l->a, c->format, 20) : unsaid;
}

static void add_path(struct list *l, const struct profile_commands *p) {
    struct profile_item *scope =
        append(l, "Scope", span_str(p->user_scope ? "./User" : "./Device"));
    scope->words =
        p->user_scope
            ? "a certificate of the user (CurrentUser, My): works while the enrolled user "
              "is signed in"
            : "a certificate of the machine (LocalMachine, My)";
    struct profile_item *id = append(l, "UniqueID", p->unique_id);
    const struct profile_command *c = profile_command_find(p, "{UniqueID}");
    if (c)
        set_command(l, id, c);
}

static void add_default(struct list *l, const char *name) {
    BUF_AUTO(path);
    bool told = false;
    for (size_t i = 0; i < sizeof told_defaults / sizeof *told_defaults; i++)
        told |= strcmp(name, told_defaults[i]) == 0;
    if (!told)
        return;
    buf_printf(&path, "./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/x/Install/%s", name);
    append(l, name, span_str(csp_find(buf_view(&path))->default_value))->is_default = true;
}

static void add_node(struct list *l, const struct profile_commands *p, const char *name) {
    static const char placeholder[] = "{{scep.challenge}}";
    const struct profile_command *c = profile_command_find(p, name);
    if (!c) {
        add_default(l, name);
        return;
    }
    struct profile_item *item = append(l, name, c->value);
    set_command(l, item, c);
    if (strcmp(name, "Challenge") == 0 && !span_is(c->value, placeholder))
        item->value = NULL;
}

enum err profile_describe(struct arena *a, struct span text, struct profile_item **out) {
    struct profile_commands p;
    struct list l = {.a = a, .tail = out};
    *out = NULL;
    TRY(profile_commands_read(a, text, &p));
    add_path(&l, &p);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        add_node(&l, &p, order[i]);
    return OK;
}

/* ---- comparing ---- */

static const struct profile_item *find(const struct profile_item *list, const char *node) {
    while (list && strcmp(list->node, node) != 0)
        list = list->next;
    return list;
}

static bool same(const struct profile_item *x, const struct profile_item *y) {
    if (!x || !y || !span_eq(x->raw, y->raw))
        return false;
    return x->is_default || y->is_default ||
           (strcmp(x->verb, y->verb) == 0 && strcmp(x->format, y->format) == 0);
}

struct profile_change *profile_compare(struct arena *a, const struct profile_item *before,
                                       const struct profile_item *after) {
    static const char *const path[] = {"Scope", "UniqueID"};
    enum { PATH = sizeof path / sizeof *path, ALL = PATH + sizeof order / sizeof *order };
    struct profile_change *first = NULL, **tail = &first;
    for (size_t i = 0; i < ALL; i++) {
        const char *node = i < PATH ? path[i] : order[i - PATH];
        const struct profile_item *x = find(before, node), *y = find(after, node);
        if ((!x && !y) || same(x, y))
            continue;
        *tail = arena_alloc(a, sizeof **tail);
        **tail = (struct profile_change){.before = x, .after = y};
        tail = &(*tail)->next;
    }
    return first;
}
