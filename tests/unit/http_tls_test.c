/* SPDX-License-Identifier: Apache-2.0 */
/* TLS: versions, client certificates, reload, garbage. */
#include "http_fixture.h"

#include <netinet/tcp.h>

#include "http/tls.h"

struct tls_client {
    SSL_CTX *ctx;
    SSL *ssl;
    int fd;
};

static struct tls_client tls_dial(size_t listener, int version, bool with_cert) {
    struct tls_client c = {.ctx = SSL_CTX_new(TLS_client_method()), .fd = dial(listener)};
    SSL_CTX_set_min_proto_version(c.ctx, version);
    SSL_CTX_set_max_proto_version(c.ctx, version);
    if (with_cert) {
        SSL_CTX_use_certificate(c.ctx, client_cert);
        SSL_CTX_use_PrivateKey(c.ctx, client_key);
    }
    c.ssl = SSL_new(c.ctx);
    SSL_set_fd(c.ssl, c.fd);
    return c;
}

static void tls_close(struct tls_client *c) {
    SSL_free(c->ssl);
    SSL_CTX_free(c->ctx);
    close(c->fd);
}

static void tls_ask(struct tls_client *c, const char *request, struct buf *b) {
    char piece[4096];
    int n;
    buf_clear(b);
    assert_int_equal(SSL_write(c->ssl, request, (int)strlen(request)), strlen(request));
    while ((n = SSL_read(c->ssl, piece, sizeof piece)) > 0)
        buf_add(b, piece, (size_t)n);
    /* the server says goodbye: an attacker who cuts the line cannot imitate it */
    assert_int_equal(SSL_get_error(c->ssl, n), SSL_ERROR_ZERO_RETURN);
}

static void tls_versions(void **state) {
    (void)state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t i = 0; i < 2; i++) {
        BUF_AUTO(b);
        struct tls_client c = tls_dial(TLS, versions[i], true);
        assert_int_equal(SSL_connect(c.ssl), 1);
        tls_ask(&c, "GET /t HTTP/1.1\r\n" H "\r\nGET /t HTTP/1.1\r\n" LAST "\r\n", &b);
        assert_int_equal(count(&b, "|tls|cert=0|"), 2); /* not asked for, so not sent */
        tls_close(&c);
    }
    struct tls_client old = tls_dial(TLS, TLS1_1_VERSION, false);
    SSL_set_security_level(old.ssl, 0);
    assert_int_not_equal(SSL_connect(old.ssl), 1);
    tls_close(&old);
}

static void check_cert_seen(struct tls_client *c) {
    BUF_AUTO(b);
    unsigned char *der = NULL;
    int n = i2d_X509(client_cert, &der);
    tls_ask(c, "GET /cert HTTP/1.1\r\n" LAST "\r\n", &b);
    assert_true(b.n > (size_t)n);
    assert_memory_equal(b.p + b.n - n, der, (size_t)n);
    OPENSSL_free(der);
}

static void client_certificate(void **state) {
    (void)state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t i = 0; i < 2; i++) {
        BUF_AUTO(b);
        struct tls_client c = tls_dial(ASK, versions[i], false);
        assert_int_equal(SSL_connect(c.ssl), 1);
        tls_ask(&c, "GET /t HTTP/1.1\r\n" LAST "\r\n", &b);
        assert_true(has(&b, "|tls|cert=0|"));
        tls_close(&c);

        c = tls_dial(ASK, versions[i], true);
        assert_int_equal(SSL_connect(c.ssl), 1);
        check_cert_seen(&c);
        /* a resumed session still shows it, and opens nothing on the other listener */
        SSL_SESSION *session = SSL_get1_session(c.ssl);
        for (size_t to = TLS; to <= ASK; to++) {
            struct tls_client again = tls_dial(to, versions[i], true);
            SSL_set_session(again.ssl, session);
            assert_int_equal(SSL_connect(again.ssl), 1);
            assert_int_equal(SSL_session_reused(again.ssl), to == ASK);
            if (to == ASK)
                check_cert_seen(&again);
            tls_close(&again);
        }
        SSL_SESSION_free(session);
        tls_close(&c);
    }
}

static bool server_is(struct tls_client *c, const char *name) {
    char cn[64] = "";
    X509 *x = SSL_get1_peer_certificate(c->ssl);
    X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, cn, sizeof cn);
    X509_free(x);
    return strcmp(cn, name) == 0;
}

static void certificate_reload(void **state) {
    (void)state;
    BUF_AUTO(b);
    struct tls_client old = tls_dial(TLS, TLS1_3_VERSION, false);
    assert_int_equal(SSL_connect(old.ssl), 1);
    assert_true(server_is(&old, "before"));
    write_pair("after");
    assert_int_equal(http_reload_tls(server), OK);
    struct tls_client new = tls_dial(TLS, TLS1_3_VERSION, false);
    assert_int_equal(SSL_connect(new.ssl), 1);
    assert_true(server_is(&new, "after"));
    tls_ask(&new, "GET /new HTTP/1.1\r\n" LAST "\r\n", &b);
    assert_true(has(&b, "/new|"));
    tls_ask(&old, "GET /old HTTP/1.1\r\n" LAST "\r\n", &b); /* still served */
    assert_true(has(&b, "/old|"));
    tls_close(&old);
    tls_close(&new);
    /* a broken file changes nothing */
    assert_int_equal(truncate(key_path, 20), 0);
    assert_int_equal(http_reload_tls(server), ERR_CONFIG);
    assert_non_null(strstr(err_detail(), key_path));
    new = tls_dial(TLS, TLS1_2_VERSION, false);
    assert_int_equal(SSL_connect(new.ssl), 1);
    assert_true(server_is(&new, "after"));
    tls_close(&new);
    write_pair("before");
}

