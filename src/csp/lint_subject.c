/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SubjectName as Windows parses it (windows-mdm.md, A.5): , + ; separate, a value with special
 * characters stands in double quotes as a whole, an inner quote is doubled, a backslash is itself.
 */
#include <ctype.h>

#include "base/text.h"
#include "csp/lint_inner.h"
#include "csp/placeholder.h"
#include "csp/profile.h"
#include "x509/name.h"

/* ---- what Windows reads ---- */

/* One attribute of the string: its type and value as they stand there, and what separates it from
 * the next one; '\0' at the end. */
struct attribute {
    struct span type, value;
    char separator;
};

/* Cuts the next attribute off; `escapes`: a backslash takes the next character's meaning, as in
 * RFC 4514. False when nothing is left. */
static bool next_attribute(struct span *rest, bool escapes, struct attribute *out) {
    bool quoted = false;
    size_t n = 0;
    if (!rest->p)
        return false;
    for (; n < rest->n && (quoted || !strchr(",+;", rest->p[n])); n++) {
        quoted ^= rest->p[n] == '"';
        if (escapes && rest->p[n] == '\\' && n + 1 < rest->n)
            n++;
    }
    n = n < rest->n ? n : rest->n;
    struct span part = span_of(rest->p, n);
    ptrdiff_t equals = span_find(part, '=');
    out->type = equals < 0 ? SPAN_NONE : span_trim(span_of(part.p, (size_t)equals));
    out->value = span_trim(equals < 0 ? part : span_from(part, (size_t)equals + 1));
    out->separator = n < rest->n ? (char)rest->p[n] : '\0';
    *rest = n < rest->n ? span_from(*rest, n + 1) : SPAN_NONE;
    return true;
}

/* "CN is 'Doe\', then ' John' without a type". */
static const char *as_read(struct lint *l, struct span subject) {
    struct attribute at;
    BUF_AUTO(out);
    while (next_attribute(&subject, false, &at)) {
        buf_str(&out, out.n ? ", then " : "");
        if (at.type.n)
            buf_printf(&out, "%.*s is '%.*s'", SPAN_FMT(at.type), SPAN_FMT(at.value));
        else
            buf_printf(&out, "'%.*s' without a type", SPAN_FMT(at.value));
    }
    return arena_str(l->a, buf_view(&out));
}

/* ---- separators and escapes ---- */

/* Whether an unquoted backslash stands before a character that it was to escape. */
static bool has_escape(struct span s) {
    bool quoted = false;
    for (size_t i = 0; i + 1 < s.n; i++) {
        quoted ^= s.p[i] == '"';
        if (!quoted && s.p[i] == '\\' && strchr(",+;=\"", s.p[i + 1]))
            return true;
    }
    return false;
}

static bool has_separator(struct span s, char separator) {
    bool quoted = false;
    for (size_t i = 0; i < s.n; i++) {
        quoted ^= s.p[i] == '"';
        if (!quoted && s.p[i] == separator)
            return true;
    }
    return false;
}

static void unescape(struct buf *out, struct span value) {
    for (size_t i = 0; i < value.n; i++) {
        i += value.p[i] == '\\' && i + 1 < value.n && strchr(",+;=\"\\", value.p[i + 1]);
        buf_char(out, (char)value.p[i]);
    }
}

/* "\41" or "\\": RFC 4514 makes a character of them, and Windows keeps them as they are. */
static bool has_two_readings(struct span s) {
    for (size_t i = 0; i + 1 < s.n; i++)
        if (s.p[i] == '\\' &&
            (s.p[i + 1] == '\\' || (i + 2 < s.n && isxdigit(s.p[i + 1]) && isxdigit(s.p[i + 2]))))
            return true;
    return false;
}

/* The subject that was meant, if it was RFC 4514; empty when it is not that either. */
static struct span as_meant(struct lint *l, struct span subject) {
    struct attribute at;
    BUF_AUTO(out);
    while (next_attribute(&subject, true, &at)) {
        BUF_AUTO(plain);
        if (!at.type.n)
            return SPAN_NONE;
        buf_printf(&out, "%.*s=", SPAN_FMT(at.type));
        bool quoted = at.value.n && at.value.p[0] == '"';
        unescape(&plain, at.value);
        if (quoted)
            buf_span(&out, at.value);
        else
            x500_quote(&out, buf_view(&plain));
        if (at.separator)
            buf_printf(&out, "%c%s", at.separator, at.separator == ',' ? " " : "");
    }
    return arena_copy(l->a, buf_view(&out));
}

