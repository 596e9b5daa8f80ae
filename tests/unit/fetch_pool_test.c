/* SPDX-License-Identifier: Apache-2.0 */
/* Many requests at once, and servers that break: each job ends once, with the right cause. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>

#include <cmocka.h>

#include <pthread.h>
#include <semaphore.h>

#include "base/clock.h"
#include "fetch/pool.h"
#include "fetch_server.h"

enum { MANY = 50 };

struct fixture {
    struct server server;
    struct fetch_pool *pool;
    struct fetch_peer *peer;
    sem_t told;
};

struct call {
    struct fetch_job job;
    struct fixture *f;
    char url[100];
    unsigned told;
    unsigned again; /* how often `done` starts it anew */
};

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->server = server_start();
    sem_init(&f->told, 0, 0);
    assert_int_equal(fetch_pool_new(&f->pool), OK);
    f->peer = fetch_peer_new(f->pool, &(struct fetch_options){.timeout_ms = 20000});
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    fetch_pool_free(f->pool);
    fetch_peer_free(f->peer);
    server_stop(&f->server);
    sem_destroy(&f->told);
    free(f);
    return 0;
}

static void renew(struct fetch_job *job) {
    fetch_reply_free(&job->reply);
    job->reply = (struct fetch_reply){0};
}

static void on_done(struct fetch_job *job) {
    struct call *c = job->user;
    c->told++;
    if (c->again && job->result == OK) {
        c->again--;
        renew(job);
        fetch_start(c->f->pool, job);
        return;
    }
    sem_post(&c->f->told);
}

static void prepare(struct fixture *f, struct call *c, const char *path, bool post) {
    static const char *const headers[] = {"User-Agent: Test", NULL};
    *c = (struct call){.f = f};
    snprintf(c->url, sizeof c->url, "http://127.0.0.1:%d%s", f->server.port, path);
    c->job.peer = f->peer;
    c->job.request = (struct fetch_request){.url = c->url, .post = post, .headers = headers};
    if (post)
        c->job.request.body = span_str("hello");
    c->job.done = on_done;
    c->job.user = c;
}

static void wait_for(struct fixture *f, unsigned n) {
    while (n--)
        sem_wait(&f->told);
}

static struct call *ask(struct fixture *f, struct call *c) {
    fetch_start(f->pool, &c->job);
    wait_for(f, 1);
    assert_int_equal(c->told, 1);
    return c;
}

static void expect(struct fixture *f, const char *path, bool post, enum fetch_cause cause) {
    struct call c;
    prepare(f, &c, path, post);
    ask(f, &c);
    assert_int_equal(c.job.reply.cause, cause);
    assert_int_equal(c.job.result, cause == FETCH_OK ? OK : ERR_IO);
    assert_int_equal(c.job.detail[0] == 0, cause == FETCH_OK);
    renew(&c.job);
}

static void test_answer(void **state) {
    struct fixture *f = *state;
    struct call c;
    prepare(f, &c, "/ok", true);
    ask(f, &c);
    assert_int_equal(c.job.result, OK);
    assert_int_equal(c.job.reply.status, 200);
    assert_string_equal(c.job.reply.content_type, "a/b");
    assert_string_equal(buf_cstr(&c.job.reply.body), "ok");
    assert_int_equal(c.job.reply.sent.n, 0);
    renew(&c.job);
}

static void test_many_at_once(void **state) {
    struct fixture *f = *state;
    static struct call calls[MANY];
    for (size_t i = 0; i < MANY; i++) {
        prepare(f, &calls[i], "/ok", i % 2);
        fetch_start(f->pool, &calls[i].job);
    }
    wait_for(f, MANY);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(calls[i].told, 1);
        assert_int_equal(calls[i].job.result, OK);
        assert_string_equal(buf_cstr(&calls[i].job.reply.body), "ok");
        renew(&calls[i].job);
    }
    assert_int_equal(f->server.seen->requests, MANY);
}

static void test_connection_is_kept(void **state) {
    struct fixture *f = *state;
    for (size_t i = 0; i < 20; i++)
        expect(f, "/ok", i % 2, FETCH_OK);
    assert_int_equal(f->server.seen->requests, 20);
    assert_int_equal(f->server.seen->connections, 1);
}

static void test_once_is_on_a_new_connection(void **state) {
    struct fixture *f = *state;
    struct call c;
    expect(f, "/ok", true, FETCH_OK);
    prepare(f, &c, "/ok", true);
    c.job.request.once = true;
    ask(f, &c);
    assert_int_equal(c.job.result, OK);
    assert_int_equal(f->server.seen->connections, 2);
    renew(&c.job);
}

