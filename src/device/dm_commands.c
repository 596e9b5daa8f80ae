/* SPDX-License-Identifier: Apache-2.0 */
#include "device/dm_commands.h"

#include "device/dm_rules.h"
#include "wire/mdm.h"

enum { COMMAND_NAME_MAX = 300 };

struct run {
    struct host *host;
    struct arena *arena;
    struct dm_answer *answer;
    bool was_leaving; /* before this message */
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
    s->uri = xml_path_text(cmd, "Item/Target/LocURI");
    s->code = s->cmd_ref.n ? code : SYNCML_BAD_REQUEST;
    *r->answer->status_end = s;
    r->answer->status_end = &s->next;
    return s;
}

/* How often the host has carried out that command, this time included. */
static size_t count_executions(const struct eventlog *l, const char *what) {
    size_t n = strlen(what), count = 1;
    for (size_t i = 0; i < l->count; i++)
        count += l->events[i].id == EVENT_COMMAND && !l->events[i].error &&
                 strncmp(l->events[i].text, what, n) == 0 && l->events[i].text[n] == ' ';
    return count;
}

/* A command that changes something leaves its mark: so a test sees what was done twice. */
static void log_command(struct run *r, const struct xml_node *cmd, struct span uri, int code) {
    struct eventlog *l = &r->host->events;
    struct span name = uri.n > COMMAND_NAME_MAX ? span_of(uri.p, COMMAND_NAME_MAX) : uri;
    const char *what = arena_printf(r->arena, "%.*s %.*s", SPAN_FMT(cmd->name), SPAN_FMT(name));
    if (code < 300)
        eventlog_add(l, &r->host->mem, EVENT_COMMAND, false, "%s status=%d execution=%zu", what,
                     code, count_executions(l, what));
    else
        eventlog_add(l, &r->host->mem, EVENT_COMMAND, true, "%s status=%d", what, code);
}

static void add_result(struct run *r, const struct xml_node *cmd, struct span uri,
                       const struct csp_value *v) {
    struct dm_result *s = arena_alloc(r->arena, sizeof *s);
    *s = (struct dm_result){.cmd_ref = xml_path_text(cmd, "CmdID"), .uri = uri, .value = *v};
    *r->answer->result_end = s;
    r->answer->result_end = &s->next;
}

static int run_item(struct run *r, const struct xml_node *cmd, enum csp_access verb,
                    const struct xml_node *item) {
    struct csp_command c = {.verb = verb,
                            .uri = xml_path_text(item, "Target/LocURI"),
                            .format = xml_path_text(item, "Meta/Format"),
                            .atomic = is(cmd->parent, "Atomic")};
    struct csp_value v = {0};
    if (!c.format.n) /* a command may say it once for all its items */
        c.format = xml_path_text(cmd, "Meta/Format");
    if (!c.uri.n)
        return SYNCML_BAD_REQUEST;
    int code = dm_rules_data(r->host, item, &c.data);
    if (!code)
        code = csptree_apply(r->host, &c, r->arena, &v);
    if (verb == CSP_GET && code == SYNCML_OK)
        add_result(r, cmd, c.uri, &v);
    if (verb != CSP_GET)
        log_command(r, cmd, c.uri, code);
    return code;
}

/* The code of a command with several items is that of the first which failed. */
static int run_simple(struct run *r, const struct xml_node *cmd) {
    enum csp_access verb = verb_of(cmd);
    const struct xml_node *item = xml_child(cmd, "Item");
    int code = dm_rules_command(r->host, cmd);
    if (code)
        return code;
    if (is(cmd, "Alert"))
        return SYNCML_OK;
    if (!verb || !item)
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

/* The restored event log knows nothing of the command for which all was taken back. */
static void log_guilty(struct run *r, const struct xml_node *cmd, int code) {
    enum csp_access verb = verb_of(cmd);
    if (verb && verb != CSP_GET)
        log_command(r, cmd, xml_path_text(cmd, "Item/Target/LocURI"), code);
}

/*
 * All or nothing. The Atomic's Status comes first, then the children's: after a failure 216 for
 * those that were taken back, its own code for the guilty one, 215 for those never tried.
 */
static void run_atomic(struct run *r, const struct xml_node *atomic) {
    bool tell = host_switch_is(r->host, "atomic-children", "yes");
    const struct xml_node *guilty = NULL;
    int failure = 0;
    struct host_snapshot *before = host_snapshot_take(r->host);
    struct dm_status *own = add_status(r, atomic, SYNCML_OK);
    struct dm_status **children = r->answer->status_end;
    for (const struct xml_node *c = atomic->child; c; c = c->next) {
        if (!is_child(c))
            continue;
        int code = guilty ? SYNCML_NOT_EXECUTED : run_child(r, c);
        add_status(r, c, code ? code : SYNCML_OK);
        if (guilty || code < 300)
            continue;
        guilty = c;
        failure = code;
        for (struct dm_status *s = *children; s && s->next; s = s->next)
            s->code = SYNCML_ROLLED_BACK;
    }
    if (guilty) {
        own->code = SYNCML_ATOMIC_FAILED;
        host_snapshot_restore(r->host, before);
        log_guilty(r, guilty, failure);
    } else {
        host_snapshot_drop(before);
    }
    if (!tell) {
        *children = NULL;
        r->answer->status_end = children;
    }
}

/* The session of a host that was told to leave ends at once. */
static bool is_over(const struct run *r) {
    return !r->was_leaving && r->host->enrollment && r->host->enrollment->leaving;
}

static void run_list(struct run *r, const struct xml_node *first) {
    for (const struct xml_node *c = first; c && !is_over(r); c = c->next) {
        if (!is_command(c) || !is_child(c))
            continue;
        bool atomic = is(c, "Atomic"), sequence = is(c, "Sequence");
        int refused = atomic || sequence ? dm_rules_command(r->host, c) : 0;
        if (refused) {
            add_status(r, c, refused);
        } else if (atomic) {
            run_atomic(r, c);
        } else if (sequence) {
            add_status(r, c, SYNCML_OK);
            run_list(r, c->child);
        } else {
            int code = run_simple(r, c);
            if (code) /* Unenroll has none */
                add_status(r, c, code);
        }
    }
}

enum err dm_commands_run(struct host *h, const struct xml_node *body, struct arena *a,
                         struct dm_answer *answer) {
    struct run r = {h, a, answer, h->enrollment && h->enrollment->leaving};
    *answer = (struct dm_answer){0};
    answer->status_end = &answer->statuses;
    answer->result_end = &answer->results;
    TRY(dm_rules_message(body));
    run_list(&r, body->child);
    answer->over = is_over(&r);
    return OK;
}
