/* SPDX-License-Identifier: Apache-2.0 */
/* What happens when an upstream changes: its RA, its CA, or what it says is nonsense. */
#include "gateway_fixture.h"

/* ---- what changes ---- */

static void signed_by(const char *only) {
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    static const char *const all[] = {"agent", "agent2", "ndes", "host", "leaf", "over"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (has_cert(v->certs, v->cert_count, all[i]) != (strcmp(all[i], only) == 0))
            fail_msg("%s", all[i]);
    gateway_release(v);
}

static void a_renewed_ra(void **state) {
    (void)state;
    struct upstream u = add_relay();
    const struct gateway_upstream *before = gateway_acquire(gateway, "corp");
    serve_body(BUNDLE("ndes", "sub", "root"));
    assert_ok(refresh(&u));
    const struct gateway_upstream *after = gateway_acquire(gateway, "corp");
    assert_true(after != before);
    assert_true(has_cert(after->certs, after->cert_count, "ndes"));
    assert_false(has_cert(after->certs, after->cert_count, "agent"));
    assert_true(has_cert(before->certs, before->cert_count, "agent")); /* who has it keeps it */
    assert_int_equal(alarms(""), 0);
    gateway_release(before);
    gateway_release(after);
}

/* What every host holds: a certificate of the pinned CA, put on the way by somebody. */
static void a_leaf_is_no_ra(void **state) {
    (void)state;
    struct upstream u = add_relay();
    const struct span without[] = {BUNDLE("host", "agent", "sub", "root"), BUNDLE("host", "sub"),
                                   BUNDLE("agent2", "sub", "root"), BUNDLE("ndes", "host", "sub")};
    for (size_t i = 0; i < sizeof without / sizeof *without; i++) {
        serve_body(without[i]);
        assert_int_equal(refresh(&u), ERR_CONFLICT);
        assert_non_null(strstr(err_detail(), "signet gateway pin corp"));
        assert_non_null(strstr(err_detail(), sha1_of(i == 2 ? "agent2" : "host")));
        signed_by("agent");
    }
    assert_int_equal(alarms("other RA certificates over plain http"), 1); /* once a day */
    /* The administrator knows better. */
    serve_body(BUNDLE("agent2", "sub", "root"));
    assert_ok(gateway_pin(gateway, &arena, "corp", u.thumbprint, &u));
    signed_by("agent2");
    assert_ok(refresh(&u));
}

/* With the CA in the settings, a leaf may be all that is served: alone, it is taken for a CA. */
static void a_leaf_alone(void **state) {
    (void)state;
    struct upstream u = relay_of("corp");
    u.chain = pem_of("sub");
    serve_body(BUNDLE("agent"));
    u = add(&u);
    serve_body(der_of_file("host"));
    assert_int_equal(refresh(&u), ERR_CONFLICT);
    signed_by("agent");
}

/* Who could leave one out for a minute would have it stand for a stranger's afterwards. */
static void an_ra_left_out(void **state) {
    (void)state;
    struct upstream u = add_relay();
    serve_body(BUNDLE("sub", "root"));
    assert_int_equal(refresh(&u), ERR_CONFLICT);
    assert_non_null(strstr(err_detail(), sha1_of("agent")));
    signed_by("agent");
    serve_body(BUNDLE("agent", "sub", "root"));
    assert_ok(refresh(&u));
}

static struct offer *offer_of(const struct upstream *u, struct span body) {
    struct offer *o = arena_alloc(&arena, sizeof *o);
    assert_ok(offer_read(&arena, u, body, sha1_of("sub"), true, o));
    return o;
}

static void over_https(void **state) {
    (void)state;
    char sha1[CERT_THUMBPRINT_SIZE];
    struct upstream u = relay_of("corp");
    const struct offer *before = offer_of(&u, BUNDLE("agent", "sub", "root")),
                       *renewed = offer_of(&u, BUNDLE("agent2", "sub", "root")),
                       *none = offer_of(&u, BUNDLE("sub", "root"));
    assert_int_equal(agents_check(&arena, &u, before, renewed, sha1), ERR_CONFLICT);
    assert_string_equal(sha1, sha1_of("agent2"));
    assert_int_equal(agents_check(&arena, &u, before, none, sha1), ERR_CONFLICT);
    assert_ok(agents_check(&arena, &u, before, before, sha1));
    u.url = "HTTPS://scep.test/";
    assert_ok(agents_check(&arena, &u, before, renewed, sha1));
    assert_ok(agents_check(&arena, &u, before, none, sha1));
}

static void an_expired_ra(void **state) {
    (void)state;
    struct span certs[SCEP_CLIENT_MAX_CERTS];
    serve_body(BUNDLE("over", "agent", "sub", "root"));
    struct upstream u = add_relay();
    signed_by("agent");
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_true(span_eq(v->recipient.der, der_of_file("agent")));
    assert_true(
        has_cert(certs, told(v, certs), "over")); /* to hosts it is what the upstream says */
    gateway_release(v);
    serve_body(BUNDLE("agent", "sub", "root"));
    assert_ok(refresh(&u)); /* it may go */
    v = gateway_acquire(gateway, "corp");
    assert_false(has_cert(certs, told(v, certs), "over"));
    gateway_release(v);
}

static void another_ca(void **state) {
    (void)state;
    struct upstream u = add_relay();
    serve_body(BUNDLE("strange-ra", "stranger"));
    assert_int_equal(refresh(&u), ERR_CONFLICT);
    assert_non_null(strstr(err_detail(), sha1_of("stranger")));
    assert_string_equal(u.offered, sha1_of("stranger"));
    assert_string_equal(u.thumbprint, sha1_of("sub"));
    assert_int_equal(refresh(&u), ERR_CONFLICT);
    assert_int_equal(alarms("another CA"), 1); /* once a day */
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_string_equal(v->thumbprint, sha1_of("sub"));
    assert_string_equal(v->settings->offered, sha1_of("stranger"));
    assert_true(has_cert(v->certs, v->cert_count, "agent"));
    gateway_release(v);
    /* It comes back. */
    serve_body(BUNDLE("agent", "sub", "root"));
    assert_ok(refresh(&u));
    assert_null(u.offered);
    /* It goes for good, and the administrator agrees. */
    serve_body(BUNDLE("strange-ra", "stranger"));
    assert_int_equal(gateway_pin(gateway, &arena, "corp", sha1_of("root"), &u), ERR_CONFLICT);
    assert_int_equal(gateway_pin(gateway, &arena, "corp", "zz", &u), ERR_CONFIG);
    assert_ok(gateway_pin(gateway, &arena, "corp", sha1_of("stranger"), &u));
    assert_string_equal(u.thumbprint, sha1_of("stranger"));
    v = gateway_acquire(gateway, "corp");
    assert_true(has_cert(v->certs, v->cert_count, "strange-ra"));
    gateway_release(v);
    assert_ok(refresh(&u));
    assert_int_equal(gateway_pin(gateway, &arena, "none", sha1_of("root"), &u), ERR_NOT_FOUND);
}

/* Until what a learner brought is in force. */
static void keep_until_asked(unsigned wanted) {
    for (int i = 0; i < 500 && asked() < wanted; i++) {
        gateway_keep(gateway);
        usleep(10000);
    }
    assert_int_equal(asked(), wanted);
    usleep(100000);
    gateway_keep(gateway);
}

static void learning_by_and_by(void **state) {
    (void)state;
    struct gateway_status status;
    add_relay();
    gateway_close(gateway);
    unsigned before = asked();
    serve_body(BUNDLE("ndes", "sub", "root"));
    open_gateway();
    assert_int_equal(asked(), before); /* a restart needs no network */
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_true(has_cert(v->certs, v->cert_count, "agent"));
    gateway_release(v);
    gateway_status(gateway, &arena, "corp", &status);
    assert_int_equal(status.health, GATEWAY_UNKNOWN);
    keep_until_asked(before + 2);
    gateway_keep(gateway);
    assert_int_equal(asked(), before + 2); /* its minute is not over */
    v = gateway_acquire(gateway, "corp");
    assert_true(has_cert(v->certs, v->cert_count, "ndes"));
    gateway_release(v);
    gateway_status(gateway, &arena, "corp", &status);
    assert_int_equal(status.health, GATEWAY_UP);
    assert_null(status.reason);
}

static void learning_nonsense(void **state) {
    (void)state;
    struct gateway_status status;
    add_relay();
    gateway_close(gateway);
    unsigned before = asked();
    serve_body(span_str("<html>"));
    open_gateway();
    keep_until_asked(before + 2);
    gateway_status(gateway, &arena, "corp", &status);
    assert_int_equal(status.health, GATEWAY_UP);
    assert_null(status.reason);
    assert_non_null(strstr(status.trouble, "HTML"));
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_true(has_cert(v->certs, v->cert_count, "agent"));
    gateway_release(v);
}

static void nonsense_for_long_is_an_alarm(void **state) {
    (void)state;
    struct gateway_status status;
    struct upstream u;
    add_relay();
    serve_body(span_str("<html>"));
    assert_int_not_equal(refresh(&u), OK);
    gateway_status(gateway, &arena, "corp", &status);
    assert_int_equal(status.health, GATEWAY_UP);
    assert_non_null(status.trouble);
    clock_shift(9 * 60000);
    assert_int_not_equal(refresh(&u), OK);
    assert_int_equal(alarms("nothing could be learnt"), 0);
    clock_shift(2 * 60000);
    assert_int_not_equal(refresh(&u), OK);
    assert_int_not_equal(refresh(&u), OK);
    assert_int_equal(alarms("nothing could be learnt"), 1);
    serve_body(BUNDLE("agent", "sub", "root"));
    assert_ok(refresh(&u));
    gateway_status(gateway, &arena, "corp", &status);
    assert_null(status.trouble);
    clock_shift(-11 * 60000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        T(a_renewed_ra),      T(a_leaf_is_no_ra),
        T(a_leaf_alone),      T(an_ra_left_out),
        T(over_https),        T(an_expired_ra),
        T(another_ca),        T(learning_by_and_by),
        T(learning_nonsense), T(nonsense_for_long_is_an_alarm),
    };
    return cmocka_run_group_tests(tests, build, tear_down);
}
