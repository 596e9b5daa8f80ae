/* SPDX-License-Identifier: Apache-2.0 */
/* Judging a profile: the order of the rules, and how they tell what they find. */
#include "csp/lint.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "csp/lint_inner.h"

enum { MAX_DETAIL = 600 };

const char *lint_severity_name(enum lint_severity s) {
    static const char *const names[] = {"note", "warning", "error"};
    return names[s];
}

const struct lint_code *lint_code(enum lint_id id) {
    return id < LINT_FIRST_OF_VALUES ? &lint_codes_structure[id]
                                     : &lint_codes_values[id - LINT_FIRST_OF_VALUES];
}

const struct lint_code *lint_code_find(const char *name) {
    for (int id = 0; id < LINT_CODES; id++)
        if (strcmp(lint_code((enum lint_id)id)->name, name) == 0)
            return lint_code((enum lint_id)id);
    return NULL;
}

/* ---- telling ---- */

/* Findings of one line stay in the order in which they were found. */
static void insert(struct lint_findings *out, struct lint_finding *f) {
    struct lint_finding **at = &out->first;
    while (*at && (*at)->line <= f->line)
        at = &(*at)->next;
    f->next = *at;
    *at = f;
}

/* The last one of the least severe, if it is less severe than that: its place in the list. */
static struct lint_finding **least(struct lint_findings *out, enum lint_severity than) {
    struct lint_finding **found = NULL;
    for (struct lint_finding **at = &out->first; *at; at = &(*at)->next)
        if ((*at)->code->severity < than) {
            bool lesser = !found || (*at)->code->severity <= (*found)->code->severity;
            found = lesser ? at : found;
        }
    return found;
}

/* Whether there is room for one of that severity: in a full list a lesser one goes. */
static bool make_room(struct lint_findings *out, enum lint_severity s) {
    if (out->listed < LINT_MAX)
        return true;
    out->more = true;
    struct lint_finding **at = out->listed_errors < LINT_MAX ? least(out, s) : NULL;
    if (!at)
        return false;
    *at = (*at)->next;
    out->listed--;
    return true;
}

static struct lint_finding *add(struct arena *a, struct lint_findings *out, enum lint_id id,
                                unsigned line, const char *node, const char *fmt, va_list ap) {
    char text[MAX_DETAIL];
    enum lint_severity severity = lint_code(id)->severity;
    out->count[severity]++;
    if (!make_room(out, severity))
        return NULL;
    vsnprintf(text, sizeof text, fmt, ap);
    struct lint_finding *f = arena_alloc(a, sizeof *f);
    *f = (struct lint_finding){.code = lint_code(id),
                               .line = line,
                               .node = text_claim(a, span_str(node), MAX_DETAIL),
                               .detail = text_claim(a, span_str(text), MAX_DETAIL)};
    insert(out, f);
    out->listed++;
    out->listed_errors += severity == LINT_ERROR;
    return f;
}

struct lint_finding *lint_add(struct arena *a, struct lint_findings *out, enum lint_id id,
                              unsigned line, const char *node, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    struct lint_finding *f = add(a, out, id, line, node, fmt, ap);
    va_end(ap);
    return f;
}

struct lint_finding *lint_tell(struct lint *l, const struct profile_command *c, enum lint_id id,
                               const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    const char *node = c->node ? profile_node_name(c->node) : PROFILE_QUOTE(c->element->name);
    struct lint_finding *f = add(l->a, l->out, id, c->element->line, node, fmt, ap);
    va_end(ap);
    return f;
}

struct lint_finding *lint_tell_at(struct lint *l, const struct xml_node *n, enum lint_id id,
                                  const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    struct lint_finding *f = add(l->a, l->out, id, n->line, PROFILE_QUOTE(n->name), fmt, ap);
    va_end(ap);
    return f;
}

enum err lint_refuse(const struct lint_finding *f) {
    const char *mend = f->code->mend; /* its first letter is a capital, its last a period */
    if (!f->line)
        return err_set(ERR_PARSE, "%s", f->detail);
    if (!*f->node)
        return err_set(ERR_PARSE, "profile line %u: %s [%s]", f->line, f->detail, f->code->name);
    return err_set(ERR_PARSE, "profile line %u, %s: %s; %c%.*s [%s]", f->line, f->node, f->detail,
                   tolower((unsigned char)mend[0]), (int)strlen(mend + 1) - 1, mend + 1,
                   f->code->name);
}

