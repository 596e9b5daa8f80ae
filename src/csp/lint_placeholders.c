/* SPDX-License-Identifier: Apache-2.0 */
/* Placeholders in values: signet's, which may stand where; and those of other MDM servers. */
#include <ctype.h>

#include "csp/lint_inner.h"
#include "csp/placeholder.h"
#include "csp/profile.h"

/* ---- signet's ---- */

static void judge_place(struct lint *l, const struct profile_command *c,
                        const struct placeholder_walk *w, enum placeholder p) {
    bool subject = lint_is(c, "SubjectName");
    bool identity = subject || lint_is(c, "SubjectAlternativeNames");
    bool free_text = p == PLACEHOLDER_DEVICE_NAME || p == PLACEHOLDER_USER;
    if (p == PLACEHOLDER_CHALLENGE && !lint_is(c, "Challenge"))
        lint_tell(l, c, LINT_PLACEHOLDER_SECRET, "{{scep.challenge}} is a secret");
    if (p == PLACEHOLDER_DEVICE_NAME && identity && !l->trust_device_name)
        lint_tell(l, c, LINT_PLACEHOLDER_CLAIM, "{{device.name}} is what the host calls itself");
    if (subject && free_text && !w->quoted && !w->alone)
        lint_tell(l, c, LINT_PLACEHOLDER_UNQUOTED, "{{%s}} is only a part of an attribute value",
                  PROFILE_QUOTE(w->name));
}

