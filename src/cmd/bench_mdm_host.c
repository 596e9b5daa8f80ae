/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the hosts of `signet bench mdm` say: the captured messages as text. The answers are made
 * by looking for CmdIDs, not by a parser: the load shares the cores with what is measured.
 */
#include <stdio.h>

#include "base/text.h"
#include "cmd/bench_mdm.h"
#include "cms/signed.h"
#include "wire/mdm.h"
#include "wire/oid.h"
#include "wire/scep.h"
#include "x509/name.h"
#include "x509/signing.h"

#define PATH_BENCH "https://127.0.0.1"

enum { TAG = 16, URI = 512 };

/* ---- SyncML ---- */

static void open_message(const struct bench_mdm_host *h, int message, struct buf *b) {
    buf_printf(b,
               "<SyncML xmlns=\"" NS_SYNCML "\"><SyncHdr><VerDTD>1.2</VerDTD>"
               "<VerProto>DM/1.2</VerProto><SessionID>1</SessionID><MsgID>%d</MsgID>"
               "<Target><LocURI>" PATH_BENCH "/ManagementServer/MDM.svc</LocURI></Target>"
               "<Source><LocURI>%s</LocURI></Source></SyncHdr><SyncBody>",
               message, h->device_id);
}

static void close_message(struct buf *b) {
    buf_str(b, "<Final/></SyncBody></SyncML>");
}

static void info(struct buf *b, const char *node, const char *value) {
    buf_printf(b, "<Item><Source><LocURI>./DevInfo/%s</LocURI></Source><Data>%s</Data></Item>",
               node, value);
}

void bench_write_package_1(const struct bench_mdm_host *h, struct buf *b) {
    open_message(h, 1, b);
    buf_str(b, "<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>"
               "<Alert><CmdID>3</CmdID><Data>1224</Data><Item><Meta><Type xmlns=\"" NS_METINF
               "\">" ALERT_TYPE_LOGIN_STATUS "</Type></Meta><Data>user</Data></Item></Alert>"
               "<Replace><CmdID>4</CmdID>");
    info(b, "DevId", h->device_id);
    info(b, "Man", "VMware, Inc.");
    info(b, "Mod", "VMware7,1");
    info(b, "DmV", "1.3");
    info(b, "Lang", "en-US");
    buf_str(b, "</Replace>");
    close_message(b);
}

/* What stands between two texts, from `from` on; empty when they are not there. */
static struct span between(const char *from, const char *before, const char *after) {
    const char *start = from ? strstr(from, before) : NULL;
    start = start ? start + strlen(before) : NULL;
    const char *end = start ? strstr(start, after) : NULL;
    return end ? span_of(start, (size_t)(end - start)) : SPAN_NONE;
}

/* The element that the CmdID at `at` belongs to. */
static void tag_before(const char *text, const char *at, char tag[TAG]) {
    const char *start = at;
    while (start > text && *start != '<')
        start--;
    size_t n = strcspn(start + 1, " />");
    snprintf(tag, TAG, "%.*s", (int)(n < TAG ? n : TAG - 1), start + 1);
}

/* The Data of the Add of the same node: what a host that took it shows. */
static struct span added(const char *text, const char *uri) {
    char element[URI + 32];
    snprintf(element, sizeof element, "<LocURI>%s</LocURI>", uri);
    return between(strstr(text, element), "<Data>", "</Data>");
}

/* SPAN_NONE: the host has no such node. */
static struct span value_of(const struct bench_mdm_host *h, const char *text, const char *uri) {
    const char *slash = strrchr(uri, '/'), *step = slash ? slash + 1 : uri;
    if (strcmp(step, "EncodedCertificate") == 0)
        return added(text, uri);
    if (!strstr(uri, h->asked))
        return SPAN_NONE;
    if (strcmp(step, "Status") == 0)
        return span_str("1");
    if (strcmp(step, "ErrorCode") == 0)
        return span_str("0");
    if (strcmp(step, "CertThumbprint") == 0)
        return span_str(h->shows);
    return strcmp(step, "RespondentServerUrl") == 0
               ? span_str("http://127.0.0.1/scep/pkiclient.exe")
               : SPAN_NONE;
}

