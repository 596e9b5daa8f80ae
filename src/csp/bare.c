/* SPDX-License-Identifier: Apache-2.0 */
/* Each rule here is one of windows-mdm.md, A.1, A.2, B.2, B.4 or B.5. */
#include "csp/bare.h"

#include <stdarg.h>
#include <stdio.h>

#include "csp/commands.h"
#include "wire/mdm.h"

static enum err blame(const struct xml_node *n, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static enum err blame(const struct xml_node *n, const char *fmt, ...) {
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(ERR_PARSE, "line %u, %s: %s", n->line, PROFILE_QUOTE(n->name), text);
}

static bool is(const struct xml_node *n, const char *name) {
    return span_is(n->name, name);
}

static const char *verb_of(const struct xml_node *n) {
    static const char *const verbs[] = {"Add",  "Replace", "Delete",  "Get",
                                        "Exec", "Atomic",  "Sequence"};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (is(n, verbs[i]))
            return verbs[i];
    return NULL;
}

static bool is_container(const struct xml_node *n) {
    return is(n, "Atomic") || is(n, "Sequence");
}

/* ---- items ---- */

static enum err check_children(const struct xml_node *n, const char *const *known,
                               const char *cure) {
    for (const struct xml_node *c = n->child; c; c = c->next) {
        const char *const *k = known;
        while (*k && !is(c, *k))
            k++;
        if (!*k)
            return blame(c, "has no place in %s; %s", PROFILE_QUOTE(n->name), cure);
    }
    return OK;
}

/* A server whose placeholders stay in the text would send them to the host as they are. */
static enum err check_placeholders(const struct xml_node *item, struct span text) {
    static const char *const names[] = {"{{scep.", "{{enrollment.", "{{device.", "{{user."};
    for (size_t i = 0; text.n && i < sizeof names / sizeof *names; i++)
        if (memmem(text.p, text.n, names[i], strlen(names[i])))
            return blame(item, "%s...}} is filled in profiles only; write the value", names[i]);
    return OK;
}

static enum err read_meta(const struct xml_node *meta, struct bare_item *item) {
    static const char *const known[] = {"Format", "Type", NULL};
    if (!meta)
        return OK;
    TRY(check_children(meta, known, "Windows reads Format and Type; take it out"));
    struct span format = xml_path_text(meta, "Format"), type = xml_path_text(meta, "Type");
    item->format = format.n ? format : item->format;
    item->type = type.n ? type : item->type;
    return OK;
}

static enum err read_item(const struct xml_node *n, struct bare_item *item) {
    static const char *const known[] = {"Target", "Meta", "Data", NULL};
    const struct xml_node *data = xml_child(n, "Data");
    TRY(check_children(n, known, "an Item holds Target, Meta and Data; take it out"));
    TRY(read_meta(xml_child(n->parent, "Meta"), item));
    TRY(read_meta(xml_child(n, "Meta"), item));
    item->loc_uri = xml_path_text(n, "Target/LocURI");
    item->has_data = data;
    item->data = xml_text(data);
    if (!item->loc_uri.n)
        return blame(n, "no Target/LocURI");
    if (!span_starts(item->loc_uri, "./"))
        return blame(n, "LocURI \"%s\" does not begin with ./", PROFILE_QUOTE(item->loc_uri));
    if (data && data->child)
        return blame(data, "elements inside it; write < as &lt;, or put them into CDATA");
    TRY(check_placeholders(n, item->loc_uri));
    return check_placeholders(n, item->data);
}

static bool is_of_user(struct span loc_uri) {
    return span_starts(loc_uri, "./User/") || span_is(loc_uri, "./User");
}

static enum err read_items(struct arena *a, const struct xml_node *n, struct bare_command *c) {
    static const char *const known[] = {"CmdID", "Meta", "Item", NULL};
    struct bare_item **end = &c->items;
    unsigned count = 0;
    TRY(check_children(n, known, "a command holds CmdID, Meta and Item; take it out"));
    for (const struct xml_node *i = xml_child(n, "Item"); i; i = xml_next(i)) {
        if (count++ && !is(n, "Get"))
            return blame(i, "a second Item; write a command for each, so that each has a Status");
        if (count > BARE_MAX_CHILDREN)
            return err_set(ERR_LIMIT, "line %u: more than %d Items in one Get; write several",
                           i->line, BARE_MAX_CHILDREN);
        *end = arena_alloc(a, sizeof **end);
        TRY(read_item(i, *end));
        c->user_scope |= is_of_user((*end)->loc_uri);
        end = &(*end)->next;
    }
    return c->items ? OK : blame(n, "no Item");
}

/* ---- commands ---- */

static enum err check_child(const struct xml_node *container, const struct xml_node *n) {
    if (is_container(n))
        return blame(n, "inside another %s; put it beside it", PROFILE_QUOTE(container->name));
    if (is(container, "Atomic") && is(n, "Get"))
        return blame(n,
                     "does not work inside an Atomic: Windows fails all of it; put it beside it");
    return OK;
}

static enum err read_command(struct arena *a, const struct xml_node *n, struct bare_command *c);

/* ./Device and ./User in one Atomic break it (A.1). */
static enum err check_scopes(const struct xml_node *n, const struct bare_command *c) {
    for (const struct bare_command *i = c->children; i; i = i->next)
        if (is(n, "Atomic") && i->user_scope != c->children->user_scope)
            return blame(n, "./Device and ./User in one Atomic; use one of them");
    return OK;
}

static enum err read_children(struct arena *a, const struct xml_node *n, struct bare_command *c) {
    struct bare_command **end = &c->children;
    for (const struct xml_node *i = n->child; i; i = i->next) {
        if (is(i, "CmdID") || is(i, "Meta"))
            continue;
        TRY(check_child(n, i));
        if (c->count > BARE_MAX_CHILDREN)
            return err_set(ERR_LIMIT, "line %u: more than %d commands in one %s", i->line,
                           BARE_MAX_CHILDREN, c->verb);
        *end = arena_alloc(a, sizeof **end);
        TRY(read_command(a, i, *end));
        c->count++;
        c->user_scope |= (*end)->user_scope;
        end = &(*end)->next;
    }
    return c->children ? check_scopes(n, c) : blame(n, "no command in it");
}

static enum err read_command(struct arena *a, const struct xml_node *n, struct bare_command *c) {
    *c = (struct bare_command){.verb = verb_of(n), .line = n->line, .count = 1};
    if (is(n, "SyncML") || is(n, "SyncBody") || is(n, "SyncHdr"))
        return blame(n, "keep only the commands; signet writes what is around them");
    if (!c->verb)
        return blame(n, "is no command for a host; there are Add, Replace, Delete, Get, Exec, "
                        "Atomic and Sequence");
    return is_container(n) ? read_children(a, n, c) : read_items(a, n, c);
}

static enum err check_size(const struct bare_command *c) {
    BUF_AUTO(out);
    bare_write(c, 1, &out);
    if (out.n > BARE_MAX_COMMAND)
        return err_set(ERR_LIMIT, "line %u, %s: %zu bytes; a command has %d at most", c->line,
                       c->verb, out.n, BARE_MAX_COMMAND);
    return OK;
}

enum err bare_read(struct arena *a, struct span text, struct bare_command **out) {
    struct xml_node *root;
    unsigned count = 0;
    *out = NULL;
    TRY(xml_parse_fragment(a, text, &root));
    for (const struct xml_node *n = root->child; n; n = n->next) {
        if (++count > BARE_MAX_COMMANDS)
            return err_set(ERR_LIMIT, "line %u: more than %d commands; send several files", n->line,
                           BARE_MAX_COMMANDS);
        *out = arena_alloc(a, sizeof **out);
        TRY(read_command(a, n, *out));
        TRY(check_size(*out));
        out = &(*out)->next;
    }
    return count ? OK : err_set(ERR_PARSE, "there is no command in it: write SyncML such as <Get>");
}

/* ---- writing ---- */

static void write_item(const struct bare_item *item, struct buf *out) {
    xml_open(out, "Item");
    xml_open(out, "Target");
    xml_leaf(out, "LocURI", item->loc_uri);
    xml_close(out, "Target");
    if (item->format.n || item->type.n)
        xml_open(out, "Meta");
    if (item->format.n)
        xml_leaf(out, "Format xmlns=\"" NS_METINF "\"", item->format);
    if (item->type.n)
        xml_leaf(out, "Type xmlns=\"" NS_METINF "\"", item->type);
    if (item->format.n || item->type.n)
        xml_close(out, "Meta");
    if (item->has_data)
        xml_leaf(out, "Data", item->data);
    xml_close(out, "Item");
}

void bare_write(const struct bare_command *c, unsigned first, struct buf *out) {
    xml_open(out, c->verb);
    xml_number(out, "CmdID", first);
    for (const struct bare_item *i = c->items; i; i = i->next)
        write_item(i, out);
    for (const struct bare_command *i = c->children; i; i = i->next)
        bare_write(i, ++first, out);
    xml_close(out, c->verb);
}

const char *bare_title(struct arena *a, const struct bare_command *c) {
    if (!c->items)
        return arena_printf(a, "%s of %u commands", c->verb, c->count - 1);
    unsigned more = 0;
    for (const struct bare_item *i = c->items->next; i; i = i->next)
        more++;
    const char *uri = arena_str(a, c->items->loc_uri);
    return more ? arena_printf(a, "%s %s and %u more", c->verb, uri, more)
                : arena_printf(a, "%s %s", c->verb, uri);
}
