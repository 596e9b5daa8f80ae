/* SPDX-License-Identifier: Apache-2.0 */
#include "device/scep_transport.h"

#include <ctype.h>

#include "base/text.h"
#include "device/hresult.h"
#include "wire/scep.h"

#define USER_AGENT \
    "User-Agent: Mozilla/4.0 (compatible; Win32; NDES client 10.0.19043.2364/vb_release_svc_prod1)"

/* A catch-all web page makes Windows complain about a file name (windows-scep.md, 1.15). */
static bool is_html(const struct fetch_reply *r) {
    struct span text = span_trim(buf_view(&r->body));
    return strncasecmp(r->content_type, "text/html", 9) == 0 || (text.n && text.p[0] == '<');
}

static uint32_t send_message(struct scep_transport *t, const char *kind, const char *extension,
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

uint32_t scep_submit(struct scep_transport *t, const char *kind, struct span message,
                     struct fetch_reply *reply) {
    BUF_AUTO(url);
    buf_printf(&url, "%s?operation=PKIOperation", t->url);
    if (t->post)
        return send_message(t, kind, "der", buf_cstr(&url), message, reply);
    BUF_AUTO(text);
    base64_encode(&text, message);
    buf_str(&url, "&message=");
    percent_encode(&url, buf_view(&text));
    return send_message(t, kind, "der", buf_cstr(&url), SPAN_NONE, reply);
}

uint32_t scep_check_type(const struct host *h, const struct fetch_reply *reply, const char *type) {
    size_t n = strcspn(reply->content_type, "; ");
    bool same = span_is_nocase(span_of(reply->content_type, n), type);
    return same || host_switch_is(h, "check-content-types", "no") ? HR_OK
                                                                  : HR_WINHTTP_INVALID_RESPONSE;
}
