/* SPDX-License-Identifier: Apache-2.0 */
/* Listeners for a proxy: a Unix socket, and TLS for certificates of one CA. */
#include "http_fixture.h"

#include <grp.h>
#include <sys/stat.h>
#include <sys/un.h>

static char socket_path[80], ca_path[80];

/* ---- Unix socket ---- */

static enum err open_unix(const char *path, const char *group, const struct http_limits *limits) {
    const struct http_listener l = {
        .name = "unix", .unix_path = path, .unix_group = group, .handler = handle};
    server = NULL;
    return http_new(&l, 1, limits, NULL, NULL, &server);
}

static int start_unix(void **state) {
    (void)state;
    const struct http_limits limits = {.peer_connections = 2, .loops = 2, .workers = 2};
    assert_int_equal(open_unix(socket_path, NULL, &limits), OK);
    return http_start(server) == OK ? 0 : -1;
}

static int dial_unix(void) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct timeval patience = {10, 0};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    strcpy(to.sun_path, socket_path);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* More of them than one address may have, on both loops. */
static void unix_socket_serves(void **state) {
    (void)state;
    int fds[20];
    for (size_t i = 0; i < 20; i++)
        fds[i] = dial_unix();
    for (size_t i = 0; i < 20; i++) {
        BUF_AUTO(b);
        say(fds[i], "GET /x HTTP/1.1\r\n" LAST "\r\n");
        hear_all(fds[i], &b);
        assert_true(has(&b, "|unix|plain|"));
    }
}

static mode_t mode_of(const char *path) {
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 07777;
}

static void unix_socket_is_closed_to_others(void **state) {
    (void)state;
    struct group *own = getgrgid(getgid());
    assert_int_equal(open_unix(socket_path, NULL, NULL), OK);
    assert_int_equal(mode_of(socket_path), 0600);
    http_stop(server);
    assert_int_not_equal(access(socket_path, F_OK), 0); /* removed */
    assert_int_equal(open_unix(socket_path, own->gr_name, NULL), OK);
    assert_int_equal(mode_of(socket_path), 0660);
    http_stop(server);
    assert_int_equal(open_unix(socket_path, "no-such-group", NULL), ERR_CONFIG);
    assert_non_null(strstr(err_detail(), "there is no group 'no-such-group'"));
    assert_int_not_equal(access(socket_path, F_OK), 0);
}

static void unix_socket_in_use(void **state) {
    (void)state;
    struct http_server *first;
    assert_int_equal(open_unix(socket_path, NULL, NULL), OK);
    first = server;
    assert_int_equal(open_unix(socket_path, NULL, NULL), ERR_IO);
    assert_non_null(strstr(err_detail(), "another server does"));
    assert_int_equal(access(socket_path, F_OK), 0);
    http_stop(first);

    struct sockaddr_un left = {.sun_family = AF_UNIX}; /* by a server that was killed */
    strcpy(left.sun_path, socket_path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&left, sizeof left), 0);
    close(fd);
    assert_int_equal(open_unix(socket_path, NULL, NULL), OK);
    http_stop(server);

    FILE *f = fopen(socket_path, "w"); /* not ours to remove */
    fclose(f);
    assert_int_equal(open_unix(socket_path, NULL, NULL), ERR_IO);
    assert_non_null(strstr(err_detail(), "no socket"));
    assert_int_equal(unlink(socket_path), 0);

    char longest[200] = "/tmp/";
    memset(longest + 5, 'x', sizeof longest - 6);
    assert_int_equal(open_unix(longest, NULL, NULL), ERR_CONFIG);
    assert_int_equal(open_unix("/nowhere/at/all", NULL, NULL), ERR_IO);
}

/* ---- TLS for certificates of one CA ---- */

static EVP_PKEY *keys[2];
static X509 *proxies[2]; /* of the CA, which is the certificate itself; of nobody */

/* Good from an hour before now on, for two hours. */
static X509 *make_proxy(EVP_PKEY *key) {
    X509 *x = make_cert(key, "proxy");
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    return x;
}

