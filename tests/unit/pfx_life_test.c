/* SPDX-License-Identifier: Apache-2.0 */
/* A PKCS#12 that was delivered: taken away, revoked, asked each week, forgotten. */
#include "pfx_fixture.h"

/* ---- its life ---- */

static void taken_away(void **state) {
    (void)state;
    BUF_AUTO(b);
    make();
    is_confirmed();
    done((struct job){.run = remove_work, .id = id});
    assert_state(STATE_REMOVING);
    struct answer a = say(1, hello);
    const struct syncml_command *delete = command_for(&a, SYNCML_DELETE, id);
    const struct syncml_command *get = command_for(&a, SYNCML_GET, "/Thumbprint");
    assert_non_null(delete);
    assert_non_null(get);
    assert_null(command_for(&a, SYNCML_GET, "/Status"));
    put_status(&b, &a, delete->cmd_id, 200);
    put_status(&b, &a, get->cmd_id, 404);
    say(2, buf_cstr(&b));
    assert_state(STATE_REMOVED);
    assert_string_equal(reason(sha1), "cessationOfOperation");
    struct job again = {.run = remove_work, .id = id};
    assert_int_equal(store_write(store, run_job, &again), ERR_CONFLICT);
}

static void taken_away_before(void **state) {
    (void)state;
    make();
    done((struct job){.run = remove_work, .id = id});
    assert_state(STATE_REMOVED);
    assert_int_equal(row().secret.n, 0);
    assert_string_equal(reason(sha1), "cessationOfOperation");
    const char *wifi = assigned("wifi");
    struct job other = {.run = remove_work, .id = wifi};
    assert_int_equal(store_write(store, run_job, &other), ERR_CONFLICT);
}

static void the_host_leaves(void **state) {
    (void)state;
    make();
    is_confirmed();
    const char *of_ours = sha1, *first = id;
    give();
    happens(id, EVENT_SENT);
    done((struct job){.run = leave});
    assert_string_equal(reason(of_ours), "cessationOfOperation");
    state_is(first, "revoked");
    state_is(id, "revoked");
    assert_int_equal(events(id, EVENT_ALARM, "at its CA (CN=up)"), 1);
    assert_int_equal(row().secret.n, 0);
}

static void it_ends(void **state) {
    (void)state;
    make();
    is_confirmed();
    move_clock(341 * DAY);
    say(1, hello);
    assert_int_equal(count_all(), 1); /* nothing is made in its place */
    assert_int_equal(events(id, EVENT_ALARM, "signet pfx make"), 1);
    assert_state(STATE_CONFIRMED);
    say(1, hello);
    assert_int_equal(events(id, EVENT_ALARM, ""), 1);
}

static void asked_each_week(void **state) {
    (void)state;
    make();
    is_confirmed();
    move_clock(8 * DAY);
    struct answer a = say(1, hello);
    shows_nodes(&a, "0", sha1);
    assert_state(STATE_CONFIRMED);
    move_clock(8 * DAY);
    a = say(1, hello);
    shows_nodes(&a, "0", "");
    assert_state(STATE_GONE);
    assert_int_equal(events(id, EVENT_ALARM, "signet pfx remove"), 1);
    assert_int_equal(count_all(), 1);
    move_clock(8 * DAY);
    a = say(1, hello);
    shows_nodes(&a, NULL, sha1);
    assert_state(STATE_CONFIRMED);
    move_clock(8 * DAY);
    a = say(1, hello);
    shows_nodes(&a, NULL, NULL);
    assert_state(STATE_GONE);
    assert_int_equal(events(id, EVENT_ALARM, "was it reset"), 1);
}

static enum err purge_work(struct tx *tx, struct job *job) {
    return enrollment_purge(tx, clock_ms(), 10, &job->n);
}

static enum err find_row(struct tx *tx, struct job *job) {
    struct pfx pfx;
    job->n = pfx_get(tx, &arena, job->text, &pfx);
    return OK;
}

/* Long after its end, and its certificate's, nothing is kept of it. */
static void forgotten_in_the_end(void **state) {
    (void)state;
    make();
    done((struct job){.run = remove_work, .id = id});
    move_clock(300 * DAY);
    assert_int_equal(done((struct job){.run = purge_work}).n, 0);
    assert_int_equal(done((struct job){.run = find_row, .text = id}).n, OK);
    move_clock(66 * DAY);
    assert_int_equal(done((struct job){.run = purge_work}).n, 1);
    assert_int_equal(done((struct job){.run = find_row, .text = id}).n, ERR_NOT_FOUND);
}

static void a_given_one_each_week(void **state) {
    (void)state;
    struct packing p = {.placing = {.key_location = 3}};
    const struct pkcs12 given = given_by("g", "basicConstraints=CA:FALSE");
    assert_ok(take_it(&given, &p.parcel));
    keep_parcel(p);
    is_confirmed();
    move_clock(8 * DAY);
    struct answer a = say(1, hello);
    shows_nodes(&a, "0", sha1);
    assert_state(STATE_CONFIRMED);
    assert_int_equal(events(id, EVENT_GONE, ""), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_LIFE(taken_away),
        WITH_LIFE(taken_away_before),
        WITH_LIFE(the_host_leaves),
        WITH_LIFE(it_ends),
        WITH_LIFE(asked_each_week),
        WITH_LIFE(forgotten_in_the_end),
        WITH_LIFE(a_given_one_each_week),
    };
    return cmocka_run_group_tests_name("pfx_life", tests, build, tear_down);
}
