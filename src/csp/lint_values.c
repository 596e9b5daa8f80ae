/* SPDX-License-Identifier: Apache-2.0 */
/* Format and Data of each command, by the CSP's table; then what each node's value must be. */
#include "csp/lint_inner.h"

static const struct {
    const char *node;
    void (*judge)(struct lint *, const struct profile_command *);
} rules[] = {
    {"ServerURL", lint_server},    {"Challenge", lint_challenge},
    {"EKUMapping", lint_eku},      {"CAThumbprint", lint_thumbprint},
    {"SubjectName", lint_subject}, {"SubjectAlternativeNames", lint_san},
};

/* ---- Format ---- */

static const struct xml_node *meta_of(const struct profile_command *c) {
    const struct xml_node *meta = xml_path(c->element, "Item/Meta");
    return meta ? meta : xml_child(c->element, "Meta");
}

static void mend_missing(struct lint *l, struct lint_finding *f, const struct profile_command *c) {
    const struct xml_node *meta = meta_of(c);
    const char *format = arena_printf(l->a, "<Format xmlns=\"syncml:metinf\">%s</Format>",
                                      csp_format_name(c->node->format));
    struct span inner = lint_inner(l, meta), whole = lint_whole(l, meta);
    struct span target = lint_whole(l, xml_path(c->element, "Item/Target"));
    struct span empty = lint_whole(l, xml_child(meta, "Format"));
    struct span with_meta = span_str(arena_printf(l->a, "<Meta>%s</Meta>", format));
    if (empty.n)
        lint_mend(l, f, empty, span_str(format));
    else if (meta && inner.p && inner.p + inner.n < whole.p + whole.n)
        lint_mend(l, f, span_of(inner.p, 0), span_str(format));
    else if (meta)
        lint_mend(l, f, whole, with_meta); /* <Meta/> */
    else if (target.n)
        lint_mend(l, f, span_of(target.p + target.n, 0), with_meta);
}

/* Without a Format, SyncML means chr; Exec needs none. */
static void judge_format(struct lint *l, const struct profile_command *c) {
    enum csp_format wanted = c->node->format;
    const char *name = csp_format_name(wanted);
    bool may_miss = wanted == CSP_CHR || wanted == CSP_NULL;
    if (c->format.n ? span_is(c->format, name) : may_miss)
        return;
    if (!c->format.n) {
        struct lint_finding *f =
            lint_tell(l, c, LINT_FORMAT_MISSING, "no Format where Windows wants %s", name);
        mend_missing(l, f, c);
        return;
    }
    struct lint_finding *f =
        lint_tell(l, c, LINT_FORMAT_WRONG, "Format \"%s\" where Windows wants %s",
                  PROFILE_QUOTE(c->format), name);
    lint_mend(l, f, span_trim(lint_inner(l, xml_child(meta_of(c), "Format"))), span_str(name));
}

/* ---- Data ---- */

static bool has_value(const struct profile_command *c) {
    return c->node->format != CSP_NODE && c->node->format != CSP_NULL;
}

static void judge_blanks(struct lint *l, const struct profile_command *c) {
    if (!c->value.n || c->data->text.n == c->value.n)
        return;
    struct lint_finding *f = lint_tell(l, c, LINT_DATA_BLANKS, "white space around the value");
    struct span inner = lint_inner(l, c->data), value = span_trim(inner);
    if (value.n) {
        lint_mend(l, f, span_of(inner.p, (size_t)(value.p - inner.p)), SPAN_NONE);
        lint_mend(l, f, span_of(value.p + value.n, (size_t)(inner.p + inner.n - value.p - value.n)),
                  SPAN_NONE);
    }
}

static void tell_empty(struct lint *l, const struct profile_command *c) {
    bool optional = c->node->occurrence == CSP_ZERO_OR_ONE && c->node->format == CSP_CHR;
    if (c->data && c->data->child)
        return; /* elements inside Data have been told */
    if (lint_is(c, "CAThumbprint"))
        lint_tell(l, c, LINT_THUMBPRINT_EMPTY, "empty: no CA is compared with it");
    else
        lint_tell(l, c, optional ? LINT_DATA_EMPTY : LINT_DATA_MISSING, "Data is missing or empty");
}

/* "If it is larger than 30, the device will use 30" (DDF). */
static bool is_cut(const struct profile_command *c) {
    int64_t number;
    return lint_is(c, "RetryCount") && span_int(c->value, &number) && number > 30;
}

/* False: there is nothing that the node's rule could judge. */
static bool judge_data(struct lint *l, const struct profile_command *c) {
    int64_t number;
    if (!c->value.n) {
        tell_empty(l, c);
        return false;
    }
    if (c->node->format == CSP_INT && !span_int(c->value, &number)) {
        lint_tell(l, c, LINT_VALUE_NOT_A_NUMBER, "\"%s\" is not a number", PROFILE_QUOTE(c->value));
        return false;
    }
    if (is_cut(c)) {
        lint_tell(l, c, LINT_RETRY_MANY, "\"%s\" is more than 30", PROFILE_QUOTE(c->value));
    } else if (c->node->allowed && !lint_is_allowed(c->value, c->node->allowed)) {
        lint_tell(l, c, LINT_VALUE_NOT_ALLOWED, "\"%s\" is not one of %s", PROFILE_QUOTE(c->value),
                  c->node->allowed);
        return false;
    }
    return true;
}

static void judge_value(struct lint *l, const struct profile_command *c) {
    judge_blanks(l, c);
    bool judged = lint_placeholders(l, c);
    if (!judged || !judge_data(l, c))
        return;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (lint_is(c, rules[i].node))
            rules[i].judge(l, c);
}

void lint_values(struct lint *l) {
    for (const struct profile_command *c = l->first; c; c = c->next) {
        if (!c->node)
            continue;
        judge_format(l, c);
        if (has_value(c))
            judge_value(l, c);
        else if (c->value.n)
            lint_mend_out(l, lint_tell(l, c, LINT_DATA_UNEXPECTED, "takes no Data"), c->data);
    }
    lint_key(l);
    lint_schedule(l);
}
