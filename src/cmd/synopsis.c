/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/synopsis.h"

#include <string.h>

#include "base/arena.h"
#include "base/spelling.h"

enum { PREFIX = 7, MAX_VERBS = 24 }; /* "Usage: ", or as many blanks */

/* One form of the command: "list [--live] ...", with the lines that go on with it. */
struct form {
    struct span verb, rest;
};

static struct span command_of(const char *usage) {
    const char *at = usage + PREFIX + strlen("signet ");
    return span_of(at, strcspn(at, " \n"));
}

static bool begins_form(const char *line) {
    return strncmp(line + PREFIX, "signet ", 7) == 0;
}

/* The form at *at, which is moved to the next one; false at the end of the synopsis. */
static bool next_form(const char *usage, const char **at, struct form *out) {
    size_t command = PREFIX + strlen("signet ") + command_of(usage).n;
    if (**at == '\n' || **at == '\0' || !begins_form(*at))
        return false;
    const char *verb = *at + command;
    verb += *verb == ' ';
    const char *end = strchr(verb, '\n');
    while (end && end[1] == ' ' && !begins_form(end + 1))
        end = strchr(end + 1, '\n');
    if (!end)
        return false;
    out->verb = span_of(verb, strcspn(verb, " \n"));
    out->rest = span_of(verb + out->verb.n, (size_t)(end - verb) - out->verb.n);
    *at = end + 1;
    return true;
}

static bool holds(struct span text, const char *word) {
    return memmem(text.p, text.n, word, strlen(word)) != NULL;
}

bool synopsis_has(const char *usage, const char *verb, const char *option) {
    struct form f;
    bool known = false;
    for (const char *at = usage; next_form(usage, &at, &f);) {
        if (!span_is(f.verb, verb))
            continue;
        known = true;
        if (holds(f.rest, option) || holds(f.rest, "[OPTIONS]"))
            return true;
    }
    return !known;
}

/* "NAME HOST|GROUP": what stands before the options. */
static struct span arguments_of(struct span rest) {
    size_t n = 0;
    while (n < rest.n && rest.p[n] != '\n' &&
           !(rest.p[n] == '-' && n && strchr(" [(", rest.p[n - 1])))
        n++;
    while (n && n < rest.n && strchr(" [(", rest.p[n - 1]))
        n--;
    return span_trim(span_of(rest.p, n));
}

const char *synopsis_hint(struct arena *a, const char *typed, const char *const *names,
                          size_t count) {
    const char *best = NULL;
    unsigned typos = SPELLING_MAX_TYPOS + 1;
    for (size_t i = 0; i < count; i++) {
        unsigned d = spelling_distance(span_str(typed), span_str(names[i]));
        if (d < typos && d < strlen(typed)) {
            best = names[i];
            typos = d;
        }
    }
    return best ? arena_printf(a, "; did you mean %s?", best) : "";
}

static int refuse_verb(const char *usage, const char *typed) {
    ARENA_AUTO(a);
    const char *names[MAX_VERBS], *list = "";
    struct form f;
    size_t n = 0;
    for (const char *at = usage; n < MAX_VERBS && next_form(usage, &at, &f);) {
        if (n && span_is(f.verb, names[n - 1]))
            continue; /* another form of the same */
        names[n] = arena_str(&a, f.verb);
        list = arena_printf(&a, "%s%s%s", list, n ? ", " : "", names[n]);
        n++;
    }
    struct span command = command_of(usage);
    if (!typed)
        return cli_usage(usage, "%.*s wants a verb: %s", SPAN_FMT(command), list);
    const char *hint = synopsis_hint(&a, typed, names, n);
    return *hint ? cli_usage(usage, "%.*s has no verb '%s'%s", SPAN_FMT(command), typed, hint)
                 : cli_usage(usage, "%.*s has no verb '%s', only: %s", SPAN_FMT(command), typed,
                             list);
}

int synopsis_refuse(const char *usage, const struct cli *cli) {
    struct form f;
    const char *typed = cli->argc ? cli->argv[0] : NULL;
    for (const char *at = usage; typed && next_form(usage, &at, &f);) {
        if (!span_is(f.verb, typed))
            continue;
        struct span takes = arguments_of(f.rest);
        return cli_usage(usage, "%.*s %s takes %.*s, not %d argument%s",
                         SPAN_FMT(command_of(usage)), typed,
                         SPAN_FMT(takes.n ? takes : span_str("no argument")), cli->argc - 1,
                         cli->argc == 2 ? "" : "s");
    }
    return refuse_verb(usage, typed);
}
