/* SPDX-License-Identifier: Apache-2.0 */
/* signet profile diff: what two profiles say differently. */
#include <stdio.h>
#include <string.h>

#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/profile_read.h"
#include "csp/describe.h"

static const char usage[] =
    "Usage: signet profile diff A B [-o json] [-d DIR]\n\n"
    "Says which nodes of two profiles differ, and what each side means. A and B are files (- is\n"
    "standard input) or names of profiles that the server keeps; ./wifi is always a file. CmdIDs, the\n"
    "order of commands, white space and comments do not count. A fixed challenge is compared, but not\n"
    "shown; [3] is Windows' default for what a profile leaves out.\n\n"
    "  -o json  the same as JSON\n"
    "  -d DIR   the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n\n"
    "Exit status as of diff(1): 0 they say the same, 1 they differ, 2 there was trouble, or wrong\n"
    "usage.\n";

enum { TROUBLE = 2, INDENT = 8, WIDTH = 100 };

/* Add and Replace, or two formats, are told only where nothing else differs. */
static bool differ_in_value(const struct profile_change *c) {
    return !c->before || !c->after || !span_eq(c->before->raw, c->after->raw);
}

/* The value on its line, for it may be copied; below it what it says. */
static void print_side(char sign, const struct profile_item *i, bool value, size_t width) {
    BUF_AUTO(words);
    if (!i)
        return;
    if (!value) {
        printf("  %c %s, format %s\n", sign, *i->verb ? i->verb : "no command", i->format);
        return;
    }
    const char *text = i->value ? i->value : "(secret)";
    printf(i->is_default ? "  %c [%s]\n" : "  %c %s\n", sign, text);
    if (!*i->words || strcmp(i->words, text) == 0)
        return;
    cli_wrap(&words, i->words, INDENT, INDENT, width);
    printf("%*s%s", INDENT, "", buf_cstr(&words));
}

static void print_changes(const struct profile_change *c) {
    size_t width = cli_width(WIDTH);
    for (; c; c = c->next) {
        bool value = differ_in_value(c);
        printf("%s\n", (c->before ? c->before : c->after)->node);
        print_side('-', c->before, value, width);
        print_side('+', c->after, value, width);
    }
}

static json_t *json_side(const struct profile_item *i) {
    if (!i)
        return json_null();
    return json_pack("{s:s?, s:s, s:s, s:s, s:b}", "value", i->value, "meaning", i->words, "verb",
                     i->verb, "format", i->format, "default", (int)i->is_default);
}

static void print_json(const struct profile_change *c) {
    json_t *list = json_array();
    for (; c; c = c->next)
        json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "node",
                                              (c->before ? c->before : c->after)->node, "before",
                                              json_side(c->before), "after", json_side(c->after)));
    cli_print_json(list);
}

static enum err read_side(const struct cli *cli, struct arena *a, const char *name,
                          struct profile_item **out) {
    BUF_AUTO(text);
    TRY(profile_text(cli, name, &text));
    enum err e = profile_describe(a, buf_view(&text), out);
    return e == OK ? OK : err_context(e, "'%s'", name);
}

int cmd_profile_diff(int argc, char **argv) {
    struct cli cli;
    int status;
    ARENA_AUTO(a);
    struct profile_item *before, *after;
    if (!cli_options(argc, argv, usage, NULL, &cli, &status))
        return status;
    if (cli.argc != 2 || (strcmp(cli.argv[0], "-") == 0 && strcmp(cli.argv[1], "-") == 0))
        return cli_usage(usage, "profile diff takes two profiles, and one standard input at most");
    if (read_side(&cli, &a, cli.argv[0], &before) != OK ||
        read_side(&cli, &a, cli.argv[1], &after) != OK) {
        cli_fail();
        return TROUBLE;
    }
    const struct profile_change *changes = profile_compare(&a, before, after);
    if (cli.json)
        print_json(changes);
    else
        print_changes(changes);
    return changes ? 1 : 0;
}
