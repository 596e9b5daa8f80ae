/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three contexts a certificate: one that asks for a client certificate, one that does not, and one
 * that lets in only who has a certificate of a certain CA. They are separate, so that a session
 * ticket of one listener opens nothing on another; where names share a port and so the tickets'
 * keys, the session id contexts do that. A reload puts new contexts in their place; OpenSSL's own
 * reference counts keep the old ones for as long as a connection uses them.
 */
#include "http/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

enum kind { QUIET, ASKING, JUDGING, KINDS };

enum { MAX_CLIENT_CERTS = 16 * 1024 };

struct http_tls {
    char *cert, *key, *verify_ca;
    pthread_mutex_t lock;
    SSL_CTX *contexts[KINDS]; /* under the lock; NULL: not wanted */
};

/* A certificate proves only that the client has its key; whose it is, the MDM decides. */
static int accept_any(X509_STORE_CTX *store, void *user) {
    (void)store;
    (void)user;
    return 1;
}

/* Without this OpenSSL would ask for a passphrase on the terminal. */
static int no_passphrase(char *out, int size, int writing, void *user) {
    (void)out;
    (void)size;
    (void)writing;
    *(bool *)user = true; /* was asked for one */
    return 0;
}

/* OpenSSL's own words for this are "system lib". */
static enum err check_readable(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(ERR_CONFIG, "cannot open '%s': %s", path, strerror(errno));
    close(fd);
    return OK;
}

/* Its common reasons tell which of its parts failed ("PEM lib"); the others are words. */
static enum err refuse_cert(const char *path) {
    unsigned long code = ERR_peek_last_error();
    const char *reason = ERR_COMMON_ERROR(code) ? NULL : ERR_reason_error_string(code);
    if (!reason || ERR_GET_LIB(code) != ERR_LIB_SSL)
        return err_set(ERR_CONFIG, "'%s' holds no PEM certificate", path);
    return err_set(ERR_CONFIG, "the TLS certificate '%s' cannot be used: %s", path, reason);
}

static enum err read_key(const char *path, EVP_PKEY **out) {
    bool encrypted = false;
    TRY(check_readable(path));
    BIO *in = BIO_new_file(path, "r");
    *out = in ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, &encrypted) : NULL;
    BIO_free(in);
    if (encrypted)
        return err_set(ERR_CONFIG,
                       "the key '%s' has a passphrase; take it off: openssl pkey -in %s -out NEW",
                       path, path);
    return *out ? OK : err_set(ERR_CONFIG, "'%s' holds no PEM private key", path);
}

static enum err load_cert(SSL_CTX *ctx, const char *cert) {
    TRY(check_readable(cert));
    return SSL_CTX_use_certificate_chain_file(ctx, cert) == 1 ? OK : refuse_cert(cert);
}

static enum err load_key(SSL_CTX *ctx, const char *cert, const char *path) {
    EVP_PKEY *key;
    TRY(read_key(path, &key));
    enum err e = OK;
    if (X509_check_private_key(SSL_CTX_get0_certificate(ctx), key) != 1)
        e = err_set(ERR_CONFIG, "the key '%s' does not belong to the certificate '%s'", path, cert);
    else if (SSL_CTX_use_PrivateKey(ctx, key) != 1)
        e = err_set(ERR_CONFIG, "the key '%s' cannot be used for TLS", path);
    EVP_PKEY_free(key);
    return e;
}

static enum err load_pair(SSL_CTX *ctx, const char *cert, const char *key) {
    ERR_clear_error();
    enum err e = load_cert(ctx, cert);
    if (e == OK)
        e = load_key(ctx, cert, key);
    ERR_clear_error();
    return e;
}

/* ---- contexts ---- */

/* Windows' SCEP client knows nothing newer than TLS 1.2; nothing older is needed. */
static void set_policy(SSL_CTX *ctx, enum kind kind) {
    static const char *const ids[] = {"signet", "signet-ask", "signet-judge"};
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    /* Released: 13 KB less an idle connection. Ahead: a record by one system call, not by two. */
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
    SSL_CTX_set_read_ahead(ctx, 1);
    SSL_CTX_set_max_cert_list(ctx, MAX_CLIENT_CERTS); /* each connection keeps its client's */
    SSL_CTX_set_session_id_context(ctx, (const unsigned char *)ids[kind],
                                   (unsigned)strlen(ids[kind]));
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets keep the state */
    SSL_CTX_set_num_tickets(ctx, kind == JUDGING ? 0 : 1);
    if (kind == JUDGING) /* who was judged once would come again without */
        SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    if (kind == ASKING) {
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
        SSL_CTX_set_cert_verify_callback(ctx, accept_any, NULL);
    }
}

static enum err load_judges(SSL_CTX *ctx, const char *path) {
    TRY(check_readable(path));
    if (SSL_CTX_load_verify_file(ctx, path) != 1) {
        ERR_clear_error();
        return err_set(ERR_CONFIG, "'%s' holds no PEM certificate of a CA", path);
    }
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return OK;
}