/* ---- mending ---- */

void lint_mend(struct lint *l, struct lint_finding *f, struct span old, struct span new) {
    if (!f || !l->mendable || !old.p)
        return;
    struct lint_edit *e = arena_alloc(l->a, sizeof *e);
    *e = (struct lint_edit){old, new, f->edits};
    f->edits = e;
}

void lint_mend_value(struct lint *l, struct lint_finding *f, const struct profile_command *c,
                     struct span value) {
    BUF_AUTO(escaped);
    xml_escape(&escaped, value);
    struct span inner = lint_inner(l, c->data), old = span_trim(inner);
    if (old.n)
        lint_mend(l, f, old, arena_copy(l->a, buf_view(&escaped)));
}

static bool is_blank(uint8_t c) {
    return c == ' ' || c == '\t';
}

void lint_mend_out(struct lint *l, struct lint_finding *f, const struct xml_node *n) {
    struct span whole = lint_whole(l, n);
    if (!whole.n)
        return;
    const uint8_t *start = whole.p, *line;
    while (start > l->text.p && is_blank(start[-1]))
        start--;
    line = start;
    if (line > l->text.p && line[-1] == '\n')
        line -= line - 1 > l->text.p && line[-2] == '\r' ? 2 : 1;
    start = line < start ? line : whole.p; /* something stands before it in its line: that stays */
    lint_mend(l, f, span_of(start, (size_t)(whole.p + whole.n - start)), SPAN_NONE);
}

/* ---- looking ---- */

struct span lint_inner(const struct lint *l, const struct xml_node *n) {
    return l->mendable && n ? source_of(&l->source, l->root, n) : SPAN_NONE;
}

struct span lint_whole(const struct lint *l, const struct xml_node *n) {
    return l->mendable && n ? source_whole(&l->source, l->root, n) : SPAN_NONE;
}

bool lint_is(const struct profile_command *c, const char *node) {
    return c->node && strcmp(profile_node_name(c->node), node) == 0;
}

const struct profile_command *lint_find(const struct lint *l, const char *node) {
    for (const struct profile_command *c = l->first; c; c = c->next)
        if (lint_is(c, node))
            return c;
    return NULL;
}

bool lint_part(struct span *rest, const char *separators, struct span *part) {
    if (!rest->p)
        return false;
    size_t n = 0;
    while (n < rest->n && !memchr(separators, rest->p[n], strlen(separators)))
        n++;
    *part = span_of(rest->p, n);
    *rest = n < rest->n ? span_from(*rest, n + 1) : SPAN_NONE;
    return true;
}

bool lint_is_allowed(struct span value, const char *allowed) {
    long long low, high;
    int64_t v;
    struct span rest = span_str(allowed), part;
    if (sscanf(allowed, "%lld-%lld", &low, &high) == 2)
        return span_int(value, &v) && v >= low && v <= high;
    while (lint_part(&rest, "|", &part))
        if (span_eq(value, part))
            return true;
    return false;
}

bool lint_holds(struct span text, const char *what) {
    return text.n && memmem(text.p, text.n, what, strlen(what));
}

/* ---- all of it ---- */

static bool has_our_placeholders(struct span text) {
    static const char *const ours[] = {"{{scep.", "{{enrollment.id}}", "{{device.id}}",
                                       "{{device.name}}", "{{user.upn}}"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (lint_holds(text, ours[i]))
            return true;
    return false;
}

void profile_lint(struct arena *a, struct span text, const struct lint_options *options,
                  struct lint_findings *out) {
    struct lint l = {.a = a,
                     .text = text,
                     .out = out,
                     .ours = options->ours || has_our_placeholders(text),
                     .trust_device_name = options->trust_device_name};
    l.end = &l.first;
    if (!lint_text(&l))
        return;
    lint_structure(&l);
    lint_nodes(&l);
    lint_values(&l);
}
