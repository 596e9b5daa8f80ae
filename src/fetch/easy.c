/* SPDX-License-Identifier: Apache-2.0 */
/* How a handle of curl is set up: once with the options, then for each request. */
#include "fetch/easy.h"

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

enum { DEFAULT_TIMEOUT_MS = 30000, CONNECT_TIMEOUT_MS = 10000 };

static void init_curl(void) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

void easy_init(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_curl);
}

/* ---- the options ---- */

static void set_blob(CURL *c, CURLoption option, struct span s) {
    struct curl_blob b = {(void *)(uintptr_t)s.p, s.n, CURL_BLOB_COPY};
    if (s.n)
        curl_easy_setopt(c, option, &b);
}

/* Debian's curl trusts the system's roots by default: both defaults must go. */
static void set_trust(CURL *c, const struct fetch_options *o) {
    if (!o->system_trust) {
        curl_easy_setopt(c, CURLOPT_CAINFO, NULL);
        curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
        set_blob(c, CURLOPT_CAINFO_BLOB, o->trust);
    }
    if (o->insecure) {
        curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
        curl_easy_setopt(c, CURLOPT_CERTINFO, 1L);
    }
}

static void set_client(CURL *c, struct span cert, struct span key) {
    if (!cert.n)
        return;
    curl_easy_setopt(c, CURLOPT_SSLCERTTYPE, "PEM");
    curl_easy_setopt(c, CURLOPT_SSLKEYTYPE, "PEM");
    set_blob(c, CURLOPT_SSLCERT_BLOB, cert);
    set_blob(c, CURLOPT_SSLKEY_BLOB, key);
}

/* Without a user Negotiate takes the ticket of the process, which curl does only for a user "". */
static void set_user(struct easy *e, const struct fetch_options *o) {
    e->auth = o->auth;
    e->has_user = o->user && *o->user;
    if (e->auth == FETCH_AUTH_NONE)
        return;
    curl_easy_setopt(e->curl, CURLOPT_USERNAME, o->user ? o->user : "");
    curl_easy_setopt(e->curl, CURLOPT_PASSWORD, o->password ? o->password : "");
}

static void set_times(CURL *c, unsigned timeout_ms) {
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(timeout_ms ? timeout_ms : DEFAULT_TIMEOUT_MS));
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(timeout_ms ? timeout_ms : CONNECT_TIMEOUT_MS));
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L); /* the end does not wait for a slow resolver */
}

static void set_callbacks(struct easy *e) {
    CURL *c = e->curl;
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, e->words);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, reply_on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, e);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, reply_on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, e);
    curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)FETCH_BODY_MAX);
}

