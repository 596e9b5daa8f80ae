/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of requests is Windows' (windows-scep.md, 0 and 1.4). Until the CA's certificates are
 * accepted a failure is one of initialization (events 86 and 307), after that one of enrollment
 * (87). An enrollment whose request the server pended asks for it again, by CertPoll (4.12).
 */
#include "device/scep_client.h"

#include "device/chain.h"
#include "device/hresult.h"
#include "device/scep_pending.h"
#include "device/scep_transport.h"
#include "wire/scep.h"

struct attempt {
    struct host *host;
    const struct scep_settings *settings;
    struct arena *arena;
    struct scep_transport http;
    const char *stage; /* as event 86 names it */
    bool polls;        /* a request is pended */
    struct scep_caps caps;
    struct scep_ca ca;
    struct scep_request request;
    struct scep_answer answer;
    struct scep_outcome *outcome;
};

static uint32_t get(struct attempt *t, const char *operation, const char *kind,
                    const char *extension, struct fetch_reply *reply) {
    t->stage = operation;
    return scep_get(&t->http, operation, kind, extension, reply);
}

static uint32_t get_capabilities(struct attempt *t) {
    FETCH_REPLY_AUTO(reply);
    uint32_t hr = get(t, "GetCACaps", "getcacaps", "txt", &reply);
    scep_caps_read(buf_view(&reply.body), &t->caps);
    t->http.post = t->caps.post;
    return hr;
}

/* ServerURL may hold several URLs; the first that answers GetCACaps serves (1.13). */
static uint32_t choose_server(struct attempt *t) {
    uint32_t hr = HR_WININET_INVALID_URL;
    if (t->polls) /* only the one that pended the request can know it */
        return get_capabilities(t);
    for (struct span left = span_str(t->settings->server_url); left.n;) {
        ptrdiff_t end = span_find(left, ';');
        struct span one = span_trim(end < 0 ? left : span_of(left.p, (size_t)end));
        left = span_from(left, end < 0 ? left.n : (size_t)end + 1);
        if (!one.n)
            continue;
        t->http.url = arena_printf(t->arena, "%.*s" SCEP_WINDOWS_SUFFIX, SPAN_FMT(one));
        hr = get_capabilities(t);
        if (hr == HR_OK)
            break;
    }
    return hr;
}

/* The chain's Content-Type is nowhere written down, so that it may be any. */
static uint32_t get_ca(struct attempt *t) {
    FETCH_REPLY_AUTO(reply);
    bool chain = t->caps.chain;
    uint32_t hr = get(t, chain ? "GetCACertChain" : "GetCACert",
                      chain ? "getcacertchain" : "getcacert", "der", &reply);
    if (hr == HR_OK)
        hr = scep_ca_read(t->host, buf_view(&reply.body), t->settings->ca_thumbprint, &t->ca);
    if (hr != HR_OK || chain)
        return hr;
    return scep_check_type(t->host, &reply,
                           t->ca.single ? SCEP_TYPE_CA_CERT : SCEP_TYPE_CA_RA_CERT);
}

static uint32_t trusts(const struct attempt *t, X509 *cert) {
    return scep_ca_trusts(t->host, &t->ca, t->settings->user_scope, cert);
}

static uint32_t initialize(struct attempt *t) {
    uint32_t hr = choose_server(t);
    if (hr != HR_OK)
        return hr;
    t->outcome->responder = t->http.url;
    hr = get_ca(t);
    if (hr == HR_OK)
        hr = trusts(t, t->ca.sign);
    return hr == HR_OK ? trusts(t, t->ca.encrypt) : hr;
}

static uint32_t install(struct attempt *t) {
    X509 *cert = t->answer.cert;
    uint32_t hr = trusts(t, cert);
    if (hr == HR_OK)
        hr = scep_ca_may_issue(t->host, &t->ca, cert);
    if (hr != HR_OK)
        return hr;
    if (host_switch_is(t->host, "needs-intermediate", "no"))
        chain_keep_intermediates(&t->host->certs, &t->host->mem, t->settings->user_scope,
                                 t->ca.all);
    const struct cert_entry *e = certstore_add(
        &t->host->certs, &t->host->mem, t->settings->user_scope ? STORE_USER_MY : STORE_MY,
        ossl_x509_der(t->arena, cert), ossl_key_pem(t->arena, t->request.key));
    memcpy(t->outcome->thumbprint, e->thumbprint, THUMBPRINT_SIZE);
    return HR_OK;
}

static void log_request(struct attempt *t) {
    const struct scep_settings *s = t->settings;
    eventlog_add(&t->host->events, &t->host->mem, EVENT_SCEP_REQUEST, false,
                 "SCEP: Certificate request generated successfully. Enhanced Key Usage: (%s), NDES "
                 "URL: (%s), Container Name: (), KSP Setting: (0x%x), Store Location: (0x%x).",
                 s->ekus, t->http.url, s->key_protection, s->user_scope ? 2 : 1);
}

