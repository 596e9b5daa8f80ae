/* SPDX-License-Identifier: Apache-2.0 */
/* The server in this process, on free ports of loopback, and a raw client. */
#ifndef SIGNET_TESTS_HTTP_FIXTURE_H
#define SIGNET_TESTS_HTTP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/http.h"

enum { PLAIN, TLS, ASK, LISTENERS };
enum { BIG = 32 * 1024 * 1024 }; /* more than the kernel keeps for a connection */

#define H    "Host: a\r\n"
#define LAST "Host: a\r\nConnection: close\r\n"

static struct http_server *server;
static char folder[] = "/tmp/http_test.XXXXXX";
static char cert_path[64], key_path[64];

/* ---- the handler ---- */

/* /gate waits until the test opens it, and counts who has come in. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    unsigned inside;
    bool open;
} gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false};

static inline void pass_gate(void) {
    pthread_mutex_lock(&gate.lock);
    gate.inside++;
    pthread_cond_broadcast(&gate.moved);
    while (!gate.open)
        pthread_cond_wait(&gate.moved, &gate.lock);
    gate.inside--;
    pthread_mutex_unlock(&gate.lock);
}

static inline void wait_inside(unsigned n) {
    pthread_mutex_lock(&gate.lock);
    while (gate.inside < n)
        pthread_cond_wait(&gate.moved, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
}

static inline void set_gate(bool open) {
    pthread_mutex_lock(&gate.lock);
    gate.open = open;
    pthread_cond_broadcast(&gate.moved);
    pthread_mutex_unlock(&gate.lock);
}

/* /later gives its thread back until the test resumes it. */
static const struct http_request *left_for_later;

static inline void answer_later(void *user, const struct http_request *r,
                                struct http_reply *reply) {
    (void)r;
    http_text(reply, 200, user);
}

static inline void leave_for_later(const struct http_request *r, struct http_reply *reply) {
    http_later(r, reply, answer_later, (void *)(uintptr_t)r->query);
    pthread_mutex_lock(&gate.lock);
    left_for_later = r;
    gate.inside++;
    pthread_cond_broadcast(&gate.moved);
    pthread_mutex_unlock(&gate.lock);
}

static inline const struct http_request *take_later(void) {
    wait_inside(1);
    pthread_mutex_lock(&gate.lock);
    gate.inside--;
    const struct http_request *r = left_for_later;
    pthread_mutex_unlock(&gate.lock);
    return r;
}

static inline void resume_later(void) {
    http_resume(take_later());
}

/* Without a worker. */
static inline void finish_later(const char *text) {
    struct http_reply reply = {0};
    http_text(&reply, 200, text);
    http_finish(take_later(), &reply);
}

static inline void describe(const struct http_request *r, struct buf *b) {
    const char *x = http_query(r, "x");
    const char *agent = http_header(r, "user-AGENT");
    buf_printf(b, "%s %d %s|%zu|%s|x=%s|agent=%s|%s|%s|cert=%zu|body=%zu", r->method_name,
               r->method, r->path, strlen(r->query), r->content_type, x ? x : "-",
               agent ? agent : "-", r->peer, r->tls ? "tls" : "plain", r->client_cert.n, r->body.n);
}

static inline void handle(void *user, const struct http_request *r, struct http_reply *reply) {
    (void)user;
    if (strcmp(r->path, "/gate") == 0) {
        pass_gate();
        http_text(reply, 200, "passed");
    } else if (strcmp(r->path, "/later") == 0) {
        leave_for_later(r, reply);
    } else if (strcmp(r->path, "/echo") == 0) {
        reply->content_type = "application/octet-stream";
        buf_span(&reply->body, r->body);
    } else if (strcmp(r->path, "/cert") == 0) {
        buf_span(&reply->body, r->client_cert);
    } else if (strcmp(r->path, "/method") == 0) {
        http_text(reply, 405, "no");
        reply->allow = "GET, POST";
        reply->fields = "Cache-Control: no-store\r\n";
    } else if (strcmp(r->path, "/none") == 0) {
        reply->status = 204;
        reply->close = true;
    } else if (strcmp(r->path, "/big") == 0) {
        for (int i = 0; i < BIG / 1024; i++)
            buf_add(&reply->body, (char[1024]){0}, 1024);
    } else if (strcmp(r->path, "/busy") == 0) {
        http_text(reply, 503, "later");
    } else {
        describe(r, &reply->body);
    }
}

/* ---- a server and a raw client ---- */

