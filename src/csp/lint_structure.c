/* SPDX-License-Identifier: Apache-2.0 */
/* Envelope, Atomic, commands and their CmdIDs (windows-mdm.md, A.2, A.7, B.2, B.4). */
#include <stdio.h>

#include "csp/lint_inner.h"

static bool is_element(const struct xml_node *n, const char *name) {
    return span_is(n->name, name);
}

/* What a command may hold beside commands. */
static bool is_head(const struct xml_node *n) {
    return is_element(n, "CmdID") || is_element(n, "Meta");
}

/* SyncML knows it, but a profile has no use for it. */
static bool is_other_command(const struct xml_node *n) {
    static const char *const names[] = {"Delete", "Alert", "Copy", "Move", "Sequence", "Search"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_element(n, names[i]))
            return true;
    return false;
}

static void tell_alien(struct lint *l, const struct xml_node *n, const char *where) {
    lint_tell_at(l, n, is_other_command(n) ? LINT_COMMAND_MISPLACED : LINT_COMMAND_ALIEN, "%s %s",
                 PROFILE_QUOTE(n->name), where);
}

/* ---- what is around the commands ---- */

static const struct xml_node *only_atomic(const struct xml_node *body) {
    const struct xml_node *atomic = xml_child(body, "Atomic");
    return atomic && !xml_next(atomic) ? atomic : NULL;
}

/* Whether it is XML without what is around it, which may declare a prefix that it uses. */
static bool stands_alone(struct lint *l, struct span element) {
    struct xml_node *root;
    return element.n && xml_parse_fragment(l->a, element, &root) == OK;
}

/* The SyncBody, or what stands in its place. An envelope goes where it holds one Atomic. */
static const struct xml_node *open_envelope(struct lint *l) {
    const struct xml_node *top = l->root->child, *body = top;
    if (!top || !(is_element(top, "SyncML") || is_element(top, "SyncBody")))
        return l->root;
    if (is_element(top, "SyncML"))
        body = xml_child(top, "SyncBody");
    struct lint_finding *f =
        lint_tell_at(l, top, LINT_ENVELOPE, "%.*s around the profile", SPAN_FMT(top->name));
    const struct xml_node *atomic = body ? only_atomic(body) : NULL;
    struct span whole = lint_whole(l, top), keep = lint_whole(l, atomic);
    if (stands_alone(l, keep)) {
        lint_mend(l, f, span_of(whole.p, (size_t)(keep.p - whole.p)), SPAN_NONE);
        lint_mend(l, f, span_of(keep.p + keep.n, (size_t)(whole.p + whole.n - keep.p - keep.n)),
                  SPAN_NONE);
    }
    return body ? body : l->root;
}

/* Commands that stand alone get an Atomic around them: its CmdID is another finding's. */
static void tell_no_atomic(struct lint *l, const struct xml_node *body) {
    const struct xml_node *first = body->child;
    if (!first) {
        lint_add(l->a, l->out, LINT_NO_TEXT, 0, "", "there is no command");
        return;
    }
    struct lint_finding *f = lint_tell_at(
        l, first, LINT_ATOMIC_MISSING, "%s where one Atomic belongs", PROFILE_QUOTE(first->name));
    if (!profile_access_of(first->name) || body != l->root)
        return;
    struct span start = lint_whole(l, first), end = lint_whole(l, body->last);
    lint_mend(l, f, span_of(start.p, 0), span_str("<Atomic>\n"));
    lint_mend(l, f, span_of(end.p + end.n, 0), span_str("\n</Atomic>"));
}

/* A SyncBody ends in Final, and begins with statuses. */
static bool belongs_to_envelope(const struct lint *l, const struct xml_node *body,
                                const struct xml_node *n) {
    return body != l->root &&
           (is_element(n, "Final") || is_element(n, "Status") || is_element(n, "SyncHdr"));
}

static const struct xml_node *find_holder(struct lint *l, const struct xml_node *body) {
    const struct xml_node *atomic = xml_child(body, "Atomic");
    if (!atomic) {
        tell_no_atomic(l, body);
        return body;
    }
    for (const struct xml_node *n = body->child; n; n = n->next) {
        if (n == atomic || belongs_to_envelope(l, body, n))
            continue;
        if (is_element(n, "Atomic"))
            lint_tell_at(l, n, LINT_ATOMIC_SEVERAL, "a second Atomic, after line %u", atomic->line);
        else
            tell_alien(l, n, "beside the Atomic");
    }
    return atomic;
}

/* ---- the commands ---- */

static void read_command(struct lint *l, const struct xml_node *n) {
    struct profile_command *c = arena_alloc(l->a, sizeof *c);
    const struct xml_node *item = xml_child(n, "Item");
    c->element = n;
    c->loc_uri = xml_path(item, "Target/LocURI");
    c->path = xml_text(c->loc_uri);
    if (!c->path.n) {
        lint_tell(l, c, LINT_TARGET_MISSING, item ? "no Target/LocURI in its Item" : "no Item");
        return;
    }
    if (xml_next(item))
        lint_tell(l, c, LINT_ITEMS_SEVERAL, "more than one Item; the first is judged");
    const struct xml_node *meta = xml_child(item, "Meta");
    meta = meta ? meta : xml_child(n, "Meta");
    c->data = xml_child(item, "Data");
    c->value = xml_text(c->data);
    c->format = xml_path_text(meta, "Format");
    c->type = xml_path_text(meta, "Type");
    c->node = csp_find(c->path);
    if (c->data && c->data->child) /* which may be a part of the challenge: not its name */
        lint_tell(l, c, LINT_DATA_ELEMENTS, "an element inside Data");
    *l->end = c;
    l->end = &c->next;
}

