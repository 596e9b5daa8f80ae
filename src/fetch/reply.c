/* SPDX-License-Identifier: Apache-2.0 */
/* What comes back: the callbacks that curl feeds, and how it ended, in our words. */
#include "fetch/easy.h"

#include <openssl/x509_vfy.h>
#include <stdio.h>

void fetch_reply_free(struct fetch_reply *r) {
    if (!r)
        return;
    buf_free(&r->server_cert);
    buf_free(&r->sent);
    buf_free(&r->body);
}

bool fetch_was_unsent(const struct fetch_reply *r) {
    return r->unsent || r->cause == FETCH_NAME || r->cause == FETCH_CONNECT ||
           r->cause == FETCH_URL || r->cause == FETCH_LOCAL || fetch_is_tls(r->cause);
}

/* Less than it was given makes curl end the transfer there. */
size_t reply_on_body(char *p, size_t size, size_t n, void *user) {
    struct easy *e = user;
    struct fetch_reply *r = e->reply;
    if (r->body.n + size * n > FETCH_BODY_MAX)
        return 0;
    buf_add(&r->body, p, size * n);
    return size * n;
}

static bool header_is(struct span line, const char *name, struct span *value) {
    size_t n = strlen(name);
    if (line.n <= n || line.p[n] != ':' || strncasecmp((const char *)line.p, name, n) != 0)
        return false;
    *value = span_trim(span_from(line, n + 1));
    return true;
}

/* 0 for what is no date, too. */
static int64_t date_of(struct span value) {
    char text[64];
    snprintf(text, sizeof text, "%.*s", SPAN_FMT(value));
    time_t t = curl_getdate(text, NULL);
    return t > 0 ? (int64_t)t * 1000 : 0;
}

/* 100 Continue, or a 401 that curl answers by logging in, comes before the answer's own headers. */
static void start_over(struct easy *e) {
    struct fetch_reply *r = e->reply;
    e->post_sent = false;
    r->has_length = false;
    r->content_type[0] = 0;
    r->location[0] = 0;
    r->retry_after_s = 0;
    r->date_ms = 0;
}

size_t reply_on_header(char *p, size_t size, size_t n, void *user) {
    struct easy *e = user;
    struct fetch_reply *r = e->reply;
    struct span line = span_of(p, size * n), value;
    if (span_starts(line, "HTTP/")) {
        start_over(e);
    } else if (header_is(line, "Content-Length", &value)) {
        r->has_length = true;
    } else if (header_is(line, "Content-Type", &value)) {
        snprintf(r->content_type, sizeof r->content_type, "%.*s", SPAN_FMT(value));
    } else if (header_is(line, "Location", &value)) {
        snprintf(r->location, sizeof r->location, "%.*s", SPAN_FMT(value));
    } else if (header_is(line, "Date", &value)) {
        r->date_ms = date_of(value);
    } else if (header_is(line, "Retry-After", &value)) {
        int64_t seconds;
        if (span_int(value, &seconds) && seconds > 0 && seconds < 86400)
            r->retry_after_s = (int)seconds;
    }
    return size * n;
}

int reply_on_debug(CURL *c, curl_infotype type, char *p, size_t n, void *user) {
    struct easy *e = user;
    (void)c;
    if (type == CURLINFO_HEADER_OUT)
        buf_add(&e->reply->sent, p, n);
    return 0;
}

static enum fetch_cause cause_of(CURLcode code) {
    switch (code) {
    case CURLE_OK:
        return FETCH_OK;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return FETCH_NAME;
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY: /* it would not let us through */
        return FETCH_CONNECT;
    case CURLE_OPERATION_TIMEDOUT:
        return FETCH_TIMEOUT;
    case CURLE_PEER_FAILED_VERIFICATION:
        return FETCH_TLS_TRUST;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
        return FETCH_TLS;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_ABORTED_BY_CALLBACK: /* only easy_send_once does */
        return FETCH_RESET;
    case CURLE_WRITE_ERROR:
    case CURLE_FILESIZE_EXCEEDED:
        return FETCH_LIMIT;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return FETCH_URL;
    default:
        return FETCH_INVALID;
    }
}

/* curl has one word for a chain that OpenSSL refused, whose reason it keeps, and for a wrong name.
 */
static enum fetch_cause tls_cause(CURL *c) {
    long verified = X509_V_OK;
    curl_easy_getinfo(c, CURLINFO_SSL_VERIFYRESULT, &verified);
    bool chain = verified != X509_V_OK && verified != X509_V_ERR_UNSPECIFIED;
    return chain ? FETCH_TLS_TRUST : FETCH_TLS_NAME;
}

/*
 * Whether something went out: else what curl has no answer for is no fault of the server. Its count
 * is that of the transfer before when it never began this one.
 */
static bool has_sent(const struct easy *e) {
    long sent = 0;
    curl_easy_getinfo(e->curl, CURLINFO_REQUEST_SIZE, &sent);
    return sent && (e->sending || !e->once);
}

/* curl has one word for a URL of an unknown scheme, and for an answer that is no HTTP. */
static enum fetch_cause finer_cause(const struct easy *e, CURLcode code) {
    enum fetch_cause cause = cause_of(code);
    if (cause == FETCH_TLS_TRUST)
        return tls_cause(e->curl);
    if (cause == FETCH_URL)
        return has_sent(e) ? FETCH_INVALID : FETCH_URL;
    return cause == FETCH_INVALID && !has_sent(e) ? FETCH_LOCAL : cause;
}

/*
 * A kept connection broke after the POST went out, and the one that curl opens in its place comes
 * nowhere: what the server did before it was gone is not known.
 */
static bool broke_after_post(const struct easy *e, enum fetch_cause cause) {
    return e->post_sent && (cause == FETCH_NAME || cause == FETCH_CONNECT || fetch_is_tls(cause));
}

void reply_judge(const struct easy *e, CURLcode code) {
    struct fetch_reply *r = e->reply;
    r->cause = finer_cause(e, code);
    if (broke_after_post(e, r->cause))
        r->cause = FETCH_RESET;
    r->unsent = e->once && (!e->sending || r->cause == FETCH_LOCAL || r->cause == FETCH_URL);
}

void reply_keep_server_cert(CURL *c, struct fetch_reply *r) {
    struct curl_certinfo *info = NULL;
    curl_easy_getinfo(c, CURLINFO_CERTINFO, &info);
    struct curl_slist *line = info && info->num_of_certs > 0 ? info->certinfo[0] : NULL;
    for (; line; line = line->next)
        if (strncmp(line->data, "Cert:", 5) == 0)
            buf_str(&r->server_cert, line->data + 5);
}
