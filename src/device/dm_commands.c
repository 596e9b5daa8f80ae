/* SPDX-License-Identifier: Apache-2.0 */
#include "device/dm_commands.h"

#include "wire/mdm.h"

struct run {
    struct host *host;
    struct arena *arena;
    struct dm_answer *answer;
};

static const struct {
    const char *name;
    enum csp_access verb;
} verbs[] = {{"Add", CSP_ADD},
             {"Replace", CSP_REPLACE},
             {"Delete", CSP_DELETE},
             {"Get", CSP_GET},
             {"Exec", CSP_EXEC}};

static enum csp_access verb_of(const struct xml_node *cmd) {
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (span_is(cmd->name, verbs[i].name))
            return verbs[i].verb;
    return 0;
}

static bool is(const struct xml_node *n, const char *name) {
    return span_is(n->name, name);
}

/* What a SyncBody holds besides commands. */
static bool is_command(const struct xml_node *n) {
    return !is(n, "Status") && !is(n, "Results") && !is(n, "Final");
}

static struct dm_status *add_status(struct run *r, const struct xml_node *cmd, int code) {
    struct dm_status *s = arena_alloc(r->arena, sizeof *s);
    s->cmd_ref = xml_path_text(cmd, "CmdID");
    s->cmd = cmd->name;
    s->code = s->cmd_ref.n ? code : SYNCML_BAD_REQUEST;
    *r->answer->status_end = s;
    r->answer->status_end = &s->next;
    return s;
}

static void add_result(struct run *r, const struct xml_node *cmd, struct span uri,
                       const struct csp_value *v) {
    struct dm_result *s = arena_alloc(r->arena, sizeof *s);
    *s = (struct dm_result){xml_path_text(cmd, "CmdID"), uri, *v, NULL};
    *r->answer->result_end = s;
    r->answer->result_end = &s->next;
}

static int run_item(struct run *r, const struct xml_node *cmd, enum csp_access verb,
                    const struct xml_node *item) {
    const struct xml_node *data = xml_child(item, "Data");
    struct csp_command c = {.verb = verb,
                            .uri = xml_path_text(item, "Target/LocURI"),
                            .format = xml_path_text(item, "Meta/Format"),
                            .data = data ? data->text : SPAN_NONE};
    struct csp_value v = {0};
    if (!c.format.n) /* a command may say it once for all its items */
        c.format = xml_path_text(cmd, "Meta/Format");
    if (!c.uri.n)
        return SYNCML_BAD_REQUEST;
    int code = csptree_apply(r->host, &c, r->arena, &v);
    if (verb == CSP_GET && code == SYNCML_OK)
        add_result(r, cmd, c.uri, &v);
    return code;
}

/* The code of a command with several items is that of the first which failed. */
static int run_simple(struct run *r, const struct xml_node *cmd) {
    enum csp_access verb = verb_of(cmd);
    const struct xml_node *item = xml_child(cmd, "Item");
    int code = 0;
    if (is(cmd, "Alert"))
        return SYNCML_OK;
    if (!verb || !item || !xml_path_text(cmd, "CmdID").n)
        return SYNCML_BAD_REQUEST;
    for (; item; item = xml_next(item)) {
        int one = run_item(r, cmd, verb, item);
        if (!code || (code < 300 && one >= 300))
            code = one;
    }
    return code;
}

/* Neither a Get nor another Atomic works inside an Atomic (windows-mdm.md, A.2 and B.4). */
static int run_child(struct run *r, const struct xml_node *cmd) {
    bool allowed = !is(cmd, "Get") && !is(cmd, "Atomic") && !is(cmd, "Sequence");
    return allowed ? run_simple(r, cmd) : SYNCML_COMMAND_FAILED;
}

static bool is_child(const struct xml_node *n) {
    return !is(n, "CmdID") && !is(n, "Meta") && !is(n, "NoResp");
}

/*
 * All or nothing. The Atomic's Status comes first, then the children's: after a failure 216 for
 * those that were taken back, its own code for the guilty one, 215 for those never tried.
 */
static void run_atomic(struct run *r, const struct xml_node *atomic) {
    bool tell = host_switch_is(r->host, "atomic-children", "yes"), failed = false;
    struct host_snapshot *before = host_snapshot_take(r->host);
    struct dm_status *own = add_status(r, atomic, SYNCML_OK);
    struct dm_status **children = r->answer->status_end;
    for (const struct xml_node *c = atomic->child; c; c = c->next) {
        if (!is_child(c))
            continue;
        int code = failed ? SYNCML_NOT_EXECUTED : run_child(r, c);
        add_status(r, c, code);
        if (failed || code < 300)
            continue;
        failed = true;
        for (struct dm_status *s = *children; s && s->next; s = s->next)
            s->code = SYNCML_ROLLED_BACK;
    }
    if (failed) {
        own->code = SYNCML_ATOMIC_FAILED;
        host_snapshot_restore(r->host, before);
    } else {
        host_snapshot_drop(before);
    }
    if (!tell) {
        *children = NULL;
        r->answer->status_end = children;
    }
}

static void run_list(struct run *r, const struct xml_node *first) {
    for (const struct xml_node *c = first; c; c = c->next) {
        if (!is_command(c) || !is_child(c))
            continue;
        if (is(c, "Atomic")) {
            run_atomic(r, c);
        } else if (is(c, "Sequence")) {
            add_status(r, c, SYNCML_OK);
            run_list(r, c->child);
        } else {
            add_status(r, c, run_simple(r, c));
        }
    }
}

void dm_commands_run(struct host *h, const struct xml_node *body, struct arena *a,
                     struct dm_answer *answer) {
    struct run r = {h, a, answer};
    *answer = (struct dm_answer){0};
    answer->status_end = &answer->statuses;
    answer->result_end = &answer->results;
    run_list(&r, body->child);
}

static void write_status(struct buf *b, unsigned id, struct span msg_ref, struct span cmd_ref,
                         struct span cmd, int code) {
    buf_printf(b, "<Status><CmdID>%u</CmdID>", id);
    xml_leaf(b, "MsgRef", msg_ref);
    xml_leaf(b, "CmdRef", cmd_ref);
    xml_leaf(b, "Cmd", cmd);
    buf_printf(b, "<Data>%d</Data></Status>", code);
}

static void write_result(struct buf *b, unsigned id, struct span msg_ref,
                         const struct dm_result *r) {
    buf_printf(b, "<Results><CmdID>%u</CmdID>", id);
    xml_leaf(b, "MsgRef", msg_ref);
    xml_leaf(b, "CmdRef", r->cmd_ref);
    buf_str(b, "<Item><Source>");
    xml_leaf(b, "LocURI", r->uri);
    buf_str(b, "</Source><Meta>");
    xml_leaf(b, "Format xmlns=\"" NS_METINF "\"", span_str(csp_format_name(r->value.format)));
    buf_str(b, "</Meta>");
    xml_leaf(b, "Data", r->value.data);
    buf_str(b, "</Item></Results>");
}

bool dm_answer_write(const struct dm_answer *answer, struct span msg_ref, struct buf *out) {
    unsigned id = 1;
    if (!answer->statuses)
        return false;
    write_status(out, id++, msg_ref, span_str("0"), span_str("SyncHdr"), SYNCML_OK);
    for (const struct dm_status *s = answer->statuses; s; s = s->next)
        write_status(out, id++, msg_ref, s->cmd_ref, s->cmd, s->code);
    for (const struct dm_result *r = answer->results; r; r = r->next)
        write_result(out, id++, msg_ref, r);
    return true;
}
