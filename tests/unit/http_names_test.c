/* SPDX-License-Identifier: Apache-2.0 */
/* Several names on one port: who is asked for a certificate, what a ticket opens, what gets 421. */
#include "http_fixture.h"

#include "http/names.h"

enum { SHARED };
#define QUIET_NAME  "public.example.com"
#define ASKING_NAME "manage.example.com"

/* ---- the two pure functions ---- */

static const struct http_name names[] = {{"Manage.Example.COM", true, handle, NULL}};
static const struct http_listener shared = {.names = names, .name_count = 1};

/* The extension with one host_name, as clients write it. */
static struct span extension(struct buf *b, const char *name) {
    size_t n = strlen(name);
    buf_clear(b);
    buf_add(
        b, (uint8_t[]){(uint8_t)((n + 3) >> 8), (uint8_t)(n + 3), 0, (uint8_t)(n >> 8), (uint8_t)n},
        5);
    buf_str(b, name);
    return buf_view(b);
}

static void sni_chooses(void **state) {
    (void)state;
    static const struct {
        const char *sni, *kept;
        bool asking;
    } rows[] = {
        {"manage.example.com", "manage.example.com", true},
        {"MANAGE.example.com.", "manage.example.com", true},
        {"manage.example.com.evil", "manage.example.com.evil", false},
        {"xmanage.example.com", "xmanage.example.com", false},
        {"EnterpriseEnrollment.example.com", "enterpriseenrollment.example.com", false},
    };
    BUF_AUTO(b);
    struct http_names_choice c = {.listener = &shared};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(http_names_choose(&c, extension(&b, rows[i].sni)));
        assert_string_equal(c.sni, rows[i].kept);
        assert_ptr_equal(c.name, rows[i].asking ? names : NULL);
    }
    assert_true(http_names_choose(&c, SPAN_NONE));
    assert_string_equal(c.sni, "");
    assert_null(c.name);
}

