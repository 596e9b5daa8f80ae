/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a device's message. Windows and its imitations disagree about prefixes and about the
 * order of children (windows-mdm.md, B.3), so every part is looked up by its local name; only the
 * order of the commands means something, since Status answers them in it.
 */
#include "syncml/syncml.h"

#include <limits.h>

enum { MAX_COMMANDS = 2000, MAX_SESSION_ID = 8 };

struct reader {
    struct arena *a;
    unsigned commands; /* at all depths */
};

static const struct {
    const char *name;
    enum syncml_kind kind;
} kinds[] = {
    {"Status", SYNCML_STATUS},     {"Results", SYNCML_RESULTS}, {"Alert", SYNCML_ALERT},
    {"Add", SYNCML_ADD},           {"Replace", SYNCML_REPLACE}, {"Delete", SYNCML_DELETE},
    {"Get", SYNCML_GET},           {"Exec", SYNCML_EXEC},       {"Atomic", SYNCML_ATOMIC},
    {"Sequence", SYNCML_SEQUENCE},
};

enum syncml_kind syncml_kind_of(struct span name) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (span_is(name, kinds[i].name))
            return kinds[i].kind;
    return SYNCML_UNKNOWN;
}

int syncml_code(const struct syncml_command *c) {
    int64_t code;
    return span_int(c->data, &code) && code > 0 && code <= INT_MAX ? (int)code : 0;
}

/* A Meta of the command holds for each of its items that says nothing else (OMA DM, 6.1.4). */
static struct span meta(const struct xml_node *item, const char *path) {
    struct span own = xml_path_text(item, path);
    return own.n ? own : xml_path_text(item->parent, path);
}

static struct syncml_item *read_items(struct arena *a, const struct xml_node *command) {
    struct syncml_item *first = NULL, **tail = &first;
    for (struct xml_node *n = xml_child(command, "Item"); n; n = xml_next(n)) {
        const struct xml_node *data = xml_child(n, "Data");
        struct syncml_item *item = arena_alloc(a, sizeof *item);
        item->target = xml_path_text(n, "Target/LocURI");
        item->source = xml_path_text(n, "Source/LocURI");
        item->type = meta(n, "Meta/Type");
        item->format = meta(n, "Meta/Format");
        item->data = data ? data->text : SPAN_NONE;
        item->has_data = data != NULL;
        item->more_data = xml_child(n, "MoreData") != NULL;
        *tail = item;
        tail = &item->next;
    }
    return first;
}

/* What stands beside the commands: in the body only Final, in a container its own parts. */
static bool is_part(const struct xml_node *parent, struct span name) {
    static const char *const parts[] = {"CmdID", "Meta", "NoResp"};
    if (span_is(parent->name, "SyncBody"))
        return span_is(name, "Final");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (span_is(name, parts[i]))
            return true;
    return false;
}

static enum err read_commands(struct reader *r, const struct xml_node *parent,
                              struct syncml_command **out);

static enum err read_command(struct reader *r, const struct xml_node *n,
                             struct syncml_command **out) {
    if (++r->commands > MAX_COMMANDS)
        return err_set(ERR_LIMIT, "SyncML line %u: more than %d commands", n->line, MAX_COMMANDS);
    struct syncml_command *c = *out = arena_alloc(r->a, sizeof *c);
    const struct xml_node *data = xml_child(n, "Data");
    c->kind = syncml_kind_of(n->name);
    c->name = n->name;
    c->cmd_id = xml_path_text(n, "CmdID");
    c->msg_ref = xml_path_text(n, "MsgRef");
    c->cmd_ref = xml_path_text(n, "CmdRef");
    c->cmd = xml_path_text(n, "Cmd");
    c->data = xml_text(data);
    c->original_error = xml_attr(data, "originalerror");
    c->items = read_items(r->a, n);
    if (c->kind == SYNCML_ATOMIC || c->kind == SYNCML_SEQUENCE)
        TRY(read_commands(r, n, &c->children));
    return OK;
}

/* The commands below SyncBody, Atomic or Sequence. */
static enum err read_commands(struct reader *r, const struct xml_node *parent,
                              struct syncml_command **out) {
    for (const struct xml_node *n = parent->child; n; n = n->next) {
        if (is_part(parent, n->name))
            continue;
        TRY(read_command(r, n, out));
        out = &(*out)->next;
    }
    return OK;
}

static bool is_session_id(struct span s) {
    for (size_t i = 0; i < s.n; i++)
        if (!strchr("0123456789abcdefABCDEF", s.p[i]) || s.p[i] == '\0')
            return false;
    return s.n > 0 && s.n <= MAX_SESSION_ID;
}

static enum err read_header(const struct xml_node *hdr, struct syncml_message *m) {
    if (!hdr)
        return err_set(ERR_PARSE, "SyncML without SyncHdr");
    m->session_id = xml_path_text(hdr, "SessionID");
    if (!is_session_id(m->session_id))
        return err_set(ERR_PARSE, "SyncML line %u: SessionID is missing or not 1 to %d hex digits",
                       hdr->line, MAX_SESSION_ID);
    if (!span_int(xml_path_text(hdr, "MsgID"), &m->msg_id) || m->msg_id <= 0)
        return err_set(ERR_PARSE, "SyncML line %u: MsgID is missing or not a positive number",
                       hdr->line);
    m->target = xml_path_text(hdr, "Target/LocURI");
    m->source = xml_path_text(hdr, "Source/LocURI");
    if (!m->source.n)
        return err_set(ERR_PARSE, "SyncML line %u: SyncHdr without Source/LocURI", hdr->line);
    m->loc_name = xml_path_text(hdr, "Source/LocName");
    m->cred_type = xml_path_text(hdr, "Cred/Meta/Type");
    m->cred_format = xml_path_text(hdr, "Cred/Meta/Format");
    m->cred_data = xml_path_text(hdr, "Cred/Data");
    return OK;
}

enum err syncml_parse(struct arena *a, struct span xml, struct syncml_message **out) {
    struct xml_node *root;
    struct reader r = {.a = a};
    TRY(xml_parse(a, xml, &root));
    if (!span_is(root->name, "SyncML"))
        return err_set(ERR_PARSE, "not SyncML: the root element is %.64s",
                       arena_str(a, root->name));
    struct syncml_message *m = arena_alloc(a, sizeof *m);
    TRY(read_header(xml_child(root, "SyncHdr"), m));
    const struct xml_node *body = xml_child(root, "SyncBody");
    if (!body)
        return err_set(ERR_PARSE, "SyncML line %u: no SyncBody", root->line);
    TRY(read_commands(&r, body, &m->commands));
    m->final = xml_child(body, "Final") != NULL;
    *out = m;
    return OK;
}
