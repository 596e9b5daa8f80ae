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
    return device_reject(tx, &arena, &d, &j->flag);
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

static void the_hardware_of_who_has_left_is_no_news(void **state) {
    (void)state;
    known_host();
    done((struct job){.run = leave});
    struct enrolling e = enrolls(OTHER, "hw", "bob");
    assert_false(e.verdict.refused || e.verdict.changed);
    assert_int_equal(e.device.claims, 0);
    assert_int_equal(ask(DEVICE).alarms, 0);
}

/* ---- the DeviceID of a host that has left ---- */

#define SID "S-1-5-21-1-2-3-1105"

/* All that an administrator gives: a profile, one more by a group, and a SID. */
static enum err endow(struct tx *tx, struct job *j) {
    bool changed;
    struct group g;
    TRY(group_make(tx, &arena, "staff", clock_ms(), &g, &changed));
    TRY(group_add_member(tx, g.id, j->device.id, &changed));
    struct assignment s = {.profile = "vpn", .device_group = g.id, .created = clock_ms()};
    TRY(assignment_put(tx, &s, &changed));
    TRY(device_set_sid(tx, j->device.id, SID));
    return enroll_reconcile(tx, &arena, &j->device, &changed);
}

/* How many assignments are in force, and in `flag` whether it is in a group. */
static enum err count_what_it_has(struct tx *tx, struct job *j) {
    struct assignment *wanted;
    struct group *groups;
    TRY(assignment_list_for(tx, &arena, j->device.id, &wanted));
    TRY(group_list(tx, &arena, j->device.id, &groups));
    j->flag = groups != NULL;
    for (; wanted; wanted = wanted->next)
        j->n++;
    return OK;
}

static void it_has(int assignments, bool in_group, const char *sid) {
    struct job j = done((struct job){.run = count_what_it_has});
    assert_int_equal(j.n, assignments);
    assert_int_equal(j.flag, in_group);
    if (sid)
        assert_string_equal(j.device.sid, sid);
    else
        assert_null(j.device.sid);
}

static void known_host_with_all(void) {
    known_host();
    done((struct job){.run = endow});
    assert_int_equal(count_all(), 2);
    it_has(2, true, SID);
}

/* The newest line of its journal. */
static enum err last_line(struct tx *tx, struct job *j) {
    struct journal_entry *all;
    TRY(journal_of_device(tx, &arena, j->device.id, 1, &all));
    j->text = all->text;
    j->sha1 = all->evidence;
    j->n = all->kind;
    return OK;
}

static void its_journal_says_so(enum journal_kind kind) {
    struct job j = done((struct job){.run = last_line});
    assert_int_equal(j.n, kind);
    assert_non_null(strstr(j.text, "another account has enrolled this host, which had left"));
    assert_non_null(strstr(j.sha1, "\"account\":\"bob\""));
    assert_non_null(strstr(j.sha1, "\"known_account\":\"alice\""));
}

/* DeviceIDs are no secrets: whoever names one must not become what that host was. */
static void another_account_inherits_nothing(void **state) {
    (void)state;
    known_host_with_all();
    done((struct job){.run = leave});
    struct enrolling e = enrolls(DEVICE, "hw", "bob");
    assert_false(e.verdict.refused || e.verdict.changed);
    assert_string_equal(ask(DEVICE).device.account, "bob");
    assert_int_equal(ask(DEVICE).device.state, DEVICE_ENROLLED);
    it_has(0, false, NULL);
    done((struct job){.run = reconcile});
    assert_int_equal(count_all(), 2); /* what it had; nothing new */
    its_journal_says_so(JOURNAL_ALARM);
    done((struct job){.run = leave}); /* and back, within the hour: each time is told */
    enrolls(DEVICE, "hw", "alice");
    assert_int_equal(ask(DEVICE).alarms, 2);
}

static void the_same_account_finds_it_all(void **state) {
    (void)state;
    known_host_with_all();
    done((struct job){.run = leave});
    enrolls(DEVICE, "hw", "alice");
    it_has(2, true, SID);
    assert_int_equal(ask(DEVICE).alarms, 0);
    done((struct job){.run = reconcile});
    assert_int_equal(count_all(), 4);
}

static enum err remove_it(struct tx *tx, struct job *j) {
    return device_remove(tx, &arena, &j->device, &j->flag);
}

static enum err set_sid(struct tx *tx, struct job *j) {
    return device_set_sid(tx, j->device.id, SID);
}

static void what_was_removed_has_nothing(void **state) {
    (void)state;
    known_host_with_all();
    done((struct job){.run = remove_it});
    it_has(0, false, NULL);
    done((struct job){.run = set_sid}); /* by an import that still names it */
    enrolls(DEVICE, "hw", "bob");
    it_has(0, false, NULL);
    assert_int_equal(ask(DEVICE).alarms, 0); /* the administrator let it go */
    its_journal_says_so(JOURNAL_NOTE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_LIFE(a_stranger_is_nobody),
        WITH_LIFE(the_same_account_and_device_id),
        WITH_LIFE(the_same_account_and_hardware),
        WITH_LIFE(another_accounts_device_id),
        WITH_LIFE(another_accounts_hardware),
        WITH_LIFE(two_hosts_after_all),
        WITH_LIFE(hardware_that_says_nothing),
        WITH_LIFE(the_hardware_of_who_has_left_is_no_news),
        WITH_LIFE(another_account_inherits_nothing),
        WITH_LIFE(the_same_account_finds_it_all),
        WITH_LIFE(what_was_removed_has_nothing),
    };
    return cmocka_run_group_tests(tests, build, tear_down);
}
