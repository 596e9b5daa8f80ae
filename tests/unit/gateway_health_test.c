/* SPDX-License-Identifier: Apache-2.0 */
/* The health of upstreams, mode RA, and what outlives what. */
#include "gateway_fixture.h"

/* ---- health ---- */

static void the_breaker(void **state) {
    (void)state;
    struct gateway_status status;
    unsigned all, down;
    struct upstream u = add_relay();
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    for (int i = 0; i < 4; i++) {
        assert_ok(gateway_enter(v));
        leave_with(v, FETCH_TIMEOUT, 0);
    }
    assert_ok(gateway_enter(v));
    leave_with(v, FETCH_OK, 500); /* an answer */
    for (int i = 0; i < 5; i++) {
        gateway_count(gateway, &all, &down);
        assert_int_equal(down, 0);
        assert_ok(gateway_enter(v));
        leave_with(v, FETCH_CONNECT, 0);
    }
    gateway_count(gateway, &all, &down);
    assert_int_equal(all, 1);
    assert_int_equal(down, 1);
    gateway_status(gateway, &arena, "corp", &status);
    assert_int_equal(status.health, GATEWAY_DOWN);
    assert_string_equal(status.reason, "no route\\x1b");
    assert_true(status.since > 0);
    assert_int_equal(gateway_enter(v), ERR_BUSY);
    assert_non_null(strstr(err_detail(), "down"));
    gateway_release(v);
    assert_ok(refresh(&u)); /* learning closes it */
    v = gateway_acquire(gateway, "corp");
    assert_ok(gateway_enter(v));
    leave_with(v, FETCH_LIMIT, 200);
    gateway_status(gateway, &arena, "corp", &status);
    assert_int_equal(status.health, GATEWAY_UP);
    assert_null(status.reason);
    gateway_release(v);
}

static unsigned downs(void) {
    unsigned all, down;
    gateway_count(gateway, &all, &down);
    return down;
}

static void fails(const struct gateway_upstream *u, enum fetch_cause cause, const char *asker) {
    assert_ok(gateway_enter(u));
    leave_of(u, cause, 0, asker);
}

/* What a host asks may be what breaks the connection: it must not cut off the others. */
static void one_host_does_not_open_the_breaker(void **state) {
    static const enum fetch_cause causes[] = {FETCH_RESET, FETCH_TIMEOUT, FETCH_INVALID};
    static const char *const others[] = {"e2", "e3", "e4"};
    (void)state;
    struct upstream u = add_relay();
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    for (int i = 0; i < 30; i++) {
        fails(v, causes[i % 3], "e1");
        fails(v, causes[i % 3], "e0"); /* nor two that take turns */
    }
    for (int i = 0; i < 30; i++) /* nor what was never sent */
        fails(v, i % 2 ? FETCH_LOCAL : FETCH_URL, NULL);
    assert_int_equal(downs(), 0);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(downs(), 0);
        fails(v, FETCH_RESET, others[i]);
    }
    assert_int_equal(downs(), 1); /* five of them */
    assert_ok(refresh(&u));
    assert_int_equal(downs(), 0);
    for (int i = 0; i < 4; i++)
        fails(v, FETCH_RESET, "e1"); /* counts anew after an answer, once */
    for (int i = 0; i < 4; i++) {
        assert_int_equal(downs(), 0);
        fails(v, FETCH_TIMEOUT, NULL); /* ours */
    }
    assert_int_equal(downs(), 1);
    gateway_release(v);
}

/* Nobody can be blamed for a connection that did not come about. */
static void an_upstream_that_one_host_finds_dead(void **state) {
    (void)state;
    add_relay();
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    struct fetch_job job = {.result = ERR_IO, .reply = {.cause = FETCH_TIMEOUT, .unsent = true}};
    for (int i = 0; i < 3; i++)
        fails(v, FETCH_CONNECT, "e1");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(downs(), 0);
        assert_ok(gateway_enter(v));
        gateway_leave(v, &job, "e1");
    }
    assert_int_equal(downs(), 1);
    gateway_release(v);
}

static void at_most_so_many(void **state) {
    (void)state;
    struct gateway_status status;
    struct upstream u = relay_of("corp");
    u.max_requests = 2;
    add(&u);
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_ok(gateway_enter(v));
    assert_ok(gateway_enter(v));
    assert_int_equal(gateway_enter(v), ERR_BUSY);
    gateway_status(gateway, &arena, "corp", &status);
    assert_int_equal(status.running, 2);
    leave_with(v, FETCH_OK, 200);
    assert_ok(gateway_enter(v));
    leave_with(v, FETCH_OK, 200);
    leave_with(v, FETCH_OK, 200);
    gateway_release(v);
}

static void a_dead_upstream(void **state) {
    (void)state;
    struct upstream u = add_relay();
    upstream_stop(&server);
    for (int i = 0; i < 5; i++)
        assert_int_equal(refresh(&u), ERR_IO);
    unsigned all, down;
    gateway_count(gateway, &all, &down);
    assert_int_equal(down, 1);
    upstream_start(&server);
    assert_ok(refresh(&u));
    gateway_count(gateway, &all, &down);
    assert_int_equal(down, 0);
}

/* ---- mode RA ---- */

