/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From text to commands. Each rule here is one that makes a Windows host answer 4xx or 507 to the
 * whole Atomic, or accept it and then fail where nobody looks (windows-mdm.md, A.2, A.3, A.7).
 */
#include "csp/commands.h"

#include <stdarg.h>
#include <stdio.h>

#include "csp/source.h"
#include "wire/mdm.h"

static const char INSTALL[] = CSP_SCEP_ROOT "/{UniqueID}/Install/";

const char *profile_node_name(const struct csp_node *node) {
    return strrchr(node->path, '/') + 1;
}

enum err profile_error(const struct profile_command *c, const char *fmt, ...) {
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return profile_blame(c, err_set(ERR_PARSE, "%s", text));
}

enum err profile_blame(const struct profile_command *c, enum err e) {
    const char *node = c->node ? profile_node_name(c->node) : PROFILE_QUOTE(c->element->name);
    return e == OK ? OK : err_context(e, "profile line %u, %s", c->element->line, node);
}

const char *profile_quote(struct span text, char room[static PROFILE_QUOTE_SIZE]) {
    static const char cut_mark[] = "...";
    size_t most = PROFILE_QUOTE_SIZE - sizeof cut_mark, n = text.n < most ? text.n : most;
    while (n && n < text.n && (text.p[n] & 0xc0) == 0x80)
        n--;
    if (n)
        memcpy(room, text.p, n);
    memcpy(room + n, n < text.n ? cut_mark : "", n < text.n ? sizeof cut_mark : 1);
    return room;
}

const struct profile_command *profile_command_find(const struct profile_commands *p,
                                                   const char *name) {
    for (const struct profile_command *c = p->first; c; c = c->next)
        if (strcmp(profile_node_name(c->node), name) == 0)
            return c;
    return NULL;
}

unsigned profile_access_of(struct span verb) {
    return span_is(verb, "Add")       ? CSP_ADD
           : span_is(verb, "Replace") ? CSP_REPLACE
           : span_is(verb, "Exec")    ? CSP_EXEC
                                      : 0;
}

static enum err check_verb(const struct profile_command *c) {
    struct span verb = c->element->name;
    if (span_is(verb, "Get"))
        return profile_error(c, "Get does not work inside an Atomic; signet asks for the outcome "
                                "by itself, take it out");
    if (span_is(verb, "Atomic"))
        return profile_error(c, "an Atomic inside an Atomic always fails; use one");
    if (!profile_access_of(verb))
        return profile_error(c, "%s has no place in a profile; use Add, Replace and one Exec",
                             PROFILE_QUOTE(verb));
    return OK;
}

size_t profile_scep_prefix(struct span path) {
    static const char *const roots[] = {"./Device" CSP_SCEP_ROOT "/", "./User" CSP_SCEP_ROOT "/",
                                        "." CSP_SCEP_ROOT "/"};
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++)
        if (span_starts(path, roots[i]))
            return strlen(roots[i]);
    return 0;
}

struct span profile_unique_id(struct span path) {
    struct span id = span_from(path, profile_scep_prefix(path));
    ptrdiff_t slash = span_find(id, '/');
    return slash < 0 ? id : span_of(id.p, (size_t)slash);
}

/* One certificate, one scope: ./Device and ./User in one Atomic break it (A.1). */
static enum err check_address(struct arena *a, const struct profile_commands *p,
                              const struct profile_command *c) {
    if (!profile_scep_prefix(c->path))
        return profile_error(c,
                             "LocURI \"%s\" is not below ClientCertificateInstall/SCEP; a profile "
                             "holds nothing else, take it out",
                             PROFILE_QUOTE(c->path));
    if (!c->node)
        return profile_error(c, "%s", profile_misspelt(a, c->path).text);
    if (c == p->first)
        return OK;
    if (p->user_scope != span_starts(c->path, "./User/"))
        return profile_error(c, "./Device and ./User in one Atomic; use one of them");
    if (!span_eq(p->unique_id, profile_unique_id(c->path)))
        return profile_error(c, "UniqueID %s here, but %s before; one profile, one certificate",
                             PROFILE_QUOTE(profile_unique_id(c->path)),
                             PROFILE_QUOTE(p->unique_id));
    return OK;
}

