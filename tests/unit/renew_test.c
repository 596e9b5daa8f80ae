/* SPDX-License-Identifier: Apache-2.0 */
/* When a certificate is renewed, and what becomes of the old one. */
#include "life_fixture.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)

/* ---- when ---- */

static void due(void **state) {
    (void)state;
    static const struct {
        int64_t life, lead;
    } cases[] = {
        {HOUR, HOUR / 2},     {DAY, DAY / 2},        {59 * DAY, 59 * DAY / 2}, {60 * DAY, 30 * DAY},
        {61 * DAY, 30 * DAY}, {365 * DAY, 30 * DAY}, {3650 * DAY, 30 * DAY},
    };
    static const char *const ids[] = {"0a1b2c3d4e5f", "ffffffffffff", "000000000000", "x"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t k = 0; k < 4; k++) {
            int64_t start = 1700000000000, end = start + cases[i].life;
            int64_t at = renew_due(start, end, ids[k]);
            assert_in_range(end - at, cases[i].lead, cases[i].lead * 11 / 10);
            assert_int_equal(renew_due(start, end, ids[k]), at); /* the same each time */
        }
}

/* A fleet that was enrolled in one minute does not renew in one. */
static void spread(void **state) {
    (void)state;
    int early = 0;
    for (int i = 0; i < 1000; i++) {
        char id[16];
        snprintf(id, sizeof id, "%012x", i);
        early += 365 * DAY - renew_due(0, 365 * DAY, id) > 31 * DAY + DAY / 2;
    }
    assert_in_range(early, 400, 600);
}

static void nonsense(void **state) {
    (void)state;
    assert_int_equal(renew_due(5, 5, "x"), 5);
    assert_int_equal(renew_due(9, 5, "x"), 5);
}

/* ---- a successor ---- */

static const char *confirmed(void) {
    const char *id = assigned("wifi");
    gets(id, A1, 365 * DAY);
    state_is(id, "confirmed");
    return id;
}

static void renews(void) {
    done((struct job){.run = renew});
}

static void a_life(void **state) {
    (void)state;
    const char *old = confirmed();
    struct enrollment e = get(old);
    assert_in_range(e.not_after - e.renew_at, 30 * DAY, 33 * DAY);
    move_clock(e.renew_at - clock_ms() - MINUTE);
    renews();
    assert_int_equal(count_all(), 1); /* not before it is due */
    move_clock(2 * MINUTE);
    renews();
    renews();
    assert_int_equal(count_all(), 2); /* once */
    const char *successor = newest();
    state_is(old, "expiring");
    state_is(successor, "assigned");
    assert_string_equal(get(successor).replaces, old);
    assert_int_equal(get(successor).assignment, get(old).assignment);
    assert_int_equal(events(old, EVENT_EXPIRING, successor), 1);
    assert_string_equal(reason(A1), "");
    gets(successor, B1, 365 * DAY);
    state_is(successor, "confirmed");
    state_is(old, "renewed"); /* and its certificate is live until the node is gone */
    assert_string_equal(reason(A1), "");
    assert_int_equal(get(old).renew_at, 0);
    renews();
    done((struct job){.run = reconcile});
    assert_int_equal(count_all(), 2);
}

static enum err change_profile(struct tx *tx, struct job *j) {
    const struct stored_profile p = {
        .name = "wifi", .body = swap(filled_profile(), "CN=old", "CN=new", false), .created = 1};
    (void)j;
    return profile_put(tx, &p);
}

/* The administrator has changed the profile meanwhile: the successor is of today. */
static void the_profile_of_today(void **state) {
    (void)state;
    const char *old = confirmed();
    done((struct job){.run = change_profile});
    move_clock(340 * DAY);
    renews();
    assert_null(strstr(get(old).body, "CN=new"));
    assert_non_null(strstr(get(newest()).body, "CN=new"));
}

static void it_is_tried_again(void **state) {
    (void)state;
    const char *old = confirmed();
    move_clock(340 * DAY);
    renews();
    const char *first = newest();
    happens(first, EVENT_SENT);
    renews();
    move_clock(2 * DAY);
    renews();
    assert_int_equal(count_all(), 2); /* it is on its way: patience */
    happens(first, EVENT_REJECTED);
    renews();
    assert_int_equal(count_all(), 2); /* not at once */
    move_clock(2 * DAY);
    renews();
    assert_int_equal(count_all(), 3);
    state_is(first, "removing");
    state_is(old, "expiring");
    const char *second = newest();
    gets(second, B1, 365 * DAY);
    state_is(old, "renewed");
}