/* The server takes the second request of a connection and closes it: did it act on that? */
static void test_post_is_not_sent_twice(void **state) {
    struct fixture *f = *state;
    struct call c;
    expect(f, "/tired", true, FETCH_OK);
    prepare(f, &c, "/tired", true);
    ask(f, &c);
    assert_int_equal(c.job.reply.cause, FETCH_RESET);
    assert_non_null(strstr(c.job.detail, "not sent twice"));
    assert_int_equal(f->server.seen->requests, 2);
    renew(&c.job);
    expect(f, "/tired", true, FETCH_OK); /* the handle is good for the next */
}

static void test_get_is_sent_again(void **state) {
    struct fixture *f = *state;
    expect(f, "/tired", false, FETCH_OK);
    expect(f, "/tired", false, FETCH_OK);
    assert_int_equal(f->server.seen->requests, 3);
    assert_int_equal(f->server.seen->connections, 2);
}

/* On one that the server closed while it was idle nothing is sent at all. */
static void test_post_on_a_closed_connection(void **state) {
    struct fixture *f = *state;
    expect(f, "/tired", true, FETCH_OK);
    for (size_t i = 0; i < 3; i++)
        expect(f, "/reset", true, FETCH_RESET);
    usleep(50000);
    expect(f, "/ok", true, FETCH_OK);
}

static void test_silence(void **state) {
    struct fixture *f = *state;
    struct call c, other;
    struct fetch_peer *hasty = fetch_peer_new(f->pool, &(struct fetch_options){.timeout_ms = 1500});
    prepare(f, &c, "/hang", true);
    c.job.peer = hasty;
    int64_t start = clock_monotonic_ms();
    fetch_start(f->pool, &c.job);
    prepare(f, &other, "/ok", true);
    ask(f, &other); /* it does not wait for the silent one */
    assert_true(clock_monotonic_ms() - start < 1500);
    wait_for(f, 1);
    assert_true(clock_monotonic_ms() - start < 10000);
    assert_int_equal(c.job.reply.cause, FETCH_TIMEOUT);
    renew(&c.job);
    renew(&other.job);
    fetch_peer_free(hasty);
}

static void expect_url(struct fixture *f, const char *url, enum fetch_cause cause) {
    struct call c;
    prepare(f, &c, "", false);
    snprintf(c.url, sizeof c.url, "%s", url);
    ask(f, &c);
    assert_int_equal(c.job.reply.cause, cause);
    assert_int_equal(c.job.result, ERR_IO);
    assert_int_not_equal(c.job.detail[0], 0);
    renew(&c.job);
}

static void test_causes(void **state) {
    struct fixture *f = *state;
    expect(f, "/reset", false, FETCH_RESET);
    expect(f, "/reset", true, FETCH_RESET);
    expect_url(f, "http://127.0.0.1:1/", FETCH_CONNECT);
    expect_url(f, "file:///etc/passwd", FETCH_URL);
    expect_url(f, "http://127.0.0.1:99999/", FETCH_URL);
    expect_url(f, "http://[::1/", FETCH_URL);
    expect_url(f, "", FETCH_URL);
    expect(f, "/ok", true, FETCH_OK);
}

/* The job's cause, and whether it is certain that the server saw nothing of the request. */
static void ends(struct fixture *f, struct fetch_peer *peer, const char *url,
                 enum fetch_cause cause, bool unsent) {
    struct call c;
    prepare(f, &c, "", true);
    c.job.peer = peer;
    c.job.request.url = url;
    ask(f, &c);
    assert_int_equal(c.job.reply.cause, cause);
    assert_int_equal(c.job.reply.unsent, unsent);
    renew(&c.job);
}

