/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/fetch.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

enum { DEFAULT_TIMEOUT_MS = 30000, CONNECT_TIMEOUT_MS = 10000 };

struct fetch {
    CURL *curl;
    struct curl_slist *connect_to;
    unsigned timeout_ms, connect_timeout_ms;
    bool asked_for_cert;
};

static void init_curl(void) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static struct curl_blob blob(struct span s) {
    return (struct curl_blob){(void *)(uintptr_t)s.p, s.n, CURL_BLOB_COPY};
}

static void set_blob(CURL *c, CURLoption option, struct span s) {
    struct curl_blob b = blob(s);
    if (s.n)
        curl_easy_setopt(c, option, &b);
}

/* Debian's curl trusts the system's roots by default: both defaults must go. */
static void set_trust(CURL *c, struct span roots) {
    curl_easy_setopt(c, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
    set_blob(c, CURLOPT_CAINFO_BLOB, roots);
}

static void set_insecure(CURL *c) {
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(c, CURLOPT_CERTINFO, 1L);
}

/* OpenSSL calls this when the server asks for a certificate; what is sent stays as it was. */
static int on_cert_request(SSL *s, void *user) {
    struct fetch *f = user;
    (void)s;
    f->asked_for_cert = true;
    return 1;
}

static CURLcode on_ssl_ctx(CURL *c, void *ctx, void *user) {
    (void)c;
    SSL_CTX_set_cert_cb(ctx, on_cert_request, user);
    return CURLE_OK;
}

static void set_client(CURL *c, struct span cert, struct span key) {
    if (!cert.n)
        return;
    curl_easy_setopt(c, CURLOPT_SSLCERTTYPE, "PEM");
    curl_easy_setopt(c, CURLOPT_SSLKEYTYPE, "PEM");
    set_blob(c, CURLOPT_SSLCERT_BLOB, cert);
    set_blob(c, CURLOPT_SSLKEY_BLOB, key);
}

bool fetch_url_is_good(const char *url) {
    CURLU *u = curl_url();
    char *scheme = NULL;
    bool good = u && curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) == CURLUE_OK &&
                curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    curl_free(scheme);
    curl_url_cleanup(u);
    return good;
}

struct fetch *fetch_new(const struct fetch_options *o) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_curl);
    struct fetch *f = mem_alloc(sizeof *f);
    f->curl = curl_easy_init();
    if (!f->curl)
        abort(); /* curl gives NULL only without memory */
    f->timeout_ms = o->timeout_ms ? o->timeout_ms : DEFAULT_TIMEOUT_MS;
    f->connect_timeout_ms = o->timeout_ms ? o->timeout_ms : CONNECT_TIMEOUT_MS;
    CURL *c = f->curl;
    if (!o->system_trust)
        set_trust(c, o->trust);
    if (o->insecure)
        set_insecure(c);
    curl_easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx);
    curl_easy_setopt(c, CURLOPT_SSL_CTX_DATA, f);
    set_client(c, o->client_cert, o->client_key);
    curl_easy_setopt(c, CURLOPT_SSLVERSION,
                     o->tls12 ? CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_2
                              : CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    if (o->connect_to) {
        f->connect_to = curl_slist_append(NULL, o->connect_to);
        curl_easy_setopt(c, CURLOPT_CONNECT_TO, f->connect_to);
    }
    return f;
}

void fetch_free(struct fetch *f) {
    if (!f)
        return;
    curl_easy_cleanup(f->curl);
    curl_slist_free_all(f->connect_to);
    free(f);
}

void fetch_reply_free(struct fetch_reply *r) {
    if (!r)
        return;
    buf_free(&r->server_cert);
    buf_free(&r->sent);
    buf_free(&r->body);
}

static size_t on_body(char *p, size_t size, size_t n, void *user) {
    struct fetch_reply *r = user;
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

static size_t on_header(char *p, size_t size, size_t n, void *user) {
    struct fetch_reply *r = user;
    struct span line = span_of(p, size * n), value;
    if (span_starts(line, "HTTP/")) { /* 100 Continue comes before the answer's own headers */
        r->has_length = false;
        r->content_type[0] = 0;
        r->location[0] = 0;
        r->date_ms = 0;
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

static int on_debug(CURL *c, curl_infotype type, char *p, size_t n, void *user) {
    struct fetch_reply *r = user;
    (void)c;
    if (type == CURLINFO_HEADER_OUT)
        buf_add(&r->sent, p, n);
    return 0;
}

static enum fetch_cause cause_of(CURLcode code) {
    switch (code) {
    case CURLE_OK:
        return FETCH_OK;
    case CURLE_COULDNT_RESOLVE_HOST:
        return FETCH_NAME;
    case CURLE_COULDNT_CONNECT:
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
        return FETCH_RESET;
    case CURLE_WRITE_ERROR:
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
static enum fetch_cause tls_cause(CURL *c, enum fetch_cause cause) {
    long verified = X509_V_OK;
    curl_easy_getinfo(c, CURLINFO_SSL_VERIFYRESULT, &verified);
    bool chain = verified != X509_V_OK && verified != X509_V_ERR_UNSPECIFIED;
    return cause == FETCH_TLS_TRUST && !chain ? FETCH_TLS_NAME : cause;
}

static void keep_server_cert(CURL *c, struct fetch_reply *r) {
    struct curl_certinfo *info = NULL;
    curl_easy_getinfo(c, CURLINFO_CERTINFO, &info);
    struct curl_slist *line = info && info->num_of_certs > 0 ? info->certinfo[0] : NULL;
    for (; line; line = line->next)
        if (strncmp(line->data, "Cert:", 5) == 0)
            buf_str(&r->server_cert, line->data + 5);
}

/* Headers that curl adds on its own are switched off by their bare name. */
static struct curl_slist *header_list(const struct fetch_request *q) {
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    bool accept = false;
    for (const char *const *h = q->headers; h && *h; h++) {
        accept = accept || strncasecmp(*h, "Accept:", 7) == 0;
        list = curl_slist_append(list, *h);
    }
    return accept ? list : curl_slist_append(list, "Accept:");
}

enum err fetch_send(struct fetch *f, const struct fetch_request *q, struct fetch_reply *r) {
    CURL *c = f->curl;
    char text[CURL_ERROR_SIZE] = "";
    struct curl_slist *headers = header_list(q);
    curl_easy_setopt(c, CURLOPT_URL, q->url);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, q->gzip ? "gzip" : NULL);
    curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, q->once ? 1L : 0L);
    curl_easy_setopt(c, q->post ? CURLOPT_POST : CURLOPT_HTTPGET, 1L);
    if (q->post) {
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.n);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, q->body.n ? (const char *)q->body.p : "");
    }
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)f->timeout_ms);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)f->connect_timeout_ms);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, text);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, r);
    curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, on_debug);
    curl_easy_setopt(c, CURLOPT_DEBUGDATA, r);
    curl_easy_setopt(c, CURLOPT_VERBOSE, 1L); /* only so that on_debug sees the request */
    CURLcode code = curl_easy_perform(c);
    long status = 0;
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, NULL);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    r->status = (int)status;
    r->cause = tls_cause(c, cause_of(code));
    r->asked_for_cert = f->asked_for_cert;
    keep_server_cert(c, r);
    if (r->cause == FETCH_URL && r->sent.n) /* curl's word for an answer that is no HTTP, too */
        r->cause = FETCH_INVALID;
    if (code == CURLE_OK)
        return OK;
    return err_set(ERR_IO, "cannot reach '%.200s': %s", q->url, /* a PKIOperation's has KiBs */
                   *text ? text : curl_easy_strerror(code));
}
