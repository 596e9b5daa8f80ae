/* SPDX-License-Identifier: Apache-2.0 */
/* Which nodes the commands name: unknown, doubled, missing, in which scope, under which id. */
#include <ctype.h>

#include "csp/lint_inner.h"
#include "csp/placeholder.h"
#include "wire/mdm.h"

static const char INSTALL[] = CSP_SCEP_ROOT "/{UniqueID}/Install/";

/* ---- each LocURI ---- */

static bool is_user(const struct profile_command *c) {
    return span_starts(c->path, "./User/");
}

static void tell_foreign(struct lint *l, const struct profile_command *c) {
    const char *hint = "";
    if (lint_holds(c->path, "RootCATrustedCertificates"))
        hint = "; signet delivers its CA certificate by itself";
    else if (lint_holds(c->path, "CertificateStore/My/SCEP") ||
             lint_holds(c->path, "CertificateStore/MY/SCEP"))
        hint = "; it is the predecessor of ClientCertificateInstall";
    else if (lint_holds(c->path, "PFXCertInstall"))
        hint = "; signet delivers PKCS #12 by itself: signet pfx";
    lint_tell(l, c, LINT_LOCURI_FOREIGN,
              "LocURI \"%s\" is not below ClientCertificateInstall/SCEP%s", PROFILE_QUOTE(c->path),
              hint);
}

/* Only a step that differs by its case from one node's has one right spelling. */
static void tell_unknown(struct lint *l, const struct profile_command *c) {
    struct misspelt m = profile_misspelt(l->a, c->path);
    struct lint_finding *f =
        lint_tell(l, c, LINT_NODE_UNKNOWN, "%s%s", m.text,
                  span_is(m.step, "AttestPrivateKey") ? " (it exists in Insider builds only)" : "");
    if (m.meant && l->meant_count < sizeof l->meant / sizeof *l->meant)
        l->meant[l->meant_count++] = m.meant;
    struct span raw = lint_inner(l, c->loc_uri);
    const uint8_t *hit = raw.n ? memmem(raw.p, raw.n, c->path.p, c->path.n) : NULL;
    if (hit && m.meant && span_is_nocase(m.step, m.meant))
        lint_mend(l, f, span_of(hit + (m.step.p - c->path.p), m.step.n), span_str(m.meant));
}

/* "/Device/..." is judged as "./Device/...". */
static void add_dot(struct lint *l, struct profile_command *c) {
    if (c->path.p[0] != '/')
        return;
    struct lint_finding *f =
        lint_tell(l, c, LINT_LOCURI_SLASH, "LocURI \"%s\" begins with '/'", PROFILE_QUOTE(c->path));
    struct span raw = span_trim(lint_inner(l, c->loc_uri));
    if (raw.n && raw.p[0] == '/')
        lint_mend(l, f, span_of(raw.p, 0), span_str("."));
    c->path = span_str(arena_printf(l->a, ".%.*s", SPAN_FMT(c->path)));
    c->node = csp_find(c->path);
}

static void judge_address(struct lint *l, struct profile_command *c) {
    add_dot(l, c);
    if (!profile_scep_prefix(c->path)) {
        tell_foreign(l, c);
        c->node = NULL;
    } else if (!c->node)
        tell_unknown(l, c);
}

static void judge_access(struct lint *l, const struct profile_command *c) {
    if (c->node->access & profile_access_of(c->element->name))
        return;
    if (c->node->access == CSP_GET)
        lint_mend_out(l, lint_tell(l, c, LINT_NODE_READ_ONLY, "the host alone writes this node"),
                      c->element);
    else
        lint_tell(l, c, LINT_VERB_WRONG, "%s is not allowed here; use %s",
                  PROFILE_QUOTE(c->element->name), c->node->access & CSP_EXEC ? "Exec" : "Add");
}

/* ---- one command beside the others ---- */

