/* SPDX-License-Identifier: Apache-2.0 */
#include "device/dm_client.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "device/dm_commands.h"
#include "device/net.h"
#include "wire/mdm.h"

/* A server that always has one more command is broken. */
enum { MESSAGES_MAX = 200 };

struct session {
    struct host *host;
    struct net *net;
    const char *url;
    unsigned message; /* MsgID of the next */
};

static const char *session_url(struct host *h, struct arena *a) {
    const char *address = h->enrollment->address;
    return arena_printf(a, "%s%cmode=%s&Platform=WoA", address, strchr(address, '?') ? '&' : '?',
                        host_switch_is(h, "login-status", "none") ? "Machine" : "Maintenance");
}

static void open_message(struct session *s, struct buf *b) {
    buf_str(b, "<SyncML xmlns=\"" NS_SYNCML "\"><SyncHdr><VerDTD>1.2</VerDTD>"
               "<VerProto>DM/1.2</VerProto>");
    buf_printf(b, "<SessionID>%lld</SessionID><MsgID>%u</MsgID><Target>",
               (long long)s->host->session, s->message++);
    xml_leaf(b, "LocURI", span_str(s->host->enrollment->address));
    buf_str(b, "</Target><Source>");
    xml_leaf(b, "LocURI", span_str(s->host->device_id));
    buf_str(b, "</Source></SyncHdr><SyncBody>");
}

static void close_message(struct buf *b) {
    buf_str(b, "<Final/></SyncBody></SyncML>");
}

static void write_result_alert(struct buf *b, unsigned id, const char *code, const char *uri) {
    buf_printf(b, "<Alert><CmdID>%u</CmdID><Data>%s</Data><Item><Source>", id, code);
    xml_leaf(b, "LocURI", span_str(uri));
    buf_str(b, "</Source><Meta><Type xmlns=\"" NS_METINF "\">" ALERT_TYPE_SCEP_RESULT "</Type>"
               "<Format xmlns=\"" NS_METINF "\">int</Format></Meta><Data>0</Data></Item></Alert>");
}

static void write_info(struct buf *b, const char *uri, const char *value) {
    buf_printf(b, "<Item><Source><LocURI>%s</LocURI></Source>", uri);
    xml_leaf(b, "Data", span_str(value));
    buf_str(b, "</Item>");
}

static void write_device_info(struct buf *b, unsigned id, const struct host *h) {
    buf_printf(b, "<Replace><CmdID>%u</CmdID>", id);
    write_info(b, "./DevInfo/DevId", h->device_id);
    write_info(b, "./DevInfo/Man", HOST_MANUFACTURER);
    write_info(b, "./DevInfo/Mod", HOST_MODEL);
    write_info(b, "./DevInfo/DmV", "1.3");
    write_info(b, "./DevInfo/Lang", HOST_LANGUAGE);
    buf_str(b, "</Replace>");
}

/* Package 1, as captured: CmdIDs begin with 2; further alerts stand before the Replace. */
static void write_package_1(struct session *s, struct buf *b) {
    struct host *h = s->host;
    const char *code = host_switch(h, "result-alert");
    unsigned id = 4;
    open_message(s, b);
    buf_str(b, "<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>"
               "<Alert><CmdID>3</CmdID><Data>1224</Data><Item><Meta><Type xmlns=\"" NS_METINF
               "\">" ALERT_TYPE_LOGIN_STATUS "</Type></Meta>");
    xml_leaf(b, "Data", span_str(host_switch(h, "login-status")));
    buf_str(b, "</Item></Alert>");
    for (size_t i = 0; strcmp(code, "none") != 0 && i < h->tasks.count; i++)
        if (h->tasks.list[i].state == TASK_REPORT)
            write_result_alert(b, id++, code, h->tasks.list[i].uri);
    write_device_info(b, id, h);
    close_message(b);
}

static enum err check_reply(const struct fetch_reply *r) {
    if (r->status != 200)
        return err_set(ERR_REFUSED, "the management server answered HTTP %d", r->status);
    if (r->body.n && strncasecmp(r->content_type, TYPE_SYNCML, strlen(TYPE_SYNCML)) != 0)
        return err_set(ERR_MEDIA_TYPE,
                       "the management server answered with the type '%s', not " TYPE_SYNCML,
                       r->content_type);
    return OK;
}

/* Client-Request-Id was seen in the very first message only; Ms-Cv counts them all. */
static enum err exchange(struct session *s, struct span body, struct fetch_reply *reply) {
    struct host *h = s->host;
    char cv[96];
    snprintf(cv, sizeof cv, "Ms-Cv: %s.0.0.%lld", h->cv, (long long)h->cv_count);
    const char *headers[] = {
        "Accept: application/vnd.syncml.dm+xml, application/vnd.syncml.dm+wbxml, "
        "application/octet-stream",
        "Accept-Charset: UTF-8",
        "Content-Type: " TYPE_SYNCML,
        cv,
        "User-Agent: MSFT OMA DM Client/1.2.0.1",
        h->cv_count == 0 ? "Client-Request-Id: 0" : NULL,
        NULL};
    struct fetch_request q = {
        .url = s->url, .post = true, .headers = headers, .gzip = true, .body = body};
    h->cv_count++;
    TRY(host_save(h));
    TRY(net_send(s->net, "syncml", "xml", &q, reply));
    return check_reply(reply);
}

