/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enrollments whose certificate an upstream issues: what is counted and named when answers get
 * lost, what "reported" is, and what makes "confirmed" of it in mode RA.
 */
#include "upstream_fixture.h"

/* ---- reported ---- */

static void a_relayed_certificate_is_reported(void **state) {
    (void)state;
    asks();
    state_is(STATE_REQUESTED);
    says(UPSTREAM_SUCCESS);
    state_is(STATE_ISSUED);
    shows(strange);
    struct look l = look();
    assert_int_equal(l.e.state, STATE_REPORTED);
    assert_int_equal(l.e.deadline, 0);
    assert_int_equal(l.kinds[EVENT_REPORTED], 1);
    assert_int_equal(l.kinds[EVENT_ALARM] + l.kinds[EVENT_CONFIRMED], 0);
    assert_non_null(strstr(l.last, strange));
    assert_non_null(strstr(l.last, "was not seen here"));
    assert_non_null(strstr(l.last, "'ndes'"));
    assert_int_equal(l.e.renew_at, 0); /* nobody knows when it ends */
    assert_false(enroll_wants_answer(&l.e, clock_ms(), false));
    assert_true(enroll_wants_answer(&l.e, INT64_MAX, false));
}

static void once_reported_nothing_moves(void **state) {
    (void)state;
    is_relayed(strange);
    int events = look().events;
    shows(strange);
    assert_int_equal(step((struct step){.what = EXPIRES}), OK);
    assert_int_equal(look().events, events);
    asks(); /* a race: the token was good when it was looked at */
    says(UPSTREAM_SUCCESS);
    state_is(STATE_REPORTED);
    alarms_are(2, "asked again, although it has issued");
    alarms_are(2, "a second SUCCESS");
}

/* What it showed is what can be imported, whatever it says later. */
static void a_report_that_changes_is_gone(void **state) {
    (void)state;
    is_relayed(strange);
    shows(good.sha1);
    state_is(STATE_GONE);
    int events = look().events;
    shows(good.sha1);
    shows_status("16", "");
    assert_int_equal(look().events, events);
    assert_int_equal(brings(&good), ERR_NOT_FOUND);
    shows(strange);
    state_is(STATE_REPORTED);
}

static void the_success_may_come_after_the_proof(void **state) {
    (void)state;
    asks();
    shows(strange);
    state_is(STATE_REQUESTED);
    assert_non_null(strstr(look().last, "has answered no request"));
    says(UPSTREAM_SUCCESS);
    shows(strange); /* no news, and yet */
    state_is(STATE_REPORTED);
}

static void not_without_a_thumbprint_or_success(void **state) {
    (void)state;
    shows(strange);
    state_is(STATE_ACCEPTED);
    assert_non_null(strstr(look().last, "signet has not issued"));
    asks();
    says(UPSTREAM_REFUSED);
    shows(strange);
    assert_int_equal(look().kinds[EVENT_REPORTED], 0);
    asks();
    says(UPSTREAM_SUCCESS);
    shows("");
    shows(NULL);
    shows_status("32", strange);
    shows_status("16", strange);
    assert_int_equal(look().kinds[EVENT_REPORTED], 0);
}

static void late_and_still_reported(void **state) {
    (void)state;
    asks();
    says(UPSTREAM_SUCCESS);
    assert_ok(step((struct step){.what = EXPIRES}));
    state_is(STATE_UNCONFIRMED);
    shows(strange);
    state_is(STATE_REPORTED);
}

/* ---- asking again ---- */

static void once_is_no_alarm(void **state) {
    (void)state;
    asks();
    says(UPSTREAM_PENDING);
    says(UPSTREAM_SUCCESS); /* of a CertPoll */
    struct look l = look();
    assert_int_equal(l.kinds[EVENT_ALARM], 0);
    assert_int_equal(l.e.asks, 1);
    assert_int_equal(l.e.answers, 1);
    assert_int_equal(l.e.successes, 1);
}

/* The host comes with a new key, since the connection broke, or signet or the upstream was killed.
 */
static void a_lost_answer_is_named(void **state) {
    (void)state;
    static const int lost[] = {-1 /* nobody was left to say */, UPSTREAM_SILENT, UPSTREAM_WRONG,
                               UPSTREAM_PENDING};
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++) {
        asks();
        if (lost[i] >= 0)
            says((enum upstream_outcome)lost[i]);
        int before = look().kinds[EVENT_ALARM];
        asks();
        alarms_are(before + 1, "it may have issued a certificate that nobody has");
        struct look l = look();
        assert_int_equal(l.e.asks, 2);
        assert_int_equal(l.e.answers, 0);
        close_it(state);
        set_up(state);
    }
}

static void what_cannot_have_issued_is_no_alarm(void **state) {
    (void)state;
    static const enum upstream_outcome nothing[] = {UPSTREAM_REFUSED, UPSTREAM_NO_CERTREP,
                                                    UPSTREAM_UNASKED};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        asks();
        says(nothing[i]);
    }
    asks();
    says(UPSTREAM_SUCCESS);
    alarms_are(0, NULL);
    assert_int_equal(look().e.asks, 3);
    assert_int_equal(look().e.answers, 3);
    state_is(STATE_ISSUED);
}