/*
 * Mended only where Windows cannot read it: "OU=DOM\,O=Org" may mean just what Windows reads. A
 * placeholder inside would be quoted anew when it is filled: that is left to its author.
 */
static void tell_escape(struct lint *l, const struct profile_command *c, bool fails) {
    struct lint_finding *f =
        lint_tell(l, c, LINT_SUBJECT_BACKSLASH, "a backslash escapes nothing: Windows reads: %s",
                  as_read(l, c->value));
    if (!fails || has_two_readings(c->value))
        return;
    struct span meant = as_meant(l, c->value), der;
    if (meant.n && !lint_holds(meant, "{{") && name_from_x500(l->a, meant, &der) == OK)
        lint_mend_value(l, f, c, meant);
}

/* ---- lengths (X.520) ---- */

static size_t most_of(struct span type) {
    static const char *const of64[] = {"CN", "OU", "O", "T", "TITLE", "SERIALNUMBER"};
    for (size_t i = 0; i < sizeof of64 / sizeof *of64; i++)
        if (span_is_nocase(type, of64[i]))
            return 64;
    return SIZE_MAX;
}

static size_t characters(struct span s) {
    size_t count = 0, quotes = 0;
    for (size_t i = 0; i < s.n; i++) {
        count += (s.p[i] & 0xc0) != 0x80;
        quotes += s.p[i] == '"';
    }
    bool quoted = s.n > 1 && s.p[0] == '"';
    return quoted ? count - 2 - (quotes - 2) / 2 : count; /* an inner one is doubled */
}

static void judge_lengths(struct lint *l, const struct profile_command *c) {
    struct span rest = c->value;
    struct attribute at;
    while (next_attribute(&rest, false, &at)) {
        size_t n = characters(at.value), most = most_of(at.type);
        if (n > most && !lint_holds(at.value, "{{"))
            lint_tell(l, c, LINT_SUBJECT_LONG, "%.*s has %zu characters, and may have %zu",
                      SPAN_FMT(at.type), n, most);
    }
}

/* ---- syntax ---- */

/* Every attribute has a type, and quotes come in pairs; NULL when it is so. */
static const char *fault_of(struct lint *l, const struct profile_command *c) {
    bool quoted = false, typed = false;
    for (size_t i = 0; i < c->value.n; i++) {
        uint8_t ch = c->value.p[i];
        quoted ^= ch == '"';
        typed |= ch == '=' && !quoted;
        if (!quoted && ch && strchr(",+;", ch)) {
            if (!typed)
                break;
            typed = false;
        }
    }
    if (quoted)
        return "a double quote without its partner";
    return typed ? NULL
                 : arena_printf(l->a, "\"%s\" has a part without '='; Windows reads: %s",
                                PROFILE_QUOTE(c->value), as_read(l, c->value));
}

/*
 * Our CA reads the subject that Windows will send, so that it must be able to read this one; any
 * value does for a placeholder, and two letters are short enough even for a country.
 */
static const char *name_fault(struct lint *l, const struct profile_command *c) {
    static const struct profile_values sample = {"XX", "XX", "XX", "XX", "XX", "XX", "XX"};
    BUF_AUTO(filled);
    struct span der;
    if (placeholder_fill(c->value, PLACEHOLDER_IN_SUBJECT, &sample, &filled) == OK &&
        name_from_x500(l->a, buf_view(&filled), &der) == OK)
        return NULL;
    return arena_str(l->a, span_str(err_detail()));
}

void lint_subject(struct lint *l, const struct profile_command *c) {
    const char *fault = fault_of(l, c);
    if (has_escape(c->value))
        tell_escape(l, c, fault);
    fault = fault ? fault : name_fault(l, c);
    if (fault) {
        lint_tell(l, c, LINT_SUBJECT_SYNTAX, "%s", fault);
        return;
    }
    if (has_separator(c->value, '+'))
        lint_tell(l, c, LINT_SUBJECT_PLUS, "'+' outside of quotes: Windows reads: %s",
                  as_read(l, c->value));
    if (has_separator(c->value, ';'))
        lint_tell(l, c, LINT_SUBJECT_SEMICOLON, "';' outside of quotes: Windows reads: %s",
                  as_read(l, c->value));
    judge_lengths(l, c);
}