static struct upstream ra_of(const char *name) {
    struct upstream u = relay_of(name);
    u.mode = UPSTREAM_RA;
    return u;
}

static void judge_endpoint(const char *name, const char *last) {
    struct span certs[SCEP_CLIENT_MAX_CERTS];
    size_t n;
    bool single;
    const struct pki *p = pki_acquire(pki);
    const struct endpoint *e = pki_endpoint(p, name);
    assert_non_null(e);
    assert_string_equal(e->upstream, name);
    assert_int_equal(e->policy->renewal_window, 0);
    assert_null(strstr(e->capabilities, "Renewal"));
    assert_ptr_equal(pki_route(p, arena_printf(&arena, "/Gateway/%s/pkiclient.exe", name)), e);
    assert_ok(scep_client_certs(&arena, e->ca_certs, certs, SCEP_CLIENT_MAX_CERTS, &n, &single));
    assert_true(span_eq(certs[0], e->ca->ra.cert));
    assert_true(span_eq(certs[1], e->ca->issuer.cert));
    assert_true(span_eq(certs[n - 1], der_of_file(last)));
    assert_false(has_cert(certs, n, "agent"));
    pki_release(p);
}

static void an_endpoint_of_mode_ra(void **state) {
    (void)state;
    struct upstream u = ra_of("corp"), two = ra_of("two");
    u = add(&u);
    assert_string_equal(u.ca, "default");
    judge_endpoint("corp", "root");
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    sh(&folder, "openssl verify -CAfile gateway/corp.pem gateway/corp.pem && "
                "test $(stat -c %%a gateway/corp.key) = 600");
    const struct span own = arena_copy(&arena, v->self.cert);
    gateway_release(v);
    serve_body(der_of_file("stranger"));
    add(&two);
    judge_endpoint("two", "stranger");
    judge_endpoint("corp", "root");
    /* The default's own path is served as before: an upstream is no endpoint of signet.conf. */
    gateway_close(gateway);
    open_gateway();
    judge_endpoint("two", "stranger");
    v = gateway_acquire(gateway, "corp");
    assert_true(span_eq(v->self.cert, own)); /* the same client after a restart */
    gateway_release(v);
    assert_ok(gateway_remove(gateway, "corp"));
    judge_endpoint("two", "stranger");
    const struct pki *p = pki_acquire(pki);
    assert_null(pki_endpoint(p, "corp"));
    pki_release(p);
    assert_ok(gateway_remove(gateway, "two"));
    sh(&folder, "test -z \"$(ls gateway)\"");
    assert_int_equal(gateway_remove(gateway, "two"), ERR_NOT_FOUND);
}

static void nothing_to_encrypt_to(void **state) {
    (void)state;
    struct upstream u = ra_of("corp");
    serve_body(BUNDLE("ec", "sub", "root"));
    not_added(&u, ERR_CONFIG, "RSA");
    sh(&folder, "! ls gateway/corp.key");
    add_relay(); /* the hosts' own matter */
}

static void its_ca_follows(void **state) {
    (void)state;
    struct upstream u = ra_of("corp");
    add(&u);
    serve_body(BUNDLE("strange-ra", "stranger"));
    assert_ok(gateway_pin(gateway, &arena, "corp", sha1_of("stranger"), &u));
    judge_endpoint("corp", "stranger");
}

/* signet.conf has got an endpoint of that name meanwhile. */
static void a_name_that_was_taken(void **state) {
    (void)state;
    struct upstream u = ra_of("later");
    add(&u);
    gateway_close(gateway);
    pki_close(pki);
    settings.endpoints[2] = settings.endpoints[1];
    settings.endpoints[2].name = "later";
    settings.endpoints[2].paths[0] = "/scep/later";
    settings.endpoint_count = 3;
    assert_ok(pki_open(&settings, &pki));
    open_gateway();
    assert_null(gateway_acquire(gateway, "later"));
    gateway_keep(gateway);
    assert_ok(gateway_remove(gateway, "later"));
    settings.endpoint_count = 2;
}

/* ---- who outlives whom ---- */

static void removed_while_it_is_used(void **state) {
    (void)state;
    add_relay();
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    be_silent(true);
    gateway_keep(gateway); /* a learner is under way */
    assert_ok(gateway_enter(v));
    assert_ok(gateway_remove(gateway, "corp"));
    assert_null(gateway_acquire(gateway, "corp"));
    assert_string_equal(v->settings->name, "corp");
    leave_with(v, FETCH_TIMEOUT, 0);
    gateway_release(v);
    be_silent(false);
    add_relay();
}

static void closed_while_it_learns(void **state) {
    (void)state;
    add_relay();
    be_silent(true);
    gateway_keep(gateway); /* and `clear` closes it */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        T(the_breaker),
        T(one_host_does_not_open_the_breaker),
        T(an_upstream_that_one_host_finds_dead),
        T(at_most_so_many),
        T(a_dead_upstream),
        T(an_endpoint_of_mode_ra),
        T(nothing_to_encrypt_to),
        T(its_ca_follows),
        T(a_name_that_was_taken),
        T(removed_while_it_is_used),
        T(closed_while_it_learns),
    };
    return cmocka_run_group_tests(tests, build, tear_down);
}
