/* SPDX-License-Identifier: Apache-2.0 */
/* Asking as Windows does, what an answer is worth, and words for what came; strangers wrote it. */
#include "base/text.h"
#include "device/hresult.h"
#include "device/scep_transport.h"
#include "probe/internal.h"

enum { WORDS_MAX = 100, REASON_MAX = 400, NAME_MAX_SHOWN = 300 };

void probe_get(struct probe *p, const char *url, const char *operation, const char *message,
               struct fetch_reply *reply) {
    char mark = strchr(url, '?') ? '&' : '?'; /* the gateway's upstreams may have a query */
    const char *full = arena_printf(p->a, "%s%coperation=%s%s%s", url, mark, operation,
                                    message ? "&message=" : "", message ? message : "");
    fetch_reply_free(reply);
    *reply = (struct fetch_reply){0};
    const char *headers[SCEP_HEADERS];
    scep_headers(&p->host, false, headers);
    enum err e =
        fetch_send(p->fetch, &(struct fetch_request){.url = full, .headers = headers}, reply);
    (void)e; /* reply->cause says it too; err_detail() has curl's words */
}

uint32_t probe_fault(const struct fetch_reply *reply) {
    if (reply->cause != FETCH_OK)
        return hresult_of_fetch(reply->cause);
    if (reply->status != 200)
        return HR_HTTP(reply->status);
    return scep_is_web_page(reply) ? HR_FILENAME_EXCED_RANGE : HR_OK;
}

bool probe_is_redirect(const struct fetch_reply *reply) {
    return reply->cause == FETCH_OK && reply->status >= 300 && reply->status < 400;
}

/* ---- words ---- */

/* The first line of a server's own words, "" for a page or for what is no text. */
static const char *first_line(struct probe *p, const struct fetch_reply *reply) {
    struct span text = span_trim(buf_view(&reply->body));
    ptrdiff_t end = span_find(text, '\n');
    if (end >= 0)
        text.n = (size_t)end;
    if (!text.n || text.p[0] == '<' || memchr(text.p, 0, text.n))
        return "";
    return arena_printf(p->a, ": %s", text_claim(p->a, span_trim(text), WORDS_MAX));
}

const char *probe_why(struct probe *p) {
    const char *words = strstr(err_detail(), "': ");
    return text_claim(p->a, span_str(words ? words + 3 : err_detail()), REASON_MAX);
}

const char *probe_seen(struct probe *p, const struct fetch_reply *reply) {
    if (reply->cause != FETCH_OK)
        return probe_why(p);
    if (reply->status != 200)
        return arena_printf(p->a, "HTTP %d%s", reply->status, first_line(p, reply));
    return "a web page";
}

const char *probe_dn(struct probe *p, const X509_NAME *name) {
    OSSL_AUTO(BIO) out = BIO_new(BIO_s_mem());
    X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    return text_claim(p->a, ossl_content(p->a, out), NAME_MAX_SHOWN);
}