static void malformed_sni_is_refused(void **state) {
    (void)state;
    BUF_AUTO(b);
    struct http_names_choice c = {.listener = &shared};
    char longest[255] = {0};
    struct span good = extension(&b, ASKING_NAME);
    for (size_t n = 1; n < good.n; n++) /* cut anywhere */
        assert_false(http_names_choose(&c, span_of(good.p, n)));
    buf_char(&b, 'x'); /* something behind it */
    assert_false(http_names_choose(&c, buf_view(&b)));
    extension(&b, ASKING_NAME);
    b.p[2] = 1; /* another kind of name */
    assert_false(http_names_choose(&c, buf_view(&b)));
    static const char *const bad[] = {"", ".", "a b", "a\x7f", "\xc3\xa4.example"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(http_names_choose(&c, extension(&b, bad[i])));
    memset(longest, 'a', 253);
    assert_true(http_names_choose(&c, extension(&b, longest)));
    longest[253] = 'a';
    assert_false(http_names_choose(&c, extension(&b, longest)));
}

static void host_must_fit(void **state) {
    (void)state;
    static const struct {
        const char *sni, *host;
        bool fits;
    } rows[] = {
        {ASKING_NAME, ASKING_NAME, true},
        {ASKING_NAME, "MANAGE.example.com.:8443", true},
        {ASKING_NAME, NULL, true},
        {ASKING_NAME, QUIET_NAME, false},
        {ASKING_NAME, "", false},
        {ASKING_NAME, "127.0.0.1:8443", false},
        {QUIET_NAME, QUIET_NAME ":443", true},
        {QUIET_NAME, ASKING_NAME, false},
        {QUIET_NAME, ASKING_NAME ":", false},
        {"", QUIET_NAME, true},
        {"", "[::1]:443", true},
        {"", "[::1]", true},
        {"", ASKING_NAME, false},
        {"", "Manage.EXAMPLE.com.:443", false},
        {"", "a b", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct http_names_choice c = {.listener = &shared};
        strcpy(c.sni, rows[i].sni);
        if (http_names_fit(&c, rows[i].host) != rows[i].fits)
            fail_msg("row %zu", i);
    }
}

/* ---- a server with two names ---- */

static void tell_user(void *user, const struct http_request *r, struct http_reply *reply) {
    buf_printf(&reply->body, "user=%s cert=%zu", (const char *)user, r->client_cert.n);
}

static void too_large(void *user, const struct http_request *r, struct http_reply *reply) {
    reply->status = 500;
    buf_clear(&reply->body);
    buf_printf(&reply->body, "%s: %s%s of %s is too large, body=%zu", (const char *)user, r->path,
               r->content_type, r->peer, r->body.n);
}

static int start_shared(void **state) {
    (void)state;
    const struct http_name two[] = {{ASKING_NAME, true, tell_user, (void *)(uintptr_t) "asking"}};
    const struct http_listener listeners[] = {{.name = "shared",
                                               .address = "127.0.0.1",
                                               .tls = true,
                                               .handler = tell_user,
                                               .user = (void *)(uintptr_t) "quiet",
                                               .refuse = too_large,
                                               .names = two,
                                               .name_count = 1}};
    struct http_limits limits = {.body = 4096, .loops = 2, .workers = 2};
    assert_int_equal(http_new(listeners, 1, &limits, cert_path, key_path, &server), OK);
    assert_int_equal(http_start(server), OK);
    return 0;
}

struct client {
    SSL_CTX *ctx;
    SSL *ssl;
    int fd;
    bool was_asked;
};

static int when_asked(SSL *ssl, X509 **cert, EVP_PKEY **key) {
    struct client *c = SSL_get_app_data(ssl);
    c->was_asked = true;
    *cert = client_cert;
    *key = client_key;
    X509_up_ref(client_cert);
    EVP_PKEY_up_ref(client_key);
    return 1;
}

/* With that SNI (NULL: none), and a session to resume (NULL: none). */
static void join(struct client *c, int version, const char *sni, SSL_SESSION *session) {
    *c = (struct client){.ctx = SSL_CTX_new(TLS_client_method()), .fd = dial(SHARED)};
    SSL_CTX_set_min_proto_version(c->ctx, version);
    SSL_CTX_set_max_proto_version(c->ctx, version);
    SSL_CTX_set_client_cert_cb(c->ctx, when_asked);
    c->ssl = SSL_new(c->ctx);
    SSL_set_app_data(c->ssl, c);
    SSL_set_fd(c->ssl, c->fd);
    if (sni)
        SSL_set_tlsext_host_name(c->ssl, sni);
    if (session)
        SSL_set_session(c->ssl, session);
    assert_int_equal(SSL_connect(c->ssl), 1);
}

static void leave(struct client *c) {
    SSL_free(c->ssl);
    SSL_CTX_free(c->ctx);
    close(c->fd);
}

/* One request with that Host; the whole answer. */
static void request(struct client *c, const char *host, struct buf *b) {
    char text[256], piece[4096];
    int n = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
                     host);
    buf_clear(b);
    assert_int_equal(SSL_write(c->ssl, text, n), n);
    while ((n = SSL_read(c->ssl, piece, sizeof piece)) > 0)
        buf_add(b, piece, (size_t)n);
}

static void expect_served(int version, const char *sni, const char *host, const char *user) {
    BUF_AUTO(b);
    struct client c;
    bool asking = strcmp(user, "asking") == 0;
    join(&c, version, sni, NULL);
    request(&c, host, &b);
    assert_true(has(&b, "200 OK") && has(&b, user));
    assert_true(c.was_asked == asking);
    assert_true(has(&b, "cert=0") == !asking);
    leave(&c);
}

static void expect_misdirected(int version, const char *sni, const char *host) {
    BUF_AUTO(b);
    struct client c;
    join(&c, version, sni, NULL);
    request(&c, host, &b);
    assert_true(span_starts(buf_view(&b), "HTTP/1.1 421 Misdirected Request\r\n"));
    leave(&c);
}

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

static void only_one_name_asks(void **state) {
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        expect_served(versions[i], ASKING_NAME, ASKING_NAME ":8443", "asking");
        expect_served(versions[i], "MANAGE.example.com", ASKING_NAME, "asking");
        expect_served(versions[i], QUIET_NAME, QUIET_NAME, "quiet");
        expect_served(versions[i], "other.example", "other.example", "quiet");
        expect_served(versions[i], NULL, "127.0.0.1:443", "quiet");
        expect_misdirected(versions[i], ASKING_NAME, QUIET_NAME);
        expect_misdirected(versions[i], QUIET_NAME, ASKING_NAME);
        expect_misdirected(versions[i], NULL, ASKING_NAME ":8443");
    }
}