static bool speaks_of_user(struct span name) {
    static const char *const words[] = {"user", "mail", "upn", "principal"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        for (struct span s = name; s.n >= strlen(words[i]); s = span_from(s, 1))
            if (span_is_nocase(span_of(s.p, strlen(words[i])), words[i]))
                return true;
    return false;
}

/* "; use {{device.id}}": what signet vouches for at that place; "" where it has nothing to fill. */
static const char *cure(const struct profile_command *c, struct span name) {
    if (lint_is(c, "ServerURL"))
        return "; use {{scep.url}}";
    if (lint_is(c, "Challenge"))
        return "; use {{scep.challenge}}";
    if (lint_is(c, "CAThumbprint"))
        return "; use {{scep.ca_thumbprint}}";
    if (!lint_is(c, "SubjectName") && !lint_is(c, "SubjectAlternativeNames"))
        return "";
    return speaks_of_user(name) ? "; use {{user.upn}}" : "; use {{device.id}}";
}

/* Signet's have a dot in their names, and Intune's have none ({{AAD_Device_ID}}). What
 * signet is to send is refused for either. */
static void tell_unknown(struct lint *l, const struct profile_command *c, struct span name) {
    bool dotted = span_find(name, '.') >= 0;
    lint_tell(l, c, l->ours || dotted ? LINT_PLACEHOLDER_UNKNOWN : LINT_PLACEHOLDER_FOREIGN,
              dotted ? "unknown placeholder {{%s}}%s"
                     : "\"{{%s}}\" is a placeholder as Intune writes them%s",
              lint_is(c, "Challenge") ? "..." : PROFILE_QUOTE(name), dotted ? "" : cure(c, name));
}

/* False: one that nobody knows, so that the value cannot be judged. */
static bool judge_ours(struct lint *l, const struct profile_command *c) {
    struct placeholder_walk w = {.rest = c->value};
    bool known = true;
    enum placeholder p;
    do {
        size_t left = w.rest.n;
        bool good = placeholder_next(&w, &p) == OK;
        if (good)
            judge_place(l, c, &w, p);
        else if (span_starts(w.rest, "{{") && w.literal.n + w.rest.n == left) {
            lint_tell(l, c, LINT_PLACEHOLDER_OPEN, "{{ without }}");
            return false;
        } else
            tell_unknown(l, c, w.name);
        known &= good;
    } while (w.rest.n);
    return known;
}

/* ---- those of others: $FLEET_VAR_HOST_UUID, ${VAR}, {DeviceUid}, %DeviceName% ---- */

static size_t name_length(struct span s) {
    size_t n = 0;
    while (n < s.n && (isalnum(s.p[n]) || s.p[n] == '_' || s.p[n] == '.'))
        n++;
    return n && isalpha(s.p[0]) ? n : 0;
}

static bool closes(struct span s, size_t n, uint8_t mark) {
    return n && n < s.n && s.p[n] == mark;
}

/* "%C3%A9" is two escapes of a URI: a '%' that begins one closes nothing. */
static bool is_escape(struct span s) {
    return s.n > 2 && s.p[0] == '%' && isxdigit(s.p[1]) && isxdigit(s.p[2]);
}

/* A variable of a shell is in capitals; a '$' may also be a character of a challenge or a name, so
 * that one of no known MDM must be all of the value, or of an attribute's. */
static size_t variable_at(struct span value, size_t at) {
    struct span rest = span_from(value, at + 1);
    size_t n = name_length(rest);
    bool capital = n > 1 && isupper(rest.p[0]) && (isupper(rest.p[1]) || rest.p[1] == '_');
    bool begins = !at || value.p[at - 1] == '=', ends = n == rest.n || rest.p[n] == ',';
    return capital && (span_starts(rest, "FLEET_") || (begins && ends)) ? n + 1 : 0;
}

/* The length of the placeholder that begins at that place of the value, or 0. */
static size_t foreign_at(struct span value, size_t at) {
    struct span s = span_from(value, at), rest = span_from(s, 1);
    size_t n = name_length(rest);
    if (s.p[0] == '$' && rest.n && rest.p[0] == '{') {
        n = name_length(span_from(rest, 1));
        return closes(rest, n + 1, '}') && n ? n + 3 : 0;
    }
    if (s.p[0] == '$')
        return variable_at(value, at);
    if ((s.p[0] == '{' && closes(rest, n, '}')) ||
        (s.p[0] == '%' && closes(rest, n, '%') && !is_escape(span_from(rest, n))))
        return n + 2;
    return 0;
}

/* The next one at or behind `*at`, or false. Ours, in two braces, are no others'. */
static bool next_foreign(struct span value, size_t *at, size_t *length) {
    for (size_t n; *at < value.n; *at += n) {
        struct span rest = span_from(value, *at);
        bool ours = span_starts(rest, "{{");
        const uint8_t *close = ours ? memmem(rest.p, rest.n, "}}", 2) : NULL;
        n = close ? (size_t)(close - rest.p) + 2 : ours ? rest.n : 1;
        *length = ours ? 0 : foreign_at(value, *at);
        if (*length)
            return true;
    }
    return false;
}

/* What is no placeholder is sent as it stands, so that it is judged: the characters of a challenge,
 * and the scheme of a URL that has one. */
static void judge_around(struct lint *l, const struct profile_command *c) {
    bool sendable = true;
    size_t at = 0, length = 0;
    for (size_t from = 0; from < c->value.n; from = at += length) {
        bool more = next_foreign(c->value, &at, &length);
        size_t end = more ? at : c->value.n;
        struct span between = span_of(c->value.p + from, end - from);
        sendable &= challenge_find_unprintable(between) < 0;
        if (lint_is(c, "ServerURL") && !from && lint_holds(between, ":"))
            lint_server(l, c);
        length = more ? length : 0;
    }
    if (lint_is(c, "Challenge") && !sendable)
        lint_tell(l, c, LINT_CHALLENGE_CHARACTERS, "a character that Windows cannot send");
}

bool foreign_next(struct span *rest, struct span *out) {
    size_t at = 0, length;
    if (!next_foreign(*rest, &at, &length))
        return false;
    *out = span_of(rest->p + at, length);
    *rest = span_from(*rest, at + length);
    return true;
}

/* Each of them. A challenge is not quoted: it may only look like one. */
static bool tell_foreign(struct lint *l, const struct profile_command *c) {
    size_t at = 0, length;
    bool any = false;
    for (; next_foreign(c->value, &at, &length); at += length) {
        struct span found = span_of(c->value.p + at, length);
        bool secret = lint_is(c, "Challenge") && !lint_holds(found, "_VAR_");
        lint_tell(l, c, LINT_PLACEHOLDER_FOREIGN,
                  "\"%s\" looks like a placeholder of another MDM%s",
                  secret ? "..." : PROFILE_QUOTE(found), cure(c, found));
        any = true;
    }
    return any;
}

bool lint_placeholders(struct lint *l, const struct profile_command *c) {
    bool foreign = tell_foreign(l, c), known = judge_ours(l, c);
    if (foreign && known && !l->ours)
        judge_around(l, c);
    return known && (!foreign || l->ours);
}