static void refused(const char *cert, const char *key, const char *why) {
    assert_int_equal(http_tls_check(cert, key), ERR_CONFIG);
    if (!strstr(err_detail(), why))
        fail_msg("not '%s' but: %s", why, err_detail());
}

/* In words of files, not in OpenSSL's. */
static void pair_messages(void **state) {
    (void)state;
    char other[] = "/tmp/signet-key-XXXXXX";
    EVP_PKEY *keys[] = {EVP_EC_gen("P-256"), EVP_RSA_gen(2048)};
    assert_int_equal(http_tls_check(cert_path, key_path), OK);
    close(mkstemp(other));
    for (size_t i = 0; i < 2; i++) {
        FILE *f = fopen(other, "w");
        assert_true(PEM_write_PrivateKey(f, keys[i], NULL, NULL, 0, NULL, NULL));
        fclose(f);
        refused(cert_path, other, "does not belong to the certificate");
    }
    FILE *f = fopen(other, "w");
    assert_true(PEM_write_PKCS8PrivateKey(f, keys[0], EVP_aes_128_cbc(), "x", 1, NULL, NULL));
    fclose(f);
    refused(cert_path, other, "has a passphrase");
    refused(key_path, key_path, "holds no PEM certificate");
    refused(cert_path, cert_path, "holds no PEM private key");
    unlink(other);
    refused(other, key_path, "No such file or directory");
    refused(cert_path, other, "No such file or directory");
    EVP_PKEY_free(keys[0]);
    EVP_PKEY_free(keys[1]);
}

/* Garbage instead of a handshake, and a handshake that is left half-way. */
static void tls_garbage(void **state) {
    (void)state;
    BUF_AUTO(b);
    int fd = dial(TLS);
    say(fd, "GET / HTTP/1.1\r\n" H "\r\n");
    char piece[256];
    for (ssize_t n; (n = recv(fd, piece, sizeof piece, 0)) > 0;) /* an alert, perhaps a reset */
        buf_add(&b, piece, (size_t)n);
    close(fd);
    assert_false(has(&b, "HTTP/"));
    fd = dial(TLS);
    say(fd, "\x16\x03\x01");
    close(fd);
}

static void tls_hear(struct tls_client *c, struct buf *b, const char *text) {
    char piece[4096];
    int n;
    while (!has(b, text)) {
        if ((n = SSL_read(c->ssl, piece, sizeof piece)) <= 0)
            fail_msg("no '%s' in: %s", text, buf_cstr(b));
        buf_add(b, piece, (size_t)n);
    }
}

static void tls_say(struct tls_client *c, const char *text) {
    assert_int_equal(SSL_write(c->ssl, text, (int)strlen(text)), strlen(text));
}

static void cork(struct tls_client *c, int on) {
    setsockopt(c->fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
}

/* Records that come together: the socket tells of the first only. And half a record, later. */
static void records_in_one_segment(void **state) {
    (void)state;
    BUF_AUTO(b);
    struct tls_client c = tls_dial(TLS, TLS1_3_VERSION, false);
    assert_int_equal(SSL_connect(c.ssl), 1);
    for (int i = 0; i < 20; i++) {
        cork(&c, 1);
        tls_say(&c, "GET /one HTTP/1.1\r\n" H "\r\n");
        tls_say(&c, "POST /two HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\n12");
        tls_say(&c, "34GET /thr");
        cork(&c, 0);
        tls_hear(&c, &b, "/two|");
        tls_say(&c, "ee HTTP/1.1\r\n" H "\r\n");
        tls_hear(&c, &b, "/three|");
        assert_true(has(&b, "/one|"));
        buf_clear(&b);
    }
    tls_close(&c);
}

/* More than the socket takes at once: the loop sends what the worker could not. */
static void long_tls_reply(void **state) {
    (void)state;
    char piece[16384];
    size_t total = 0, n = 0;
    struct tls_client c = tls_dial(TLS, TLS1_3_VERSION, false);
    assert_int_equal(SSL_connect(c.ssl), 1);
    tls_say(&c, "GET /big HTTP/1.1\r\n" LAST "\r\n");
    usleep(50000);
    while (SSL_read_ex(c.ssl, piece, sizeof piece, &n) == 1)
        total += n;
    assert_int_equal(SSL_get_error(c.ssl, 0), SSL_ERROR_ZERO_RETURN);
    assert_in_range(total, BIG, BIG + 1024);
    tls_close(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH(start, tls_versions),       WITH(start, client_certificate),
        WITH(start, certificate_reload), WITH(start, tls_garbage),
        cmocka_unit_test(pair_messages), WITH(start, records_in_one_segment),
        WITH(start, long_tls_reply),
    };
    return cmocka_run_group_tests_name("http_tls", tests, prepare, clean_up);
}
