/* SPDX-License-Identifier: Apache-2.0 */
/* Placeholders in values: signet's, which may stand where; and those of other MDM servers. */
#include <ctype.h>

#include "csp/lint_inner.h"
#include "csp/placeholder.h"

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
            lint_tell(l, c, LINT_PLACEHOLDER_UNKNOWN, "unknown placeholder {{%s}}",
                      PROFILE_QUOTE(w.name));
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

/* The length of the placeholder that begins here, or 0. A variable of a shell is in capitals. */
static size_t foreign_at(struct span s) {
    struct span rest = span_from(s, 1);
    size_t n = name_length(rest);
    if (s.p[0] == '$' && n > 1 && isupper(rest.p[0]) && (isupper(rest.p[1]) || rest.p[1] == '_'))
        return n + 1;
    if (s.p[0] == '$' && rest.n && rest.p[0] == '{') {
        n = name_length(span_from(rest, 1));
        return closes(rest, n + 1, '}') && n ? n + 3 : 0;
    }
    if ((s.p[0] == '{' && closes(rest, n, '}')) || (s.p[0] == '%' && closes(rest, n, '%')))
        return n + 2;
    return 0;
}

/* Ours, in two braces, are no others'. A challenge is not quoted: it may only look like one. */
static bool tell_foreign(struct lint *l, const struct profile_command *c) {
    for (size_t i = 0, n; i < c->value.n; i += n) {
        struct span rest = span_from(c->value, i);
        bool ours = span_starts(rest, "{{");
        const uint8_t *close = ours ? memmem(rest.p, rest.n, "}}", 2) : NULL;
        n = close ? (size_t)(close - rest.p) + 2 : ours ? 2 : 1;
        size_t length = ours ? 0 : foreign_at(rest);
        if (!length)
            continue;
        lint_tell(l, c, LINT_PLACEHOLDER_FOREIGN, "\"%s\" looks like a placeholder of another MDM",
                  lint_is(c, "Challenge") && !lint_holds(rest, "_VAR_")
                      ? "..."
                      : PROFILE_QUOTE(span_of(rest.p, length)));
        return true;
    }
    return false;
}

bool lint_placeholders(struct lint *l, const struct profile_command *c) {
    bool foreign = tell_foreign(l, c);
    return judge_ours(l, c) && (!foreign || l->ours);
}
