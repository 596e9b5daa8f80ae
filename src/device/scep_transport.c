/* SPDX-License-Identifier: Apache-2.0 */
#include "device/scep_transport.h"

#include <ctype.h>

#include "base/clock.h"
#include "base/text.h"
#include "device/hresult.h"
#include "wire/scep.h"

enum { REDIRECTS = 10 }; /* WinHTTP's own limit */

void scep_headers(const struct host *h, bool post, const char *out[SCEP_HEADERS]) {
    size_t n = 0;
    out[n++] = host_build(h)->ndes_agent;
    out[n++] = "Cache-Control: no-cache";
    out[n++] = "Connection: Keep-Alive";
    if (post)
        out[n++] = "Content-Type: " SCEP_TYPE_MESSAGE;
    out[n++] = "Pragma: no-cache";
    out[n] = NULL;
}

bool scep_is_web_page(const struct fetch_reply *r) {
    struct span text = span_trim(buf_view(&r->body));
    return strncasecmp(r->content_type, "text/html", 9) == 0 || (text.n && text.p[0] == '<');
}

static uint32_t send_once(struct scep_transport *t, const char *kind, const char *extension,
                          const char *url, struct span body, struct fetch_reply *reply) {
    const char *headers[SCEP_HEADERS];
    struct fetch_request q = {.url = url, .post = body.n > 0, .headers = headers, .body = body};
    int64_t start = clock_monotonic_ms();
    scep_headers(t->host, q.post, headers);
    enum err e = net_send(t->net, kind, extension, &q, reply);
    t->posted = q.post;
    t->answered = reply->cause == FETCH_OK;
    t->took_ms = clock_monotonic_ms() - start;
    if (reply->cause != FETCH_OK)
        return hresult_of_fetch(reply->cause);
    if (e != OK)
        return HR_INVALID_DATA; /* the trace folder */
    return reply->asked_for_cert && host_switch_is(t->host, "client-cert-request", "fail")
               ? HR_WINHTTP_INVALID_RESPONSE
               : HR_OK;
}

/*
 * Where a redirect leads: to another URL, or another path of the same server; NULL for what WinHTTP
 * does not follow, which is from https to http.
 */
static const char *redirect_of(const struct scep_transport *t, const char *url,
                               const struct fetch_reply *r) {
    const char *to = r->location;
    bool is = r->status == 301 || r->status == 302 || r->status == 303 || r->status == 307 ||
              r->status == 308;
    bool whole = *to && strlen(to) < sizeof r->location - 1;
    if (!is || !whole || host_switch_is(t->host, "redirects", "refuse"))
        return NULL;
    if (*to == '/' && to[1] != '/') {
        const char *host = strstr(url, "://"), *path = host ? strchr(host + 3, '/') : NULL;
        return path ? arena_printf(t->arena, "%.*s%s", (int)(path - url), url, to) : NULL;
    }
    bool weaker = fetch_url_is_https(url) && !fetch_url_is_https(to);
    return fetch_url_is_good(to) && !weaker ? to : NULL;
}

/* As WinHTTP: a POST stays one after 307 and 308 only. */
static uint32_t send_message(struct scep_transport *t, const char *kind, const char *extension,
                             const char *url, struct span body, struct fetch_reply *reply) {
    uint32_t hr = send_once(t, kind, extension, url, body, reply);
    const char *next;
    for (int i = 0; i < REDIRECTS && hr == HR_OK && (next = redirect_of(t, url, reply)); i++) {
        url = arena_str(t->arena, span_str(next));
        if (reply->status < 307)
            body = SPAN_NONE;
        fetch_reply_free(reply);
        hr = send_once(t, kind, extension, url, body, reply);
    }
    if (hr != HR_OK)
        return hr;
    if (reply->status != 200)
        return HR_HTTP(reply->status);
    return scep_is_web_page(reply) ? HR_FILENAME_EXCED_RANGE : HR_OK;
}

uint32_t scep_get(struct scep_transport *t, const char *operation, const char *kind,
                  const char *extension, struct fetch_reply *reply) {
    const char *url = arena_printf(t->arena, "%s?operation=%s&message=%s", t->url, operation,
                                   SCEP_WINDOWS_MESSAGE);
    return send_message(t, kind, extension, url, SPAN_NONE, reply);
}

static void percent_encode(struct buf *out, struct span text) {
    for (size_t i = 0; i < text.n; i++)
        if (isalnum(text.p[i]))
            buf_char(out, (char)text.p[i]);
        else
            buf_printf(out, "%%%02X", text.p[i]);
}

void scep_operation_url(struct buf *out, const char *url, struct span message) {
    BUF_AUTO(text);
    buf_printf(out, "%s?operation=PKIOperation", url);
    if (!message.n)
        return;
    base64_encode(&text, message);
    buf_str(out, "&message=");
    percent_encode(out, buf_view(&text));
}

uint32_t scep_submit(struct scep_transport *t, const char *kind, struct span message,
                     struct fetch_reply *reply) {
    BUF_AUTO(url);
    scep_operation_url(&url, t->url, t->post ? SPAN_NONE : message);
    return send_message(t, kind, "der", buf_cstr(&url), t->post ? message : SPAN_NONE, reply);
}

bool scep_is_type(const char *content_type, const char *type) {
    return span_is_nocase(span_of(content_type, strcspn(content_type, "; ")), type);
}

uint32_t scep_check_type(const struct host *h, const struct fetch_reply *reply, const char *type) {
    return scep_is_type(reply->content_type, type) || host_switch_is(h, "check-content-types", "no")
               ? HR_OK
               : HR_WINHTTP_INVALID_RESPONSE;
}
