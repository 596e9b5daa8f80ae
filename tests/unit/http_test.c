/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and replies, guards, deadlines, and the end, over plain sockets. */
#include "http_fixture.h"

#include <sys/resource.h>

/* ---- requests and replies ---- */

static void request_is_described(void **state) {
    (void)state;
    BUF_AUTO(b);
    ask("POST /a%20b/%2f?y=1&x=1+2%2B%zz&x=3 HTTP/1.1\r\n" LAST
        "Content-Type: Application/SOAP+xml; charset=utf-8\r\nUser-Agent:  curl \r\n"
        "Content-Length: 3\r\n\r\nabc",
        &b);
    assert_true(span_starts(buf_view(&b), "HTTP/1.1 200 OK\r\nDate: "));
    assert_true(has(&b, "POST 4 /a b//|19|application/soap+xml|x=1 2+%zz|agent=curl|127.0.0.1|"
                        "plain|cert=0|body=3"));
    assert_true(has(&b, "Connection: close\r\n"));
    ask("OPTIONS /?x HTTP/1.1\r\n" LAST "\r\n", &b);
    assert_true(has(&b, "OPTIONS 8 /|1||x=|"));
    ask("GET /?x=a%00b HTTP/1.1\r\n" LAST "\r\n", &b);
    assert_true(has(&b, "|x=-|"));
    expect_status("GET /a%00b HTTP/1.1\r\n" H "\r\n", "HTTP/1.1 400");
    expect_status("GET /a%2 HTTP/1.1\r\n" H "\r\n", "HTTP/1.1 400");
}

static void reply_fields_are_sent(void **state) {
    (void)state;
    BUF_AUTO(b);
    ask("GET /method HTTP/1.1\r\n" LAST "\r\n", &b);
    assert_true(span_starts(buf_view(&b), "HTTP/1.1 405 Method Not Allowed\r\n"));
    assert_true(has(&b, "\r\nAllow: GET, POST\r\n"));
    assert_true(has(&b, "\r\nCache-Control: no-store\r\n"));
    assert_true(has(&b, "\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n"));
    ask("GET /busy HTTP/1.1\r\n" LAST "\r\n", &b);
    assert_true(has(&b, "\r\nRetry-After: 1\r\n"));
    ask("GET /none HTTP/1.1\r\n" H "\r\n", &b); /* the handler closes */
    assert_true(span_starts(buf_view(&b), "HTTP/1.1 204 No Content\r\n"));
    assert_false(has(&b, "Content-Length"));
}

static void head_is_get_without_body(void **state) {
    (void)state;
    BUF_AUTO(b);
    ask("HEAD /method HTTP/1.1\r\n" LAST "\r\n", &b);
    assert_true(has(&b, "Content-Length: 3\r\n"));
    assert_string_equal(buf_cstr(&b) + b.n - 4, "\r\n\r\n");
    assert_false(has(&b, "no\n"));
    /* the next reply on the same connection begins right behind it */
    ask("HEAD /method HTTP/1.1\r\n" H "\r\nGET /method HTTP/1.1\r\n" LAST "\r\n", &b);
    assert_true(has(&b, "\r\n\r\nHTTP/1.1 405"));
}

static void keep_alive_and_pipelining(void **state) {
    (void)state;
    BUF_AUTO(b);
    BUF_AUTO(many);
    int fd = dial(PLAIN);
    for (int i = 1; i <= 3; i++) {
        say(fd, "GET /method HTTP/1.1\r\n" H "\r\n");
        buf_clear(&b);
        hear(fd, &b, "no\n");
        assert_false(has(&b, "Connection:"));
    }
    for (int i = 0; i < 50; i++)
        buf_printf(&many, "POST /p%d HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\nGET ", i);
    buf_str(&many, "GET /last HTTP/1.1\r\n" LAST "\r\nGET /after HTTP/1.1\r\n" H "\r\n");
    buf_clear(&b);
    say(fd, buf_cstr(&many));
    hear_all(fd, &b);
    assert_int_equal(count(&b, "HTTP/1.1 200"), 51);
    assert_true(has(&b, "/p0|") && strstr(strstr(buf_cstr(&b), "/p48|"), "/p49|"));
    assert_true(has(&b, "/last|"));
    assert_false(has(&b, "/after|"));
}