/* The session of `from` shown at `to`: resumed only at the same name, and seen with its certificate
 * there; at the other one the client is asked, or not, as if it came for the first time. */
static void check_ticket(int version, const char *from, const char *to) {
    BUF_AUTO(b);
    struct client first, second;
    join(&first, version, from, NULL);
    request(&first, from, &b);
    SSL_SESSION *session = SSL_get1_session(first.ssl);
    bool same = strcmp(from, to) == 0, asking = strcmp(to, ASKING_NAME) == 0;
    join(&second, version, to, session);
    assert_int_equal(SSL_session_reused(second.ssl), same);
    request(&second, to, &b);
    assert_true(has(&b, asking ? "user=asking" : "user=quiet"));
    assert_true(has(&b, "cert=0") == !asking);
    assert_true(second.was_asked == (asking && !same));
    SSL_SESSION_free(session);
    leave(&first);
    leave(&second);
}

static void a_ticket_opens_its_own_name(void **state) {
    (void)state;
    static const char *const both[] = {QUIET_NAME, ASKING_NAME};
    for (size_t i = 0; i < 2; i++)
        for (size_t from = 0; from < 2; from++)
            for (size_t to = 0; to < 2; to++)
                check_ticket(versions[i], both[from], both[to]);
}

static void the_modes_survive_a_reload(void **state) {
    (void)state;
    assert_int_equal(http_reload_tls(server), OK);
    only_one_name_asks(NULL);
}

/* What is too large, said in the protocol's own form. */
static void refusal_in_another_form(void **state) {
    (void)state;
    static const char *const bodies[] = {"Content-Length: 10485760\r\n\r\n",
                                         "Transfer-Encoding: chunked\r\n\r\nA00000\r\n"};
    for (size_t i = 0; i < 2; i++) {
        BUF_AUTO(b);
        char text[256], piece[512];
        struct client c;
        join(&c, TLS1_3_VERSION, NULL, NULL);
        int n = snprintf(text, sizeof text,
                         "POST /big HTTP/1.1\r\nHost: a\r\nContent-Type: a/B;c\r\n%s", bodies[i]);
        assert_int_equal(SSL_write(c.ssl, text, n), n);
        while ((n = SSL_read(c.ssl, piece, sizeof piece)) > 0)
            buf_add(&b, piece, (size_t)n);
        assert_true(has(&b, "HTTP/1.1 500 "));
        assert_true(has(&b, "\r\n\r\nquiet: /biga/b of 127.0.0.1 is too large, body=0"));
        leave(&c);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sni_chooses),
        cmocka_unit_test(malformed_sni_is_refused),
        cmocka_unit_test(host_must_fit),
        WITH(start_shared, only_one_name_asks),
        WITH(start_shared, a_ticket_opens_its_own_name),
        WITH(start_shared, the_modes_survive_a_reload),
        WITH(start_shared, refusal_in_another_form),
    };
    return cmocka_run_group_tests_name("http_names", tests, prepare, clean_up);
}
