/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of requests is Windows' (windows-scep.md, 0 and 1.4). Until the CA's certificates are
 * accepted a failure is one of initialization (events 86 and 307), after that one of enrollment
 * (87).
 */
#include "device/scep_client.h"

#include <ctype.h>
#include <openssl/pem.h>

#include "base/text.h"
#include "device/hresult.h"
#include "device/net.h"
#include "device/scep_message.h"
#include "wire/scep.h"

#define USER_AGENT \
    "User-Agent: Mozilla/4.0 (compatible; Win32; NDES client 10.0.19043.2364/vb_release_svc_prod1)"

struct attempt {
    struct host *host;
    const struct scep_settings *settings;
    struct arena *arena;
    struct net *net;
    const char *url;   /* with the suffix */
    const char *stage; /* as event 86 names it */
    bool post, aes;    /* from the capabilities */
    struct scep_ca ca;
    struct scep_request request;
    struct scep_answer answer;
    struct scep_outcome *outcome;
};

/* A catch-all web page makes Windows complain about a file name (windows-scep.md, 1.15). */
static bool is_html(const struct fetch_reply *r) {
    struct span text = span_trim(buf_view(&r->body));
    return strncasecmp(r->content_type, "text/html", 9) == 0 || (text.n && text.p[0] == '<');
}

static uint32_t send_message(struct attempt *t, const char *kind, const char *extension,
                             const char *url, struct span body, struct fetch_reply *reply) {
    static const char *const get_headers[] = {USER_AGENT, "Cache-Control: no-cache",
                                              "Connection: Keep-Alive", "Pragma: no-cache", NULL};
    static const char *const post_headers[] = {USER_AGENT,
                                               "Cache-Control: no-cache",
                                               "Connection: Keep-Alive",
                                               "Content-Type: " SCEP_TYPE_MESSAGE,
                                               "Pragma: no-cache",
                                               NULL};
    struct fetch_request q = {.url = url,
                              .post = body.n > 0,
                              .headers = body.n ? post_headers : get_headers,
                              .body = body};
    enum err e = net_send(t->net, kind, extension, &q, reply);
    if (reply->cause != FETCH_OK)
        return hresult_of_fetch(reply->cause);
    if (e != OK)
        return HR_INVALID_DATA; /* the trace folder */
    if (reply->status != 200)
        return HR_HTTP(reply->status);
    return is_html(reply) ? HR_FILENAME_EXCED_RANGE : HR_OK;
}

static uint32_t get(struct attempt *t, const char *operation, const char *kind,
                    const char *extension, struct fetch_reply *reply) {
    t->stage = operation;
    const char *url = arena_printf(t->arena, "%s?operation=%s&message=%s", t->url, operation,
                                   SCEP_WINDOWS_MESSAGE);
    return send_message(t, kind, extension, url, SPAN_NONE, reply);
}

static bool has_capability(struct span body, const char *name) {
    while (body.n) {
        ptrdiff_t end = span_find(body, '\n');
        struct span line = end < 0 ? body : span_of(body.p, (size_t)end);
        if (span_is_nocase(span_trim(line), name))
            return true;
        body = span_from(body, line.n + 1);
    }
    return false;
}

static uint32_t get_capabilities(struct attempt *t) {
    FETCH_REPLY_AUTO(reply);
    uint32_t hr = get(t, "GetCACaps", "getcacaps", "txt", &reply);
    struct span body = buf_view(&reply.body);
    bool standard = has_capability(body, "SCEPStandard");
    t->post = standard || has_capability(body, "POSTPKIOperation");
    t->aes = standard || has_capability(body, "AES") || has_capability(body, "AES128");
    return hr;
}

/* ServerURL may hold several URLs; the first that answers GetCACaps serves (1.13). */
static uint32_t choose_server(struct attempt *t) {
    uint32_t hr = HR_WININET_INVALID_URL;
    for (struct span left = span_str(t->settings->server_url); left.n;) {
        ptrdiff_t end = span_find(left, ';');
        struct span one = span_trim(end < 0 ? left : span_of(left.p, (size_t)end));
        left = span_from(left, end < 0 ? left.n : (size_t)end + 1);
        if (!one.n)
            continue;
        t->url = arena_printf(t->arena, "%.*s" SCEP_WINDOWS_SUFFIX, SPAN_FMT(one));
        hr = get_capabilities(t);
        if (hr == HR_OK)
            break;
    }
    return hr;
}

