/* SPDX-License-Identifier: Apache-2.0 */
/* What clients may hold of the server, and what they may write into its log. */
#include "http_fixture.h"

#include <fcntl.h>

#include "base/file.h"

/* ---- what clients may hold ---- */

static int start_poor(void **state) {
    (void)state;
    start_limited(&(struct http_limits){.memory = 256 << 10, .loops = 2, .workers = 2});
    return 0;
}

static int start_small(void **state) {
    (void)state;
    start_limited(
        &(struct http_limits){.connections = 6, .peer_connections = 4, .loops = 2, .workers = 1});
    return 0;
}

static void wait_connections(unsigned n) {
    int64_t until = clock_monotonic_ms() + 10000;
    while (http_usage(server).connections != n && clock_monotonic_ms() < until)
        usleep(5000);
    assert_int_equal(http_usage(server).connections, n);
}

static void wait_nothing_held(void) {
    wait_connections(0);
    assert_int_equal(http_usage(server).memory, 0);
}

/* An upload of 200,000 bytes that stops after `n`. */
static int begin_upload(size_t n) {
    static const char head[] = "POST /up HTTP/1.1\r\n" LAST "Content-Length: 200000\r\n\r\n";
    static char body[200000];
    int fd = dial(PLAIN);
    say(fd, head);
    for (size_t at = 0; at < n;) { /* a refusal may cut it short */
        ssize_t sent = send(fd, body + at, n - at, MSG_NOSIGNAL);
        if (sent < 0)
            break;
        at += (size_t)sent;
    }
    return fd;
}

static bool is_refused(int fd, struct buf *b) {
    char piece[512];
    struct pollfd p = {.fd = fd, .events = POLLIN};
    buf_clear(b);
    if (poll(&p, 1, 0) == 1) {
        ssize_t n = recv(fd, piece, sizeof piece, 0);
        buf_add(b, piece, n > 0 ? (size_t)n : 0);
    }
    return has(b, "HTTP/1.1 503 ") && has(b, "Retry-After: 1\r\n") &&
           has(b, "Connection: close\r\n");
}

/* Half-sent bodies fill the memory, and no more than that; small requests go on. */
static void memory_is_bounded(void **state) {
    (void)state;
    BUF_AUTO(b);
    enum { CROWD = 12 };
    int fds[CROWD];
    for (int i = 0; i < CROWD; i++)
        fds[i] = begin_upload(100000);
    unsigned refused = 0;
    bool seen[CROWD] = {false};
    for (int round = 0; round < 100 && refused < CROWD - 2; round++) {
        usleep(20000);
        for (int i = 0; i < CROWD; i++)
            if (!seen[i] && is_refused(fds[i], &b)) {
                seen[i] = true;
                refused++;
            }
    }
    assert_in_range(refused, CROWD - 2, CROWD - 1); /* two of 128 KiB fit, less their own 16 */
    assert_in_range(http_usage(server).memory, 100000, 256 << 10);
    expect_status("POST /small HTTP/1.1\r\n" LAST "Content-Length: 3\r\n\r\nabc", "HTTP/1.1 200");
    /* a body that cannot fit is refused before it is asked for */
    ask("POST /x HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 300000\r\n\r\n", &b);
    assert_true(span_starts(buf_view(&b), "HTTP/1.1 503 "));
    for (int i = 0; i < CROWD; i++)
        close(fds[i]);
    wait_nothing_held();
    int fd = begin_upload(200000);
    buf_clear(&b);
    hear_all(fd, &b);
    assert_true(has(&b, "HTTP/1.1 200") && has(&b, "body=200000"));
    wait_nothing_held();
}

/* A chunked body announces nothing, and a long head is no way around the limit. */
static void memory_is_bounded_unannounced(void **state) {
    (void)state;
    BUF_AUTO(b);
    BUF_AUTO(chunked);
    buf_str(&chunked, "POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 100; i++) {
        buf_str(&chunked, "1000\r\n");
        buf_add(&chunked, (char[4096]){0}, 4096);
        buf_str(&chunked, "\r\n");
    }
    int fd = dial(PLAIN);
    for (size_t at = 0; at < chunked.n;) {
        ssize_t n = send(fd, chunked.p + at, chunked.n - at, MSG_NOSIGNAL);
        if (n < 0)
            break;
        at += (size_t)n;
    }
    shutdown(fd, SHUT_WR);
    hear_all(fd, &b);
    assert_true(span_starts(buf_view(&b), "HTTP/1.1 503 "));
    wait_nothing_held();
    int heads[4];
    unsigned refused = 0;
    buf_clear(&chunked);
    buf_str(&chunked, "GET /");
    for (int i = 0; i < 80000; i++)
        buf_char(&chunked, 'a');
    for (int i = 0; i < 4; i++) {
        heads[i] = dial(PLAIN);
        say(heads[i], buf_cstr(&chunked));
    }
    for (int round = 0; round < 100 && refused < 2; round++) {
        usleep(20000);
        for (int i = 0; i < 4; i++)
            refused += is_refused(heads[i], &b);
    }
    /* one who is refused gives his memory back a moment later: a third may meet it full */
    assert_in_range(refused, 2, 3);
    for (int i = 0; i < 4; i++)
        close(heads[i]);
    wait_nothing_held();
}

/* Uploads that end in every way give back what they took. */
static void aborted_uploads_give_back(void **state) {
    (void)state;
    struct linger reset = {1, 0};
    for (int i = 0; i < 60; i++) {
        int fd = begin_upload((size_t)i * 3300);
        if (i % 3 == 0)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        if (i % 3 == 1)
            shutdown(fd, SHUT_WR);
        close(fd);
    }
    wait_nothing_held();
    expect_status("GET / HTTP/1.1\r\n" LAST "\r\n", "HTTP/1.1 200");
}

