/* SPDX-License-Identifier: Apache-2.0 */
/* Whom fetch trusts: the roots that it was given, and nobody else. */
#include "device_fixture.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fetch/pool.h"

struct fixture {
    struct arena a;
    EVP_PKEY *key, *root_key;
    X509 *root, *other_root, *local, *elsewhere, *device;
    pid_t pid;
    int port;
};

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->root_key = EVP_RSA_gen(2048);
    f->key = EVP_RSA_gen(2048);
    f->root = make_cert(f->root_key, (struct made_cert){.cn = "Root", .ca = true});
    f->other_root = make_cert(f->key, (struct made_cert){.cn = "Other", .ca = true});
    struct made_cert m = {.cn = "x", .issuer = f->root, .issuer_key = f->root_key};
    m.san = "IP:127.0.0.1";
    f->local = make_cert(f->key, m);
    m.san = "DNS:elsewhere.example";
    f->elsewhere = make_cert(f->key, m);
    m.san = NULL;
    f->device = make_cert(f->key, m);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    X509_free(f->root);
    X509_free(f->other_root);
    X509_free(f->local);
    X509_free(f->elsewhere);
    X509_free(f->device);
    EVP_PKEY_free(f->key);
    EVP_PKEY_free(f->root_key);
    arena_free(&f->a);
    free(f);
    return 0;
}

static int any_cert(int ok, X509_STORE_CTX *ctx) {
    (void)ok;
    (void)ctx;
    return 1;
}

/* Answers with the common name of the client's certificate, or "nobody", or "u:p" who logs in so.
 */
static void answer(SSL *s) {
    char request[8192] = "", reply[300], name[100] = "nobody";
    X509 *peer = SSL_get1_peer_certificate(s);
    if (peer)
        X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName, name, sizeof name);
    X509_free(peer);
    if (SSL_read(s, request, sizeof request - 1) <= 0)
        return;
    if (strstr(request, "Authorization: Basic dTpw\r\n"))
        snprintf(name, sizeof name, "u:p");
    int n = snprintf(reply, sizeof reply,
                     "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n"
                     "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                     "Connection: close\r\n\r\n%s",
                     strlen(name), name);
    SSL_write(s, reply, n);
    SSL_shutdown(s);
}

static void serve(int fd, X509 *cert, EVP_PKEY *key, int min_version) {
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(ctx, cert);
    SSL_CTX_use_PrivateKey(ctx, key);
    SSL_CTX_set_min_proto_version(ctx, min_version);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, any_cert);
    SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"x", 1); /* resumption wants one */
    for (;;) {
        int c = accept(fd, NULL, NULL);
        SSL *s = SSL_new(ctx);
        SSL_set_fd(s, c);
        if (SSL_accept(s) == 1)
            answer(s);
        SSL_free(s);
        close(c);
    }
}

static void start(struct fixture *f, X509 *cert, int min_version) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    assert_int_equal(bind(fd, (struct sockaddr *)&at, n), 0);
    assert_int_equal(listen(fd, 4), 0);
    getsockname(fd, (struct sockaddr *)&at, &n);
    f->port = ntohs(at.sin_port);
    f->pid = fork();
    if (f->pid == 0)
        serve(fd, cert, f->key, min_version);
    close(fd);
}

static void stop(struct fixture *f) {
    kill(f->pid, SIGKILL);
    waitpid(f->pid, NULL, 0);
}

static struct span pem(struct fixture *f, X509 *x) {
    OSSL_AUTO(BIO) out = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(out, x);
    return ossl_content(&f->a, out);
}

static enum fetch_cause ask(struct fixture *f, struct fetch_options o, const char *wanted) {
    FETCH_REPLY_AUTO(r);
    char url[60];
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", f->port);
    struct fetch *fetch = fetch_new(&o);
    enum err e = fetch_send(fetch, &(struct fetch_request){.url = url}, &r);
    fetch_free(fetch);
    assert_int_equal(e == OK, r.cause == FETCH_OK);
    if (e == OK)
        assert_string_equal(buf_cstr(&r.body), wanted);
    return r.cause;
}

static void test_trust(void **state) {
    struct fixture *f = *state;
    start(f, f->local, TLS1_2_VERSION);
    assert_int_equal(ask(f, (struct fetch_options){.trust = pem(f, f->root)}, "nobody"), FETCH_OK);
    assert_int_equal(ask(f, (struct fetch_options){.trust = pem(f, f->other_root)}, ""),
                     FETCH_TLS_TRUST);
    assert_int_equal(ask(f, (struct fetch_options){0}, ""), FETCH_TLS_TRUST);
    assert_int_equal(ask(f, (struct fetch_options){.system_trust = true}, ""), FETCH_TLS_TRUST);
    stop(f);
}

static void test_name(void **state) {
    struct fixture *f = *state;
    start(f, f->elsewhere, TLS1_2_VERSION);
    assert_int_equal(ask(f, (struct fetch_options){.trust = pem(f, f->root)}, ""), FETCH_TLS_NAME);
    stop(f);
}