/* The next request comes while the first is worked on, and again while the reply leaves. */
static void early_requests(void **state) {
    (void)state;
    BUF_AUTO(b);
    int fd = dial(PLAIN);
    for (int i = 0; i < 50; i++) {
        buf_clear(&b);
        set_gate(false);
        say(fd, "GET /gate HTTP/1.1\r\n" H "\r\n");
        wait_inside(1);
        say(fd, "GET /second HTTP/1.1\r\n" H "\r\n");
        set_gate(true);
        hear(fd, &b, "passed");
        say(fd, "GET /third HTTP/1.1\r\n" H "\r\n");
        hear(fd, &b, "/third|");
        assert_true(has(&b, "/second|"));
    }
    close(fd);
}

static void http_1_0(void **state) {
    (void)state;
    BUF_AUTO(b);
    ask("GET / HTTP/1.0\r\n\r\nGET /second HTTP/1.0\r\n\r\n", &b);
    assert_int_equal(count(&b, "HTTP/1.1 200"), 1);
    assert_true(has(&b, "Content-Length:"));
    ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /second HTTP/1.0\r\n\r\n", &b);
    assert_int_equal(count(&b, "HTTP/1.1 200"), 2);
    assert_int_equal(count(&b, "Connection: keep-alive\r\n"), 1);
}

/* A client that closes its side after the request still gets its answer. */
static void half_closed_client(void **state) {
    (void)state;
    BUF_AUTO(b);
    int fd = dial(PLAIN);
    say(fd, "GET /half HTTP/1.1\r\n" H "\r\n");
    shutdown(fd, SHUT_WR);
    hear_all(fd, &b);
    assert_true(has(&b, "/half|"));
}

static void expect_100_continue(void **state) {
    (void)state;
    BUF_AUTO(b);
    int fd = dial(PLAIN);
    say(fd, "POST /echo HTTP/1.1\r\n" LAST "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    hear(fd, &b, "HTTP/1.1 100 Continue\r\n\r\n");
    say(fd, "hello");
    hear_all(fd, &b);
    assert_true(has(&b, "HTTP/1.1 200 OK"));
    assert_true(has(&b, "\r\n\r\nhello"));
    /* no permission for a body that would be refused */
    fd = dial(PLAIN);
    buf_clear(&b);
    say(fd, "POST /echo HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 5000\r\n\r\n");
    hear_all(fd, &b);
    assert_true(span_starts(buf_view(&b), "HTTP/1.1 413"));
}

static void chunked_body(void **state) {
    (void)state;
    BUF_AUTO(b);
    ask("POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
        "5;ext\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: t\r\n\r\nGET /next HTTP/1.1\r\n" LAST
        "\r\n",
        &b);
    assert_true(has(&b, "\r\n\r\nhello worldHTTP/1.1 200"));
    assert_true(has(&b, "/next|"));
}

static void body_limit_is_exact(void **state) {
    (void)state;
    for (size_t n = 4096; n <= 4097; n++) {
        BUF_AUTO(request);
        BUF_AUTO(b);
        buf_printf(&request, "POST /echo HTTP/1.1\r\n" LAST "Content-Length: %zu\r\n\r\n", n);
        for (size_t i = 0; i < n; i++)
            buf_char(&request, (char)('a' + i % 26));
        ask(buf_cstr(&request), &b);
        if (n == 4096) {
            assert_true(has(&b, "Content-Length: 4096\r\n"));
            assert_memory_equal(b.p + b.n - n, request.p + request.n - n, n);
        } else {
            assert_true(span_starts(buf_view(&b), "HTTP/1.1 413 Content Too Large\r\n"));
            assert_true(has(&b, "Content-Type: text/plain\r\n"));
        }
    }
}

/* The refusal arrives although the client goes on sending: no reset overtakes it. */
static void refusal_survives_a_long_body(void **state) {
    (void)state;
    BUF_AUTO(b);
    static char junk[65536];
    int fd = dial(PLAIN);
    say(fd, "POST /echo HTTP/1.1\r\n" H "Content-Length: 1000000\r\n\r\n");
    for (int i = 0; i < 8; i++)
        assert_true(send(fd, junk, sizeof junk, MSG_NOSIGNAL) > 0);
    shutdown(fd, SHUT_WR);
    hear_all(fd, &b);
    assert_true(span_starts(buf_view(&b), "HTTP/1.1 413"));
}

static void long_query(void **state) {
    (void)state;
    BUF_AUTO(request);
    BUF_AUTO(b);
    buf_str(&request, "GET /q?x=1&m=");
    for (int i = 0; i < 64 * 1024; i++)
        buf_char(&request, 'A');
    buf_str(&request, " HTTP/1.1\r\n" LAST "\r\n");
    ask(buf_cstr(&request), &b);
    assert_true(has(&b, "/q|65542|"));
    buf_clear(&request);
    buf_str(&request, "GET /q?m=");
    for (int i = 0; i < 96 * 1024; i++)
        buf_char(&request, 'A');
    buf_str(&request, " HTTP/1.1\r\n" LAST "\r\n");
    ask(buf_cstr(&request), &b);
    assert_true(span_starts(buf_view(&b), "HTTP/1.1 414"));
}

/* ---- guards ---- */

/* Each is refused, and what hides behind it is never read as a second request. */
static void smuggling_is_refused(void **state) {
    (void)state;
    static const char *const requests[] = {
        "POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 30\r\n\r\n",
        "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n\r\n",
        "POST / HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\n" H "X: a\r\n\tTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n",
        "POST / HTTP/1.1\r\n" H "Content-Length: +0\r\n\r\n",
        "GET / HTTP/1.1\n" H "\n",
        "GET / HTTP/1.1\r\n" H "Host: b\r\n\r\n",
        "GET / HTTP/1.2\r\n" H "\r\n",
        "GET example.org/ HTTP/1.1\r\n" H "\r\n",
    };
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        BUF_AUTO(request);
        BUF_AUTO(b);
        buf_printf(&request, "%sGET /smuggled HTTP/1.1\r\n" LAST "\r\n", requests[i]);
        ask(buf_cstr(&request), &b);
        if (!span_starts(buf_view(&b), "HTTP/1.1 400 ") || count(&b, "HTTP/1.1 ") != 1)
            fail_msg("%s was answered with: %s", requests[i], buf_cstr(&b));
        assert_true(has(&b, "Connection: close\r\n"));
    }
}

