/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/device_apply.h"

#include <stdio.h>

#include "base/file.h"
#include "base/text.h"
#include "cmd/cli.h"
#include "device/dm_apply.h"
#include "explain/entry.h"

enum { COMMANDS_MAX = 1024 * 1024, PLACEHOLDER_SHOWN = 60, EXIT_REFUSED = 3 };

static json_t *text_json(struct span text) {
    return json_stringn(text.p ? (const char *)text.p : "", text.n);
}

static json_t *status_json(const struct dm_status *s) {
    return json_pack("{s:o, s:o, s:o, s:i, s:s?}", "cmd", text_json(s->cmd_ref), "verb",
                     text_json(s->cmd), "uri", text_json(s->uri), "status", s->code,
                     "originalerror", dm_original_error(s->code));
}

static json_t *result_json(const struct dm_result *r) {
    return json_pack("{s:o, s:o, s:s, s:o}", "cmd", text_json(r->cmd_ref), "uri", text_json(r->uri),
                     "format", csp_format_name(r->value.format), "data", text_json(r->value.data));
}

static json_t *answer_json(const struct dm_answer *answer, const struct dm_status *deciding) {
    json_t *statuses = json_array(), *results = json_array();
    for (const struct dm_status *s = answer->statuses; s; s = s->next)
        json_array_append_new(statuses, status_json(s));
    for (const struct dm_result *r = answer->results; r; r = r->next)
        json_array_append_new(results, result_json(r));
    return json_pack("{s:i, s:o, s:o}", "status", deciding ? deciding->code : 0, "commands",
                     statuses, "results", results);
}

/* "404 Not found (0x86000002)" */
static const char *status_text(struct arena *a, int code) {
    const struct explain_entry *e = explain_syncml((uint32_t)code);
    const char *error = dm_original_error(code);
    return arena_printf(a, "%d%s%s%s%s%s", code, e ? " " : "", e ? e->name : "", error ? " (" : "",
                        error ? error : "", error ? ")" : "");
}

static bool lacks_cmdid(const struct dm_answer *answer) {
    const struct dm_status *s = answer->statuses;
    while (s && s->cmd_ref.n)
        s = s->next;
    return s != NULL;
}

static void print_answer(const struct dm_answer *answer, json_t *j) {
    static const struct cli_column columns[] = {
        {"CMDID", "cmd"}, {"COMMAND", "verb"}, {"STATUS", "text"}, {"NODE", "uri"}};
    ARENA_AUTO(a);
    size_t i = 0;
    json_t *list = json_object_get(j, "commands");
    for (const struct dm_status *s = answer->statuses; s; s = s->next, i++) {
        json_t *row = json_array_get(list, i);
        json_object_set_new(row, "text", json_string(status_text(&a, s->code)));
        json_object_set_new(row, "uri", json_string(text_claim(&a, s->uri, s->uri.n)));
        json_object_set_new(row, "cmd", json_string(text_claim(&a, s->cmd_ref, s->cmd_ref.n)));
    }
    cli_print_list(list, columns, sizeof columns / sizeof *columns, "the host answers nothing");
    for (const struct dm_result *r = answer->results; r; r = r->next)
        printf("%s (%s) = %s\n", text_claim(&a, r->uri, r->uri.n), csp_format_name(r->value.format),
               text_claim(&a, r->value.data, r->value.data.n));
    if (lacks_cmdid(answer))
        fprintf(stderr, "A command without CmdID is answered 400: give each one a CmdID (signet "
                        "command send does it by itself).\n");
    json_decref(j);
}

/* The server fills them; here they go to the host as they stand. */
static void warn_of_placeholders(struct span text) {
    ARENA_AUTO(a);
    while (text.n && !span_starts(text, "{{"))
        text = span_from(text, 1);
    ptrdiff_t n = span_find(text, '}');
    if (n > 2)
        fprintf(stderr,
                "The file has signet's placeholders, %s}} for one: nobody fills them here.\n",
                text_claim(&a, span_of(text.p, (size_t)n), PLACEHOLDER_SHOWN));
}

/* What loses a whole message in a session, too: no command is carried out, no Status sent. */
static bool is_unreadable(enum err e) {
    return e == ERR_PARSE || e == ERR_LIMIT;
}

static void print_unreadable(bool json) {
    if (json)
        cli_print_json(json_pack("{s:n, s:s, s:[], s:[]}", "status", "error", err_detail(),
                                 "commands", "results"));
    else
        fprintf(stderr, "The host cannot read the message, and does nothing of it: %s\n",
                err_detail());
}

enum err emulated_apply(struct host *h, const struct device_options *o, int argc, char **argv,
                        int *status) {
    ARENA_AUTO(a);
    BUF_AUTO(text);
    struct dm_answer answer = {0};
    (void)argc;
    TRY(file_read(argv[1], COMMANDS_MAX, &text));
    warn_of_placeholders(buf_view(&text));
    enum err e = dm_apply(h, buf_view(&text), &a, &answer);
    if (is_unreadable(e)) {
        print_unreadable(o->output != NULL);
        *status = EXIT_REFUSED;
        return OK;
    }
    TRY(e);
    TRY(host_save(h));
    const struct dm_status *deciding = dm_deciding(&answer);
    json_t *j = answer_json(&answer, deciding);
    if (o->output)
        cli_print_json(j);
    else
        print_answer(&answer, j);
    if (deciding && deciding->code >= 300)
        *status = EXIT_REFUSED;
    return OK;
}
