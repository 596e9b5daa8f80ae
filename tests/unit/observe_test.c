/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host says, held against what is known, on a real store: when an enrollment is confirmed,
 * and all the ways in which it must not be.
 */
#include "store_fixture.h"

#include "base/clock.h"
#include "enroll/enroll.h"
#include "store/certificate.h"

static const char device_id[] = "0123456789ABCDEF0123456789ABCDEF";
static const char live[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
static const char superseded[] = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";
static const char of_another[] = "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC";
static const int64_t MINUTE = 60000, DAY = 86400000;
static const struct enroll_policy policy = {.confirm_within = 3600000, .confirm_sessions = 2};

/* ---- a host with two enrollments, "mine" and "other" ---- */

static enum err add_certificate(struct tx *tx, const char *enrollment, const char *sha1) {
    struct certificate c = {.serial = span_str(sha1),
                            .ca = "",
                            .endpoint = "default",
                            .enrollment = enrollment,
                            .subject = "CN=H",
                            .sha1 = sha1,
                            .der = span_str(sha1)};
    return certificate_add(tx, &c);
}

static enum err add_enrollment(struct tx *tx, int64_t device, const char *id) {
    struct enrollment e = {.id = id, .device = device, .profile = "p", .body = "<Atomic/>"};
    TRY(enrollment_add(tx, &e));
    TRY(enroll_record(tx, &e, EVENT_ASSIGNED, "assigned", NULL));
    return enroll_record(tx, &e, EVENT_SENT, "sent", NULL);
}

static enum err set_up_work(struct tx *tx, void *user) {
    struct device d = {
        .device_id = device_id, .name = "H", .hw_dev_id = "", .os_version = "", .account = "alice"};
    (void)user;
    TRY(device_put(tx, &d));
    TRY(add_enrollment(tx, d.id, "mine"));
    TRY(add_enrollment(tx, d.id, "other"));
    return add_certificate(tx, "other", of_another);
}

static int set_up(void **state) {
    open_fresh(state);
    return store_write(store, set_up_work, NULL) == OK ? 0 : -1;
}

/* ---- steps ---- */

struct step {
    enum event_kind event;          /* to record, or 0 */
    const struct observation *seen; /* to observe, or NULL */
    int sessions;                   /* to add */
    int64_t expire_at;              /* to expire at, or 0 */
    int expired;
};

static enum err step_work(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct step *s = user;
    struct enrollment e;
    if (s->expire_at)
        return enroll_expire(tx, &policy, s->expire_at, &s->expired);
    TRY(enrollment_get(tx, &a, "mine", &e));
    if (s->event == EVENT_ACCEPTED)
        return enroll_accepted(tx, &e, &policy, "accepted", "200");
    if (s->event == EVENT_ISSUED) {
        TRY(add_certificate(tx, "mine", superseded));
        struct certificate *c;
        TRY(certificate_list(tx, &a, "mine", &c));
        TRY(certificate_revoke(tx, c->id, 1, "superseded"));
        TRY(add_certificate(tx, "mine", live));
        TRY(enroll_record(tx, &e, EVENT_REQUESTED, "requested", NULL));
    }
    if (s->event)
        return enroll_record(tx, &e, s->event, "an event", NULL);
    if (s->seen) {
        struct enrollment *present;
        TRY(enrollment_list_present(tx, &a, e.device, &present));
        return enroll_observe(tx, &a, &e, present, &policy, s->seen);
    }
    e.sessions += s->sessions;
    return enrollment_update(tx, &e);
}

static void happens(enum event_kind event) {
    struct step s = {.event = event};
    assert_ok(store_write(store, step_work, &s));
}

static void says(const struct observation *seen) {
    struct step s = {.seen = seen};
    assert_ok(store_write(store, step_work, &s));
}

static void has_sessions(int n) {
    struct step s = {.sessions = n};
    assert_ok(store_write(store, step_work, &s));
}

static int expires_at(int64_t now) {
    struct step s = {.expire_at = now};
    assert_ok(store_write(store, step_work, &s));
    return s.expired;
}

static void is_issued(void) {
    happens(EVENT_ACCEPTED);
    happens(EVENT_ISSUED);
}

/* ---- looking ---- */

struct look {
    struct enrollment e;
    int events, kinds[EVENT__MAX];
    bool fold_agrees;
    char last[512]; /* the last event's text and evidence */
};

static enum err look_work(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct look *l = user;
    struct event *events;
    int folded = 0;
    TRY(enrollment_get(tx, &a, "mine", &l->e));
    TRY(enrollment_list_events(tx, &a, "mine", &events));
    for (struct event *v = events; v; v = v->next) {
        l->events++;
        l->kinds[v->kind]++;
        folded = (int)enroll_state_after((enum enroll_state)folded, (enum event_kind)v->kind);
        snprintf(l->last, sizeof l->last, "%s %s", v->text, v->evidence);
    }
    l->fold_agrees = folded == l->e.state;
    return OK;
}

/* Strings of the enrollment are gone; its numbers stay. */
static struct look look(void) {
    struct look l = {.events = 0};
    assert_ok(store_read(store, look_work, &l));
    assert_true(l.fold_agrees); /* the state is a function of the events */
    return l;
}

static void state_is(enum enroll_state wanted) {
    struct look l = look();
    assert_string_equal(enroll_state_name((enum enroll_state)l.e.state), enroll_state_name(wanted));
}

static struct observation success(const char *thumbprint) {
    return (struct observation){.status = "1",
                                .error = "0",
                                .thumbprint = thumbprint,
                                .respondent = "https://host/scep/pkiclient.exe"};
}

static const struct observation failure = {.status = "16", .error = "-2146889721"};
static const struct observation waiting = {.status = "32"};
static const struct observation absent = {.absent = true};

/* ---- confirmed ---- */

static void the_proof_confirms(void **state) {
    (void)state;
    struct observation seen = success(live);
    is_issued();
    says(&seen);
    struct look l = look();
    assert_int_equal(l.e.state, STATE_CONFIRMED);
    assert_int_equal(l.e.deadline, 0);
    assert_int_equal(l.kinds[EVENT_CONFIRMED], 1);
    assert_non_null(strstr(l.last, live));
    assert_false(enroll_wants_answer(&l.e, clock_ms() + 5 * DAY, false));
    assert_true(enroll_wants_answer(&l.e, clock_ms() + 8 * DAY, false));
}

static void in_lower_case_too(void **state) {
    (void)state;
    struct observation seen = success("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    is_issued();
    says(&seen);
    state_is(STATE_CONFIRMED);
}

static void nothing_less_confirms(void **state) {
    (void)state;
    static const char *const statuses[] = {
        "0",   "2", "16", "32", "-1",  "11",         "1.0",
        "1 1", "x", "",   NULL, "0x1", "4294967297", "99999999999999999999"};
    static const char *const thumbprints[] = {of_another,
                                              "",
                                              NULL,
                                              "AAAA",
                                              "A",
                                              "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                              "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                              "0x",
                                              " AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    is_issued();
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        struct observation seen = success(live);
        seen.status = statuses[i];
        says(&seen);
        assert_int_equal(look().kinds[EVENT_CONFIRMED], 0);
    }
    for (size_t i = 0; i < sizeof thumbprints / sizeof *thumbprints; i++) {
        struct observation seen = success(thumbprints[i]);
        says(&seen);
        assert_int_equal(look().kinds[EVENT_CONFIRMED], 0);
    }
    struct observation gone = success(live);
    gone.absent = true;
    says(&gone);
    assert_int_equal(look().kinds[EVENT_CONFIRMED], 0);
}

static void nothing_issued_nothing_confirmed(void **state) {
    (void)state;
    struct observation seen = success(live);
    happens(EVENT_ACCEPTED);
    says(&seen);
    state_is(STATE_ACCEPTED);
    assert_non_null(strstr(look().last, "not issued for this"));
}

static enum err one_is_live(struct tx *tx, void *sha1) {
    ARENA_AUTO(a);
    struct certificate *c;
    int n = 0;
    TRY(certificate_list(tx, &a, "mine", &c));
    for (; c; c = c->next) {
        n += !c->revoked;
        assert_int_equal(!c->revoked, strcmp(c->sha1, sha1) == 0);
    }
    assert_int_equal(n, 1);
    return OK;
}

/* What the host holds is what arrived, whatever came after it with the same challenge. */
static void a_superseded_one_that_arrived_wins(void **state) {
    (void)state;
    struct observation seen = success(superseded);
    char sha1[sizeof superseded];
    memcpy(sha1, superseded, sizeof sha1);
    is_issued();
    says(&seen);
    says(&seen);
    struct look l = look();
    assert_int_equal(l.e.state, STATE_CONFIRMED);
    assert_int_equal(l.kinds[EVENT_ALARM], 1);
    assert_int_equal(l.kinds[EVENT_SUPERSEDED], 1);
    assert_int_equal(l.kinds[EVENT_CONFIRMED], 1);
    assert_int_equal(store_read(store, one_is_live, sha1), OK);
}

/* ---- once is enough ---- */

static void the_same_twice_adds_nothing(void **state) {
    (void)state;
    struct observation foreign = success(of_another), proof = success(live), unnamed = success("");
    const struct observation *all[] = {&waiting, &failure, &foreign, &unnamed, &waiting, &proof};
    is_issued();
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        says(all[i]);
        int before = look().events;
        says(all[i]);
        says(all[i]);
        assert_int_equal(look().events, before);
    }
}

static void confirmed_waits_for_nothing(void **state) {
    (void)state;
    struct observation proof = success(live);
    is_issued();
    says(&proof);
    int events = look().events;
    for (int i = 0; i < 3; i++) {
        says(&proof);
        struct look l = look();
        assert_int_equal(l.e.state, STATE_CONFIRMED);
        assert_int_equal(l.e.deadline, 0);
        assert_int_equal(l.events, events); /* what is the same adds nothing */
    }
    assert_int_equal(expires_at(INT64_MAX), 0);
    assert_int_equal(look().kinds[EVENT_UNCONFIRMED], 0);
}

/* ---- failed ---- */

static void a_failure_has_words(void **state) {
    (void)state;
    happens(EVENT_ACCEPTED);
    says(&failure);
    struct look l = look();
    assert_int_equal(l.e.state, STATE_FAILED);
    assert_non_null(strstr(l.last, "0x80091007"));
    assert_non_null(strstr(l.last, "CRYPT_E_HASH_VALUE"));
    assert_non_null(strstr(l.last, "\"cure\":"));
}

static void a_failure_without_a_code(void **state) {
    (void)state;
    static const char *const codes[] = {NULL, "", "garbage", "0x123456789"};
    happens(EVENT_ACCEPTED);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct observation seen = {.status = "16", .error = codes[i]};
        says(&seen);
        state_is(STATE_FAILED);
        assert_non_null(strstr(look().last, "no readable ErrorCode"));
    }
}