static enum err open_judging(const char *ca) {
    const struct http_listener l = {
        .name = "judging", .address = "127.0.0.1", .tls = true, .verify_ca = ca, .handler = handle};
    return http_new(&l, 1, NULL, cert_path, key_path, &server);
}

static int start_judging(void **state) {
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        keys[i] = EVP_EC_gen("P-256");
        proxies[i] = make_proxy(keys[i]);
    }
    FILE *f = fopen(ca_path, "w");
    PEM_write_X509(f, proxies[0]);
    fclose(f);
    assert_int_equal(open_judging(ca_path), OK);
    return http_start(server) == OK ? 0 : -1;
}

static int stop_judging(void **state) {
    for (size_t i = 0; i < 2; i++) {
        X509_free(proxies[i]);
        EVP_PKEY_free(keys[i]);
    }
    unlink(ca_path);
    return stop(state);
}

/* Whether a request is answered for who shows that certificate (2: none); a session, to be tried
 * again, comes back. */
static bool is_let_in(int version, size_t proxy, SSL_SESSION **session) {
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(ctx, version);
    SSL_CTX_set_max_proto_version(ctx, version);
    if (proxy < 2) {
        SSL_CTX_use_certificate(ctx, proxies[proxy]);
        SSL_CTX_use_PrivateKey(ctx, keys[proxy]);
    }
    SSL *ssl = SSL_new(ctx);
    int fd = dial(0), n = 0;
    static const char request[] = "GET /x HTTP/1.1\r\n" LAST "\r\n";
    char reply[4096];
    SSL_set_fd(ssl, fd);
    if (*session)
        SSL_set_session(ssl, *session);
    if (SSL_connect(ssl) == 1 && SSL_write(ssl, request, sizeof request - 1) > 0)
        n = SSL_read(ssl, reply, sizeof reply);
    assert_false(SSL_session_reused(ssl));
    SSL_SESSION_free(*session);
    *session = SSL_get1_session(ssl);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(fd);
    return n > 0 && span_starts(span_of(reply, (size_t)n), "HTTP/1.1 200 ");
}

static void only_the_proxy_gets_in(void **state) {
    (void)state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t i = 0; i < 2; i++) {
        SSL_SESSION *session = NULL;
        assert_true(is_let_in(versions[i], 0, &session));
        assert_true(is_let_in(versions[i], 0, &session)); /* and judged again */
        assert_false(is_let_in(versions[i], 1, &session));
        assert_false(is_let_in(versions[i], 2, &session));
        SSL_SESSION_free(session);
    }
}

/* By our clock, and not by that of the start. */
static void an_expired_proxy_stays_out(void **state) {
    (void)state;
    SSL_SESSION *session = NULL;
    assert_true(is_let_in(TLS1_3_VERSION, 0, &session));
    clock_shift(INT64_C(2) * 3600 * 1000);
    assert_false(is_let_in(TLS1_3_VERSION, 0, &session));
    clock_shift(INT64_C(-2) * 3600 * 1000);
    assert_true(is_let_in(TLS1_3_VERSION, 0, &session));
    SSL_SESSION_free(session);
}

static void a_file_without_a_ca(void **state) {
    (void)state;
    assert_int_equal(open_judging("/nowhere"), ERR_CONFIG);
    assert_int_equal(open_judging(key_path), ERR_CONFIG);
    assert_non_null(strstr(err_detail(), "holds no PEM certificate of a CA"));
}

static int prepare_paths(void **state) {
    int e = prepare(state);
    snprintf(socket_path, sizeof socket_path, "%s/socket", folder);
    snprintf(ca_path, sizeof ca_path, "%s/ca.pem", folder);
    return e;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH(start_unix, unix_socket_serves),
        cmocka_unit_test(unix_socket_is_closed_to_others),
        cmocka_unit_test(unix_socket_in_use),
        cmocka_unit_test_setup_teardown(only_the_proxy_gets_in, start_judging, stop_judging),
        cmocka_unit_test_setup_teardown(an_expired_proxy_stays_out, start_judging, stop_judging),
        cmocka_unit_test(a_file_without_a_ca),
    };
    return cmocka_run_group_tests_name("http_proxy", tests, prepare_paths, clean_up);
}
