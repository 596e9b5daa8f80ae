/* SPDX-License-Identifier: Apache-2.0 */
/* The host's Status and Results (windows-mdm.md, B.4 and B.5); large values in chunks (B.2). */
#include "device/dm_commands.h"

#include "wire/mdm.h"

/* Both were seen (B.2). */
const char *dm_original_error(int code) {
    return code == SYNCML_NOT_FOUND        ? "0x86000002"
           : code == SYNCML_COMMAND_FAILED ? "0x800710DF"
                                           : NULL;
}

static void write_status(struct buf *b, unsigned id, struct span msg_ref, struct span cmd_ref,
                         struct span cmd, int code, const char *error) {
    buf_printf(b, "<Status><CmdID>%u</CmdID>", id);
    xml_leaf(b, "MsgRef", msg_ref);
    xml_leaf(b, "CmdRef", cmd_ref);
    xml_leaf(b, "Cmd", cmd);
    if (error)
        buf_printf(b, "<Data msft:originalerror=\"%s\">%d</Data></Status>", error, code);
    else
        buf_printf(b, "<Data>%d</Data></Status>", code);
}

/* A chunk ends before the first byte of a character, never in its middle. */
static size_t chunk_length(struct span rest, size_t chunk) {
    if (!chunk || rest.n <= chunk)
        return rest.n;
    size_t n = chunk;
    while (n > 1 && (rest.p[n] & 0xc0) == 0x80)
        n--;
    return n;
}

/* Writes the next part of the value; false when there is more of it. */
static bool write_result(struct buf *b, unsigned id, struct span msg_ref, struct dm_result *r,
                         size_t chunk) {
    struct span rest = span_from(r->value.data, r->sent);
    size_t n = chunk_length(rest, chunk);
    buf_printf(b, "<Results><CmdID>%u</CmdID>", id);
    xml_leaf(b, "MsgRef", r->msg_ref.n ? r->msg_ref : msg_ref);
    xml_leaf(b, "CmdRef", r->cmd_ref);
    buf_str(b, "<Item><Source>");
    xml_leaf(b, "LocURI", r->uri);
    buf_str(b, "</Source><Meta>");
    xml_leaf(b, "Format xmlns=\"" NS_METINF "\"", span_str(csp_format_name(r->value.format)));
    if (n < rest.n && !r->sent)
        buf_printf(b, "<Size xmlns=\"" NS_METINF "\">%zu</Size>", r->value.data.n);
    buf_str(b, "</Meta>");
    xml_leaf(b, "Data", span_of(rest.p, n));
    r->sent += n;
    buf_str(b, n < rest.n ? "<MoreData/></Item></Results>" : "</Item></Results>");
    return n == rest.n;
}

bool dm_answer_write(struct dm_answer *answer, const struct dm_form *form, struct span msg_ref,
                     struct buf *out) {
    unsigned id = 1;
    if (!answer->statuses && !answer->results)
        return false;
    write_status(out, id++, msg_ref, span_str("0"), span_str("SyncHdr"), SYNCML_OK, NULL);
    for (const struct dm_status *s = answer->statuses; s; s = s->next)
        write_status(out, id++, msg_ref, s->cmd_ref, s->cmd, s->code,
                     form->original_error ? dm_original_error(s->code) : NULL);
    for (; answer->results; answer->results = answer->results->next)
        if (!write_result(out, id++, msg_ref, answer->results, form->chunk))
            break;
    return true;
}

struct dm_result *dm_results_keep(const struct dm_result *left, struct span msg_ref,
                                  struct arena *a) {
    struct dm_result *first = NULL, **end = &first;
    for (; left; left = left->next) {
        struct dm_result *r = arena_alloc(a, sizeof *r);
        *r = *left;
        r->msg_ref = arena_copy(a, left->msg_ref.n ? left->msg_ref : msg_ref);
        r->cmd_ref = arena_copy(a, left->cmd_ref);
        r->uri = arena_copy(a, left->uri);
        r->value.data = arena_copy(a, left->value.data);
        r->next = NULL;
        *end = r;
        end = &r->next;
    }
    return first;
}

void dm_results_go_on(struct dm_answer *answer, struct dm_result *left) {
    struct dm_result **end = &left;
    while (*end)
        end = &(*end)->next;
    *end = answer->results;
    answer->results = left;
}

void dm_results_refused(struct dm_result **left, const struct xml_node *body) {
    int64_t code;
    for (struct xml_node *s = xml_child(body, "Status"); s && *left; s = xml_next(s))
        if (span_is(xml_path_text(s, "Cmd"), "Results") &&
            span_int(xml_path_text(s, "Data"), &code) && code >= SYNCML_BAD_REQUEST)
            *left = (*left)->next;
}
