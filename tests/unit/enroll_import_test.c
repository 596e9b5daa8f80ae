/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of an upstream that are imported: what they confirm, and whose they are. */
#include "upstream_fixture.h"

/* ---- import ---- */

static void an_import_confirms(void **state) {
    (void)state;
    is_relayed(good.sha1);
    state_is(STATE_REPORTED);
    assert_ok(imports(&good));
    struct look l = look();
    assert_int_equal(l.e.state, STATE_CONFIRMED);
    assert_int_equal(l.kinds[EVENT_ALARM], 0);
    assert_non_null(strstr(l.last, "which is what the profile promised"));
    assert_int_equal(imports(&good), ERR_EXISTS);
    assert_int_equal(look().events, l.events);
}

static void in_lower_case_too(void **state) {
    (void)state;
    char lower[41];
    for (size_t i = 0; i < sizeof lower; i++)
        lower[i] = (char)(good.sha1[i] | (good.sha1[i] ? 0x20 : 0));
    is_relayed(lower);
    assert_ok(imports(&good));
    state_is(STATE_CONFIRMED);
}

static void nothing_else_can_be_imported(void **state) {
    (void)state;
    assert_int_equal(imports(&good), ERR_REFUSED); /* the host shows none */
    is_relayed(good.sha1);
    int events = look().events;
    assert_int_equal(imports(&other), ERR_REFUSED);
    assert_non_null(strstr(err_detail(), other.sha1));
    assert_non_null(strstr(err_detail(), good.sha1));
    assert_int_equal(step((struct step){.what = IMPORTS, .cert = &good, .upstream = "step"}),
                     ERR_REFUSED);
    assert_non_null(strstr(err_detail(), "'step'"));
    assert_int_equal(look().events, events);
    assert_int_equal(ask_file("SELECT count(*) FROM foreign_certificate"), 0);
}

/* It is the one that the host holds, and that is the alarm. */
static void a_broken_promise_is_an_alarm(void **state) {
    (void)state;
    is_relayed(wrong.sha1);
    assert_ok(imports(&wrong));
    state_is(STATE_REPORTED);
    alarms_are(1, "promises the subject 'CN=host', the certificate has 'CN=root'");
    assert_int_equal(look().kinds[EVENT_CONFIRMED], 0);
    assert_int_equal(ask_file("SELECT count(*) FROM foreign_certificate WHERE source = 2"), 1);
}

/* Imported while the host's Status is not 1: what it says next decides. */
static void an_import_waits_for_the_host(void **state) {
    (void)state;
    asks();
    says(UPSTREAM_SUCCESS);
    shows_status("32", good.sha1);
    assert_ok(imports(&good));
    state_is(STATE_ISSUED);
    shows(good.sha1);
    state_is(STATE_CONFIRMED);
}

static void an_import_that_differs_waits_too(void **state) {
    (void)state;
    asks();
    says(UPSTREAM_SUCCESS);
    shows_status("32", wrong.sha1);
    assert_ok(imports(&wrong));
    shows(wrong.sha1);
    shows(wrong.sha1);
    alarms_are(1, "the certificate has 'CN=root'");
    assert_int_equal(look().kinds[EVENT_CONFIRMED], 0);
}

/* ---- import: whose it is ---- */

static void state_of(const char *id, enum enroll_state wanted) {
    who = id;
    state_is(wanted);
}

static int kept(void) {
    return (int)ask_file("SELECT count(*) FROM foreign_certificate");
}

/* A host names what it likes; nothing was issued for this one. */
static void who_never_got_one_gets_none(void **state) {
    (void)state;
    is_relayed(good.sha1);
    state_is(STATE_REPORTED);
    set_up_one("theirs", "CN=host");
    shows(good.sha1);
    assert_int_equal(imports(&good), ERR_REFUSED);
    assert_non_null(strstr(err_detail(), "theirs"));
    asks();
    says(UPSTREAM_REFUSED);
    shows(good.sha1);
    assert_int_equal(imports(&good), ERR_REFUSED);
    assert_ok(brings(&good)); /* the newer one counts for nothing */
    assert_int_equal(look().kinds[EVENT_CONFIRMED], 0);
    state_of("mine", STATE_CONFIRMED);
}

static void nobody_got_it(void **state) {
    (void)state;
    assert_int_equal(brings(&good), ERR_NOT_FOUND);
    shows(good.sha1);
    assert_int_equal(brings(&good), ERR_REFUSED);
    assert_non_null(strstr(err_detail(), "answered no request"));
    assert_int_equal(kept(), 0);
}

