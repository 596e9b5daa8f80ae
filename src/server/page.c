/* SPDX-License-Identifier: Apache-2.0 */
/* Style and script are allowed by their hashes: nothing that slips into a page is run. */
#include "server/page.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "xml/xml.h"

static const char style[] =
    "body{font:16px/1.5 'Segoe UI',sans-serif;max-width:26em;margin:3em auto;padding:0 1em;"
    "color:#1b1b1b}h1{font-size:1.4em;font-weight:600}label{display:block;margin:1em 0}"
    "input[type=text],input[type=password]{display:block;width:100%;box-sizing:border-box;"
    "font:inherit;padding:.4em;border:1px solid #767676}button,a.button{font:inherit;"
    "padding:.5em 1.5em;border:0;background:#005a9e;color:#fff;text-decoration:none;"
    "display:inline-block}.error{color:#a4262c}code{overflow-wrap:anywhere}";

static void put_hash(struct buf *b, const char *text) {
    uint8_t hash[DIGEST_MAX_SIZE];
    if (digest_of(DIGEST_SHA256, span_str(text), hash) != OK) {
        buf_str(b, "'none'");
        return;
    }
    buf_str(b, "'sha256-");
    base64_encode(b, span_of(hash, 32));
    buf_char(b, '\'');
}

static const char *fields_of(struct arena *a, const char *script, const char *form_action) {
    BUF_AUTO(b);
    buf_str(&b, "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
                "X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n"
                "Content-Security-Policy: default-src 'none'; base-uri 'none'; "
                "frame-ancestors 'none'; style-src ");
    put_hash(&b, style);
    if (script) {
        buf_str(&b, "; script-src ");
        put_hash(&b, script);
    }
    buf_printf(&b, "; form-action %s\r\n", form_action);
    return arena_str(a, buf_view(&b));
}

void page_open(const struct http_request *r, struct http_reply *reply, const char *title,
               const char *script, const char *form_action) {
    struct buf *b = &reply->body;
    reply->content_type = "text/html; charset=utf-8";
    reply->fields = fields_of(r->arena, script, form_action);
    buf_str(b, "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">"
               "<meta name=\"viewport\" content=\"width=device-width\"><title>");
    xml_escape(b, span_str(title));
    buf_printf(b, "</title><style>%s</style></head><body><h1>", style);
    xml_escape(b, span_str(title));
    buf_str(b, "</h1>");
}

void page_close(struct http_reply *reply, const char *script) {
    if (script)
        buf_printf(&reply->body, "<script>%s</script>", script);
    buf_str(&reply->body, "</body></html>\n");
}