static uint32_t initialize(struct attempt *t) {
    FETCH_REPLY_AUTO(reply);
    uint32_t hr = choose_server(t);
    if (hr != HR_OK)
        return hr;
    t->outcome->responder = t->url;
    hr = get(t, "GetCACert", "getcacert", "der", &reply);
    if (hr == HR_OK)
        hr = scep_ca_read(buf_view(&reply.body), t->settings->ca_thumbprint,
                          host_switch_is(t->host, "ra-eku", "required"), &t->ca);
    if (hr == HR_OK)
        hr = scep_ca_trusts(&t->ca, &t->host->certs, t->ca.sign);
    return hr == HR_OK ? scep_ca_trusts(&t->ca, &t->host->certs, t->ca.encrypt) : hr;
}

static void percent_encode(struct buf *out, struct span text) {
    for (size_t i = 0; i < text.n; i++)
        if (isalnum(text.p[i]))
            buf_char(out, (char)text.p[i]);
        else
            buf_printf(out, "%%%02X", text.p[i]);
}

static uint32_t submit(struct attempt *t, struct fetch_reply *reply) {
    t->stage = "Submit";
    BUF_AUTO(url);
    buf_printf(&url, "%s?operation=PKIOperation", t->url);
    if (t->post)
        return send_message(t, "pkcsreq", "der", buf_cstr(&url), t->request.message, reply);
    BUF_AUTO(text);
    base64_encode(&text, t->request.message);
    buf_str(&url, "&message=");
    percent_encode(&url, buf_view(&text));
    return send_message(t, "pkcsreq", "der", buf_cstr(&url), SPAN_NONE, reply);
}

static struct span key_pem(struct arena *a, EVP_PKEY *key) {
    OSSL_AUTO(BIO) out = BIO_new(BIO_s_mem());
    PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
    return ossl_content(a, out);
}

static uint32_t install(struct attempt *t) {
    X509 *cert = t->answer.cert;
    uint32_t hr = scep_ca_trusts(&t->ca, &t->host->certs, cert);
    if (hr != HR_OK)
        return hr;
    const struct cert_entry *e = certstore_add(
        &t->host->certs, &t->host->mem, t->settings->user_scope ? STORE_USER_MY : STORE_MY,
        ossl_x509_der(t->arena, cert), key_pem(t->arena, t->request.key));
    memcpy(t->outcome->thumbprint, e->thumbprint, THUMBPRINT_SIZE);
    return HR_OK;
}

static void log_request(struct attempt *t) {
    const struct scep_settings *s = t->settings;
    eventlog_add(&t->host->events, &t->host->mem, EVENT_SCEP_REQUEST, false,
                 "SCEP: Certificate request generated successfully. Enhanced Key Usage: (%s), NDES "
                 "URL: (%s), Container Name: (), KSP Setting: (0x%x), Store Location: (0x%x).",
                 s->ekus, t->url, s->key_protection, s->user_scope ? 2 : 1);
}

/* An HRESULT in the server's own words ("... 0x80094811 (...)") becomes the result (4.10). */
static uint32_t hresult_in(struct arena *a, struct span text) {
    const char *p = strstr(arena_str(a, text), "0x8");
    unsigned long code = p ? strtoul(p, NULL, 16) : 0;
    return code >= 0x80000000 && code <= UINT32_MAX ? (uint32_t)code : 0;
}

static uint32_t refused(struct attempt *t) {
    static const char *const names[] = {"SCEPFailBadAlgorithm", "SCEPFailBadMessageCheck",
                                        "SCEPFailBadRequest", "SCEPFailBadTime",
                                        "SCEPFailBadCertId"};
    struct scep_answer *w = &t->answer;
    uint32_t hr = hresult_in(t->arena, w->text);
    if (!hr)
        hr = (uint32_t)strtoul(host_switch(t->host, "failure-hresult"), NULL, 16);
    t->stage = "SubmitDone";
    eventlog_add(&t->host->events, &t->host->mem, EVENT_CERTENROLL_FAILED, true,
                 "SCEP Certificate enrollment for WORKGROUP\\%s$ via %s failed: PkiStatus(2): "
                 "SCEPDispositionFailure / FailInfo(%d): %s / EnrollStatus(256): EnrollDenied / "
                 "%.*s Stage: %s 0x%x (%s)",
                 t->host->name, t->url, w->fail_info,
                 w->fail_info < 0 ? "none" : names[w->fail_info], (int)w->text.n,
                 (const char *)w->text.p, t->stage, hr, hresult_text(t->arena, hr));
    return hr;
}

