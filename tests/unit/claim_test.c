/* SPDX-License-Identifier: Apache-2.0 */
/* A host that enrolls and says that it is one that is known: by its DeviceID, by its hardware. */
#include "life_fixture.h"

#include "mdm/claim.h"

#define OTHER "FEDCBA9876543210FEDCBA9876543210"

/* The host of the fixture: DEVICE, hardware "hw", account "alice". */
struct enrolling {
    struct device device;
    struct claim_verdict verdict;
};

static enum err enroll_work(struct tx *tx, void *user) {
    struct enrolling *e = user;
    TRY(claim_check(tx, &arena, &e->device, &e->verdict));
    return e->verdict.refused ? OK : device_put(tx, &e->device);
}

static struct enrolling enrolls(const char *device_id, const char *hw, const char *account) {
    struct enrolling e = {.device = {.device_id = device_id,
                                     .name = "NEW",
                                     .hw_dev_id = hw,
                                     .os_version = "10",
                                     .account = account,
                                     .enrolled = clock_ms()}};
    assert_ok(store_write(store, enroll_work, &e));
    return e;
}

struct asked {
    const char *device_id;
    struct device device;
    int64_t alarms;
};

static enum err ask_work(struct tx *tx, void *user) {
    struct asked *q = user;
    struct journal_entry *all;
    TRY(device_by_device_id(tx, &arena, q->device_id, &q->device));
    TRY(journal_of_device(tx, &arena, q->device.id, 100, &all));
    for (; all; all = all->next)
        if (all->kind == JOURNAL_ALARM) {
            q->alarms++;
            /* no word of the stranger's is in the text, which administrators' scripts match */
            assert_null(strstr(all->text, "NEW"));
            assert_non_null(strstr(all->evidence, DEVICE));
        }
    return OK;
}

static struct asked ask(const char *device_id) {
    struct asked q = {.device_id = device_id};
    assert_ok(store_read(store, ask_work, &q));
    return q;
}

static const char *known_host(void) {
    const char *id = assigned("wifi");
    gets(id, A1, 365 * DAY);
    return id;
}

static void a_stranger_is_nobody(void **state) {
    (void)state;
    const char *id = known_host();
    struct enrolling e = enrolls(OTHER, "other hardware", "bob");
    assert_false(e.verdict.refused || e.verdict.changed);
    assert_int_equal(e.device.claims, 0);
    assert_int_equal(ask(DEVICE).alarms, 0);
    state_is(id, "confirmed");
}

static void the_same_account_and_device_id(void **state) {
    (void)state;
    const char *id = known_host();
    struct enrolling e = enrolls(DEVICE, "hw", "alice");
    assert_true(e.verdict.changed);
    assert_false(e.verdict.refused);
    state_is(id, "revoked");
    assert_string_equal(reason(A1), "cessationOfOperation");
    struct asked q = ask(DEVICE);
    assert_int_equal(q.alarms, 1);
    assert_int_equal(q.device.state, DEVICE_ENROLLED);
    done((struct job){.run = reconcile}); /* what is assigned to it is so still */
    assert_int_equal(count_all(), 2);
    state_is(newest(), "assigned");
}

static void the_same_account_and_hardware(void **state) {
    (void)state;
    const char *id = known_host();
    struct enrolling e = enrolls(OTHER, "hw", "alice");
    assert_true(e.verdict.changed);
    assert_int_equal(e.device.claims, 0);
    state_is(id, "revoked");
    assert_int_equal(ask(DEVICE).device.state, DEVICE_LEFT);
    assert_int_equal(ask(DEVICE).alarms, 1);
}

static void another_accounts_device_id(void **state) {
    (void)state;
    const char *id = known_host();
    for (int i = 0; i < 3; i++) {
        struct enrolling e = enrolls(DEVICE, "other hardware", "bob");
        assert_true(e.verdict.refused);
        assert_false(e.verdict.changed);
    }
    state_is(id, "confirmed");
    assert_string_equal(reason(A1), "");
    struct asked q = ask(DEVICE);
    assert_string_equal(q.device.account, "alice");
    assert_int_equal(q.alarms, 1); /* once an hour, not once a try */
    move_clock(3700000);
    enrolls(DEVICE, "other hardware", "bob");
    assert_int_equal(ask(DEVICE).alarms, 2);
}