static void test_expired(void **state) {
    struct fixture *f = *state;
    struct made_cert m = {.cn = "x", .issuer = f->root, .issuer_key = f->root_key};
    m.san = "IP:127.0.0.1";
    m.not_before_s = -7200;
    m.not_after_s = -3600;
    OSSL_AUTO(X509) expired = make_cert(f->key, m);
    start(f, expired, TLS1_2_VERSION);
    assert_int_equal(ask(f, (struct fetch_options){.trust = pem(f, f->root)}, ""), FETCH_TLS_TRUST);
    stop(f);
}

/* For the probe: whoever answers is listened to, and what it showed is kept. */
static void test_insecure(void **state) {
    struct fixture *f = *state;
    FETCH_REPLY_AUTO(r);
    char url[60];
    start(f, f->elsewhere, TLS1_2_VERSION);
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", f->port);
    struct fetch *fetch = fetch_new(&(struct fetch_options){.insecure = true, .tls12 = true});
    assert_int_equal(fetch_send(fetch, &(struct fetch_request){.url = url}, &r), OK);
    fetch_free(fetch);
    stop(f);
    assert_true(r.asked_for_cert);
    assert_int_equal(r.date_ms, 784111777000);
    OSSL_AUTO(BIO) in = ossl_reader(buf_view(&r.server_cert));
    OSSL_AUTO(X509) shown = PEM_read_bio_X509(in, NULL, NULL, NULL);
    assert_int_equal(X509_cmp(shown, f->elsewhere), 0);
}

static void test_version(void **state) {
    struct fixture *f = *state;
    struct fetch_options o = {.trust = pem(f, f->root), .tls12 = true};
    start(f, f->local, TLS1_3_VERSION);
    assert_int_equal(ask(f, o, ""), FETCH_TLS);
    o.tls12 = false;
    assert_int_equal(ask(f, o, "nobody"), FETCH_OK);
    stop(f);
}

static void test_client_certificate(void **state) {
    struct fixture *f = *state;
    OSSL_AUTO(BIO) key = BIO_new(BIO_s_mem());
    PEM_write_bio_PKCS8PrivateKey(key, f->key, NULL, NULL, 0, NULL, NULL);
    struct fetch_options o = {.trust = pem(f, f->root),
                              .client_cert = pem(f, f->device),
                              .client_key = ossl_content(&f->a, key)};
    start(f, f->local, TLS1_2_VERSION);
    assert_int_equal(ask(f, o, "x"), FETCH_OK);
    stop(f);
}

/* The password goes only to a server whose certificate was verified. */
static void test_basic(void **state) {
    struct fixture *f = *state;
    struct fetch_options o = {.trust = pem(f, f->root), .user = "u", .password = "p"};
    o.auth = FETCH_AUTH_BASIC;
    start(f, f->local, TLS1_2_VERSION);
    assert_int_equal(ask(f, o, "u:p"), FETCH_OK);
    o.trust = pem(f, f->other_root);
    assert_int_equal(ask(f, o, ""), FETCH_TLS_TRUST);
    o.insecure = true;
    assert_int_equal(ask(f, o, ""), FETCH_URL);
    o.auth = FETCH_AUTH_ANY;
    assert_int_equal(ask(f, o, "nobody"), FETCH_OK);
    stop(f);
}

/* ---- the pool ---- */

static void on_done(struct fetch_job *job) {
    sem_post(job->user);
}

static enum fetch_cause ask_pool(struct fixture *f, struct fetch_pool *pool,
                                 struct fetch_peer *peer) {
    char url[60];
    sem_t told;
    sem_init(&told, 0, 0);
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", f->port);
    struct fetch_job job = {.peer = peer, .request.url = url, .done = on_done, .user = &told};
    fetch_start(pool, &job);
    sem_wait(&told);
    sem_destroy(&told);
    assert_int_equal(job.result == OK, job.reply.cause == FETCH_OK);
    fetch_reply_free(&job.reply);
    return job.reply.cause;
}

/* Peers of one pool share no trust, whatever connections there are, and keep what they were given.
 */
static void test_pool(void **state) {
    struct fixture *f = *state;
    struct fetch_pool *pool;
    struct span root = pem(f, f->root);
    start(f, f->local, TLS1_2_VERSION);
    assert_int_equal(fetch_pool_new(&pool), OK);
    struct fetch_peer *good = fetch_peer_new(pool, &(struct fetch_options){.trust = root});
    struct fetch_peer *other =
        fetch_peer_new(pool, &(struct fetch_options){.trust = pem(f, f->other_root)});
    memset((uint8_t *)(uintptr_t)root.p, 'x', root.n);
    assert_int_equal(ask_pool(f, pool, good), FETCH_OK);
    assert_int_equal(ask_pool(f, pool, other), FETCH_TLS_TRUST);
    assert_int_equal(ask_pool(f, pool, good), FETCH_OK);
    fetch_pool_free(pool);
    fetch_peer_free(good);
    fetch_peer_free(other);
    stop(f);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_trust),    TEST(test_name),    TEST(test_expired),
        TEST(test_insecure), TEST(test_version), TEST(test_client_certificate),
        TEST(test_basic),    TEST(test_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