static void tls_hello_on_the_plain_port(void **state) {
    (void)state;
    expect_status("\x16\x03\x01\x02\x01\x01", "HTTP/1.1 400");
}

static int start_hasty(void **state) {
    (void)state;
    start_limited(&(struct http_limits){
        .body = 4096, .idle_seconds = 1, .request_seconds = 2, .loops = 1, .workers = 1});
    return 0;
}

/* Half a request each 100 ms never idles, and still ends at its deadline. */
static void slow_request_ends(void **state) {
    (void)state;
    BUF_AUTO(b);
    int64_t began = clock_monotonic_ms();
    int fd = dial(PLAIN);
    say(fd, "GET / HTTP/1.1\r\nX: ");
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (poll(&p, 1, 100) == 0 && clock_monotonic_ms() - began < 8000)
        say(fd, "a");
    hear_all(fd, &b);
    int64_t took = clock_monotonic_ms() - began;
    assert_true(span_starts(buf_view(&b), "HTTP/1.1 408 "));
    assert_in_range(took, 1900, 7000);
}

static void silent_clients_end(void **state) {
    (void)state;
    BUF_AUTO(b);
    int64_t began = clock_monotonic_ms();
    int silent = dial(PLAIN), tls = dial(TLS), half = dial(PLAIN), kept = dial(PLAIN);
    say(half, "POST / HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\na");
    say(kept, "GET /kept HTTP/1.1\r\n" H "\r\n");
    hear_all(silent, &b);
    hear_all(tls, &b);
    assert_int_equal(b.n, 0);
    hear_all(half, &b);
    assert_true(span_starts(buf_view(&b), "HTTP/1.1 408 "));
    hear_all(kept, &b);
    assert_true(has(&b, "/kept|"));
    assert_in_range(clock_monotonic_ms() - began, 900, 6000);
}