static void read_commands(struct lint *l, const struct xml_node *holder) {
    for (const struct xml_node *n = holder->child; n; n = n->next) {
        if (is_head(n) || belongs_to_envelope(l, holder, n))
            continue;
        if (is_element(n, "Get"))
            lint_mend_out(l, lint_tell_at(l, n, LINT_GET_INSIDE, "Get inside the Atomic"), n);
        else if (is_element(n, "Atomic")) {
            lint_tell_at(l, n, LINT_ATOMIC_NESTED, "an Atomic inside the Atomic");
            read_commands(l, n);
        } else if (profile_access_of(n->name))
            read_command(l, n);
        else
            tell_alien(l, n, "has no place in a profile");
    }
}

/* ---- CmdIDs: of the Atomic, and of each element in it ---- */

struct cmdids {
    struct lint *l;
    struct lint_finding *missing;
    int64_t fresh; /* above all numbers that stand there */
};

static const struct xml_node *next_command(const struct lint *l, const struct xml_node *n) {
    const struct xml_node *next = n == l->holder ? n->child : n->next;
    while (next && is_head(next))
        next = next->next;
    return next;
}

/* Bare commands have no Atomic that would need one. */
static const struct xml_node *first_command(const struct lint *l) {
    return is_element(l->holder, "Atomic") ? l->holder : next_command(l, l->holder);
}

static struct span fresh_id(struct cmdids *ids) {
    return span_str(arena_printf(ids->l->a, "%lld", (long long)++ids->fresh));
}

/* It goes right behind the start tag, indented like the child that follows. */
static void insert_cmdid(struct cmdids *ids, const struct xml_node *n) {
    struct lint *l = ids->l;
    struct span inner = lint_inner(l, n), whole = lint_whole(l, n);
    if (!inner.p || inner.p + inner.n == whole.p + whole.n)
        return; /* <Add/> */
    struct span id = fresh_id(ids);
    size_t blanks = 0;
    while (blanks < inner.n && strchr(" \t\r\n", inner.p[blanks]))
        blanks++;
    lint_mend(l, ids->missing, span_of(inner.p, 0),
              span_str(arena_printf(l->a, "%.*s<CmdID>%.*s</CmdID>", (int)blanks,
                                    (const char *)inner.p, SPAN_FMT(id))));
}

static void tell_missing(struct cmdids *ids, const struct xml_node *n, unsigned count) {
    if (!ids->missing)
        ids->missing =
            lint_tell_at(ids->l, n, LINT_CMDID_MISSING,
                         count > 1 ? "%u commands have no CmdID, from here on" : "no CmdID", count);
    insert_cmdid(ids, n);
}

/* Whether a command before `n` has the same CmdID. */
static const struct xml_node *same_before(const struct lint *l, const struct xml_node *n) {
    struct span id = xml_path_text(n, "CmdID");
    for (const struct xml_node *b = first_command(l); b != n; b = next_command(l, b))
        if (span_eq(xml_path_text(b, "CmdID"), id))
            return b;
    return NULL;
}

static void judge_cmdid(struct cmdids *ids, const struct xml_node *n) {
    struct lint *l = ids->l;
    const struct xml_node *element = xml_child(n, "CmdID"), *before = same_before(l, n);
    struct lint_finding *f = NULL;
    if (span_is(xml_text(element), "0"))
        f = lint_tell_at(l, n, LINT_CMDID_DOUBLED, "CmdID 0");
    else if (before)
        f = lint_tell_at(l, n, LINT_CMDID_DOUBLED, "CmdID %s is that of line %u, too",
                         PROFILE_QUOTE(xml_text(element)), before->line);
    if (f)
        lint_mend(l, f, span_trim(lint_inner(l, element)), fresh_id(ids));
}

static void judge_cmdids(struct lint *l) {
    struct cmdids ids = {.l = l};
    unsigned missing = 0;
    int64_t number;
    for (const struct xml_node *n = first_command(l); n; n = next_command(l, n)) {
        missing += !xml_path_text(n, "CmdID").n;
        if (span_int(xml_path_text(n, "CmdID"), &number) && number > ids.fresh &&
            number < INT32_MAX)
            ids.fresh = number;
    }
    for (const struct xml_node *n = first_command(l); n; n = next_command(l, n)) {
        if (!xml_path_text(n, "CmdID").n)
            tell_missing(&ids, n, missing);
        else
            judge_cmdid(&ids, n);
    }
}

void lint_structure(struct lint *l) {
    l->holder = find_holder(l, open_envelope(l));
    read_commands(l, l->holder);
    if (l->holder->child)
        judge_cmdids(l);
}