static enum err check_header(const struct session *s, const struct xml_node *root) {
    int64_t session;
    if (!span_is(root->name, "SyncML"))
        return err_set(ERR_PARSE, "the management server's answer is no SyncML but '%.*s'",
                       SPAN_FMT(root->name));
    if (!span_int(xml_path_text(root, "SyncHdr/SessionID"), &session) ||
        session != s->host->session)
        return err_set(ERR_PARSE, "the management server answered to another session");
    if (!xml_path_text(root, "SyncHdr/MsgID").n)
        return err_set(ERR_PARSE, "the management server's message has no MsgID");
    for (struct xml_node *st = xml_path(root, "SyncBody/Status"); st; st = xml_next(st)) {
        struct span code = xml_path_text(st, "Data");
        if (!span_is(xml_path_text(st, "CmdRef"), "0"))
            continue;
        if (span_is(code, "200") || span_is(code, "212"))
            return OK;
        return err_set(ERR_AUTH, "the management server gave the header status %.*s",
                       SPAN_FMT(code));
    }
    return err_set(ERR_PARSE, "the management server gave no Status for the header");
}

/* Reads the server's message and writes the host's into `next`, which stays empty at the end. */
static enum err answer(struct session *s, const struct fetch_reply *reply, struct buf *next) {
    ARENA_AUTO(a);
    struct xml_node *root;
    struct dm_answer what;
    buf_clear(next);
    if (!reply->body.n) /* an empty 200 ends the session */
        return OK;
    TRY(xml_parse(&a, buf_view(&reply->body), &root));
    TRY(check_header(s, root));
    dm_commands_run(s->host, xml_child(root, "SyncBody"), &a, &what);
    if (!what.statuses)
        return OK;
    open_message(s, next);
    dm_answer_write(&what, xml_path_text(root, "SyncHdr/MsgID"), next);
    close_message(next);
    return OK;
}

static enum err talk(struct session *s) {
    BUF_AUTO(message);
    write_package_1(s, &message);
    for (unsigned i = 0; message.n; i++) {
        FETCH_REPLY_AUTO(reply);
        if (i == MESSAGES_MAX)
            return err_set(ERR_LIMIT,
                           "the management server did not end the session in %d messages",
                           MESSAGES_MAX);
        TRY(exchange(s, buf_view(&message), &reply));
        TRY(answer(s, &reply, &message));
    }
    return OK;
}

/* Keys of the tasks whose result this session tells; the strings live as long as the host. */
static size_t waiting_reports(const struct host *h, const char **keys) {
    size_t n = 0;
    for (size_t i = 0; i < h->tasks.count; i++)
        if (h->tasks.list[i].state == TASK_REPORT)
            keys[n++] = h->tasks.list[i].key;
    return n;
}

static void log_start(struct host *h, size_t reports) {
    if (reports && !host_switch_is(h, "result-alert", "none"))
        eventlog_add(&h->events, &h->mem, EVENT_SESSION, false,
                     "OmaDmApiInitiateSession Mode:(2), Origin:(33), Alert Count:(%zu), "
                     "First Alert Name:(" ALERT_TYPE_SCEP_RESULT ")",
                     reports);
}

/* A task that was scheduled anew during the session is not over. */
static void drop_reported(struct host *h, const char *const *keys, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const struct task *t = tasks_find(&h->tasks, keys[i]);
        if (t && t->state == TASK_REPORT)
            tasks_remove(&h->tasks, keys[i]);
    }
}

enum err dm_session(struct host *h) {
    ARENA_AUTO(a);
    if (!h->enrollment)
        return err_set(ERR_CONFLICT,
                       "the host is not enrolled; enroll it by: signet device enroll %s "
                       "--server URL --user NAME --password-file FILE",
                       h->dir);
    const char **reported = arena_alloc(&a, (h->tasks.count + 1) * sizeof *reported);
    size_t reports = waiting_reports(h, reported);
    struct session s = {.host = h, .url = session_url(h, &a), .message = 1};
    TRY(net_open(h, NET_DEVICE, &s.net));
    h->session++;
    log_start(h, reports);
    enum err e = talk(&s);
    net_close(s.net);
    if (e == OK)
        drop_reported(h, reported, reports);
    log_write(e == OK ? LOG_INFO : LOG_WARN, "device", "op=session id=%lld messages=%u status=%s",
              (long long)h->session, s.message - 1, e == OK ? "ok" : log_q(span_str(err_detail())));
    char *why = strdup(err_detail());
    enum err saved = host_save(h);
    if (e != OK)
        err_set(e, "%s", why ? why : "");
    free(why);
    return e == OK ? saved : e;
}