static void another_failure_is_another_event(void **state) {
    (void)state;
    struct observation other = {.status = "16", .error = "0x80190194"};
    happens(EVENT_ACCEPTED);
    says(&failure);
    says(&failure);
    says(&other);
    assert_int_equal(look().kinds[EVENT_FAILED], 2);
}

static void failed_so_far_then_confirmed(void **state) {
    (void)state;
    struct observation proof = success(live);
    is_issued();
    says(&failure);
    state_is(STATE_FAILED);
    says(&proof);
    struct look l = look();
    assert_int_equal(l.e.state, STATE_CONFIRMED);
    assert_int_equal(l.kinds[EVENT_FAILED], 1); /* both are kept */
    assert_int_equal(l.kinds[EVENT_CONFIRMED], 1);
}

static void the_questions_back_off(void **state) {
    (void)state;
    int64_t before = 0;
    happens(EVENT_ACCEPTED);
    for (int i = 0; i < 12; i++) {
        int64_t now = clock_ms();
        says(&failure);
        struct enrollment e = look().e;
        int64_t wait = e.next_ask - now;
        assert_true(wait >= before);
        assert_true(wait <= 240 * MINUTE + 5000);
        if (i < 7)
            assert_in_range(wait, (MINUTE << i) - 1, (MINUTE << i) + 5000);
        assert_false(enroll_wants_answer(&e, e.next_ask - 1, false));
        assert_true(enroll_wants_answer(&e, e.next_ask, false));
        assert_true(enroll_wants_answer(&e, now, true)); /* the alert makes it at once */
        before = wait - 5000;
    }
    assert_true(before > 200 * MINUTE);
}