static inline void start_limited(const struct http_limits *limits) {
    const struct http_listener listeners[LISTENERS] = {
        [PLAIN] = {.name = "plain", .address = "127.0.0.1", .handler = handle},
        [TLS] = {.name = "tls", .address = "127.0.0.1", .handler = handle, .tls = true},
        [ASK] = {.name = "ask",
                 .address = "127.0.0.1",
                 .handler = handle,
                 .tls = true,
                 .ask_client_cert = true},
    };
    set_gate(false);
    assert_int_equal(http_new(listeners, LISTENERS, limits, cert_path, key_path, &server), OK);
    assert_int_equal(http_start(server), OK);
}
static inline int start(void **state) {
    (void)state;
    start_limited(&(struct http_limits){.body = 4096, .loops = 2, .workers = 3});
    return 0;
}

static inline int stop(void **state) {
    (void)state;
    http_stop(server);
    server = NULL;
    return 0;
}

static inline int dial_from(in_addr_t address, size_t listener) {
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(http_port(server, listener)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {10, 0};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static inline int dial(size_t listener) {
    return dial_from(INADDR_LOOPBACK, listener);
}

static inline void say(int fd, const char *text) {
    size_t n = strlen(text);
    assert_int_equal(send(fd, text, n, MSG_NOSIGNAL), n);
}

/* Everything until the server closes, which it must do within the socket's patience. */
static inline void hear_all(int fd, struct buf *b) {
    char piece[4096];
    ssize_t n;
    while ((n = recv(fd, piece, sizeof piece, 0)) > 0)
        buf_add(b, piece, (size_t)n);
    assert_int_equal(n, 0);
    close(fd);
}

/* Until `text` was heard. */
static inline void hear(int fd, struct buf *b, const char *text) {
    char piece[4096];
    while (!strstr(buf_cstr(b), text)) {
        ssize_t n = recv(fd, piece, sizeof piece, 0);
        if (n <= 0)
            fail_msg("no '%s' in: %s", text, buf_cstr(b));
        buf_add(b, piece, (size_t)n);
    }
}

static inline void ask(const char *request, struct buf *reply) {
    int fd = dial(PLAIN);
    buf_clear(reply);
    say(fd, request);
    hear_all(fd, reply);
}

static inline bool has(struct buf *b, const char *text) {
    return strstr(buf_cstr(b), text) != NULL;
}

static inline unsigned count(struct buf *b, const char *text) {
    unsigned n = 0;
    for (const char *p = buf_cstr(b); (p = strstr(p, text)); p++)
        n++;
    return n;
}

/* The reply to `request` begins with `status`, and the server closes. */
static inline void expect_status(const char *request, const char *status) {
    BUF_AUTO(b);
    ask(request, &b);
    if (!span_starts(buf_view(&b), status))
        fail_msg("not %s but: %s", status, buf_cstr(&b));
}
/* ---- certificates ---- */

static EVP_PKEY *client_key;
static X509 *client_cert;

/* A self-signed certificate for `name`. */
static inline X509 *make_cert(EVP_PKEY *key, const char *name) {
    X509 *x = X509_new();
    X509_NAME *subject = X509_NAME_new();
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1,
                               0);
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), -30); /* expired: the server does not judge */
    X509_set_subject_name(x, subject);
    X509_set_issuer_name(x, subject);
    X509_set_pubkey(x, key);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    X509_NAME_free(subject);
    return x;
}

static inline void write_pair(const char *name) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = make_cert(key, name);
    FILE *f = fopen(cert_path, "w");
    assert_true(PEM_write_X509(f, x));
    fclose(f);
    f = fopen(key_path, "w");
    assert_true(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL));
    fclose(f);
    X509_free(x);
    EVP_PKEY_free(key);
}

static inline int prepare(void **state) {
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(cert_path, sizeof cert_path, "%s/cert.pem", folder);
    snprintf(key_path, sizeof key_path, "%s/key.pem", folder);
    log_set_level(LOG_ERROR); /* the tests are refused a lot */
    write_pair("before");
    client_key = EVP_EC_gen("P-256");
    client_cert = make_cert(client_key, "client");
    return 0;
}

static inline int clean_up(void **state) {
    (void)state;
    X509_free(client_cert);
    EVP_PKEY_free(client_key);
    unlink(cert_path);
    unlink(key_path);
    rmdir(folder);
    return 0;
}
#define WITH(setup, test) cmocka_unit_test_setup_teardown(test, setup, stop)

#endif