/* The idle time does not run while a request is worked on, and runs after it. */
static void long_work_is_no_silence(void **state) {
    (void)state;
    BUF_AUTO(b);
    int fd = dial(PLAIN);
    set_gate(false);
    say(fd, "GET /gate HTTP/1.1\r\n" H "\r\n");
    usleep(1500000);
    set_gate(true);
    hear(fd, &b, "passed");
    int64_t began = clock_monotonic_ms();
    hear_all(fd, &b);
    assert_in_range(clock_monotonic_ms() - began, 900, 5000);
}

/* Who does not read his reply is not waited for: neither while serving, nor at the end. */
static void slow_reader_ends(void **state) {
    (void)state;
    BUF_AUTO(b);
    int fd = dial(PLAIN);
    say(fd, "GET /big HTTP/1.1\r\n" H "\r\n");
    hear(fd, &b, "HTTP/1.1 200");
    usleep(3500000);
    char piece[65536];
    size_t total = 0;
    for (ssize_t n; (n = recv(fd, piece, sizeof piece, 0)) > 0;)
        total += (size_t)n;
    close(fd);
    assert_in_range(total, 1, BIG - 1);
    fd = dial(PLAIN);
    buf_clear(&b);
    say(fd, "GET /big HTTP/1.1\r\n" H "\r\n");
    hear(fd, &b, "HTTP/1.1 200");
    int64_t began = clock_monotonic_ms();
    http_stop(server);
    server = NULL;
    assert_in_range(clock_monotonic_ms() - began, 1000, 5000);
    close(fd);
}

/* Without descriptors the server waits, and goes on when there are some again. */
static void no_descriptors(void **state) {
    (void)state;
    BUF_AUTO(b);
    struct rlimit before, none;
    getrlimit(RLIMIT_NOFILE, &before);
    none = before;
    none.rlim_cur = 3;
    int first = dial(PLAIN);
    say(first, "GET /1 HTTP/1.1\r\n" H "\r\n");
    hear(first, &b, "/1|");
    struct sockaddr_in to;
    socklen_t n = sizeof to;
    getpeername(first, (struct sockaddr *)&to, &n);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setrlimit(RLIMIT_NOFILE, &none);
    int connected = connect(fd, (struct sockaddr *)&to, sizeof to);
    usleep(300000);
    setrlimit(RLIMIT_NOFILE, &before);
    assert_int_equal(connected, 0);
    close(first);
    buf_clear(&b);
    say(fd, "GET /2 HTTP/1.1\r\n" LAST "\r\n");
    hear_all(fd, &b);
    assert_true(has(&b, "/2|"));
}

static int start_narrow(void **state) {
    (void)state;
    start_limited(&(struct http_limits){.queue = 1, .loops = 1, .workers = 1});
    return 0;
}

/* One in the worker, one in the queue: the third is told to come back, and its body not read. */
static void full_queue_says_503(void **state) {
    (void)state;
    BUF_AUTO(b);
    int first = dial(PLAIN);
    say(first, "GET /gate HTTP/1.1\r\n" LAST "\r\n");
    wait_inside(1);
    int second = dial(PLAIN);
    say(second, "GET /gate HTTP/1.1\r\n" LAST "\r\n");
    int third = dial(PLAIN);
    do { /* until the second is queued */
        usleep(10000);
        buf_clear(&b);
        say(third, "POST /x HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 9\r\n\r\n");
        hear(third, &b, "\r\n\r\n");
        if (has(&b, " 100 "))
            say(third, "123456789");
    } while (has(&b, " 100 ") && (hear(third, &b, "body=9"), true));
    assert_true(span_starts(buf_view(&b), "HTTP/1.1 503 "));
    assert_true(has(&b, "Retry-After: 1\r\n"));
    close(third);
    int fourth = dial(PLAIN); /* without a body the connection stays */
    buf_clear(&b);
    say(fourth, "GET /y HTTP/1.1\r\n" H "\r\n");
    hear(fourth, &b, "busy\n");
    assert_true(has(&b, "HTTP/1.1 503 "));
    set_gate(true);
    buf_clear(&b);
    hear_all(first, &b);
    hear_all(second, &b);
    assert_int_equal(count(&b, "passed"), 2);
    say(fourth, "GET /y HTTP/1.1\r\n" LAST "\r\n");
    buf_clear(&b);
    hear_all(fourth, &b);
    assert_true(has(&b, "/y|"));
}

