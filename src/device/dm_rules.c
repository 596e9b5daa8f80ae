/* SPDX-License-Identifier: Apache-2.0 */
#include "device/dm_rules.h"

#include "wire/mdm.h"

enum err dm_rules_message(const struct xml_node *body) {
    for (const struct xml_node *n = body->child; n; n = n->next) {
        if (span_is(n->name, "Data") && n->child)
            return err_set(ERR_PARSE,
                           "XML line %u: the element '%.*s' inside Data; write < as &lt;",
                           n->child->line, SPAN_FMT(n->child->name));
        TRY(dm_rules_message(n)); /* as deep as the XML is: 64 at most */
    }
    return OK;
}

/* An Atomic does not take an Add and a Replace of one node (OMA DM page, "Atomic"). */
static bool replaces_what_was_added(const struct xml_node *cmd) {
    struct span uri = xml_path_text(cmd, "Item/Target/LocURI");
    if (!span_is(cmd->name, "Replace") || !cmd->parent || !span_is(cmd->parent->name, "Atomic"))
        return false;
    for (const struct xml_node *c = cmd->parent->child; c != cmd; c = c->next)
        if (span_is(c->name, "Add") && span_eq(xml_path_text(c, "Item/Target/LocURI"), uri))
            return true;
    return false;
}

static bool has_id(const struct xml_node *n, struct span id, const struct xml_node *before,
                   bool *reached) {
    for (const struct xml_node *c = n->child; c && !*reached; c = c->next) {
        *reached = c == before;
        bool is_id = span_is(c->name, "CmdID") && span_eq(xml_text(c), id);
        if (!*reached && (is_id || (c->child && has_id(c, id, before, reached))))
            return true;
    }
    return false;
}

/* Whether a command before this one has the same CmdID. */
static bool is_doubled(const struct xml_node *cmd, struct span id) {
    const struct xml_node *body = cmd;
    bool reached = false;
    while (body->parent)
        body = body->parent;
    return has_id(body, id, cmd, &reached);
}

int dm_rules_command(const struct host *h, const struct xml_node *cmd) {
    struct span id = xml_path_text(cmd, "CmdID");
    if (!id.n)
        return SYNCML_BAD_REQUEST;
    if (host_switch_is(h, "cmdid", "strict") && (span_is(id, "0") || is_doubled(cmd, id)))
        return SYNCML_BAD_REQUEST;
    if (host_switch_is(h, "atomic-add-replace", "fails") && replaces_what_was_added(cmd))
        return SYNCML_COMMAND_FAILED;
    return 0;
}

int dm_rules_data(const struct host *h, const struct xml_node *item, struct span *out) {
    const struct xml_node *data = xml_child(item, "Data");
    *out = data ? data->text : SPAN_NONE;
    if (!data || !data->cdata || host_switch_is(h, "cdata", "text"))
        return 0;
    *out = SPAN_NONE;
    return host_switch_is(h, "cdata", "empty") ? 0 : SYNCML_COMMAND_FAILED;
}