static void five_times_then_an_alarm(void **state) {
    (void)state;
    const char *old = confirmed();
    move_clock(340 * DAY);
    for (int i = 0; i < 12; i++) {
        renews();
        const char *last = newest();
        if (strcmp(last, old) != 0 && get(last).state == STATE_ASSIGNED)
            happens(last, EVENT_REJECTED);
        move_clock(2 * DAY);
    }
    assert_int_equal(count_all(), 6);
    assert_int_equal(events(old, EVENT_ALARM, "five times"), 1);
    assert_int_equal(get(old).renew_at, 0);
}

static enum err revoke_cert(struct tx *tx, struct job *j) {
    struct certificate c;
    TRY(certificate_find(tx, &arena, j->sha1, &c));
    return certificate_revoke(tx, c.id, clock_ms(), "keyCompromise");
}

static void what_was_revoked_is_not_renewed(void **state) {
    (void)state;
    const char *old = confirmed();
    done((struct job){.run = revoke_cert, .sha1 = A1});
    move_clock(340 * DAY);
    renews();
    assert_int_equal(count_all(), 1);
    assert_int_equal(events(old, EVENT_ALARM, "was revoked: it is not renewed"), 1);
}

/* ---- several of one assignment ---- */

static enum err assign_anew(struct tx *tx, struct job *j) {
    struct stored_profile p;
    struct assignment s;
    TRY(profile_get(tx, &arena, "wifi", &p));
    TRY(assignment_find(tx, &arena, "wifi", j->device.id, 0, &s));
    return enroll_assign_for(tx, &arena, &j->device, &p, s.id, &j->e);
}

/* The administrator was faster: there is nothing more to make, unless it fails. */
static void assigned_anew_before_it_is_due(void **state) {
    (void)state;
    const char *old = confirmed();
    const char *second = done((struct job){.run = assign_anew}).e.id;
    move_clock(340 * DAY);
    renews();
    assert_int_equal(count_all(), 2);
    happens(second, EVENT_SENT);
    happens(second, EVENT_REJECTED);
    move_clock(2 * DAY);
    renews();
    assert_int_equal(count_all(), 3);
    state_is(second, "rejected"); /* that is for the administrator */
    gets(newest(), B1, 365 * DAY);
    state_is(old, "renewed");
}

static enum err confirm_it(struct tx *tx, struct job *j) {
    j->e.state = STATE_CONFIRMED;
    j->e.not_after = clock_ms() + j->life;
    j->e.renew_at = clock_ms() + j->n;
    return enrollment_update(tx, &j->e);
}

/* As an older signet may leave them: both ended, and one new one takes the place of both. */
static void two_that_ended(void **state) {
    (void)state;
    const char *first = confirmed();
    const char *second = done((struct job){.run = assign_anew}).e.id;
    done((struct job){.run = confirm_it, .id = second, .life = 365 * DAY, .n = 340 * DAY});
    move_clock(400 * DAY);
    for (int i = 0; i < 3; i++) {
        renews();
        move_clock(2 * DAY);
    }
    state_is(first, "gone");
    state_is(second, "gone");
    assert_int_equal(count_all(), 3);
    gets(newest(), B1, 365 * DAY);
    state_is(first, "renewed");
    state_is(second, "renewed");
}

static enum err add_b1(struct tx *tx, struct job *j) {
    return add_cert(tx, j->id, B1, 365 * DAY);
}

/* One that is gone and gets no successor, because it was revoked, has replaced nothing. */
static void one_that_is_gone_replaces_nothing(void **state) {
    (void)state;
    const char *first = confirmed();
    const char *second = done((struct job){.run = assign_anew}).e.id;
    done((struct job){.run = add_b1, .id = second});
    done((struct job){.run = confirm_it, .id = second, .life = 365 * DAY, .n = 340 * DAY});
    done((struct job){.run = revoke_cert, .sha1 = B1});
    shows(second, NULL);
    state_is(second, "gone");
    move_clock(340 * DAY);
    renews();
    state_is(first, "confirmed");
    assert_string_equal(reason(A1), "");
}

/* ---- hosts that are away ---- */

static enum err renew_all(struct tx *tx, struct job *j) {
    int count;
    TRY(enroll_renew_all(tx, clock_ms(), &count));
    j->n = count;
    return OK;
}