/* Asks, and ends the connection with a reset as soon as the handler is at it. */
static void ask_and_vanish(const char *request) {
    int fd = dial(PLAIN);
    say(fd, request);
    wait_inside(1);
    struct linger reset = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd);
}

static int start_single(void **state) {
    (void)state;
    start_limited(&(struct http_limits){.loops = 1, .workers = 1});
    return 0;
}

/* Its only worker serves others meanwhile, and the connection goes on after the reply. */
static void later_reply(void **state) {
    (void)state;
    BUF_AUTO(b);
    int fd = dial(PLAIN);
    for (int i = 0; i < 3; i++) {
        say(fd, "GET /later?said-later HTTP/1.1\r\n" H "\r\n");
        wait_inside(1);
        expect_status("GET / HTTP/1.1\r\n" LAST "\r\n", "HTTP/1.1 200");
        if (i == 1)
            finish_later("said-later");
        else
            resume_later();
        buf_clear(&b);
        hear(fd, &b, "said-later");
        assert_true(span_starts(buf_view(&b), "HTTP/1.1 200 "));
    }
    close(fd);
}

/* However fast the worker is, what waits for a commit is bounded too. */
static void later_counts_as_waiting(void **state) {
    (void)state;
    BUF_AUTO(b);
    int fd = dial(PLAIN);
    say(fd, "GET /later?now HTTP/1.1\r\n" LAST "\r\n");
    wait_inside(1);
    expect_status("GET / HTTP/1.1\r\n" LAST "\r\n", "HTTP/1.1 503");
    resume_later();
    hear_all(fd, &b);
    assert_true(has(&b, "now"));
    expect_status("GET / HTTP/1.1\r\n" LAST "\r\n", "HTTP/1.1 200");
}

/* A client that went away in between leaves nothing behind either. */
static void later_for_nobody(void **state) {
    (void)state;
    ask_and_vanish("GET /later HTTP/1.1\r\n" H "\r\n");
    usleep(50000);
    resume_later();
    expect_status("GET / HTTP/1.1\r\n" LAST "\r\n", "HTTP/1.1 200");
}

/* A client that goes away while its request is worked on leaves nothing behind. */
static void vanished_client(void **state) {
    (void)state;
    ask_and_vanish("GET /gate HTTP/1.1\r\n" H "\r\n");
    set_gate(true);
    expect_status("GET / HTTP/1.1\r\n" LAST "\r\n", "HTTP/1.1 200");
}

/* ---- the end ---- */

struct stopper {
    pthread_t thread;
    struct http_server *server;
};

static void *run_stop(void *arg) {
    http_stop(((struct stopper *)arg)->server);
    return NULL;
}

/* The one in the worker is answered in full, the one in the queue with 503, idle ones close. */
static void stop_with_requests_in_flight(void **state) {
    (void)state;
    BUF_AUTO(b);
    start_limited(&(struct http_limits){.loops = 2, .workers = 1});
    int idle = dial(PLAIN), running = dial(PLAIN), waiting = dial(PLAIN);
    say(running, "GET /gate HTTP/1.1\r\n" H "\r\n");
    wait_inside(1);
    say(waiting, "GET /gate HTTP/1.1\r\n" H "\r\n");
    usleep(200000); /* the loop queues it */
    unsigned short port = http_port(server, PLAIN);
    struct stopper s = {.server = server};
    pthread_create(&s.thread, NULL, run_stop, &s);
    hear_all(idle, &b);
    assert_int_equal(b.n, 0);
    usleep(100000); /* the workers learn of it */
    set_gate(true);
    hear_all(running, &b);
    assert_true(has(&b, "passed"));
    buf_clear(&b);
    hear_all(waiting, &b);
    assert_true(span_starts(buf_view(&b), "HTTP/1.1 503 "));
    pthread_join(s.thread, NULL);
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_not_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    close(fd);
}

static void finish_at_last(void) {
    finish_later("at-last");
}

