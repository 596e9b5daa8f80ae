/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SOAP 1.2 envelope of all three services. Prefixes are those of the captured server; some
 * clients find elements by them.
 */
#include "mde/internal.h"

#include "wire/mdm.h"

static bool is_repeated(const struct xml_node *n) {
    return n && xml_next(n);
}

static void read_security(const struct xml_node *header, struct mde_header *out) {
    const struct xml_node *security = xml_child(header, "Security");
    const struct xml_node *user = xml_child(security, "UsernameToken");
    const struct xml_node *password = xml_child(user, "Password");
    const struct xml_node *token = xml_child(security, "BinarySecurityToken");
    out->has_security = security != NULL;
    out->ambiguous = is_repeated(security) || is_repeated(user) || is_repeated(token) ||
                     is_repeated(password) || is_repeated(xml_child(user, "Username"));
    out->username = xml_path_text(user, "Username");
    out->password = password ? password->text : SPAN_NONE; /* blanks at its ends belong to it */
    out->token = xml_text(token);
    out->token_type = xml_attr(token, "ValueType");
}

enum err mde_read(struct arena *a, struct span soap, struct mde_header *out) {
    struct xml_node *root;
    TRY(xml_parse(a, soap, &root));
    if (!span_is(root->name, "Envelope"))
        return err_set(ERR_PARSE, "not SOAP: the root element is %.64s", arena_str(a, root->name));
    const struct xml_node *header = xml_child(root, "Header");
    struct xml_node *body = xml_child(root, "Body");
    *out = (struct mde_header){
        .action = xml_path_text(header, "Action"),
        .message_id = xml_path_text(header, "MessageID"),
        .body = body ? body->child : NULL,
    };
    read_security(header, out);
    if (!out->action.n)
        return err_set(ERR_PARSE, "SOAP line %u: no Header/Action", root->line);
    if (!out->body)
        return err_set(ERR_PARSE, "SOAP line %u: no Body, or an empty one", root->line);
    return OK;
}

enum err soap_expect(const struct mde_header *h, const char *name) {
    if (!span_is(h->body->name, name))
        return err_set(ERR_PARSE, "SOAP line %u: %.*s in the Body where %s belongs", h->body->line,
                       (int)(h->body->name.n < 64 ? h->body->name.n : 64),
                       (const char *)h->body->name.p, name);
    return OK;
}

enum err soap_required(const struct xml_node *n, const char *path, struct span *out) {
    *out = xml_path_text(n, path);
    if (!out->n)
        return err_set(ERR_PARSE, "SOAP line %u: %s is missing or empty", n ? n->line : 0, path);
    return OK;
}

struct span soap_message_uuid(const struct mde_header *h) {
    static const char urn[] = "urn:uuid:";
    struct span id = h ? h->message_id : SPAN_NONE;
    return span_starts(id, urn) ? span_from(id, sizeof urn - 1) : id;
}

void soap_open(struct buf *b, const struct mde_header *h, const char *action) {
    buf_str(b, "<s:Envelope xmlns:s=\"" NS_SOAP "\" xmlns:a=\"" NS_ADDRESSING "\" xmlns:u=\"" NS_WSU
               "\"><s:Header>");
    xml_leaf(b, "a:Action s:mustUnderstand=\"1\"", span_str(action));
    if (h && h->message_id.n)
        xml_leaf(b, "a:RelatesTo", h->message_id);
}

void soap_open_body(struct buf *b) {
    buf_str(b, "</s:Header><s:Body>");
}

void soap_close(struct buf *b) {
    buf_str(b, "</s:Body></s:Envelope>");
}
