/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values come from hosts and users. Each is put where it cannot become more than a value: in a
 * SubjectName it gets the quotes that CertStrToName understands (windows-mdm.md, A.5: double quotes
 * around the whole value, quotes inside doubled, a backslash is itself), in a list of alternative
 * names it may not hold the separator.
 */
#include "csp/placeholder.h"

#include "csp/commands.h"

static const char *const names[] = {
    [PLACEHOLDER_NONE] = "",
    [PLACEHOLDER_URL] = "scep.url",
    [PLACEHOLDER_CHALLENGE] = "scep.challenge",
    [PLACEHOLDER_THUMBPRINT] = "scep.ca_thumbprint",
    [PLACEHOLDER_ENROLLMENT] = "enrollment.id",
    [PLACEHOLDER_DEVICE_ID] = "device.id",
    [PLACEHOLDER_DEVICE_NAME] = "device.name",
    [PLACEHOLDER_USER] = "user.upn",
};

static const char *value_of(const struct profile_values *v, enum placeholder p) {
    const char *const values[] = {
        [PLACEHOLDER_NONE] = NULL,
        [PLACEHOLDER_URL] = v->scep_url,
        [PLACEHOLDER_CHALLENGE] = v->challenge,
        [PLACEHOLDER_THUMBPRINT] = v->ca_thumbprint,
        [PLACEHOLDER_ENROLLMENT] = v->enrollment_id,
        [PLACEHOLDER_DEVICE_ID] = v->device_id,
        [PLACEHOLDER_DEVICE_NAME] = v->device_name,
        [PLACEHOLDER_USER] = v->user_upn,
    };
    return values[p];
}

static ptrdiff_t find(struct span s, const char *two) {
    const uint8_t *hit = s.n ? memmem(s.p, s.n, two, 2) : NULL;
    return hit ? hit - s.p : -1;
}

/* Quotes toggle: a doubled one inside a quoted value leaves the state as it was. */
static bool ends_quoted(bool quoted, struct span literal) {
    for (size_t i = 0; i < literal.n; i++)
        quoted ^= literal.p[i] == '"';
    return quoted;
}

/* Between '=' and a separator or the end, with nothing but blanks beside it. */
static bool stands_alone(struct span before, struct span after) {
    before = span_trim(before);
    after = span_trim(after);
    return before.n && before.p[before.n - 1] == '=' && (!after.n || strchr(",+;", after.p[0]));
}

enum err placeholder_next(struct placeholder_walk *w, enum placeholder *out) {
    ptrdiff_t open = find(w->rest, "{{");
    *out = PLACEHOLDER_NONE;
    w->name = SPAN_NONE;
    w->literal = open < 0 ? w->rest : span_of(w->rest.p, (size_t)open);
    w->rest = span_from(w->rest, w->literal.n);
    if (open < 0)
        return OK;
    ptrdiff_t close = find(w->rest, "}}");
    if (close < 0)
        return err_set(ERR_PARSE, "{{ without }}; close the placeholder");
    w->name = span_of(w->rest.p + 2, (size_t)close - 2);
    w->rest = span_from(w->rest, (size_t)close + 2);
    w->quoted = ends_quoted(w->quoted, w->literal);
    w->alone = stands_alone(w->literal, w->rest);
    for (size_t i = 1; i < sizeof names / sizeof names[0]; i++)
        if (span_is(w->name, names[i])) {
            *out = (enum placeholder)i;
            return OK;
        }
    return err_set(ERR_PARSE,
                   "unknown placeholder {{%s}}; there are scep.url, scep.challenge, "
                   "scep.ca_thumbprint, enrollment.id, device.id, device.name, user.upn",
                   PROFILE_QUOTE(w->name));
}

static bool needs_quotes(struct span value) {
    struct span trimmed = span_trim(value);
    if (!value.n || trimmed.n != value.n)
        return true;
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] && strchr(",+=\"\r\n<>#;", value.p[i]))
            return true;
    return false;
}

static void double_quotes(struct buf *b, struct span value) {
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] == '"')
            buf_char(b, '"');
        buf_char(b, (char)value.p[i]);
    }
}

void x500_quote(struct buf *b, struct span value) {
    if (!needs_quotes(value)) {
        buf_span(b, value);
        return;
    }
    buf_char(b, '"');
    double_quotes(b, value);
    buf_char(b, '"');
}

static enum err fill_subject(const struct placeholder_walk *w, struct span value, struct buf *out) {
    if (w->quoted)
        double_quotes(out, value);
    else if (w->alone || !needs_quotes(value))
        x500_quote(out, value);
    else
        return err_set(ERR_PARSE,
                       "the value \"%s\" of {{%s}} needs quotes; write them around the "
                       "whole attribute value, as in CN=\"PC {{%s}}\"",
                       PROFILE_QUOTE(value), PROFILE_QUOTE(w->name), PROFILE_QUOTE(w->name));
    return OK;
}

static enum err fill_one(const struct placeholder_walk *w, enum placeholder_place place,
                         struct span value, struct buf *out) {
    if (place == PLACEHOLDER_IN_SUBJECT)
        return fill_subject(w, value, out);
    if (place == PLACEHOLDER_IN_SANS && span_find(value, ';') >= 0)
        return err_set(ERR_PARSE,
                       "the value \"%s\" of {{%s}} would add a name of its own, since ';' "
                       "separates names",
                       PROFILE_QUOTE(value), PROFILE_QUOTE(w->name));
    buf_span(out, value);
    return OK;
}

enum err placeholder_fill(struct span text, enum placeholder_place place,
                          const struct profile_values *values, struct buf *out) {
    struct placeholder_walk w = {.rest = text};
    for (;;) {
        enum placeholder p;
        TRY(placeholder_next(&w, &p));
        buf_span(out, w.literal);
        if (p == PLACEHOLDER_NONE)
            return OK;
        const char *value = value_of(values, p);
        if (!value)
            return err_set(ERR_PARSE, "this enrollment has no value for {{%s}}", names[p]);
        TRY(fill_one(&w, place, span_str(value), out));
    }
}
