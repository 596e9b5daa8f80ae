/* SPDX-License-Identifier: Apache-2.0 */
#include "device/mde_client.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/text.h"
#include "device/hresult.h"
#include "device/net.h"
#include "device/provisioning.h"
#include "wire/mdm.h"
#include "xml/xml.h"

enum { KEY_BITS_MIN = 2048, KEY_BITS_MAX = 4096 };

/* OID of SHA-256 in a policy's list of OIDs (C.4). */
#define OID_SHA256 "2.16.840.1.101.3.4.2.1"

struct enrolling {
    struct host *host;
    const struct mde_user *user;
    struct net *net;
    struct arena arena;
    const char *policy_url, *enrollment_url;
    int64_t key_bits;
    bool sha256;
};

static enum err fail(uint32_t hresult, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static enum err fail(uint32_t hresult, const char *fmt, ...) {
    ARENA_AUTO(a);
    char what[450];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    return err_set(ERR_REFUSED, "0x%08x %s (%s)", hresult, hresult_text(&a, hresult), what);
}

/* A child whatever the case of its name: both spellings of a fault are in the wild (C.7). */
static const struct xml_node *child_nocase(const struct xml_node *n, const char *name) {
    for (const struct xml_node *c = n ? n->child : NULL; c; c = c->next)
        if (span_is_nocase(c->name, name))
            return c;
    return NULL;
}

static enum err read_fault(const struct xml_node *fault) {
    const struct xml_node *subcode = child_nocase(child_nocase(fault, "Code"), "Subcode");
    const struct xml_node *detail =
        child_nocase(child_nocase(fault, "Detail"), "DeviceEnrollmentServiceError");
    struct span code = xml_text(child_nocase(subcode, "Value"));
    struct span type = xml_text(child_nocase(detail, "ErrorType"));
    struct span text = xml_text(child_nocase(child_nocase(fault, "Reason"), "Text"));
    return fail(hresult_of_fault(code, type), "fault %.*s %.*s: %.*s", SPAN_FMT(code),
                SPAN_FMT(type), SPAN_FMT(text));
}

static enum err read_unsent(const struct host *h, const struct fetch_reply *r) {
    char why[300];
    snprintf(why, sizeof why, "%.250s, 0x%08x", err_detail(), hresult_of_fetch(r->cause));
    if (!fetch_is_tls(r->cause))
        return fail(HR_MENROLL_CONNECTIVITY, "%s", why);
    return fail(HR_MENROLL_SSL, "%s; if it is not trusted yet: signet device trust %s tls.pem", why,
                h->dir);
}

/* What Windows insists on before it looks at the content (C.1). */
static enum err check_reply(const struct fetch_reply *r, const char *url, struct arena *a,
                            struct xml_node **body) {
    struct xml_node *root;
    bool soap = strncasecmp(r->content_type, TYPE_SOAP, strlen(TYPE_SOAP)) == 0;
    if (r->status == 200 && !r->body.n)
        return fail(HR_MENROLL_EMPTY_MESSAGE, "%s", url);
    if (!soap || xml_parse(a, buf_view(&r->body), &root) != OK)
        return r->status == 200
                   ? fail(HR_MENROLL_MESSAGE_FORMAT, "%s did not answer with SOAP", url)
                   : fail(HR_MENROLL_CONNECTIVITY, "%s answered HTTP %d", url, r->status);
    *body = xml_child(root, "Body");
    const struct xml_node *fault = child_nocase(*body, "Fault");
    if (fault)
        return read_fault(fault);
    if (r->status != 200)
        return fail(HR_MENROLL_CONNECTIVITY, "%s answered HTTP %d", url, r->status);
    if (!r->has_length)
        return fail(HR_MENROLL_CONNECTIVITY,
                    "%s answered without Content-Length; Windows refuses chunked answers", url);
    return OK;
}

static enum err post(struct enrolling *w, const char *kind, const char *url,
                     const struct buf *message, struct xml_node **body) {
    static const char *const headers[] = {"Content-Type: " TYPE_SOAP "; charset=utf-8",
                                          "User-Agent: ENROLLClient", NULL};
    FETCH_REPLY_AUTO(reply);
    struct fetch_request q = {
        .url = url, .post = true, .headers = headers, .gzip = true, .body = buf_view(message)};
    if (net_send(w->net, kind, "xml", &q, &reply) != OK)
        return read_unsent(w->host, &reply);
    return check_reply(&reply, url, &w->arena, body);
}

/* The host looks first whether anybody is there. */
static enum err knock(struct enrolling *w, const char *url) {
    static const char *const headers[] = {"Cache-Control: no-cache", "Pragma: no-cache",
                                          "User-Agent: ENROLLClient", NULL};
    FETCH_REPLY_AUTO(reply);
    struct fetch_request q = {.url = url, .headers = headers, .gzip = true};
    if (net_send(w->net, "discover", "xml", &q, &reply) != OK)
        return read_unsent(w->host, &reply);
    return reply.status == 200
               ? OK
               : fail(HR_MENROLL_CONNECTIVITY, "%s answered HTTP %d", url, reply.status);
}

static enum err discover(struct enrolling *w, const char *url) {
    BUF_AUTO(message);
    struct xml_node *body;
    TRY(knock(w, url));
    mde_write_discover(url, w->user->name, &message);
    TRY(post(w, "discover", url, &message, &body));
    const struct xml_node *result = xml_path(body, "DiscoverResponse/DiscoverResult");
    struct span policy = xml_path_text(result, "AuthPolicy");
    if (!result || !xml_path_text(result, "EnrollmentServiceUrl").n)
        return fail(HR_MENROLL_MESSAGE_FORMAT, "DiscoverResult has no EnrollmentServiceUrl");
    if (!span_is(policy, "OnPremise"))
        return fail(HR_MENROLL_MESSAGE_FORMAT,
                    "AuthPolicy is '%.*s'; the emulated host can do OnPremise", SPAN_FMT(policy));
    w->policy_url = arena_str(&w->arena, xml_path_text(result, "EnrollmentPolicyServiceUrl"));
    w->enrollment_url = arena_str(&w->arena, xml_path_text(result, "EnrollmentServiceUrl"));
    return OK;
}

/* Whether the policy's hash reference leads to the OID of SHA-256. */
static bool wants_sha256(const struct xml_node *answer, struct span reference) {
    struct xml_node *o = xml_path(answer, "oIDs/oID");
    for (; o && reference.n; o = xml_next(o))
        if (span_eq(xml_path_text(o, "oIDReferenceID"), reference))
            return span_is(xml_path_text(o, "value"), OID_SHA256);
    return false;
}

static enum err get_policies(struct enrolling *w) {
    BUF_AUTO(message);
    struct xml_node *body;
    if (!*w->policy_url) /* optional: Windows then takes its own defaults */
        return OK;
    mde_write_get_policies(w->policy_url, w->user, &message);
    TRY(post(w, "policies", w->policy_url, &message, &body));
    const struct xml_node *answer = xml_child(body, "GetPoliciesResponse");
    const struct xml_node *attributes = xml_path(answer, "response/policies/policy/attributes");
    if (!span_is(xml_path_text(attributes, "policySchema"), "3"))
        return fail(HR_MENROLL_MESSAGE_FORMAT, "the policy's policySchema must be 3");
    int64_t bits;
    if (span_int(xml_path_text(attributes, "privateKeyAttributes/minimalKeyLength"), &bits) &&
        bits > KEY_BITS_MIN)
        w->key_bits = bits;
    if (w->key_bits > KEY_BITS_MAX)
        return fail(HR_MENROLL_MESSAGE_FORMAT, "minimalKeyLength is above %d", KEY_BITS_MAX);
    w->sha256 = wants_sha256(answer, xml_path_text(attributes, "hashAlgorithmOIDReference"));
    return OK;
}

static enum err read_token(struct enrolling *w, const struct xml_node *body, EVP_PKEY *key) {
    const struct xml_node *token =
        xml_path(body, "RequestSecurityTokenResponseCollection/RequestSecurityTokenResponse/"
                       "RequestedSecurityToken/BinarySecurityToken");
    struct span document;
    if (!span_is(xml_attr(token, "ValueType"), TOKEN_PROVISION_DOC) ||
        base64_decode(&w->arena, xml_text(token), &document) != OK)
        return fail(HR_MENROLL_MESSAGE_FORMAT, "the answer holds no provisioning document");
    return provisioning_apply(w->host, document, key, w->user->name);
}

static enum err request_token(struct enrolling *w) {
    BUF_AUTO(message);
    struct xml_node *body;
    OSSL_AUTO(EVP_PKEY) key = EVP_RSA_gen((size_t)w->key_bits);
    struct span csr = key ? mde_csr(w->host, key, w->sha256, &w->arena) : SPAN_NONE;
    if (!csr.n)
        return err_set(ERR_CRYPTO, "the enrollment's key or request cannot be made");
    mde_write_rst(w->host, w->enrollment_url, w->user, csr, &message);
    TRY(post(w, "rst", w->enrollment_url, &message, &body));
    return read_token(w, body, key);
}

/* As captured, the discovery URL always names its port. */
static const char *discovery_url(struct arena *a, const char *server) {
    const char *scheme = strstr(server, "://");
    const char *host = scheme ? scheme + 3 : server;
    size_t n = strcspn(host, "/");
    const char *path = host[n] && host[n + 1] ? host + n : PATH_DISCOVERY;
    const char *bracket = memchr(host, ']', n);
    bool port = memchr(bracket ? bracket : host, ':', n - (size_t)(bracket ? bracket - host : 0));
    return arena_printf(a, "https://%.*s%s%s", (int)n, host, port ? "" : ":443", path);
}

static enum err enroll(struct enrolling *w, const char *server) {
    if (strncmp(server, "http://", 7) == 0)
        return fail(HR_MENROLL_CONNECTIVITY, "Windows enrolls by https only: '%s'", server);
    TRY(net_open(w->host, NET_PLAIN, &w->net));
    TRY(discover(w, discovery_url(&w->arena, server)));
    TRY(get_policies(w));
    TRY(request_token(w));
    w->host->schedule = (struct schedule){.since_ms = clock_ms()}; /* first session at once */
    w->host->session = 0;
    return host_save(w->host);
}

enum err mde_enroll(struct host *h, const char *server, const struct mde_user *user) {
    if (h->enrollment)
        return fail(HR_MENROLL_ALREADY, "by '%s'; make another host in another folder",
                    h->enrollment->provider);
    struct enrolling w = {.host = h, .user = user, .key_bits = KEY_BITS_MIN};
    enum err e = enroll(&w, server);
    net_close(w.net);
    arena_free(&w.arena);
    return e;
}
