/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of requests is Windows' (windows-scep.md, 0 and 1.4). Until the CA's certificates are
 * accepted a failure is one of initialization (events 86 and 307), after that one of enrollment
 * (87). An enrollment whose request the server pended asks for it again, by CertPoll (4.12).
 *
 * ServerURL may hold several URLs (1.13); each is tried in its order up to the first whose
 * initialization succeeds. The switch server-list says what is not known of that.
 */
#include "device/scep_client.h"

#include "device/chain.h"
#include "device/hresult.h"
#include "device/scep_events.h"
#include "device/scep_pending.h"
#include "device/scep_values.h"
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
    if (host_switch_is(t->host, "digest", "hash-algorithm"))
        t->caps.digest = scep_values_digest(t->host, t->settings->hash);
    t->http.post = t->caps.post;
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
    scep_ca_free(&t->ca); /* of the server before */
    uint32_t hr = get_capabilities(t);
    if (hr != HR_OK)
        return hr;
    t->outcome->responder = t->http.url;
    hr = get_ca(t);
    if (hr == HR_OK)
        hr = trusts(t, t->ca.sign);
    return hr == HR_OK ? trusts(t, t->ca.encrypt) : hr;
}

/* Whether a failure of one server leads to the next. */
static bool goes_on(const struct attempt *t) {
    return host_switch_is(t->host, "server-list", "initialize") ||
           (!t->http.answered && host_switch_is(t->host, "server-list", "transport"));
}

/* What Windows makes of a URL without http:// or https:// is not known; it has no server to ask. */
static bool has_scheme(const char *url) {
    return strstr(url, "://") != NULL;
}

static uint32_t try_server(struct attempt *t) {
    uint32_t hr = has_scheme(t->http.url) ? initialize(t) : scep_values_unpublished(t->host);
    if (hr != HR_OK)
        scep_log_failed_init(&t->http, t->settings, t->stage, hr);
    return hr;
}

static uint32_t find_server(struct attempt *t) {
    uint32_t hr = HR_WININET_INVALID_URL;
    if (t->polls) /* only the one that pended the request can know it */
        return try_server(t);
    for (struct span left = span_str(t->settings->server_url); left.n;) {
        ptrdiff_t end = span_find(left, ';');
        struct span one = span_trim(end < 0 ? left : span_of(left.p, (size_t)end));
        left = span_from(left, end < 0 ? left.n : (size_t)end + 1);
        if (!one.n)
            continue;
        t->http.url = arena_printf(t->arena, "%.*s" SCEP_WINDOWS_SUFFIX, SPAN_FMT(one));
        hr = try_server(t);
        if (hr == HR_OK || !goes_on(t))
            return hr;
    }
    if (!t->http.url)
        scep_log_failed_init(&t->http, t->settings, t->stage, hr);
    return hr;
}

static enum cert_store store_of(const struct attempt *t) {
    return t->settings->user_scope ? STORE_USER_MY : STORE_MY;
}

/* A certificate that signed the request for its successor: CertEnroll archives it. */
static void forget_renewed(struct attempt *t) {
    char old[THUMBPRINT_SIZE];
    cert_thumbprint(ossl_x509_der(t->arena, t->request.signer), old);
    certstore_remove(&t->host->certs, store_of(t), span_str(old));
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
    const struct cert_entry *e =
        certstore_add(&t->host->certs, &t->host->mem, store_of(t), ossl_x509_der(t->arena, cert),
                      ossl_key_pem(t->arena, t->request.key));
    memcpy(t->outcome->thumbprint, e->thumbprint, THUMBPRINT_SIZE);
    forget_renewed(t);
    return HR_OK;
}

/* The HRESULT in the server's words is Windows', too (4.10). */
static uint32_t refused(struct attempt *t) {
    uint32_t hr = hresult_in(arena_str(t->arena, t->answer.text));
    t->stage = "SubmitDone";
    return hr ? hr : (uint32_t)strtoul(host_switch(t->host, "failure-hresult"), NULL, 16);
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
        scep_log_request(t->host, t->settings, t->http.url);
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

/* The certificate that signs its renewal. The task has seen to it that there is one. */
static uint32_t load_renewed(struct attempt *t) {
    struct reg_key *k = registry_open(t->host->registry, t->settings->key);
    bool whole = certstore_take(&t->host->certs, store_of(t), reg_text(k, "CertThumbprint"),
                                &t->request.signer, &t->request.signer_key);
    return whole ? HR_OK : HR_NO_SUCH_CERTIFICATE;
}

static uint32_t run(struct attempt *t) {
    if (net_open(t->host, NET_SCEP, &t->http.net) != OK)
        return HR_INVALID_DATA;
    t->polls = scep_pending_load(t->host, t->settings, t->arena, &t->request, &t->http.url);
    uint32_t hr = t->settings->renews && !t->polls ? load_renewed(t) : HR_OK;
    if (hr == HR_OK)
        hr = find_server(t);
    if (hr != HR_OK)
        return hr;
    hr = enroll(t);
    if (hr != HR_OK)
        scep_log_failed_enroll(&t->http, t->settings, t->stage,
                               t->answer.status == SCEP_FAILURE ? &t->answer : NULL, hr);
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
    scep_log_outcome(h, s, out);
    X509_free(t.answer.cert);
    scep_request_free(&t.request);
    scep_ca_free(&t.ca);
    net_close(t.http.net);
}