/* However often it goes round: look() holds the state against the events each time. */
static void a_host_that_never_ends(void **state) {
    (void)state;
    struct observation proof = success(live);
    is_issued();
    for (int i = 0; i < 60; i++) {
        says(&failure);
        look();
        happens(EVENT_REQUESTED);
        look();
    }
    says(&proof);
    state_is(STATE_CONFIRMED);
}

/* ---- not there ---- */

static void absent_when_sent_is_sent_again(void **state) {
    (void)state;
    says(&absent);
    struct look l = look();
    assert_int_equal(l.e.state, STATE_ASSIGNED);
    assert_int_equal(l.kinds[EVENT_LOST], 1);
    says(&absent); /* the host repeats its message */
    assert_int_equal(look().events, l.events);
}

/* A host that says so each time would have it sent for ever. */
static void absent_for_ever_ends(void **state) {
    (void)state;
    for (int i = 1; i < 20; i++) {
        says(&absent);
        state_is(STATE_ASSIGNED);
        happens(EVENT_SENT);
        state_is(STATE_SENT);
    }
    says(&absent);
    struct look l = look();
    assert_int_equal(l.e.state, STATE_REJECTED);
    assert_int_equal(l.kinds[EVENT_SENT], 20);
    assert_int_equal(l.kinds[EVENT_LOST], 19);
    assert_non_null(strstr(l.last, "did not arrive at the host 20 times: "));
    assert_non_null(strstr(l.last, "assign the profile anew"));
    says(&absent);
    happens(EVENT_SENT);
    state_is(STATE_REJECTED);
}