static void a_reply_needs_memory_too(void **state) {
    (void)state;
    BUF_AUTO(b);
    ask("GET /big HTTP/1.1\r\n" H "\r\n", &b);
    assert_true(span_starts(buf_view(&b), "HTTP/1.1 503 "));
    assert_true(has(&b, "no memory for the reply\n"));
    wait_nothing_held();
}

static void connections_are_bounded(void **state) {
    (void)state;
    BUF_AUTO(b);
    int fds[6];
    for (int i = 0; i < 4; i++)
        fds[i] = dial(PLAIN);
    wait_connections(4);
    hear_all(dial(PLAIN), &b); /* the fifth of this address */
    hear_all(dial(TLS), &b);
    for (int i = 4; i < 6; i++)
        fds[i] = dial_from(INADDR_LOOPBACK + 1, PLAIN);
    wait_connections(6);
    hear_all(dial_from(INADDR_LOOPBACK + 2, PLAIN), &b); /* the seventh of all */
    assert_int_equal(b.n, 0);
    close(fds[0]);
    wait_connections(5);
    expect_status("GET / HTTP/1.1\r\n" LAST "\r\n", "HTTP/1.1 200");
    for (int i = 1; i < 6; i++)
        close(fds[i]);
    wait_nothing_held();
}
/* ---- the log ---- */

static int true_stderr;
static char log_path[64];

/* From here to log_end, standard error goes to a file; first, the last second's lines are over. */
static void log_begin(void) {
    usleep(1100000);
    snprintf(log_path, sizeof log_path, "%s/log", folder);
    fflush(stderr);
    true_stderr = dup(STDERR_FILENO);
    int fd = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    assert_true(fd >= 0 && dup2(fd, STDERR_FILENO) >= 0);
    close(fd);
    log_set_level(LOG_INFO);
}

/* Adds the log so far to `b`; true when it says `text`. */
static bool log_says(struct buf *b, const char *text) {
    buf_clear(b);
    assert_int_equal(file_read(log_path, 1 << 20, b), OK);
    return has(b, text);
}

static void log_wait(struct buf *b, const char *text) {
    int64_t until = clock_monotonic_ms() + 10000;
    while (!log_says(b, text) && clock_monotonic_ms() < until)
        usleep(20000);
}

static void log_end(void) {
    dup2(true_stderr, STDERR_FILENO);
    close(true_stderr);
    unlink(log_path);
    log_set_level(LOG_ERROR);
}

static void refusals_are_logged(void **state) {
    (void)state;
    BUF_AUTO(b);
    log_begin();
    int fd = dial(TLS);
    say(fd, "GET / HTTP/1.1\r\n" H "\r\n");
    close(fd);
    close(dial(ASK));
    expect_status("GET / HTTP/3.0\r\n" H "\r\n", "HTTP/1.1 400");
    expect_status("POST / HTTP/1.1\r\n" H "Content-Length: 5000\r\n\r\n", "HTTP/1.1 413");
    expect_status("GET / HTTP/1.1\r\n" LAST "\r\n", "HTTP/1.1 200");
    log_wait(&b, "listener=tls"); /* the loops write in no order */
    log_wait(&b, "listener=ask");
    log_says(&b, "");
    log_end();
    bool all =
        has(&b, " warn http event=refused status=400 listener=plain peer=127.0.0.1 reason=\"HTTP "
                "version is neither 1.0 nor 1.1\"\n") &&
        has(&b, " warn http event=refused status=413 listener=plain peer=127.0.0.1 reason=\"") &&
        has(&b, " info http event=handshake listener=tls peer=127.0.0.1 reason=\"http request\"") &&
        has(&b, " info http event=handshake listener=ask peer=127.0.0.1 reason=");
    if (!all || count(&b, "\n") != 4)
        fail_msg("the log says: %s", buf_cstr(&b));
}

/* A flood is cut to ten lines a second, and what is left out is counted to the last one. */
static void floods_are_not_logged(void **state) {
    (void)state;
    enum { FLOOD = 60 };
    BUF_AUTO(b);
    log_begin();
    int64_t began = clock_monotonic_ms();
    for (int i = 0; i < FLOOD; i++)
        expect_status("\x16\x03", "HTTP/1.1 400");
    int64_t seconds = (clock_monotonic_ms() - began) / 1000 + 2; /* that were touched, at most */
    unsigned lines = 0, left_out = 0;
    while (lines + left_out < FLOOD && clock_monotonic_ms() - began < 20000) {
        usleep(50000);
        log_says(&b, "");
        lines = count(&b, "event=refused status=400");
        left_out = 0;
        for (const char *p = buf_cstr(&b); (p = strstr(p, "event=left_out lines=")); p++)
            left_out += (unsigned)strtoul(strchr(p, '=') + 16, NULL, 10);
    }
    log_end();
    assert_int_equal(lines + left_out, FLOOD);
    assert_in_range(lines, 10, 10 * seconds);
}
int main(void) {
    const struct CMUnitTest tests[] = {
        WITH(start_poor, memory_is_bounded),
        WITH(start_poor, memory_is_bounded_unannounced),
        WITH(start_poor, aborted_uploads_give_back),
        WITH(start_poor, a_reply_needs_memory_too),
        WITH(start_small, connections_are_bounded),
        WITH(start, refusals_are_logged),
        WITH(start, floods_are_not_logged),
    };
    return cmocka_run_group_tests_name("http_limits", tests, prepare, clean_up);
}