static void test_what_was_not_sent(void **state) {
    struct fixture *f = *state;
    char ok[60], reset[60], hang[60], tls[60], proxy[60];
    struct fetch_peer *hasty = fetch_peer_new(f->pool, &(struct fetch_options){.timeout_ms = 300});
    struct fetch_peer *proxied =
        fetch_peer_new(f->pool, &(struct fetch_options){.env_proxy = true});
    BUF_AUTO(large);
    snprintf(ok, sizeof ok, "http://127.0.0.1:%d/ok", f->server.port);
    snprintf(reset, sizeof reset, "http://127.0.0.1:%d/reset", f->server.port);
    snprintf(hang, sizeof hang, "http://127.0.0.1:%d/hang", f->server.port);
    snprintf(tls, sizeof tls, "https://127.0.0.1:%d/", f->server.port);
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", f->server.port);
    ends(f, f->peer, ok, FETCH_OK, false);
    ends(f, f->peer, reset, FETCH_RESET, false);
    ends(f, hasty, hang, FETCH_TIMEOUT, false);
    ends(f, f->peer, "http://127.0.0.1:1/", FETCH_CONNECT, true);
    ends(f, hasty, tls, FETCH_TIMEOUT, true); /* the server waits for the rest of a request */
    ends(f, f->peer, "file:///etc/passwd", FETCH_URL, true);
    setenv("https_proxy", proxy, 1);
    ends(f, proxied, "https://127.0.0.1:1/", FETCH_RESET, true); /* CONNECT is refused */
    unsetenv("https_proxy");
    ends(f, f->peer, ok, FETCH_OK, false);
    unsigned seen = f->server.seen->requests;
    buf_str(&large, ok);
    buf_char(&large, '?');
    for (size_t i = 0; i < 1100000; i++)
        buf_char(&large, 'a');
    ends(f, f->peer, buf_cstr(&large), FETCH_LOCAL, true); /* more than curl's own buffer takes */
    assert_int_equal(f->server.seen->requests, seen);
    ends(f, f->peer, ok, FETCH_OK, false);
    fetch_peer_free(hasty);
    fetch_peer_free(proxied);
}

/* What was sent is more than what was read: the kernel takes some MiB, too. */
static size_t huge(struct fixture *f, const char *path) {
    struct call c;
    prepare(f, &c, path, true);
    f->server.seen->sent = 0;
    ask(f, &c);
    assert_int_equal(c.job.reply.cause, FETCH_LIMIT);
    assert_true(f->server.seen->sent < HUGE_BODY / 4);
    size_t kept = c.job.reply.body.n;
    renew(&c.job);
    return kept;
}

static void test_huge_body(void **state) {
    struct fixture *f = *state;
    assert_in_range(huge(f, "/endless"), 1, FETCH_BODY_MAX);
    assert_int_equal(huge(f, "/huge"), 0); /* its Content-Length says it */
}

static void test_started_by_done(void **state) {
    struct fixture *f = *state;
    struct call c;
    prepare(f, &c, "/ok", true);
    c.again = 10;
    fetch_start(f->pool, &c.job);
    wait_for(f, 1);
    assert_int_equal(c.told, 11);
    assert_int_equal(c.job.result, OK);
    renew(&c.job);
}

static void on_done_free_peer(struct fetch_job *job) {
    fetch_peer_free(job->peer);
    on_done(job);
}

static void test_peer_freed_by_done(void **state) {
    struct fixture *f = *state;
    struct call c;
    prepare(f, &c, "/ok", false);
    c.job.peer = fetch_peer_new(f->pool, &(struct fetch_options){.auth = FETCH_AUTH_NTLM});
    c.job.done = on_done_free_peer;
    ask(f, &c);
    assert_int_equal(c.job.result, OK);
    renew(&c.job);
}

/* When it is told to stop it starts another one, which is told so, too. */
static void on_done_start_other(struct fetch_job *job) {
    struct call *c = job->user;
    job->done = on_done;
    renew(job);
    fetch_start(c->f->pool, job);
}

static void test_free_with_jobs(void **state) {
    struct fixture *f = *state;
    static struct call calls[MANY];
    struct fetch_peer *login =
        fetch_peer_new(f->pool, &(struct fetch_options){.auth = FETCH_AUTH_NTLM, .user = "u"});
    for (size_t i = 0; i < MANY; i++) {
        prepare(f, &calls[i], "/hang", i % 2);
        if (i % 5 == 0)
            calls[i].job.peer = login;
        if (i % 7 == 0)
            calls[i].job.done = on_done_start_other;
        fetch_start(f->pool, &calls[i].job);
        if (i == MANY / 2)
            usleep(100000); /* some are under way, some wait */
    }
    fetch_pool_free(f->pool);
    f->pool = NULL;
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(calls[i].told, 1);
        assert_int_equal(calls[i].job.result, ERR_BUSY);
        assert_int_equal(calls[i].job.reply.cause, FETCH_RESET);
        renew(&calls[i].job);
    }
    fetch_peer_free(login);
}