struct answer {
    const struct bench_mdm_host *host;
    const char *text; /* the server's message */
    struct span msg_ref;
    unsigned id;
    struct buf *out;
};

static void status(struct answer *w, struct span ref, const char *tag, const char *code) {
    buf_printf(w->out,
               "<Status><CmdID>%u</CmdID><MsgRef>%.*s</MsgRef><CmdRef>%.*s</CmdRef><Cmd>%s</Cmd>"
               "<Data>%s</Data></Status>",
               ++w->id, SPAN_FMT(w->msg_ref), SPAN_FMT(ref), tag, code);
}

static void results(struct answer *w, struct span ref, const char *uri, struct span value) {
    buf_printf(w->out,
               "<Results><CmdID>%u</CmdID><MsgRef>%.*s</MsgRef><CmdRef>%.*s</CmdRef><Item><Source>"
               "<LocURI>%s</LocURI></Source><Data>%.*s</Data></Item></Results>",
               ++w->id, SPAN_FMT(w->msg_ref), SPAN_FMT(ref), uri, SPAN_FMT(value));
}

static void answer_command(struct answer *w, const char *at, const char *tag) {
    char uri[URI];
    struct span ref = between(at, "<CmdID>", "</CmdID>");
    if (strcmp(tag, "Get") != 0) {
        status(w, ref, tag, "200");
        return;
    }
    snprintf(uri, sizeof uri, "%.*s", SPAN_FMT(between(at, "<LocURI>", "</LocURI>")));
    struct span value = value_of(w->host, w->text, uri);
    status(w, ref, tag, value.n ? "200" : "404");
    if (value.n)
        results(w, ref, uri, value);
}

enum err bench_write_answer(const struct bench_mdm_host *h, struct span reply, struct buf *b,
                            int *commands) {
    ARENA_AUTO(a);
    char tag[TAG];
    struct answer w = {.host = h, .text = arena_str(&a, reply), .out = b};
    w.msg_ref = between(w.text, "<MsgID>", "</MsgID>");
    *commands = 0;
    if (!strstr(w.text, "<CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>200</Data>"))
        return err_set(ERR_CONFLICT, "the server answers a host of its own with %s",
                       text_claim(&a, reply, URI));
    open_message(h, h->message + 1, b);
    status(&w, span_str("0"), "SyncHdr", "200");
    for (const char *at = w.text; (at = strstr(at, "<CmdID>")); at++) {
        tag_before(w.text, at - 1, tag);
        if (strcmp(tag, "Status") == 0)
            continue;
        answer_command(&w, at, tag);
        ++*commands;
    }
    close_message(b);
    return OK;
}

/* ---- SOAP ---- */

static void open_soap(struct buf *b, const char *action) {
    buf_printf(
        b,
        "<s:Envelope xmlns:s=\"" NS_SOAP "\" xmlns:a=\"" NS_ADDRESSING "\" xmlns:wsse=\"" NS_WSSE
        "\" xmlns:wst=\"" NS_WST "\" xmlns:ac=\"" NS_AUTHZ
        "\"><s:Header><a:Action s:mustUnderstand=\"1\">%s</a:Action><a:MessageID>"
        "urn:uuid:748132ec-a575-4329-b01b-6171a9cf8478</a:MessageID><a:ReplyTo><a:Address>" NS_ADDRESSING
        "/anonymous</a:Address></a:ReplyTo>"
        "<a:To s:mustUnderstand=\"1\">" PATH_BENCH "/EnrollmentServer</a:To>",
        action);
}