static uint32_t enroll(struct attempt *t) {
    FETCH_REPLY_AUTO(reply);
    bool nonce = host_switch_is(t->host, "check-recipient-nonce", "yes");
    t->stage = "CreateRequest";
    uint32_t hr = scep_request_make(t->host, t->settings, &t->ca, t->aes, t->arena, &t->request);
    if (hr != HR_OK)
        return hr;
    log_request(t);
    hr = submit(t, &reply);
    if (hr != HR_OK)
        return hr;
    t->stage = "ProcessResponseMessage";
    hr = scep_answer_read(t->arena, buf_view(&reply.body), &t->request, &t->ca, nonce, &t->answer);
    if (hr != HR_OK)
        return hr;
    t->outcome->status = t->answer.status == SCEP_SUCCESS   ? CSP_SCEP_SUCCESS
                         : t->answer.status == SCEP_PENDING ? CSP_SCEP_PENDING
                                                            : CSP_SCEP_FAILED;
    if (t->answer.status == SCEP_FAILURE)
        return refused(t);
    return t->answer.status == SCEP_SUCCESS ? install(t) : HR_OK;
}

static void log_failed_init(struct attempt *t, uint32_t hr) {
    struct host *h = t->host;
    eventlog_add(&h->events, &h->mem, EVENT_CERTENROLL_INIT, true,
                 "SCEP Certificate enrollment initialization for WORKGROUP\\%s$ via %s failed: "
                 "Method: GET Stage: %s %s 0x%x",
                 h->name, t->url ? t->url : t->settings->server_url, t->stage,
                 hresult_text(t->arena, hr), hr);
    eventlog_add(&h->events, &h->mem, EVENT_SCEP_LOG_ERROR, true,
                 "SCEP: Failed LogError Message : (SCEPInstallCertificateWithScepHelper:Failed to "
                 "Initialize SCEP enrollment with NDES Server '%s', CA cert thumbprint '%s' and "
                 "server certs ''. LogError 0x%x)",
                 t->settings->server_url, t->settings->ca_thumbprint, hr);
}

static void log_failed_enroll(struct attempt *t, uint32_t hr) {
    struct host *h = t->host;
    if (strcmp(t->stage, "SubmitDone") != 0)
        eventlog_add(
            &h->events, &h->mem, EVENT_CERTENROLL_FAILED, true,
            "SCEP Certificate enrollment for WORKGROUP\\%s$ via %s failed: Stage: %s %s 0x%x",
            h->name, t->url, t->stage, hresult_text(t->arena, hr), hr);
}

static void log_result(struct attempt *t) {
    struct host *h = t->host;
    const struct scep_settings *s = t->settings;
    const struct scep_outcome *o = t->outcome;
    const char *text = hresult_text(t->arena, o->hresult);
    if (o->status == CSP_SCEP_SUCCESS)
        eventlog_add(&h->events, &h->mem, EVENT_SCEP_INSTALLED, false,
                     "SCEP: Certificate installed successfully.");
    if (o->status == CSP_SCEP_FAILED)
        eventlog_add(&h->events, &h->mem, EVENT_SCEP_FAILED, true,
                     "SCEP: Certificate enroll failed. Result: (%s).", text);
    eventlog_add(&h->events, &h->mem, EVENT_SCEP_RESULT, o->status == CSP_SCEP_FAILED,
                 "SCEP: InstallFromRegEntries. CorrelationGuid : (%s) UniqueId : (%s) Certificate "
                 "Thumbprint : (%s) Respondent Server : (%s) Install Status : (0x%x) Current Retry "
                 "Count :  (0x%x) Result : (%s)",
                 s->correlation, s->id, o->thumbprint, o->responder ? o->responder : "", o->status,
                 s->attempt, text);
}

static uint32_t run(struct attempt *t) {
    if (net_open(t->host, NET_SCEP, &t->net) != OK)
        return HR_INVALID_DATA;
    uint32_t hr = initialize(t);
    if (hr != HR_OK) {
        log_failed_init(t, hr);
        return hr;
    }
    hr = enroll(t);
    if (hr != HR_OK)
        log_failed_enroll(t, hr);
    return hr;
}

void scep_client_run(struct host *h, const struct scep_settings *s, struct arena *a,
                     struct scep_outcome *out) {
    struct attempt t = {.host = h, .settings = s, .arena = a, .outcome = out, .stage = ""};
    *out = (struct scep_outcome){0};
    const char *missing = scep_settings_missing(s);
    out->hresult = missing ? HR_INVALID_ARGUMENT : run(&t);
    if (out->hresult != HR_OK)
        out->status = CSP_SCEP_FAILED;
    log_result(&t);
    X509_free(t.answer.cert);
    scep_request_free(&t.request);
    scep_ca_free(&t.ca);
    net_close(t.net);
}