static uint32_t refused(struct attempt *t) {
    static const char *const names[] = {"SCEPFailBadAlgorithm", "SCEPFailBadMessageCheck",
                                        "SCEPFailBadRequest", "SCEPFailBadTime",
                                        "SCEPFailBadCertId"};
    struct scep_answer *w = &t->answer;
    uint32_t hr = hresult_in(arena_str(t->arena, w->text));
    if (!hr)
        hr = (uint32_t)strtoul(host_switch(t->host, "failure-hresult"), NULL, 16);
    t->stage = "SubmitDone";
    eventlog_add(&t->host->events, &t->host->mem, EVENT_CERTENROLL_FAILED, true,
                 "SCEP Certificate enrollment for WORKGROUP\\%s$ via %s failed: PkiStatus(2): "
                 "SCEPDispositionFailure / FailInfo(%d): %s / EnrollStatus(256): EnrollDenied / "
                 "%.*s Stage: %s 0x%x (%s)",
                 t->host->name, t->http.url, w->fail_info,
                 w->fail_info < 0 ? "none" : names[w->fail_info], (int)w->text.n,
                 (const char *)w->text.p, t->stage, hr, hresult_text(t->arena, hr));
    return hr;
}

/* Keeps the request for a CertPoll, or says that there will be none. */
static uint32_t pended(struct attempt *t) {
    if (t->settings->last)
        return (uint32_t)strtoul(host_switch(t->host, "pending-hresult"), NULL, 16);
    bool kept = t->polls || scep_pending_keep(t->host, t->settings, t->http.url, &t->request);
    t->outcome->status = CSP_SCEP_PENDING;
    return kept ? HR_OK : HR_NTE_BAD_DATA;
}

/* The server's verdict on a pended request is the last word: it is not asked again. */
static uint32_t judged(struct attempt *t) {
    t->outcome->final = t->polls;
    scep_pending_drop(t->host, t->settings->key);
    if (t->answer.status == SCEP_FAILURE)
        return refused(t);
    t->outcome->status = CSP_SCEP_SUCCESS;
    return install(t);
}

static uint32_t make_message(struct attempt *t) {
    t->stage = "CreateRequest";
    if (t->polls)
        return scep_poll_make(t->host, &t->ca, &t->caps, t->arena, &t->request);
    uint32_t hr = scep_request_make(t->host, t->settings, &t->ca, &t->caps, t->arena, &t->request);
    if (hr == HR_OK)
        log_request(t);
    return hr;
}

static uint32_t enroll(struct attempt *t) {
    FETCH_REPLY_AUTO(reply);
    uint32_t hr = make_message(t);
    if (hr != HR_OK)
        return hr;
    t->stage = "Submit";
    hr = scep_submit(&t->http, t->polls ? "certpoll" : "pkcsreq", t->request.message, &reply);
    if (hr == HR_OK)
        hr = scep_check_type(t->host, &reply, SCEP_TYPE_MESSAGE);
    if (hr != HR_OK)
        return hr;
    t->stage = "ProcessResponseMessage";
    hr =
        scep_answer_read(t->host, t->arena, buf_view(&reply.body), &t->request, &t->ca, &t->answer);
    if (hr != HR_OK)
        return hr;
    return t->answer.status == SCEP_PENDING ? pended(t) : judged(t);
}

static void log_failed_init(struct attempt *t, uint32_t hr) {
    struct host *h = t->host;
    eventlog_add(&h->events, &h->mem, EVENT_CERTENROLL_INIT, true,
                 "SCEP Certificate enrollment initialization for WORKGROUP\\%s$ via %s failed: "
                 "Method: GET Stage: %s %s 0x%x",
                 h->name, t->http.url ? t->http.url : t->settings->server_url, t->stage,
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
            h->name, t->http.url, t->stage, hresult_text(t->arena, hr), hr);
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
    if (net_open(t->host, NET_SCEP, &t->http.net) != OK)
        return HR_INVALID_DATA;
    t->polls = scep_pending_load(t->host, t->settings, t->arena, &t->request, &t->http.url);
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
    struct attempt t = {.host = h,
                        .settings = s,
                        .arena = a,
                        .http = {.host = h, .arena = a},
                        .outcome = out,
                        .stage = ""};
    *out = (struct scep_outcome){0};
    const char *missing = scep_settings_missing(s);
    out->hresult = missing ? HR_INVALID_ARGUMENT : run(&t);
    if (out->hresult != HR_OK)
        out->status = CSP_SCEP_FAILED;
    log_result(&t);
    X509_free(t.answer.cert);
    scep_request_free(&t.request);
    scep_ca_free(&t.ca);
    net_close(t.http.net);
}
