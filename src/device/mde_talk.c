/* SPDX-License-Identifier: Apache-2.0 */
#include "device/mde_talk.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "device/hresult.h"
#include "device/mde_message.h"
#include "wire/mdm.h"

enum err mde_fail(uint32_t hresult, const char *fmt, ...) {
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

static enum err read_fault(const struct mde_talk *w, const struct xml_node *fault) {
    const struct xml_node *subcode = child_nocase(child_nocase(fault, "Code"), "Subcode");
    const struct xml_node *detail =
        child_nocase(child_nocase(fault, "Detail"), "DeviceEnrollmentServiceError");
    struct span code = xml_text(child_nocase(subcode, "Value"));
    struct span type = xml_text(child_nocase(detail, "ErrorType"));
    struct span text = xml_text(child_nocase(child_nocase(fault, "Reason"), "Text"));
    uint32_t hresult = hresult_of_fault(code, type);
    bool doubts = hresult == HR_MENROLL_AUTHENTICATION && w->proof;
    return mde_fail(hresult, "fault %.*s %.*s: %.*s%s%s", SPAN_FMT(code), SPAN_FMT(type),
                    SPAN_FMT(text), doubts ? "; check " : "", doubts ? w->proof : "");
}

enum err mde_unsent(const struct host *h, const char *url, const struct fetch_reply *r) {
    char why[300];
    const char *server = strstr(url, "://") ? strstr(url, "://") + 3 : url;
    snprintf(why, sizeof why, "%.250s, 0x%08x", err_detail(), hresult_of_fetch(r->cause));
    if (!fetch_is_tls(r->cause))
        return mde_fail(HR_MENROLL_CONNECTIVITY,
                        "%s; tried %.*s: does the server run, and listen there?", why,
                        (int)strcspn(server, "/?"), server);
    return mde_fail(HR_MENROLL_SSL, "%s; if it is not trusted yet: signet device trust %s tls.pem",
                    why, h->dir);
}

/* What Windows insists on before it looks at the content (C.1). */
static enum err check_reply(struct mde_talk *w, const struct fetch_reply *r, const char *url,
                            struct xml_node **body) {
    struct xml_node *root;
    bool soap = strncasecmp(r->content_type, TYPE_SOAP, strlen(TYPE_SOAP)) == 0;
    if (r->status == 200 && !r->body.n)
        return mde_fail(HR_MENROLL_EMPTY_MESSAGE, "%s", url);
    if (!soap || xml_parse(&w->arena, buf_view(&r->body), &root) != OK)
        return r->status == 200
                   ? mde_fail(HR_MENROLL_MESSAGE_FORMAT, "%s did not answer with SOAP", url)
                   : mde_fail(HR_MENROLL_CONNECTIVITY, "%s answered HTTP %d", url, r->status);
    *body = xml_child(root, "Body");
    const struct xml_node *fault = child_nocase(*body, "Fault");
    if (fault)
        return read_fault(w, fault);
    if (r->status != 200)
        return mde_fail(HR_MENROLL_CONNECTIVITY, "%s answered HTTP %d", url, r->status);
    if (!r->has_length)
        return mde_fail(HR_MENROLL_CONNECTIVITY,
                        "%s answered without Content-Length; Windows refuses chunked answers", url);
    return OK;
}

enum err mde_post(struct mde_talk *w, const char *kind, const char *url, const struct buf *message,
                  struct xml_node **body) {
    static const char *const headers[] = {"Content-Type: " TYPE_SOAP "; charset=utf-8",
                                          "User-Agent: ENROLLClient", NULL};
    FETCH_REPLY_AUTO(reply);
    struct fetch_request q = {
        .url = url, .post = true, .headers = headers, .gzip = true, .body = buf_view(message)};
    if (net_send(w->net, kind, "xml", &q, &reply) != OK)
        return mde_unsent(w->host, url, &reply);
    return check_reply(w, &reply, url, body);
}

/* The host looks first whether anybody is there. */
static enum err knock(struct mde_talk *w, const char *url) {
    static const char *const headers[] = {"Cache-Control: no-cache", "Pragma: no-cache",
                                          "User-Agent: ENROLLClient", NULL};
    FETCH_REPLY_AUTO(reply);
    struct fetch_request q = {.url = url, .headers = headers, .gzip = true};
    if (net_send(w->net, "discover", "xml", &q, &reply) != OK)
        return mde_unsent(w->host, url, &reply);
    return reply.status == 200
               ? OK
               : mde_fail(HR_MENROLL_CONNECTIVITY, "%s answered HTTP %d", url, reply.status);
}

enum err mde_discover(struct mde_talk *w, const char *url, const char *user,
                      struct mde_services *out) {
    BUF_AUTO(message);
    struct xml_node *body;
    TRY(knock(w, url));
    mde_write_discover(w->host, url, user, &message);
    TRY(mde_post(w, "discover", url, &message, &body));
    const struct xml_node *result = xml_path(body, "DiscoverResponse/DiscoverResult");
    if (!result || !xml_path_text(result, "EnrollmentServiceUrl").n)
        return mde_fail(HR_MENROLL_MESSAGE_FORMAT, "DiscoverResult has no EnrollmentServiceUrl");
    out->auth_policy = arena_str(&w->arena, xml_path_text(result, "AuthPolicy"));
    out->sign_in = arena_str(&w->arena, xml_path_text(result, "AuthenticationServiceUrl"));
    out->policy = arena_str(&w->arena, xml_path_text(result, "EnrollmentPolicyServiceUrl"));
    out->enrollment = arena_str(&w->arena, xml_path_text(result, "EnrollmentServiceUrl"));
    return OK;
}

enum err mde_read_document(struct mde_talk *w, const struct xml_node *body, struct span *document) {
    const struct xml_node *token =
        xml_path(body, "RequestSecurityTokenResponseCollection/RequestSecurityTokenResponse/"
                       "RequestedSecurityToken/BinarySecurityToken");
    if (!span_is(xml_attr(token, "ValueType"), TOKEN_PROVISION_DOC) ||
        base64_decode(&w->arena, xml_text(token), document) != OK)
        return mde_fail(HR_MENROLL_MESSAGE_FORMAT, "the answer holds no provisioning document");
    return OK;
}
