/* SPDX-License-Identifier: Apache-2.0 */
/* signet profile show: a profile as a table for people. */
#include <stdio.h>
#include <string.h>

#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/profile_read.h"
#include "csp/describe.h"

static const char usage[] =
    "Usage: signet profile show FILE|NAME [--raw] [-o json] [-d DIR]\n\n"
    "Shows each value of a profile with what it says: usages by name, the subject as Windows reads it,\n"
    "where Windows will ask. FILE is one (- is standard input), or else NAME is one that the server\n"
    "keeps; ./wifi is always a file. A fixed challenge is not shown. Values in brackets are left out\n"
    "by the profile, and are Windows' defaults.\n\n"
    "  --raw    the text as it is, with the challenge\n"
    "  -o json  the same as JSON\n"
    "  -d DIR   the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n\n"
    "It judges nothing; signet profile lint does.\n";

enum { MAX_VALUE = 24, WIDTH = 100 };

/* "[3]" for a default, "(secret)" for what is not shown. */
static const char *cell(struct arena *a, const struct profile_item *i) {
    if (!i->value)
        return "(secret)";
    return i->is_default ? arena_printf(a, "[%s]", i->value) : i->value;
}

static size_t columns(const char *text) {
    size_t n = 0;
    for (; *text; text++)
        n += (*text & 0xc0) != 0x80;
    return n;
}

/* The words stand beside a short value, and below a long one, which is never torn: it is copied. */
static void print_item(struct arena *a, const struct profile_item *i, size_t names, size_t values,
                       size_t width) {
    BUF_AUTO(words);
    const char *value = cell(a, i);
    size_t at = names + 2 + values + 2, n = columns(value);
    bool told = *i->words && strcmp(i->words, value) != 0;
    printf("%-*s  %s%s", (int)names, i->node, value, told && n <= values ? "" : "\n");
    if (!told)
        return;
    printf("%*s", (int)(n <= values ? values + 2 - n : at), "");
    cli_wrap(&words, i->words, at, at, width);
    fputs(buf_cstr(&words), stdout);
}

static void print_table(struct arena *a, const struct profile_item *first) {
    size_t names = strlen("NODE"), values = strlen("VALUE"), width = cli_width(WIDTH);
    for (const struct profile_item *i = first; i; i = i->next) {
        size_t value = columns(cell(a, i));
        names = strlen(i->node) > names ? strlen(i->node) : names;
        values = value > values && value <= MAX_VALUE ? value : values;
    }
    printf("%-*s  %-*s  MEANING\n", (int)names, "NODE", (int)values, "VALUE");
    for (const struct profile_item *i = first; i; i = i->next)
        print_item(a, i, names, values, width);
}

static void print_json(const struct profile_item *first) {
    json_t *list = json_array();
    for (const struct profile_item *i = first; i; i = i->next)
        json_array_append_new(list,
                              json_pack("{s:s, s:s?, s:s, s:s, s:s, s:b}", "node", i->node, "value",
                                        i->value, "meaning", i->words, "verb", i->verb, "format",
                                        i->format, "default", (int)i->is_default));
    cli_print_json(list);
}

int cmd_profile_show(int argc, char **argv) {
    bool raw = false;
    const struct cli_option own[] = {{"raw", NULL, &raw}, {NULL, NULL, NULL}};
    struct cli cli;
    int status;
    ARENA_AUTO(a);
    BUF_AUTO(text);
    struct profile_item *first;
    if (!cli_options(argc, argv, usage, own, &cli, &status))
        return status;
    if (cli.argc != 1)
        return cli_usage(usage, "profile show takes one FILE or NAME");
    if (profile_text(&cli, cli.argv[0], &text) != OK)
        return cli_fail();
    if (raw)
        return fwrite(text.p, 1, text.n, stdout) == text.n ? 0 : 1;
    if (profile_describe(&a, buf_view(&text), &first) != OK)
        return cli_fail();
    if (cli.json)
        print_json(first);
    else
        print_table(&a, first);
    return 0;
}