/* Whoever polls twice for one answer must not make up for one that was lost. */
static void answers_do_not_run_ahead(void **state) {
    (void)state;
    asks();
    says(UPSTREAM_REFUSED);
    says(UPSTREAM_REFUSED);
    says(UPSTREAM_REFUSED);
    asks();
    says(UPSTREAM_SILENT);
    alarms_are(0, NULL);
    asks();
    alarms_are(1, "it may have issued");
    says(UPSTREAM_UNASKED);
    asks();
    alarms_are(1, NULL); /* the silent one is still without its outcome: a note */
    assert_int_equal(look().kinds[EVENT_NOTE], 3);
    assert_int_equal(look().e.asks, 3); /* the one that was not sent does not count */
}

static void a_second_success_is_named(void **state) {
    (void)state;
    asks();
    says(UPSTREAM_SUCCESS);
    alarms_are(0, NULL);
    asks();
    alarms_are(1, "although it has issued");
    says(UPSTREAM_SUCCESS);
    alarms_are(2, "a second SUCCESS");
    assert_int_equal(look().kinds[EVENT_ISSUED], 2);
    shows(strange);
    state_is(STATE_REPORTED);
}

static void who_repeats_for_ever_fills_nothing(void **state) {
    (void)state;
    for (int i = 0; i < 120; i++) {
        asks();
        says(UPSTREAM_SUCCESS);
    }
    struct look l = look();
    assert_int_equal(l.kinds[EVENT_ISSUED], 20);
    assert_int_equal(l.kinds[EVENT_REQUESTED], 50);
    assert_int_equal(l.kinds[EVENT_NOTE], 50);
    assert_int_equal(l.kinds[EVENT_ALARM], 50);
    assert_int_equal(l.e.asks, 120); /* counted they are */
    assert_int_equal(l.e.successes, 120);
}

/* ---- mode RA ---- */

static void what_the_ra_got_confirms(void **state) {
    (void)state;
    issues(&good);
    shows(good.sha1);
    struct look l = look();
    assert_int_equal(l.e.state, STATE_CONFIRMED);
    assert_int_equal(l.e.deadline, 0);
    assert_int_equal(l.kinds[EVENT_ALARM] + l.kinds[EVENT_REPORTED] + l.kinds[EVENT_NOTE], 0);
    assert_non_null(strstr(l.last, "that 'ndes' issued"));
    assert_non_null(strstr(l.last, good.sha1));
}

static void another_is_never_reported(void **state) {
    (void)state;
    issues(&good);
    shows(strange);
    shows(other.sha1);
    struct look l = look();
    assert_int_equal(l.e.state, STATE_ISSUED);
    assert_int_equal(l.kinds[EVENT_REPORTED] + l.kinds[EVENT_CONFIRMED], 0);
    assert_non_null(strstr(l.last, "has not issued to signet"));
}

static void an_upstream_that_changed_it(void **state) {
    (void)state;
    issues(&wrong);
    shows(wrong.sha1);
    struct look l = look();
    assert_int_equal(l.e.state, STATE_CONFIRMED);
    alarms_are(1, NULL); /* "what the profile promised" */
}

/* An upstream that keeps transactions gives the same again. */
static void the_same_again_is_one(void **state) {
    (void)state;
    issues(&good);
    assert_int_equal(step((struct step){.what = KEEPS, .cert = &good}), ERR_EXISTS);
    says(UPSTREAM_SUCCESS);
    alarms_are(0, NULL);
}

static void one_too_many_is_for_the_upstream_to_revoke(void **state) {
    (void)state;
    issues(&good);
    issues(&other);
    alarms_are(2, "a second certificate");
    shows(good.sha1);
    state_is(STATE_CONFIRMED);
    alarms_are(3, "revoke serial 1234 at 'ndes'");
    alarms_are(3, other.sha1);
    assert_null(strstr(look().alarms, good.sha1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_HOST(a_relayed_certificate_is_reported),
        WITH_HOST(once_reported_nothing_moves),
        WITH_HOST(a_report_that_changes_is_gone),
        WITH_HOST(the_success_may_come_after_the_proof),
        WITH_HOST(not_without_a_thumbprint_or_success),
        WITH_HOST(late_and_still_reported),
        WITH_HOST(once_is_no_alarm),
        WITH_HOST(a_lost_answer_is_named),
        WITH_HOST(what_cannot_have_issued_is_no_alarm),
        WITH_HOST(answers_do_not_run_ahead),
        WITH_HOST(a_second_success_is_named),
        WITH_HOST(who_repeats_for_ever_fills_nothing),
        WITH_HOST(what_the_ra_got_confirms),
        WITH_HOST(another_is_never_reported),
        WITH_HOST(an_upstream_that_changed_it),
        WITH_HOST(the_same_again_is_one),
        WITH_HOST(one_too_many_is_for_the_upstream_to_revoke),
    };
    return cmocka_run_group_tests_name("enroll_upstream", tests, make_certs, free_certs);
}