/*
 * In the ClientHello, before OpenSSL looks at sessions: after that it would be too late to say
 * which of them count. Called again for the second one of a HelloRetryRequest, which may name
 * another.
 */
static int on_hello(SSL *ssl, int *alert, void *user) {
    struct http_tls *t = user;
    struct http_names_choice *choice = SSL_get_app_data(ssl);
    const unsigned char *p = NULL;
    size_t n = 0;
    if (!choice)
        return SSL_CLIENT_HELLO_SUCCESS;
    bool sent = SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &p, &n) == 1;
    if (!http_names_choose(choice, sent ? span_of(p, n) : SPAN_NONE) || (sent && n == 0)) {
        *alert = SSL_AD_DECODE_ERROR;
        return SSL_CLIENT_HELLO_ERROR;
    }
    bool ask = choice->name ? choice->name->ask_client_cert : choice->listener->ask_client_cert;
    pthread_mutex_lock(&t->lock);
    SSL_set_SSL_CTX(ssl, t->contexts[ask ? ASKING : QUIET]); /* leaves the verify mode as it is */
    pthread_mutex_unlock(&t->lock);
    SSL_set_verify(ssl, ask ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    return SSL_CLIENT_HELLO_SUCCESS;
}

static enum err make_context(struct http_tls *t, enum kind kind, SSL_CTX **out) {
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx)
        return err_set(ERR_CRYPTO, "no TLS context");
    set_policy(ctx, kind);
    SSL_CTX_set_client_hello_cb(ctx, on_hello, t);
    enum err e = load_pair(ctx, t->cert, t->key);
    if (e == OK && kind == JUDGING)
        e = load_judges(ctx, t->verify_ca);
    if (e != OK) {
        SSL_CTX_free(ctx);
        return e;
    }
    *out = ctx;
    return OK;
}

enum err http_tls_check(const char *cert, const char *key) {
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    enum err e = ctx ? load_pair(ctx, cert, key) : err_set(ERR_CRYPTO, "no TLS context");
    SSL_CTX_free(ctx);
    return e;
}

static void free_contexts(SSL_CTX *contexts[KINDS]) {
    for (int kind = 0; kind < KINDS; kind++)
        SSL_CTX_free(contexts[kind]);
}

static enum err make_contexts(struct http_tls *t, SSL_CTX *made[KINDS]) {
    for (int kind = 0; kind < KINDS; kind++)
        if (kind != JUDGING || t->verify_ca)
            TRY(make_context(t, (enum kind)kind, &made[kind]));
    return OK;
}

enum err http_tls_reload(struct http_tls *t) {
    SSL_CTX *made[KINDS] = {NULL}, *old[KINDS];
    enum err e = make_contexts(t, made);
    if (e != OK) {
        free_contexts(made);
        return e;
    }
    pthread_mutex_lock(&t->lock);
    memcpy(old, t->contexts, sizeof old);
    memcpy(t->contexts, made, sizeof made);
    pthread_mutex_unlock(&t->lock);
    free_contexts(old);
    return OK;
}

enum err http_tls_new(const char *cert, const char *key, const char *verify_ca,
                      struct http_tls **out) {
    if (!cert || !key)
        return err_set(ERR_CONFIG, "a TLS listener needs a certificate and a key");
    struct http_tls *t = mem_alloc(sizeof *t);
    t->cert = mem_strdup(cert);
    t->key = mem_strdup(key);
    t->verify_ca = verify_ca ? mem_strdup(verify_ca) : NULL;
    pthread_mutex_init(&t->lock, NULL);
    enum err e = http_tls_reload(t);
    if (e != OK) {
        http_tls_free(t);
        return e;
    }
    *out = t;
    return OK;
}

/* ---- connections ---- */

SSL *http_tls_session(struct http_tls *t, const struct http_listener *l,
                      struct http_names_choice *choice) {
    enum kind kind = l->verify_ca ? JUDGING : l->ask_client_cert ? ASKING : QUIET;
    pthread_mutex_lock(&t->lock);
    SSL *ssl = SSL_new(t->contexts[kind]);
    pthread_mutex_unlock(&t->lock);
    if (ssl && kind == JUDGING) /* by our clock, and not by the time of the start */
        X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl), (time_t)(clock_ms() / 1000));
    if (ssl)
        SSL_set_app_data(ssl, choice);
    return ssl;
}

void http_tls_peer(SSL *ssl, struct buf *der) {
    const X509 *cert = SSL_get0_peer_certificate(ssl);
    unsigned char *bytes = NULL;
    int n = cert ? i2d_X509(cert, &bytes) : 0;
    if (n > 0)
        buf_add(der, bytes, (size_t)n);
    OPENSSL_free(bytes);
}

void http_tls_free(struct http_tls *t) {
    if (!t)
        return;
    free_contexts(t->contexts);
    pthread_mutex_destroy(&t->lock);
    free(t->cert);
    free(t->key);
    free(t->verify_ca);
    free(t);
}