static enum err confirm(struct tx *tx, struct job *j) {
    struct device d;
    TRY(device_by_device_id(tx, &arena, j->text, &d));
    return device_confirm(tx, &arena, &d, &j->flag);
}

static enum err reject(struct tx *tx, struct job *j) {
    struct device d;
    TRY(device_by_device_id(tx, &arena, j->text, &d));
    return device_reject(tx, &d);
}

static enum err settle_again(enum err (*run)(struct tx *, struct job *)) {
    struct job j = {.run = run, .text = OTHER};
    return store_write(store, run_job, &j);
}

static void another_accounts_hardware(void **state) {
    (void)state;
    const char *id = known_host();
    struct enrolling e = enrolls(OTHER, "hw", "bob");
    assert_false(e.verdict.refused || e.verdict.changed);
    assert_int_equal(e.device.claims, ask(DEVICE).device.id);
    assert_int_equal(ask(OTHER).device.claims, ask(DEVICE).device.id);
    assert_int_equal(ask(DEVICE).alarms, 1);
    state_is(id, "confirmed"); /* nobody revokes another's host */
    assert_true(done((struct job){.run = confirm, .text = OTHER}).flag);
    state_is(id, "revoked");
    assert_int_equal(ask(DEVICE).device.state, DEVICE_LEFT);
    assert_int_equal(ask(OTHER).device.claims, 0);
    assert_int_equal(settle_again(confirm), ERR_CONFLICT);
}

static void two_hosts_after_all(void **state) {
    (void)state;
    const char *id = known_host();
    enrolls(OTHER, "hw", "bob");
    done((struct job){.run = reject, .text = OTHER});
    state_is(id, "confirmed");
    assert_int_equal(ask(OTHER).device.claims, 0);
    assert_int_equal(ask(OTHER).device.state, DEVICE_ENROLLED);
    assert_int_equal(settle_again(reject), ERR_CONFLICT);
}

static void hardware_that_says_nothing(void **state) {
    (void)state;
    static const char *const nothing[] = {"", "0", "0000000000000000", "FFFFFFFF",
                                          "{00000000-0000-0000-0000-000000000000}"};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        const char *one = arena_printf(&arena, "%032zu", 2 * i);
        enrolls(one, nothing[i], "alice");
        struct enrolling e =
            enrolls(arena_printf(&arena, "%032zu", 2 * i + 1), nothing[i], "alice");
        assert_false(e.verdict.changed);
        assert_int_equal(ask(one).device.state, DEVICE_ENROLLED);
        e = enrolls(arena_printf(&arena, "A%031zu", i), nothing[i], "bob");
        assert_int_equal(e.device.claims, 0);
    }
}

/* Its DeviceID is free for the next account; its hardware is no news. */
static void who_has_left_is_no_alarm(void **state) {
    (void)state;
    known_host();
    done((struct job){.run = leave});
    struct enrolling e = enrolls(DEVICE, "hw", "bob");
    assert_false(e.verdict.refused || e.verdict.changed);
    struct asked q = ask(DEVICE);
    assert_int_equal(q.alarms, 0);
    assert_string_equal(q.device.account, "bob");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_LIFE(a_stranger_is_nobody),          WITH_LIFE(the_same_account_and_device_id),
        WITH_LIFE(the_same_account_and_hardware), WITH_LIFE(another_accounts_device_id),
        WITH_LIFE(another_accounts_hardware),     WITH_LIFE(two_hosts_after_all),
        WITH_LIFE(hardware_that_says_nothing),    WITH_LIFE(who_has_left_is_no_alarm),
    };
    return cmocka_run_group_tests(tests, build, tear_down);
}
