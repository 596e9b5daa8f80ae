/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing the server's message in the shape that a real host accepted: no white space between
 * elements, children in the order of the DTD (windows-mdm.md, B.2 and B.4).
 */
#include "syncml/syncml.h"

#include "wire/mdm.h"

static void address(struct buf *b, const char *tag, struct span loc_uri) {
    xml_open(b, tag);
    xml_leaf(b, "LocURI", loc_uri);
    xml_close(b, tag);
}

void syncml_begin(struct syncml_writer *w, struct span session_id, int64_t msg_id,
                  struct span target, struct span source) {
    struct buf *b = &w->out;
    w->next_cmd_id = 1;
    buf_str(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><SyncML xmlns=\"" NS_SYNCML "\">"
               "<SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>");
    xml_leaf(b, "SessionID", session_id);
    xml_number(b, "MsgID", msg_id);
    address(b, "Target", target);
    address(b, "Source", source);
    buf_str(b, "</SyncHdr><SyncBody>");
}

static unsigned open_command(struct syncml_writer *w, const char *tag) {
    xml_open(&w->out, tag);
    xml_number(&w->out, "CmdID", w->next_cmd_id);
    return w->next_cmd_id++;
}

void syncml_write_status(struct syncml_writer *w, int64_t msg_ref, struct span cmd_ref,
                         struct span cmd, int code) {
    open_command(w, "Status");
    xml_number(&w->out, "MsgRef", msg_ref);
    xml_leaf(&w->out, "CmdRef", cmd_ref);
    xml_leaf(&w->out, "Cmd", cmd);
    xml_number(&w->out, "Data", code);
    xml_close(&w->out, "Status");
}

void syncml_write_challenge(struct syncml_writer *w, int64_t msg_ref, int code, const char *nonce) {
    struct buf *b = &w->out;
    open_command(w, "Status");
    xml_number(b, "MsgRef", msg_ref);
    buf_str(b, "<CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Chal><Meta>");
    xml_leaf(b, "Format xmlns=\"" NS_METINF "\"", span_str("b64"));
    xml_leaf(b, "Type xmlns=\"" NS_METINF "\"", span_str(AUTH_MD5));
    xml_leaf(b, "NextNonce xmlns=\"" NS_METINF "\"", span_str(nonce));
    buf_str(b, "</Meta></Chal>");
    xml_number(b, "Data", code);
    xml_close(b, "Status");
}

/* A command that has an address and nothing else. */
static unsigned write_bare(struct syncml_writer *w, const char *tag, const char *loc_uri) {
    unsigned id = open_command(w, tag);
    xml_open(&w->out, "Item");
    address(&w->out, "Target", span_str(loc_uri));
    xml_close(&w->out, "Item");
    xml_close(&w->out, tag);
    return id;
}

unsigned syncml_write_get(struct syncml_writer *w, const char *loc_uri) {
    return write_bare(w, "Get", loc_uri);
}

unsigned syncml_write_delete(struct syncml_writer *w, const char *loc_uri) {
    return write_bare(w, "Delete", loc_uri);
}

static void format_of(struct buf *b, const char *format) {
    xml_open(b, "Meta");
    xml_leaf(b, "Format xmlns=\"" NS_METINF "\"", span_str(format));
    xml_close(b, "Meta");
}

unsigned syncml_write_node(struct syncml_writer *w, const char *loc_uri) {
    unsigned id = open_command(w, "Add");
    xml_open(&w->out, "Item");
    address(&w->out, "Target", span_str(loc_uri));
    format_of(&w->out, "node");
    xml_close(&w->out, "Item");
    xml_close(&w->out, "Add");
    return id;
}

unsigned syncml_open_atomic(struct syncml_writer *w) {
    return open_command(w, "Atomic");
}

void syncml_close_atomic(struct syncml_writer *w) {
    xml_close(&w->out, "Atomic");
}

static unsigned write_value(struct syncml_writer *w, const char *tag, const char *loc_uri,
                            const char *format, struct span data) {
    unsigned id = open_command(w, tag);
    xml_open(&w->out, "Item");
    address(&w->out, "Target", span_str(loc_uri));
    format_of(&w->out, format);
    xml_leaf(&w->out, "Data", data);
    xml_close(&w->out, "Item");
    xml_close(&w->out, tag);
    return id;
}

unsigned syncml_write_add(struct syncml_writer *w, const char *loc_uri, const char *format,
                          struct span data) {
    return write_value(w, "Add", loc_uri, format, data);
}

unsigned syncml_write_replace(struct syncml_writer *w, const char *loc_uri, const char *format,
                              struct span data) {
    return write_value(w, "Replace", loc_uri, format, data);
}

unsigned syncml_write_exec(struct syncml_writer *w, const char *loc_uri, const char *format,
                           struct span data) {
    return write_value(w, "Exec", loc_uri, format, data);
}

void syncml_write_raw(struct syncml_writer *w, struct span commands, unsigned count) {
    buf_span(&w->out, commands);
    w->next_cmd_id += count;
}

void syncml_end(struct syncml_writer *w) {
    buf_str(&w->out, "<Final/></SyncBody></SyncML>");
}
