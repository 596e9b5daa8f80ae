/* SPDX-License-Identifier: Apache-2.0 */
/* Mode relay: what is too much, and what an answer that never came may mean. */
#include "relay_fixture.h"

/* ---- what is too much ---- */

static void stays(const char *type, int status, const char *why) {
    struct visit v = begin_at("up", token, message_of(type, TRANSACTION));
    assert_null(v.job);
    gets_line(&v, status);
    events_are(1, EVENT_NOTE, why);
    end(&v);
}

static void it_goes_on(const char *type) {
    struct visit v = begin_at("up", token, message_of(type, TRANSACTION));
    assert_non_null(v.job);
    end(&v);
}

static void who_asks_for_ever_is_stopped(void **state) {
    (void)state;
    for (int i = 0; i < ENROLL_MAX_ASKS; i++)
        is_refused(404, "text/plain", SPAN_NONE, 404);
    stays("19", 403, "20 requests of this enrollment went to the upstream already");
    it_goes_on("20"); /* the last may wait for its approval */
    counts_are(ENROLL_MAX_ASKS, ENROLL_MAX_ASKS, 0);
}

static void so_many_certificates_are_enough(void **state) {
    struct scep_reply reply = success();
    (void)state;
    for (int i = 0; i < ENROLL_MAX_SUCCESSES; i++)
        is_passed("19", &reply);
    stays("19", 403, "answered 5 requests of this enrollment with SUCCESS");
    struct visit v = begin_at("up", token, message_of("20", TRANSACTION));
    assert_null(v.job);
    end(&v);
    counts_are(ENROLL_MAX_SUCCESSES, ENROLL_MAX_SUCCESSES, ENROLL_MAX_SUCCESSES);
}

/* A well-signed message around so many bytes, which nobody here opens. */
static struct visit sends(const char *upstream, size_t n) {
    struct span bytes = span_of(arena_alloc(&arena, n), n);
    return begin_at(upstream, token, message_new(&arena, "19", TRANSACTION, bytes, &host));
}

static void is_too_long(const char *upstream, size_t n) {
    struct visit v = sends(upstream, n);
    assert_null(v.job);
    gets_line(&v, 413);
    end(&v);
}

static void is_not_too_long(const char *upstream, size_t n) {
    struct visit v = sends(upstream, n);
    assert_non_null(v.job);
    end(&v);
}

static void only_so_large_a_message_goes_on(void **state) {
    (void)state;
    is_not_too_long("up", 60 * 1024);
    is_too_long("up", 64 * 1024);
    is_too_long("up", 900 * 1024);
    assert_ok(store_write(service.store, move_token, (void *)(uintptr_t) "old"));
    is_not_too_long("old", 14 * 1024);
    is_too_long("old", 16 * 1024);
    counts_are(2, 0, 0);
}

static void breaks(enum fetch_cause cause, int expected) {
    struct visit v = begin(message_of("19", TRANSACTION));
    v.job->result = ERR_IO;
    v.job->reply.cause = cause;
    snprintf(v.job->detail, sizeof v.job->detail, "cannot reach 'http://user.invalid': %d", cause);
    finish(&v);
    gets_line(&v, expected);
    end(&v);
}

static void silence_may_have_issued(void **state) {
    (void)state;
    breaks(FETCH_TIMEOUT, 504);
    events_are(1, EVENT_NOTE, "did not answer in time");
    counts_are(1, 0, 0);
    breaks(FETCH_RESET, 502);
    counts_are(2, 0, 0);
    events_are(1, EVENT_ALARM, "may have issued");
    breaks(FETCH_LIMIT, 502);
    events_are(1, EVENT_ALARM, "larger than 4 MiB");
}

static void what_was_not_reached_has_issued_nothing(void **state) {
    static const enum fetch_cause causes[] = {FETCH_NAME, FETCH_CONNECT, FETCH_TLS_TRUST, FETCH_URL,
                                              FETCH_LOCAL};
    (void)state;
    for (size_t i = 0; i < sizeof causes / sizeof *causes; i++)
        breaks(causes[i], 502);
    counts_are(0, 0, 0);
    events_are(5, EVENT_NOTE, "got no request");
    events_are(0, EVENT_ALARM, "");
}

/* So one host cannot take all the places that its upstream has. */
static void one_request_at_a_time(void **state) {
    (void)state;
    struct visit a = begin(message_of("19", "t1"));
    struct visit b = begin_at("up", token, message_of("19", "t2"));
    assert_null(b.job);
    gets_line(&b, 503);
    assert_true(b.answer.retry_after_s > 0);
    events_are(1, EVENT_NOTE, "another request of this enrollment is under way");
    counts_are(1, 0, 0);
    end(&b);
    end(&a); /* never started: it leaves all the same */
    struct visit c = begin(message_of("19", "t3"));
    end(&c);
}

/* However long ago the message came, it counts what is in the database when it goes on. */
static void the_last_look_counts(void **state) {
    (void)state;
    struct visit late = take_at("up", token, message_of("19", "late"));
    assert_null(relay_enrollment(late.relay));
    for (int i = 0; i < ENROLL_MAX_ASKS; i++)
        is_refused(404, "text/plain", SPAN_NONE, 404);
    assert_ok(store_write(service.store, find_and_ask, &late));
    assert_null(late.job);
    gets_line(&late, 403);
    counts_are(ENROLL_MAX_ASKS, ENROLL_MAX_ASKS, 0);
    end(&late);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        RELAY(who_asks_for_ever_is_stopped),
        RELAY(so_many_certificates_are_enough),
        RELAY(only_so_large_a_message_goes_on),
        RELAY(silence_may_have_issued),
        RELAY(what_was_not_reached_has_issued_nothing),
        RELAY(one_request_at_a_time),
        RELAY(the_last_look_counts),
    };
    return cmocka_run_group_tests_name("relay_limits", tests, prepare, clean_up);
}