static void absent_later_is_a_failure_once(void **state) {
    (void)state;
    is_issued();
    says(&absent);
    says(&absent);
    struct look l = look();
    assert_int_equal(l.e.state, STATE_FAILED);
    assert_int_equal(l.kinds[EVENT_FAILED], 1);
    assert_int_equal(l.kinds[EVENT_LOST], 0);
}

/* The answer to the Atomic was lost, but the node is there. */
static void there_is_accepted(void **state) {
    (void)state;
    says(&waiting);
    struct look l = look();
    assert_int_equal(l.e.state, STATE_ACCEPTED);
    assert_true(l.e.deadline > clock_ms());
    assert_non_null(strstr(l.last, "Status 32"));
}

/* ---- deadlines ---- */

static void time_and_sessions_both_count(void **state) {
    (void)state;
    happens(EVENT_ACCEPTED);
    int64_t deadline = look().e.deadline;
    assert_in_range(deadline - clock_ms(), policy.confirm_within - 5000, policy.confirm_within);
    has_sessions(2);
    assert_int_equal(expires_at(deadline - 1), 0);
    state_is(STATE_ACCEPTED);
    has_sessions(-1);
    assert_int_equal(expires_at(deadline + 1), 0); /* the host was away */
    state_is(STATE_ACCEPTED);
    has_sessions(1);
    assert_int_equal(expires_at(deadline + 1), 1);
    struct look l = look();
    assert_int_equal(l.e.state, STATE_UNCONFIRMED);
    assert_int_equal(l.e.deadline, 0);
    assert_int_equal(expires_at(INT64_MAX), 0); /* once */
    assert_int_equal(look().events, l.events);
}