static void a_year_away(void **state) {
    (void)state;
    const char *old = confirmed();
    move_clock(400 * DAY);
    assert_int_equal(done((struct job){.run = renew_all}).n, 2); /* ended, and due */
    state_is(old, "gone");
    assert_int_equal(events(old, EVENT_GONE, "has ended"), 1);
    assert_int_equal(count_all(), 2);
    renews(); /* it comes back: there is one already */
    assert_int_equal(count_all(), 2);
    assert_int_equal(done((struct job){.run = renew_all}).n, 0); /* nothing is due any more */
    const char *successor = newest();
    gets(successor, B1, 365 * DAY);
    state_is(old, "renewed");
    state_is(successor, "confirmed");
}

static enum err see(struct tx *tx, struct job *j) {
    TRY(device_seen(tx, j->device.id, j->n, NULL));
    return OK;
}

/* The host comes, and what is to take the certificate's place cannot go out to it. */
static void it_ends_on_a_host_that_comes(void **state) {
    (void)state;
    const char *old = confirmed();
    move_clock(340 * DAY);
    renews();
    assert_int_equal(count_all(), 2);
    move_clock(20 * DAY);
    done((struct job){.run = see, .n = clock_ms()});
    move_clock(6 * DAY);
    done((struct job){.run = renew_all});
    state_is(old, "gone");
    assert_int_equal(events(old, EVENT_ALARM, "has no new one"), 1);
}

static enum err accept(struct tx *tx, struct job *j) {
    TRY(enroll_record(tx, &j->e, EVENT_SENT, "sent", NULL));
    return enroll_accepted(tx, &j->e, &mdm.enroll_policy, "accepted", "200");
}

/* It has just taken the new one, and will show it. */
static void it_ends_while_the_new_one_arrives(void **state) {
    (void)state;
    const char *old = confirmed();
    move_clock(340 * DAY);
    renews();
    move_clock(24 * DAY + DAY / 2);
    done((struct job){.run = see, .n = clock_ms()});
    done((struct job){.run = accept, .id = newest()});
    move_clock(DAY * 3 / 4);
    done((struct job){.run = renew_all});
    state_is(old, "gone");
    assert_int_equal(events(old, EVENT_ALARM, ""), 0);
}

/* Its session is the first one for long: what waits goes out in it. */
static void it_has_ended_when_the_host_comes(void **state) {
    (void)state;
    const char *old = confirmed();
    done((struct job){.run = see, .n = clock_ms()});
    move_clock(340 * DAY);
    done((struct job){.run = renew_all});
    assert_int_equal(count_all(), 2);
    move_clock(30 * DAY);
    renews();
    state_is(old, "gone");
    assert_int_equal(events(old, EVENT_ALARM, ""), 0);
}

static enum err unseen_work(struct tx *tx, void *user) {
    int64_t now = clock_ms();
    return enrollment_find_unseen(tx, &arena, now + 14 * DAY, now - 3 * DAY, user);
}

static int unseen(void) {
    struct unseen u;
    assert_ok(store_read(store, unseen_work, &u));
    if (u.count)
        assert_string_equal(u.names[0], "PC");
    return (int)u.count;
}

static void expiring_and_not_seen(void **state) {
    (void)state;
    confirmed();
    done((struct job){.run = see, .n = clock_ms()});
    move_clock(350 * DAY);
    assert_int_equal(unseen(), 0); /* 15 days are left */
    move_clock(2 * DAY);
    assert_int_equal(unseen(), 1);
    done((struct job){.run = see, .n = clock_ms() - 2 * DAY});
    assert_int_equal(unseen(), 0);
    done((struct job){.run = see, .n = clock_ms() - 4 * DAY});
    assert_int_equal(unseen(), 1);
    done((struct job){.run = leave});
    assert_int_equal(unseen(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(due),
        cmocka_unit_test(spread),
        cmocka_unit_test(nonsense),
        WITH_LIFE(a_life),
        WITH_LIFE(the_profile_of_today),
        WITH_LIFE(it_is_tried_again),
        WITH_LIFE(five_times_then_an_alarm),
        WITH_LIFE(what_was_revoked_is_not_renewed),
        WITH_LIFE(assigned_anew_before_it_is_due),
        WITH_LIFE(two_that_ended),
        WITH_LIFE(one_that_is_gone_replaces_nothing),
        WITH_LIFE(a_year_away),
        WITH_LIFE(it_ends_on_a_host_that_comes),
        WITH_LIFE(it_ends_while_the_new_one_arrives),
        WITH_LIFE(it_has_ended_when_the_host_comes),
        WITH_LIFE(expiring_and_not_seen),
    };
    return cmocka_run_group_tests(tests, build, tear_down);
}
