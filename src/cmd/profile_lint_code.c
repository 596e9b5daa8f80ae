/* SPDX-License-Identifier: Apache-2.0 */
/* A code of the lint, for people and as JSON. */
#include <ctype.h>
#include <stdio.h>

#include "cmd/profile_lint.h"
#include "explain/hresult.h"

enum { INDENT = 13 };

/* "0x80092021 CRYPT_E_INVALID_PRINTABLE_STRING, event 32", "SyncML status 404"; "" for neither. */
static const char *what_one_sees(struct arena *a, const struct lint_code *c) {
    const char *out = "";
    if (c->status >= 400)
        out = arena_printf(a, "SyncML status %u", c->status);
    if (c->hresult)
        out = arena_printf(a, "%s%s0x%08X %s", out, *out ? ", " : "", c->hresult,
                           hresult_find(c->hresult)->name);
    if (c->event)
        out = arena_printf(a, "%s%sevent %u", out, *out ? ", " : "", c->event);
    return out;
}

static void print_line(const char *head, const char *text, size_t width) {
    BUF_AUTO(lines);
    if (!*text)
        return;
    cli_wrap(&lines, text, INDENT, INDENT, width);
    printf("    %-9s%s", head, buf_cstr(&lines));
}

void lint_print_code(struct arena *a, const struct lint_code *c) {
    size_t width = cli_width(100);
    print_line("Windows", c->windows, width);
    print_line("code", what_one_sees(a, c), width);
    print_line("mend", c->mend, width);
    print_line("sure", arena_printf(a, "%s (%s)", explain_evidence_name(c->evidence), c->fact),
               width);
}

json_t *lint_json_code(const struct lint_code *c) {
    json_t *out = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "code", c->name, "severity",
                            lint_severity_name(c->severity), "windows", c->windows, "mend", c->mend,
                            "evidence", explain_evidence_name(c->evidence), "fact", c->fact);
    char number[11];
    snprintf(number, sizeof number, "0x%08X", c->hresult);
    json_object_set_new(out, "hresult", c->hresult ? json_string(number) : json_null());
    json_object_set_new(out, "hresult_name",
                        c->hresult ? json_string(hresult_find(c->hresult)->name) : json_null());
    json_object_set_new(out, "status", c->status ? json_integer(c->status) : json_null());
    json_object_set_new(out, "event", c->event ? json_integer(c->event) : json_null());
    return out;
}

/* ---- --explain ---- */

static void list_codes(const struct cli *cli) {
    json_t *list = json_array();
    for (int id = 0; id < LINT_CODES; id++) {
        const struct lint_code *c = lint_code((enum lint_id)id);
        if (cli->json)
            json_array_append_new(list, lint_json_code(c));
        else
            printf("%-8s %-24s %s\n", lint_severity_name(c->severity), c->name, c->mend);
    }
    if (cli->json)
        cli_print_json(list);
    else
        json_decref(list);
}

/* The lint's codes are words; an HRESULT in any spelling begins with a digit, or a minus. */
static bool is_number(const char *code) {
    return isdigit((unsigned char)code[*code == '-']);
}

int lint_explain(const struct cli *cli, const char *usage) {
    ARENA_AUTO(a);
    json_t *list = json_array();
    if (!cli->argc)
        list_codes(cli);
    for (int i = 0; i < cli->argc; i++) {
        const struct lint_code *c = lint_code_find(cli->argv[i]);
        if (!c) {
            json_decref(list);
            return cli_usage(
                usage, "there is no code '%s' of the lint: signet %s", cli->argv[i],
                is_number(cli->argv[i])
                    ? arena_printf(&a, "explain %s tells of Windows' codes", cli->argv[i])
                    : "profile lint --explain lists them");
        }
        json_array_append_new(list, lint_json_code(c));
        if (cli->json)
            continue;
        printf("%s%s (%s)\n", i ? "\n" : "", c->name, lint_severity_name(c->severity));
        lint_print_code(&a, c);
    }
    if (cli->json && cli->argc)
        cli_print_json(list);
    else
        json_decref(list);
    return 0;
}