/* Workers of the server ask all at once. */
static void *worker(void *arg) {
    struct fixture *f = arg;
    for (size_t i = 0; i < MANY; i++) {
        struct fixture mine = {.server = f->server, .pool = f->pool, .peer = f->peer};
        sem_init(&mine.told, 0, 0);
        expect(&mine, "/ok", true, FETCH_OK);
        sem_destroy(&mine.told);
    }
    return NULL;
}

static void test_many_threads(void **state) {
    struct fixture *f = *state;
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, worker, f);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(f->server.seen->requests, 4 * MANY);
    assert_in_range(f->server.seen->connections, 1, 4);
}

/* ---- logging in ---- */

static int login(struct fixture *f, const char *path, struct fetch_options o, enum err result) {
    struct call c;
    struct fetch_peer *peer = fetch_peer_new(f->pool, &o);
    prepare(f, &c, path, false);
    c.job.peer = peer;
    ask(f, &c);
    assert_int_equal(c.job.result, result);
    int status = c.job.reply.status;
    if (result != OK)
        assert_int_equal(c.job.reply.cause, FETCH_URL);
    renew(&c.job);
    fetch_peer_free(peer);
    return status;
}

static void test_ntlm(void **state) {
    struct fixture *f = *state;
    struct fetch_options o = {.user = "D\\u", .password = "p", .auth = FETCH_AUTH_NTLM};
    assert_int_equal(login(f, "/ntlm", o, OK), 200);
    o.auth = FETCH_AUTH_ANY; /* Negotiate is offered, too, and there is no ticket */
    assert_int_equal(login(f, "/ntlm", o, OK), 200);
    assert_int_equal(f->server.seen->basic, 0);
    o.auth = FETCH_AUTH_NONE;
    assert_int_equal(login(f, "/ntlm", o, OK), 401);
    o = (struct fetch_options){.auth = FETCH_AUTH_ANY};
    assert_int_equal(login(f, "/ntlm", o, OK), 401);
    assert_int_equal(f->server.seen->connections, 4); /* nobody comes upon another one's */
}

static void test_ntlm_post(void **state) {
    struct fixture *f = *state;
    struct call c;
    struct fetch_options o = {.user = "u", .password = "p", .auth = FETCH_AUTH_ANY};
    struct fetch_peer *peer = fetch_peer_new(f->pool, &o);
    prepare(f, &c, "/ntlm", true);
    c.job.peer = peer;
    ask(f, &c);
    assert_int_equal(c.job.result, OK);
    assert_int_equal(c.job.reply.status, 200);
    renew(&c.job);
    fetch_peer_free(peer);
}

static void test_basic_in_the_open(void **state) {
    struct fixture *f = *state;
    struct fetch_options o = {.user = "u", .password = "p", .auth = FETCH_AUTH_BASIC};
    login(f, "/basic", o, ERR_IO);
    assert_int_equal(f->server.seen->connections, 0);
    o.auth = FETCH_AUTH_ANY;
    assert_int_equal(login(f, "/basic", o, OK), 401);
    assert_int_equal(f->server.seen->basic, 0);
}

static void test_env_proxy(void **state) {
    struct fixture *f = *state;
    char proxy[60];
    struct call c;
    struct fetch_options o = {.env_proxy = true};
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", f->server.port);
    setenv("http_proxy", proxy, 1);
    expect_url(f, "http://127.0.0.1:1/ok", FETCH_CONNECT);
    prepare(f, &c, "", false);
    snprintf(c.url, sizeof c.url, "http://127.0.0.1:1/ok");
    c.job.peer = fetch_peer_new(f->pool, &o);
    ask(f, &c);
    unsetenv("http_proxy");
    assert_int_equal(c.job.result, OK);
    assert_int_equal(f->server.seen->proxied, 1);
    renew(&c.job);
    fetch_peer_free(c.job.peer);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_answer),
        TEST(test_many_at_once),
        TEST(test_connection_is_kept),
        TEST(test_once_is_on_a_new_connection),
        TEST(test_post_is_not_sent_twice),
        TEST(test_get_is_sent_again),
        TEST(test_post_on_a_closed_connection),
        TEST(test_silence),
        TEST(test_causes),
        TEST(test_what_was_not_sent),
        TEST(test_huge_body),
        TEST(test_started_by_done),
        TEST(test_peer_freed_by_done),
        TEST(test_free_with_jobs),
        TEST(test_many_threads),
        TEST(test_ntlm),
        TEST(test_ntlm_post),
        TEST(test_basic_in_the_open),
        TEST(test_env_proxy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
