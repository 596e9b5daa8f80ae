/* SPDX-License-Identifier: Apache-2.0 */
#include "device/dm_client.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "device/workplace.h"
#include "device/dm_commands.h"
#include "device/dm_package.h"
#include "device/md5.h"
#include "device/net.h"
#include "wire/mdm.h"

/* A server that always has one more command is broken. */
enum { MESSAGES_MAX = 200 };

struct session {
    struct host *host;
    struct net *net;
    const char *url;
    unsigned message; /* MsgID of the next */
    struct dm_form form;
    bool leaving;           /* it tells that the host leaves */
    bool md5, asked, cred;  /* it logs in by MD5; was told to; does so in the next message */
    struct arena mem;       /* what outlives a message: */
    struct dm_result *left; /* Results that come in chunks */
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
    if (s->cred && md5_name(s->host))
        xml_leaf(b, "LocName", span_str(md5_name(s->host)));
    buf_str(b, "</Source>");
    if (s->cred)
        md5_write_cred(s->host, b);
    s->cred = false;
    buf_str(b, "</SyncHdr>");
    buf_str(b,
            s->form.original_error ? "<SyncBody xmlns:msft=\"" NS_MOBILE_MDM "\">" : "<SyncBody>");
}

static void close_message(struct buf *b) {
    buf_str(b, "<Final/></SyncBody></SyncML>");
}

static void write_first(struct session *s, struct buf *b) {
    open_message(s, b);
    dm_write_package_1(s->host, s->leaving, b);
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

/* The connection is gone with the answer; the server has done what the message asked for. */
static enum err lose_answer(struct session *s) {
    net_close(s->net);
    s->net = NULL;
    return err_set(ERR_IO, "the answer to message %u was thrown away (--fault)", s->message - 1);
}

static enum err send_message(struct session *s, const struct fetch_request *q,
                             struct fetch_reply *reply) {
    enum fault_kind fault = fault_strikes(&s->host->fault, s->message - 1);
    TRY(net_send(s->net, "syncml", "xml", q, reply));
    if (fault == FAULT_DROP)
        return lose_answer(s);
    if (fault == FAULT_DUPLICATE) {
        struct fetch_reply first = *reply;
        *reply = (struct fetch_reply){0};
        enum err e = net_send(s->net, "syncml", "xml", q, reply);
        bool same = e == OK && span_eq(buf_view(&first.body), buf_view(&reply->body));
        log_write(LOG_INFO, "device", "op=fault duplicate=%u same-answer=%s", s->message - 1,
                  same ? "yes" : "no");
        fetch_reply_free(&first);
        return e;
    }
    return OK;
}

/* Client-Request-Id was seen in the very first message only: EntDMID, 0 before it is set (B.1). */
static const char *request_id(const struct host *h, struct arena *a) {
    const char *id = workplace_client_value(h, "EntDMID");
    return h->cv_count ? NULL : arena_printf(a, "Client-Request-Id: %s", id && *id ? id : "0");
}

/* Ms-Cv counts all messages. */
static enum err exchange(struct session *s, struct span body, struct fetch_reply *reply) {
    ARENA_AUTO(a);
    struct host *h = s->host;
    const char *cv = arena_printf(&a, "Ms-Cv: %s.0.0.%lld", h->cv, (long long)h->cv_count);
    const char *headers[] = {
        "Accept: application/vnd.syncml.dm+xml, application/vnd.syncml.dm+wbxml, "
        "application/octet-stream",
        "Accept-Charset: UTF-8",
        "Content-Type: " TYPE_SYNCML,
        cv,
        "User-Agent: MSFT OMA DM Client/1.2.0.1",
        request_id(h, &a),
        NULL};
    struct fetch_request q = {
        .url = s->url, .post = true, .headers = headers, .gzip = true, .body = body};
    h->cv_count++;
    TRY(host_save(h));
    TRY(send_message(s, &q, reply));
    return check_reply(reply);
}

/* 401 with a nonce: the first package again, with the digest; once. 212 may bring the next nonce.
 */
static bool must_log_in(struct session *s, const struct xml_node *status) {
    if (!s->md5 || !md5_take_nonce(s->host, status) || s->asked ||
        !span_is(xml_path_text(status, "Data"), "401"))
        return false;
    s->asked = s->cred = true;
    return true;
}

static enum err check_header(struct session *s, const struct xml_node *root, bool *log_in) {
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
        *log_in = must_log_in(s, st);
        if (*log_in || span_is(code, "200") || span_is(code, "212"))
            return OK;
        return err_set(
            ERR_AUTH, "the management server gave the header status %.*s%s", SPAN_FMT(code),
            span_is(code, "401") ? ": it does not take the host's identity; its log says "
                                   "why (of signet: signet device show HOST)"
                                 : "");
    }
    return err_set(ERR_PARSE, "the management server gave no Status for the header");
}

