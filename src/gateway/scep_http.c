/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/scep_http.h"

#include "base/text.h"
#include "wire/scep.h"

static const char *const message_headers[] = {"Content-Type: " SCEP_TYPE_MESSAGE, NULL};

static bool is_unreserved(char c) { /* RFC 3986, 2.3 */
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~", c));
}

static void percent_encode(struct buf *b, struct span text) {
    for (size_t i = 0; i < text.n; i++) {
        char c = (char)text.p[i];
        if (is_unreserved(c))
            buf_char(b, c);
        else
            buf_printf(b, "%%%02X", text.p[i]);
    }
}

const char *scep_http_url(struct arena *a, const char *base, const char *operation,
                          const char *message) {
    BUF_AUTO(b);
    size_t n = strcspn(base, "#");
    buf_add(&b, base, n);
    if (!memchr(base, '?', n))
        buf_char(&b, '?');
    else if (!strchr("?&", base[n - 1]))
        buf_char(&b, '&');
    buf_printf(&b, "operation=%s", operation);
    if (message) {
        buf_str(&b, "&message=");
        percent_encode(&b, span_str(message));
    }
    return arena_str(a, buf_view(&b));
}

void scep_http_operation(const struct gateway_upstream *u, struct arena *a, struct span message,
                         struct fetch_request *out) {
    *out = (struct fetch_request){.post = u->post};
    if (u->post) {
        out->url = scep_http_url(a, u->settings->url, "PKIOperation", NULL);
        out->headers = message_headers;
        out->body = message;
        return;
    }
    BUF_AUTO(text);
    base64_encode(&text, message);
    out->url = scep_http_url(a, u->settings->url, "PKIOperation", buf_cstr(&text));
    out->once = true; /* curl sends a GET again when a connection turns out to be dead */
}
