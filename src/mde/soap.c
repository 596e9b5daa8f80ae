/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SOAP 1.2 envelope of all three services, and its fault. Prefixes are those of the captured
 * server; some clients find elements by them.
 */
#include "mde/internal.h"

#include "wire/mdm.h"

enum err mde_read(struct arena *a, struct span soap, struct mde_header *out) {
    struct xml_node *root;
    TRY(xml_parse(a, soap, &root));
    if (!span_is(root->name, "Envelope"))
        return err_set(ERR_PARSE, "not SOAP: the root element is %.64s", arena_str(a, root->name));
    const struct xml_node *header = xml_child(root, "Header");
    const struct xml_node *token = xml_path(header, "Security/UsernameToken");
    const struct xml_node *password = xml_child(token, "Password");
    struct xml_node *body = xml_child(root, "Body");
    *out = (struct mde_header){
        .action = xml_path_text(header, "Action"),
        .message_id = xml_path_text(header, "MessageID"),
        .username = xml_path_text(token, "Username"),
        .password = password ? password->text : SPAN_NONE, /* blanks at its ends belong to it */
        .body = body ? body->child : NULL,
    };
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

/* Subcodes as Microsoft's own service spells them; only some have an ErrorType (C.7). */
static const struct {
    const char *subcode, *error_type;
} faults[] = {
    [MDE_MESSAGE_FORMAT] = {"s:MessageFormat", NULL},
    [MDE_AUTHENTICATION] = {"s:Authentication", NULL},
    [MDE_AUTHORIZATION] = {"s:Authorization", NULL},
    [MDE_CERTIFICATE_REQUEST] = {"s:CertificateRequest", NULL},
    [MDE_ENROLLMENT_SERVER] = {"s:EnrollmentServer", NULL},
    [MDE_NOT_SUPPORTED] = {"s:Authorization", "NotSupported"},
};

static void write_detail(struct buf *b, const struct mde_header *h, const char *error_type,
                         const char *text) {
    static const char tag[] = "DeviceEnrollmentServiceError xmlns=\"" NS_WSTEP "\"";
    xml_open(b, "s:Detail");
    xml_open(b, tag);
    xml_leaf(b, "ErrorType", span_str(error_type));
    xml_leaf(b, "Message", span_str(text));
    xml_leaf(b, "TraceId", soap_message_uuid(h));
    xml_close(b, tag);
    xml_close(b, "s:Detail");
}

void mde_write_fault(struct buf *b, const struct mde_header *h, enum mde_fault fault,
                     const char *text) {
    soap_open(b, h, ACTION_RSTRC);
    soap_open_body(b);
    buf_str(b, "<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode>");
    xml_leaf(b, "s:Value", span_str(faults[fault].subcode));
    buf_str(b, "</s:Subcode></s:Code><s:Reason>");
    xml_leaf(b, "s:Text xml:lang=\"en-US\"", span_str(text));
    xml_close(b, "s:Reason");
    if (faults[fault].error_type)
        write_detail(b, h, faults[fault].error_type, text);
    xml_close(b, "s:Fault");
    soap_close(b);
}