static const struct profile_command *first_known(const struct lint *l) {
    const struct profile_command *c = l->first;
    while (c && !c->node)
        c = c->next;
    return c;
}

/* Beside the one before it, so that a change is told once. */
static void judge_scope(struct lint *l, const struct profile_command *c,
                        const struct profile_command *before) {
    struct span id = profile_unique_id(c->path), id_before = profile_unique_id(before->path);
    if (is_user(c) != is_user(before))
        lint_tell(l, c, LINT_SCOPE_MIXED, "%s here, but %s in line %u",
                  is_user(c) ? "./User" : "./Device", is_user(before) ? "./User" : "./Device",
                  before->element->line);
    if (!span_eq(id, id_before))
        lint_tell(l, c, LINT_UNIQUE_ID_DIFFERS, "UniqueID %s here, but %s in line %u",
                  PROFILE_QUOTE(id), PROFILE_QUOTE(id_before), before->element->line);
}

static void tell_doubled(struct lint *l, const struct profile_command *c,
                         const struct profile_command *before) {
    bool exec = lint_is(c, "Enroll");
    struct lint_finding *f =
        lint_tell(l, c, exec ? LINT_EXEC_DOUBLED : LINT_NODE_DOUBLED,
                  "a second command for this node, after line %u", before->element->line);
    if (!exec && span_eq(c->value, before->value) && span_eq(c->format, before->format))
        lint_mend_out(l, f, c->element);
}

static void judge_order(struct lint *l, const struct profile_command *c) {
    for (const struct profile_command *b = l->first; b != c; b = b->next) {
        if (!b->node)
            continue;
        if (b->node == c->node) {
            tell_doubled(l, c, b);
            return;
        }
        if (profile_is_below(b->node, c->node)) {
            struct lint_finding *f = lint_tell(
                l, c, LINT_NODE_ORDER, "stands after its child in line %u", b->element->line);
            lint_mend_out(l, f, c->element);
            return;
        }
    }
}

static const struct profile_command *last_exec(const struct lint *l) {
    const struct profile_command *last = NULL;
    for (const struct profile_command *c = l->first; c; c = c->next)
        last = lint_is(c, "Enroll") ? c : last;
    return last;
}

/* The Exec moves behind the last command. */
static void judge_exec(struct lint *l, const struct profile_command *exec) {
    const struct xml_node *last = exec->element;
    for (const struct xml_node *n = last->next; n; n = n->next)
        if (profile_access_of(n->name))
            last = n;
    if (last == exec->element)
        return;
    struct lint_finding *f =
        lint_tell(l, exec, LINT_EXEC_NOT_LAST,
                  "the command of line %u stands after Exec of Enroll, which must "
                  "be the last command",
                  exec->next ? exec->next->element->line : last->line);
    struct span whole = lint_whole(l, exec->element), end = lint_whole(l, last);
    if (!whole.n || last->parent != exec->element->parent)
        return;
    lint_mend_out(l, f, exec->element);
    lint_mend(l, f, span_of(end.p + end.n, 0),
              span_str(arena_printf(l->a, "\n%.*s", SPAN_FMT(whole))));
}

/* ---- what is missing ---- */

static void tell_no_exec(struct lint *l) {
    const struct profile_command *c = first_known(l);
    struct lint_finding *f =
        lint_tell_at(l, l->holder, LINT_EXEC_MISSING, "no Exec of Install/Enroll");
    struct span last = lint_whole(l, l->holder->last);
    if (!c || !last.n || !span_is(l->holder->name, "Atomic"))
        return;
    struct span uid = profile_unique_id(c->path);
    BUF_AUTO(path);
    xml_escape(&path, span_of(c->path.p, (size_t)(uid.p + uid.n - c->path.p)));
    lint_mend(l, f, span_of(last.p + last.n, 0),
              span_str(arena_printf(l->a,
                                    "\n<Exec>\n<Item><Target><LocURI>%s/Install/Enroll</LocURI>"
                                    "</Target></Item>\n</Exec>",
                                    buf_cstr(&path))));
}