static enum err read_item(struct profile_command *c) {
    const struct xml_node *item = xml_child(c->element, "Item");
    if (!item)
        return profile_error(c, "no Item");
    if (xml_next(item))
        return profile_error(c, "more than one Item; use one command for each, so that each has "
                                "its own status");
    c->loc_uri = xml_path(item, "Target/LocURI");
    c->path = xml_text(c->loc_uri);
    if (!c->path.n)
        return profile_error(c, "no Item/Target/LocURI");
    c->node = csp_find(c->path);
    c->data = xml_child(item, "Data");
    c->value = xml_text(c->data);
    if (c->data && c->data->child)
        return profile_error(c, "elements inside Data; write < as &lt;");
    const struct xml_node *meta = xml_child(item, "Meta");
    meta = meta ? meta : xml_child(c->element, "Meta");
    c->format = xml_path_text(meta, "Format");
    c->type = xml_path_text(meta, "Type");
    return OK;
}

static enum err check_access(const struct profile_command *c) {
    if (c->node->access & profile_access_of(c->element->name))
        return OK;
    if (c->node->access == CSP_GET)
        return profile_error(c, "the host alone writes this node; take the command out");
    return profile_error(c, "%s is not allowed here; %s", PROFILE_QUOTE(c->element->name),
                         c->node->access & CSP_EXEC ? "use Exec" : "use Add");
}

bool profile_is_below(const struct csp_node *child, const struct csp_node *parent) {
    size_t n = strlen(parent->path);
    return strncmp(child->path, parent->path, n) == 0 && child->path[n] == '/';
}

/* Adding the parent after a child gives 418, since the child made it; the same for a second Add. */
static enum err check_order(const struct profile_commands *p, const struct profile_command *c) {
    for (const struct profile_command *b = p->first; b != c; b = b->next) {
        if (b->node == c->node)
            return profile_error(c, "a second command for this node, after line %u; keep one",
                                 b->element->line);
        if (strcmp(profile_node_name(b->node), "Enroll") == 0)
            return profile_error(c, "stands after Exec of Enroll, which must be the last command");
        if (profile_is_below(b->node, c->node))
            return profile_error(c, "stands after its child in line %u; put it first",
                                 b->element->line);
    }
    return OK;
}

static enum err read_command(struct arena *a, struct profile_commands *p,
                             const struct xml_node *element, struct profile_command **tail) {
    struct profile_command *c = arena_alloc(a, sizeof *c);
    c->element = element;
    TRY(check_verb(c));
    TRY(read_item(c));
    *tail = c;
    TRY(check_address(a, p, c));
    if (c == p->first) {
        p->unique_id = profile_unique_id(c->path);
        p->user_scope = span_starts(c->path, "./User/");
    }
    TRY(check_access(c));
    p->count++;
    return check_order(p, c);
}

/* Nodes that the CSP requires: the leaves below Install that occur exactly once. */
static enum err check_required(const struct profile_commands *p) {
    for (size_t i = 0; i < csp_table_size; i++) {
        const struct csp_node *n = &csp_table[i];
        if (n->occurrence != CSP_ONE || strncmp(n->path, INSTALL, strlen(INSTALL)) != 0)
            continue;
        if (!profile_command_find(p, profile_node_name(n)))
            return err_set(ERR_PARSE,
                           "profile: %s is missing; Windows requires it: write an %s for it",
                           profile_node_name(n), n->access & CSP_EXEC ? "Exec" : "Add");
    }
    return OK;
}

static enum err find_atomic(const struct xml_node *root, const struct xml_node **atomic) {
    *atomic = root->child;
    if (!root->child || !span_is(root->child->name, "Atomic"))
        return err_set(ERR_PARSE,
                       "profile line %u: %s where one Atomic belongs; keep only the Atomic: "
                       "Windows installs certificates in no other way, and signet writes what is "
                       "around it",
                       root->child ? root->child->line : 1,
                       PROFILE_QUOTE(root->child ? root->child->name : span_str("nothing")));
    if (root->child->next)
        return err_set(ERR_PARSE, "profile line %u: %s after the Atomic; keep one Atomic alone",
                       root->child->next->line, PROFILE_QUOTE(root->child->next->name));
    return OK;
}

enum err profile_commands_read(struct arena *a, struct span text, struct profile_commands *out) {
    struct xml_node *root;
    const struct xml_node *atomic;
    struct source source;
    TRY(profile_text_check(text));
    TRY(xml_parse_fragment(a, text, &root));
    TRY(source_scan(a, text, &source));
    TRY(find_atomic(root, &atomic));
    *out = (struct profile_commands){.root = root, .count = 1};
    struct profile_command **tail = &out->first;
    for (const struct xml_node *n = atomic->child; n; n = n->next) {
        if (span_is(n->name, "CmdID") || span_is(n->name, "Meta"))
            continue;
        TRY(read_command(a, out, n, tail));
        tail = &(*tail)->next;
    }
    return check_required(out);
}