void easy_open(struct easy *e, const struct fetch_options *o) {
    easy_init();
    *e = (struct easy){.curl = curl_easy_init(), .verified = !o->insecure};
    CURL *c = e->curl;
    if (!c)
        abort(); /* curl gives NULL only without memory */
    set_trust(c, o);
    set_client(c, o->client_cert, o->client_key);
    set_user(e, o);
    set_times(c, o->timeout_ms);
    set_callbacks(e);
    curl_easy_setopt(c, CURLOPT_SSLVERSION,
                     o->tls12 ? CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_2
                              : CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    if (!o->env_proxy)
        curl_easy_setopt(c, CURLOPT_PROXY, "");
    if (o->connect_to) {
        e->connect_to = curl_slist_append(NULL, o->connect_to);
        curl_easy_setopt(c, CURLOPT_CONNECT_TO, e->connect_to);
    }
}

void easy_close(struct easy *e) {
    curl_easy_cleanup(e->curl);
    curl_slist_free_all(e->connect_to);
    curl_slist_free_all(e->headers);
}

/* OpenSSL calls this when the server asks for a certificate; what is sent stays as it was. */
static int on_cert_request(SSL *s, void *user) {
    struct easy *e = user;
    (void)s;
    e->asked_for_cert = true;
    return 1;
}

static CURLcode on_ssl_ctx(CURL *c, void *ctx, void *user) {
    (void)c;
    SSL_CTX_set_cert_cb(ctx, on_cert_request, user);
    return CURLE_OK;
}

void easy_watch_cert(struct easy *e) {
    curl_easy_setopt(e->curl, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx);
    curl_easy_setopt(e->curl, CURLOPT_SSL_CTX_DATA, e);
}

void easy_watch_sent(struct easy *e) {
    curl_easy_setopt(e->curl, CURLOPT_DEBUGFUNCTION, reply_on_debug);
    curl_easy_setopt(e->curl, CURLOPT_DEBUGDATA, e);
    curl_easy_setopt(e->curl, CURLOPT_VERBOSE, 1L);
}

/* curl calls this before it sends, each time. To log in, it sends again after an answer. */
static int on_sending(void *user, char *peer, char *local, int peer_port, int local_port) {
    struct easy *e = user;
    (void)peer, (void)local, (void)peer_port, (void)local_port;
    e->sending = true;
    if (e->post_sent)
        return CURL_PREREQFUNC_ABORT;
    e->post_sent = e->post;
    return CURL_PREREQFUNC_OK;
}

void easy_send_once(struct easy *e) {
    e->once = true;
    curl_easy_setopt(e->curl, CURLOPT_PREREQDATA, e);
    curl_easy_setopt(e->curl, CURLOPT_PREREQFUNCTION, on_sending);
}

/* ---- a request ---- */

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

/*
 * Basic shows the password to whoever answers, so that somebody must have been verified. Negotiate
 * takes a ticket, never a user and a password, and curl does not go on to NTLM when there is no
 * ticket: so which of them ANY means is decided by the user.
 */
static unsigned long auth_mask(const struct easy *e, bool private) {
    switch (e->auth) {
    case FETCH_AUTH_NEGOTIATE:
        return CURLAUTH_NEGOTIATE;
    case FETCH_AUTH_NTLM:
        return CURLAUTH_NTLM;
    case FETCH_AUTH_BASIC:
        return private ? CURLAUTH_BASIC : CURLAUTH_NONE;
    case FETCH_AUTH_ANY:
        if (!e->has_user)
            return CURLAUTH_NEGOTIATE;
        return CURLAUTH_NTLM | (private ? CURLAUTH_BASIC : 0);
    default:
        return CURLAUTH_NONE;
    }
}

static enum err set_auth(struct easy *e, const char *url) {
    bool private = e->verified && fetch_url_is_https(url);
    unsigned long mask = auth_mask(e, private);
    if (e->auth == FETCH_AUTH_NONE)
        return OK;
    curl_easy_setopt(e->curl, CURLOPT_HTTPAUTH, mask);
    if (mask != CURLAUTH_NONE)
        return OK;
    e->reply->cause = FETCH_URL;
    e->reply->unsent = true;
    return err_set(ERR_IO, "Basic would show the password to others: it needs an https:// address "
                           "whose certificate is verified; or use Negotiate or NTLM");
}

static void set_method(CURL *c, const struct fetch_request *q) {
    curl_easy_setopt(c, q->post ? CURLOPT_POST : CURLOPT_HTTPGET, 1L);
    if (!q->post)
        return;
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.n);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, q->body.n ? (const char *)q->body.p : "");
}

enum err easy_begin(struct easy *e, const struct fetch_request *q, struct fetch_reply *r) {
    CURL *c = e->curl;
    e->reply = r;
    e->words[0] = 0;
    e->post = q->post;
    e->post_sent = false;
    e->sending = false;
    TRY(set_auth(e, q->url));
    e->headers = header_list(q);
    curl_easy_setopt(c, CURLOPT_URL, q->url);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, e->headers);
    curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, q->gzip ? "gzip" : NULL);
    curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, q->once ? 1L : 0L);
    set_method(c, q);
    return OK;
}

/* The words may quote a stranger's certificate. The URL of a PKIOperation by GET has KiBs. */
static enum err cannot_reach(const char *url, const char *words) {
    BUF_AUTO(clean);
    text_printable(&clean, span_str(words));
    return err_set(ERR_IO, "cannot reach '%.200s': %s", url, buf_cstr(&clean));
}

enum err easy_end(struct easy *e, const struct fetch_request *q, CURLcode code) {
    struct fetch_reply *r = e->reply;
    CURL *c = e->curl;
    long status = 0;
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(e->headers);
    e->headers = NULL;
    r->status = (int)status;
    reply_judge(e, code);
    r->asked_for_cert = e->asked_for_cert;
    reply_keep_server_cert(c, r);
    if (code == CURLE_OK)
        return OK;
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return cannot_reach(q->url, "the connection broke, and a POST is not sent twice");
    return cannot_reach(q->url, *e->words ? e->words : curl_easy_strerror(code));
}