/* A command that was meant for it is mended first. */
static bool is_misspelt(const struct lint *l, const char *name) {
    for (size_t i = 0; i < l->meant_count; i++)
        if (strcmp(l->meant[i], name) == 0)
            return true;
    return false;
}

static void judge_missing(struct lint *l) {
    for (size_t i = 0; i < csp_table_size; i++) {
        const struct csp_node *n = &csp_table[i];
        const char *name = profile_node_name(n);
        if (n->occurrence != CSP_ONE || strncmp(n->path, INSTALL, strlen(INSTALL)) != 0 ||
            lint_find(l, name) || is_misspelt(l, name))
            continue;
        if (n->access & CSP_EXEC)
            tell_no_exec(l);
        else
            lint_add(l->a, l->out, LINT_NODE_MISSING, l->holder->line, name,
                     "missing; Windows requires it");
    }
}

/* ---- the UniqueID ---- */

static void judge_id_characters(struct lint *l, const struct profile_command *c) {
    struct placeholder_walk w = {.rest = profile_unique_id(c->path)};
    enum placeholder found;
    do {
        struct span left = w.rest;
        if (placeholder_next(&w, &found) != OK && w.rest.n && w.rest.n == left.n)
            return; /* "{{" without "}}": another finding's */
        for (size_t i = 0; i < w.literal.n; i++)
            if (!isalnum(w.literal.p[i]) && !strchr("_-", w.literal.p[i])) {
                lint_tell(l, c, LINT_UNIQUE_ID_CHARACTERS, "UniqueID \"%s\"",
                          PROFILE_QUOTE(profile_unique_id(c->path)));
                return;
            }
    } while (w.rest.n);
}

static void judge_id(struct lint *l) {
    const struct profile_command *c = first_known(l);
    struct span id = profile_unique_id(c->path), rest = id, foreign;
    if (is_user(c))
        lint_tell(l, c, LINT_SCOPE_USER, "the profile is for ./User");
    if (!l->ours && foreign_next(&rest, &foreign)) {
        lint_tell(l, c, LINT_PLACEHOLDER_FOREIGN,
                  "UniqueID \"%s\" looks like a placeholder of another MDM; use {{enrollment.id}}",
                  PROFILE_QUOTE(id));
        return;
    }
    judge_id_characters(l, c);
    if (span_is(id, "{{enrollment.id}}"))
        return;
    lint_tell(l, c, l->ours ? LINT_UNIQUE_ID_FIXED : LINT_UNIQUE_ID_REUSED,
              l->ours ? "UniqueID '%s' is %s, so that signet could not follow it"
                      : "UniqueID '%s' is %s",
              PROFILE_QUOTE(id), lint_holds(id, "{{") ? "not the enrollment's id" : "fixed");
}

/* Once: who writes Replace does so throughout. */
static void tell_replace(struct lint *l) {
    for (const struct profile_command *c = l->first; c; c = c->next)
        if (c->node && span_is(c->element->name, "Replace")) {
            lint_tell(l, c, LINT_REPLACE_OF_NEW, "Replace of a node that is new");
            return;
        }
}

void lint_nodes(struct lint *l) {
    for (struct profile_command *c = l->first; c; c = c->next)
        judge_address(l, c);
    const struct profile_command *before = first_known(l);
    for (const struct profile_command *c = before; c; c = c->next) {
        if (!c->node)
            continue;
        judge_scope(l, c, before);
        before = c;
        judge_access(l, c);
        judge_order(l, c);
    }
    tell_replace(l);
    const struct profile_command *exec = last_exec(l);
    if (exec)
        judge_exec(l, exec);
    if (first_known(l) || (!l->first && span_is(l->holder->name, "Atomic")))
        judge_missing(l);
    if (first_known(l))
        judge_id(l);
}
