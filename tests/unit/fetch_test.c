/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fetch/fetch.h"

struct peer {
    pid_t pid;
    int port;
};

/* A server that gives one canned answer to each connection. */
static struct peer start(const char *answer) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    assert_int_equal(bind(fd, (struct sockaddr *)&at, n), 0);
    assert_int_equal(listen(fd, 4), 0);
    getsockname(fd, (struct sockaddr *)&at, &n);
    struct peer p = {fork(), ntohs(at.sin_port)};
    if (p.pid == 0) {
        for (;;) {
            char request[65536];
            int c = accept(fd, NULL, NULL);
            ssize_t got = read(c, request, sizeof request);
            if (got > 0)
                got = write(c, answer, strlen(answer));
            close(c);
        }
    }
    close(fd);
    return p;
}

static void stop(struct peer p) {
    kill(p.pid, SIGKILL);
    waitpid(p.pid, NULL, 0);
}

static enum err ask(int port, const struct fetch_options *o, struct fetch_reply *r,
                    const char *scheme) {
    static const char *const headers[] = {"User-Agent: Test", "Content-Type: x/y", NULL};
    char url[100];
    snprintf(url, sizeof url, "%s://127.0.0.1:%d/path?q=1", scheme, port);
    struct fetch_request q = {
        .url = url, .post = true, .headers = headers, .body = span_str("hello")};
    struct fetch *f = fetch_new(o);
    enum err e = fetch_send(f, &q, r);
    fetch_free(f);
    return e;
}

static void test_answer(void **state) {
    (void)state;
    FETCH_REPLY_AUTO(r);
    struct peer p = start("HTTP/1.1 418 Teapot\r\nContent-Type: a/b; c=d\r\nContent-Length: 3\r\n"
                          "Retry-After: 7\r\nConnection: close\r\n\r\nabc");
    assert_int_equal(ask(p.port, &(struct fetch_options){0}, &r, "http"), OK);
    stop(p);
    assert_int_equal(r.status, 418);
    assert_int_equal(r.cause, FETCH_OK);
    assert_true(r.has_length);
    assert_int_equal(r.retry_after_s, 7);
    assert_string_equal(r.content_type, "a/b; c=d");
    assert_string_equal(buf_cstr(&r.body), "abc");
    const char *sent = buf_cstr(&r.sent);
    assert_int_equal(strncmp(sent, "POST /path?q=1 HTTP/1.1\r\n", 25), 0);
    assert_non_null(strstr(sent, "User-Agent: Test\r\n"));
    assert_non_null(strstr(sent, "Content-Length: 5\r\n"));
    assert_null(strstr(sent, "Accept:"));
    assert_null(strstr(sent, "Expect:"));
}

static void test_chunked_has_no_length(void **state) {
    (void)state;
    FETCH_REPLY_AUTO(r);
    struct peer p =
        start("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
              "3\r\nabc\r\n0\r\n\r\n");
    assert_int_equal(ask(p.port, &(struct fetch_options){0}, &r, "http"), OK);
    stop(p);
    assert_false(r.has_length);
    assert_string_equal(buf_cstr(&r.body), "abc");
    assert_string_equal(r.content_type, "");
}

static void expect_cause(const char *answer, const char *scheme, enum fetch_cause cause) {
    FETCH_REPLY_AUTO(r);
    struct peer p = start(answer);
    assert_int_equal(ask(p.port, &(struct fetch_options){.timeout_ms = 3000}, &r, scheme), ERR_IO);
    stop(p);
    assert_int_equal(r.cause, cause);
}

static void test_causes(void **state) {
    (void)state;
    expect_cause("", "http", FETCH_RESET);
    expect_cause("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "http", FETCH_RESET);
    expect_cause("not HTTP at all\r\n\r\n", "http", FETCH_INVALID);
    expect_cause("not TLS at all\r\n\r\n", "https", FETCH_TLS);
    FETCH_REPLY_AUTO(refused);
    assert_int_equal(ask(1, &(struct fetch_options){0}, &refused, "http"), ERR_IO);
    assert_int_equal(refused.cause, FETCH_CONNECT);
    FETCH_REPLY_AUTO(scheme);
    assert_int_equal(ask(1, &(struct fetch_options){0}, &scheme, "file"), ERR_IO);
    assert_int_equal(scheme.cause, FETCH_URL);
}

static void test_no_redirect_and_no_proxy(void **state) {
    (void)state;
    FETCH_REPLY_AUTO(r);
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    struct peer p =
        start("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n"
              "Connection: close\r\n\r\n");
    assert_int_equal(ask(p.port, &(struct fetch_options){0}, &r, "http"), OK);
    stop(p);
    unsetenv("http_proxy");
    assert_int_equal(r.status, 302);
    assert_string_equal(r.location, "http://127.0.0.1:1/");
}

static void test_connect_to(void **state) {
    (void)state;
    FETCH_REPLY_AUTO(r);
    char to[100];
    struct peer p = start("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    snprintf(to, sizeof to, "127.0.0.1:1:127.0.0.1:%d", p.port);
    assert_int_equal(ask(1, &(struct fetch_options){.connect_to = to}, &r, "http"), OK);
    stop(p);
    assert_string_equal(buf_cstr(&r.body), "ok");
    assert_non_null(strstr(buf_cstr(&r.sent), "Host: 127.0.0.1:1\r\n"));
}

static void test_good_urls(void **state) {
    (void)state;
    static const char *const good[] = {"http://a", "HTTPS://a.example:8443/scep", "http://[::1]:1/",
                                       "http://a/b@c", "http://127.0.0.1:65535/x"};
    static const char *const bad[] = {"http://a:99999/", "http://a:x/",  "http://u@a/",
                                      "http://u:p@a/",   "http://@a/",   "http://:@a/",
                                      "ftp://a/",        "file:///etc",  "a/b",
                                      "http://",         "http://[::1/", ""};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(fetch_url_is_good(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(fetch_url_is_good(bad[i]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer),     cmocka_unit_test(test_chunked_has_no_length),
        cmocka_unit_test(test_causes),     cmocka_unit_test(test_no_redirect_and_no_proxy),
        cmocka_unit_test(test_connect_to), cmocka_unit_test(test_good_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