/* The thief has enrolled, too, for a name of its own. */
static void the_promise_decides_between_two(void **state) {
    (void)state;
    is_relayed(good.sha1);
    set_up_one("theirs", "CN=thief");
    is_relayed(good.sha1);
    assert_ok(brings(&good));
    state_of("mine", STATE_CONFIRMED);
    state_of("theirs", STATE_REPORTED);
    alarms_are(0, NULL);
    assert_int_equal(brings(&good), ERR_EXISTS);
}

static void what_it_does_not_decide_is_refused(void **state) {
    (void)state;
    is_relayed(good.sha1);
    set_up_one("theirs", "CN=host");
    is_relayed(good.sha1);
    assert_int_equal(brings(&good), ERR_CONFLICT);
    assert_non_null(strstr(err_detail(), "mine, theirs"));
    assert_int_equal(kept(), 0);
    who = "mine";
    shows(wrong.sha1); /* it was reported with another one: this cannot be brought for it */
    state_is(STATE_GONE);
    assert_int_equal(brings(&wrong), ERR_NOT_FOUND);
    state_of("theirs", STATE_REPORTED);
}

static void nor_what_fits_none(void **state) {
    (void)state;
    is_relayed(wrong.sha1);
    set_up_one("theirs", "CN=host");
    is_relayed(wrong.sha1);
    assert_int_equal(brings(&wrong), ERR_CONFLICT);
    assert_int_equal(kept(), 0);
    alarms_are(0, NULL);
}

/* The thief came first, alone: what it could not confirm is not its own for ever. */
static void a_wrong_claim_binds_nothing(void **state) {
    (void)state;
    set_up_one("theirs", "CN=thief");
    is_relayed(good.sha1);
    assert_ok(brings(&good));
    state_is(STATE_REPORTED);
    alarms_are(1, "promises the subject 'CN=thief'");
    assert_ok(brings(&good)); /* again: it is judged anew */
    state_is(STATE_REPORTED);
    alarms_are(2, "promises the subject 'CN=thief'");
    assert_int_equal(kept(), 1);
    who = "mine";
    is_relayed(good.sha1);
    assert_ok(brings(&good));
    state_is(STATE_CONFIRMED);
    assert_int_equal(kept(), 1);
    state_of("theirs", STATE_REPORTED);
    assert_non_null(strstr(look().last, "that of another enrollment"));
    assert_non_null(strstr(look().last, "mine"));
}

static void what_has_confirmed_stays(void **state) {
    (void)state;
    is_relayed(good.sha1);
    assert_ok(imports(&good));
    set_up_one("theirs", "CN=host");
    is_relayed(good.sha1);
    assert_int_equal(imports(&good), ERR_EXISTS);
    assert_non_null(strstr(err_detail(), "mine"));
    state_of("mine", STATE_CONFIRMED);
}

/* What the upstream gave to our RA is no import. */
static void what_the_ra_got_is_not_bound_anew(void **state) {
    (void)state;
    issues(&good);
    set_up_one("theirs", "CN=host");
    is_relayed(good.sha1);
    assert_int_equal(imports(&good), ERR_EXISTS);
    state_of("theirs", STATE_REPORTED);
}

/* It may be another host's: nobody is told to revoke it. */
static void a_wrong_claim_is_not_for_revocation(void **state) {
    (void)state;
    asks();
    says(UPSTREAM_SUCCESS);
    shows_status("32", wrong.sha1);
    assert_ok(imports(&wrong));
    shows(good.sha1);
    assert_ok(imports(&good));
    state_is(STATE_CONFIRMED);
    alarms_are(0, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_HOST(an_import_confirms),
        WITH_HOST(in_lower_case_too),
        WITH_HOST(nothing_else_can_be_imported),
        WITH_HOST(a_broken_promise_is_an_alarm),
        WITH_HOST(an_import_waits_for_the_host),
        WITH_HOST(an_import_that_differs_waits_too),
        WITH_HOST(who_never_got_one_gets_none),
        WITH_HOST(nobody_got_it),
        WITH_HOST(the_promise_decides_between_two),
        WITH_HOST(what_it_does_not_decide_is_refused),
        WITH_HOST(nor_what_fits_none),
        WITH_HOST(a_wrong_claim_binds_nothing),
        WITH_HOST(what_has_confirmed_stays),
        WITH_HOST(what_the_ra_got_is_not_bound_anew),
        WITH_HOST(a_wrong_claim_is_not_for_revocation),
    };
    return cmocka_run_group_tests_name("enroll_import", tests, make_certs, free_certs);
}