static void a_failure_stays_one(void **state) {
    (void)state;
    happens(EVENT_ACCEPTED);
    says(&failure);
    has_sessions(2);
    struct enrollment e = look().e;
    assert_true(enroll_wants_answer(&e, e.next_ask, false));
    assert_int_equal(expires_at(e.deadline), 1);
    struct look l = look();
    assert_int_equal(l.e.state, STATE_FAILED);
    assert_int_equal(l.kinds[EVENT_UNCONFIRMED], 0);
    assert_non_null(strstr(l.last, "stays failed"));
    assert_false(enroll_wants_answer(&l.e, INT64_MAX, true));
}

static void late_proof_is_proof(void **state) {
    (void)state;
    struct observation proof = success(live);
    is_issued();
    has_sessions(2);
    assert_int_equal(expires_at(INT64_MAX), 1);
    state_is(STATE_UNCONFIRMED);
    says(&waiting); /* is none, and the time is not over twice */
    expires_at(INT64_MAX);
    assert_int_equal(look().kinds[EVENT_UNCONFIRMED], 1);
    says(&proof);
    state_is(STATE_CONFIRMED);
}

/* A host that was asked before it was sent anything, or that rejected it, changes nothing. */
static void too_early_or_rejected(void **state) {
    (void)state;
    struct observation proof = success(live);
    happens(EVENT_REJECTED);
    says(&proof);
    struct look l = look();
    assert_int_equal(l.e.state, STATE_REJECTED);
    assert_int_equal(l.e.deadline, 0);
}

static void who_is_asked(void **state) {
    (void)state;
    for (int s = 0; s < STATE__MAX; s++) {
        struct enrollment e = {.state = s, .deadline = 100, .next_ask = 50, .next_check = 60};
        bool open = enroll_state_open((enum enroll_state)s);
        bool kept =
            s == STATE_CONFIRMED || s == STATE_REPORTED || s == STATE_EXPIRING || s == STATE_GONE;
        assert_int_equal(enroll_wants_answer(&e, 60, false), open || kept);
        assert_int_equal(enroll_wants_answer(&e, 50, false), open);
        assert_int_equal(enroll_wants_answer(&e, 49, false), open && s != STATE_FAILED);
        /* the alert of one whose time is over is still a reason to ask */
        assert_int_equal(enroll_wants_answer(&e, 49, true), open || kept || s == STATE_UNCONFIRMED);
        e.deadline = 0;
        assert_int_equal(enroll_wants_answer(&e, 49, false), open && s != STATE_FAILED);
    }
}

#define WITH_HOST(test) cmocka_unit_test_setup_teardown(test, set_up, close_it)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_HOST(the_proof_confirms),
        WITH_HOST(in_lower_case_too),
        WITH_HOST(nothing_less_confirms),
        WITH_HOST(nothing_issued_nothing_confirmed),
        WITH_HOST(a_superseded_one_that_arrived_wins),
        WITH_HOST(the_same_twice_adds_nothing),
        WITH_HOST(confirmed_waits_for_nothing),
        WITH_HOST(a_failure_has_words),
        WITH_HOST(a_failure_without_a_code),
        WITH_HOST(another_failure_is_another_event),
        WITH_HOST(failed_so_far_then_confirmed),
        WITH_HOST(the_questions_back_off),
        WITH_HOST(a_host_that_never_ends),
        WITH_HOST(absent_when_sent_is_sent_again),
        WITH_HOST(absent_for_ever_ends),
        WITH_HOST(absent_later_is_a_failure_once),
        WITH_HOST(there_is_accepted),
        WITH_HOST(time_and_sessions_both_count),
        WITH_HOST(a_failure_stays_one),
        WITH_HOST(late_proof_is_proof),
        WITH_HOST(too_early_or_rejected),
        cmocka_unit_test(who_is_asked),
    };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