static void stop_meanwhile(void (*end_waiting)(void)) {
    BUF_AUTO(b);
    start_limited(&(struct http_limits){.loops = 1, .workers = 2});
    int fd = dial(PLAIN);
    say(fd, "GET /later?at-last HTTP/1.1\r\n" H "\r\n");
    wait_inside(1);
    struct stopper s = {.server = server};
    pthread_create(&s.thread, NULL, run_stop, &s);
    usleep(200000); /* the workers learn of it */
    end_waiting();
    hear_all(fd, &b);
    assert_true(has(&b, "at-last"));
    pthread_join(s.thread, NULL);
}

/* Who waits for a commit is answered in full too: the certificate is his. */
static void stop_with_a_reply_to_come(void **state) {
    (void)state;
    stop_meanwhile(resume_later);
    stop_meanwhile(finish_at_last);
}

/* Started at once and stopped at once, and never started. */
static void stop_early(void **state) {
    (void)state;
    start_limited(NULL);
    http_stop(server);
    struct http_listener l = {.name = "p", .address = "127.0.0.1", .handler = handle};
    assert_int_equal(http_new(&l, 1, NULL, NULL, NULL, &server), OK);
    http_stop(server);
    http_stop(NULL);
}

/* Two servers would share the port by SO_REUSEPORT: the second is told. */
static void port_in_use(void **state) {
    (void)state;
    struct http_server *other = NULL;
    struct http_listener l = {.name = "second",
                              .address = "127.0.0.1",
                              .handler = handle,
                              .port = http_port(server, PLAIN)};
    assert_int_equal(http_new(&l, 1, NULL, NULL, NULL, &other), ERR_IO);
    assert_non_null(strstr(err_detail(), "second"));
    l.address = "localhost.invalid";
    assert_int_equal(http_new(&l, 1, NULL, NULL, NULL, &other), ERR_IO);
    l.address = "127.0.0.1";
    l.port = 0;
    l.tls = true;
    assert_int_equal(http_new(&l, 1, NULL, NULL, NULL, &other), ERR_CONFIG);
    assert_int_equal(http_new(&l, 1, NULL, "/nowhere", key_path, &other), ERR_CONFIG);
    assert_non_null(strstr(err_detail(), "/nowhere"));
}

/* Eight threads over both loops, each reply its own: the food for the thread sanitizer. */
static void *crowd(void *arg) {
    for (int i = 0; i < 30; i++) {
        BUF_AUTO(b);
        char text[128];
        snprintf(text, sizeof text, "GET /%d/%d HTTP/1.1\r\n" LAST "\r\n", *(int *)arg, i);
        ask(text, &b);
        snprintf(text, sizeof text, " /%d/%d|", *(int *)arg, i);
        assert_true(has(&b, text));
    }
    return NULL;
}

static void many_clients(void **state) {
    (void)state;
    pthread_t threads[8];
    int numbers[8];
    for (int i = 0; i < 8; i++) {
        numbers[i] = i;
        pthread_create(&threads[i], NULL, crowd, &numbers[i]);
    }
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
}
int main(void) {
    const struct CMUnitTest tests[] = {
        WITH(start, request_is_described),
        WITH(start, reply_fields_are_sent),
        WITH(start, head_is_get_without_body),
        WITH(start, keep_alive_and_pipelining),
        WITH(start, early_requests),
        WITH(start, http_1_0),
        WITH(start, half_closed_client),
        WITH(start, expect_100_continue),
        WITH(start, chunked_body),
        WITH(start, body_limit_is_exact),
        WITH(start, refusal_survives_a_long_body),
        WITH(start, long_query),
        WITH(start, smuggling_is_refused),
        WITH(start, tls_hello_on_the_plain_port),
        WITH(start_hasty, slow_request_ends),
        WITH(start_hasty, silent_clients_end),
        WITH(start_hasty, long_work_is_no_silence),
        WITH(start_hasty, slow_reader_ends),
        WITH(start, no_descriptors),
        WITH(start_narrow, full_queue_says_503),
        WITH(start_single, later_reply),
        WITH(start_single, later_for_nobody),
        WITH(start_narrow, later_counts_as_waiting),
        WITH(start, vanished_client),
        WITH(start, port_in_use),
        WITH(start, many_clients),
        cmocka_unit_test(stop_with_requests_in_flight),
        cmocka_unit_test(stop_with_a_reply_to_come),
        cmocka_unit_test(stop_early),
    };
    return cmocka_run_group_tests_name("http", tests, prepare, clean_up);
}