static void open_secured(struct buf *b, const char *action, const struct bench_mdm_host *h) {
    open_soap(b, action);
    buf_printf(
        b,
        "<wsse:Security s:mustUnderstand=\"1\"><wsse:UsernameToken><wsse:Username>" BENCH_ACCOUNT
        "</wsse:Username><wsse:Password wsse:Type=\"" PASSWORD_TEXT
        "\">%s</wsse:Password></wsse:UsernameToken></wsse:Security></s:Header><s:Body>",
        h->secret);
}

void bench_write_discover(struct buf *b) {
    open_soap(b, ACTION_DISCOVER);
    buf_str(b, "</s:Header><s:Body><Discover xmlns=\"" NS_MDE "\"><request>"
               "<EmailAddress>" BENCH_ACCOUNT "</EmailAddress><RequestVersion>4.0</RequestVersion>"
               "<DeviceType>CIMClient_Windows</DeviceType>"
               "<ApplicationVersion>10.0.19043.2364</ApplicationVersion><OSEdition>72</OSEdition>"
               "<AuthPolicies><AuthPolicy>OnPremise</AuthPolicy></AuthPolicies>"
               "</request></Discover></s:Body></s:Envelope>");
}

void bench_write_get_policies(const struct bench_mdm_host *h, struct buf *b) {
    open_secured(b, ACTION_GET_POLICIES, h);
    buf_str(b, "<GetPolicies xmlns=\"" NS_XCEP "\"><client/><requestFilter/></GetPolicies>"
               "</s:Body></s:Envelope>");
}

static void item(struct buf *b, const char *name, const char *value) {
    buf_printf(b, "<ac:ContextItem Name=\"%s\"><ac:Value>%s</ac:Value></ac:ContextItem>", name,
               value);
}

void bench_write_rst(const struct bench_mdm_host *h, struct buf *b) {
    open_secured(b, ACTION_RST, h);
    buf_str(b, "<wst:RequestSecurityToken><wst:TokenType>" TOKEN_DEVICE_ENROLLMENT
               "</wst:TokenType><wst:RequestType>" REQUEST_ISSUE "</wst:RequestType>"
               "<wsse:BinarySecurityToken ValueType=\"" VALUE_PKCS10
               "\" EncodingType=\"" ENCODING_BASE64 "\">");
    base64_encode(b, h->csr);
    buf_str(b, "</wsse:BinarySecurityToken><ac:AdditionalContext>");
    item(b, "HWDevID", h->device_id);
    item(b, "DeviceName", h->device_id + 20);
    item(b, "DeviceID", h->device_id);
    item(b, "EnrollmentType", "Full");
    item(b, "DeviceType", "CIMClient_Windows");
    item(b, "OSEdition", "72");
    item(b, "OSVersion", "10.0.19043.2364");
    item(b, "ApplicationVersion", "10.0.19043.2364");
    buf_str(b, "</ac:AdditionalContext></wst:RequestSecurityToken></s:Body></s:Envelope>");
}

/* The extension with the DeviceID and its NUL, which Windows puts there. */
enum err bench_identity_csr(struct arena *a, const char *device_id, const struct key *key,
                            struct span *der) {
    struct der_writer ext = der_writer_in(a), w = der_writer_in(a);
    struct span subject;
    TRY(name_from_x500(a, span_str(arena_printf(a, "CN=%s", device_id)), &subject));
    der_put_item(&ext, DER_OCTET_STRING, span_of(device_id, strlen(device_id) + 1));
    der_put_oid(&ext, OID_MS_DEVICE_ID);
    der_wrap(&ext, DER_SEQUENCE, 0);
    der_put(&w, cms_attribute_build(a, OID_EXTENSION_REQUEST, DER_SEQUENCE, der_written(&ext)));
    der_wrap(&w, DER_CONTEXT_CONSTRUCTED(0), 0);
    der_put(&w, key_spki(key));
    der_put(&w, subject);
    der_put_small(&w, 0);
    der_wrap(&w, DER_SEQUENCE, 0);
    return signing_wrap(a, der_written(&w), key, der);
}