static void write_answer(struct session *s, struct dm_answer *what, struct span msg_ref,
                         struct buf *next) {
    s->left = NULL;
    if (!what->statuses && !what->results)
        return;
    open_message(s, next);
    dm_answer_write(what, &s->form, msg_ref, next);
    s->left = dm_results_keep(what->results, msg_ref, &s->mem);
    close_message(next);
}

/* Reads the server's message and writes the host's into `next`, which stays empty at the end. */
static enum err answer(struct session *s, const struct fetch_reply *reply, struct buf *next) {
    ARENA_AUTO(a);
    struct xml_node *root;
    struct dm_answer what;
    bool log_in = false;
    buf_clear(next);
    if (!reply->body.n) /* an empty 200 ends the session */
        return OK;
    TRY(xml_parse(&a, buf_view(&reply->body), &root));
    TRY(check_header(s, root, &log_in));
    if (log_in) {
        write_first(s, next);
        return OK;
    }
    const struct xml_node *sync_body = xml_child(root, "SyncBody");
    TRY(dm_commands_run(s->host, sync_body, &a, &what));
    if (what.over)
        return OK;
    dm_results_refused(&s->left, sync_body);
    dm_results_go_on(&what, s->left);
    write_answer(s, &what, xml_path_text(root, "SyncHdr/MsgID"), next);
    return OK;
}

static enum err talk(struct session *s) {
    BUF_AUTO(message);
    write_first(s, &message);
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

static void log_start(struct host *h) {
    size_t reports = 0;
    for (size_t i = 0; i < h->tasks.count; i++)
        reports += dm_tells_result(h, &h->tasks.list[i]);
    if (reports)
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

static struct session new_session(struct host *h, struct arena *a) {
    return (struct session){.host = h,
                            .url = session_url(h, a),
                            .message = 1,
                            .leaving = h->enrollment->leaving,
                            .md5 = !host_switch_is(h, "session-auth", "certificate"),
                            .cred = host_switch_is(h, "session-auth", "md5-first"),
                            .form = {.original_error = workplace_tells_errors(h),
                                     .chunk = strtoul(host_switch(h, "results-chunk"), NULL, 10)}};
}

/* A host that leaves tells it once, and goes whatever becomes of that (windows-mdm.md, C.9). */
static enum err finish(struct session *s, enum err e) {
    struct host *h = s->host;
    log_write(e == OK ? LOG_INFO : LOG_WARN, "device", "op=session id=%lld messages=%u status=%s",
              (long long)h->session, s->message - 1,
              e == OK ? "ok" : log_q(span_str(err_detail())));
    char *why = strdup(err_detail());
    if (s->leaving)
        workplace_remove(h);
    enum err saved = host_save(h);
    if (e != OK)
        err_set(e, "%s", why ? why : "");
    free(why);
    return e == OK ? saved : e;
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
    struct session s = new_session(h, &a);
    enum err e = net_open(h, s.md5 ? NET_PLAIN : NET_DEVICE, &s.net);
    h->session++;
    if (!s.leaving)
        log_start(h);
    if (e == OK)
        e = talk(&s);
    net_close(s.net);
    if (e == OK)
        drop_reported(h, reported, reports);
    e = finish(&s, e);
    arena_free(&s.mem);
    return e;
}

enum err dm_unenroll(struct host *h) {
    if (h->enrollment)
        h->enrollment->leaving = true;
    return dm_session(h);
}
