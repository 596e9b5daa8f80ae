/* SPDX-License-Identifier: Apache-2.0 */
/* What has ended is kept for a month, and as long as its certificate; then it is gone. */
#include "life_fixture.h"

#include "store/challenge.h"
#include "store/queue.h"
#include "store/request.h"
#include "store/sql.h"
#include "store/upstream.h"

static enum err purge(struct tx *tx, struct job *j) {
    return enrollment_purge(tx, clock_ms(), j->n ? j->n : 100, &j->n);
}

static int purged(void) {
    return (int)done((struct job){.run = purge}).n;
}

static enum err present(struct tx *tx, struct job *j) {
    return enrollment_list_present(tx, &arena, j->device.id, &j->all);
}

static int looked_at_in_sessions(void) {
    int n = 0;
    for (struct enrollment *e = done((struct job){.run = present}).all; e; e = e->next)
        n++;
    return n;
}

static enum err count_bodies(struct tx *tx, struct job *j) {
    return sql_number(tx, &j->n, "SELECT count(*) FROM body", "");
}

static int bodies(void) {
    return (int)done((struct job){.run = count_bodies}).n;
}

static enum err find_enrollment_of(struct tx *tx, struct job *j) {
    struct certificate c;
    TRY(certificate_find(tx, &arena, j->sha1, &c));
    j->text = c.enrollment;
    return OK;
}

static enum err count_events_left(struct tx *tx, struct job *j) {
    return sql_number(tx, &j->n, "SELECT count(*) FROM event", "");
}

static int events_left(void) {
    return (int)done((struct job){.run = count_events_left}).n;
}

static enum err give_challenge(struct tx *tx, struct job *j) {
    struct challenge c = {.hash = span_str("hash"),
                          .kind = CHALLENGE_ENROLLMENT,
                          .endpoint = "default",
                          .enrollment = j->id};
    return challenge_replace(tx, &c);
}

static enum err count_challenges(struct tx *tx, struct job *j) {
    return sql_number(tx, &j->n, "SELECT count(*) FROM challenge", "");
}

static int challenges(void) {
    return (int)done((struct job){.run = count_challenges}).n;
}

/* NULL: of none (any more). */
static const char *whose(const char *sha1) {
    return done((struct job){.run = find_enrollment_of, .sha1 = sha1}).text;
}

static void removed(const char *id) {
    done((struct job){.run = take, .id = id});
    happens(id, EVENT_REMOVED);
    state_is(id, "removed");
}

static void kept_for_a_month(void **state) {
    (void)state;
    const char *id = assigned("wifi");
    assert_int_equal(looked_at_in_sessions(), 1);
    done((struct job){.run = give_challenge, .id = id});
    done((struct job){.run = take, .id = id}); /* it was never sent */
    state_is(id, "removed");
    assert_int_equal(looked_at_in_sessions(), 0);
    move_clock(30 * DAY - 1000);
    assert_int_equal(purged(), 0);
    assert_int_equal(challenges(), 1);
    move_clock(2000);
    assert_int_equal(purged(), 1);
    assert_int_equal(challenges(), 0);
    assert_int_equal(count_all(), 0);
    assert_int_equal(events_left(), 0);
    assert_int_equal(purged(), 0);
}

/* A row of each version of a profile, as long as a host has it. */
static void profiles_are_kept_while_they_are_assigned(void **state) {
    (void)state;
    done((struct job){.run = take, .id = assigned("wifi")});
    move_clock(20 * DAY);
    done((struct job){.run = take, .id = assigned("wifi")});
    assert_int_equal(bodies(), 1);
    move_clock(11 * DAY);
    int events = events_left();
    assert_int_equal(purged(), 1);
    assert_int_equal(events_left(), events / 2); /* the other one's */
    assert_int_equal(bodies(), 1);
    move_clock(20 * DAY);
    assert_int_equal(purged(), 1);
    assert_int_equal(bodies(), 0);
}

static enum err plan_of_the_question(struct tx *tx, struct job *j) {
    sqlite3_stmt *rows;
    enum err e;
    j->flag = true;
    TRY(sql_query(tx, &rows, "EXPLAIN QUERY PLAN SELECT 1 FROM enrollment WHERE body = $1", "i",
                  (int64_t)1));
    while (sql_next(rows, &e))
        j->flag = j->flag && strstr(sql_text(&arena, rows, 3), "INDEX enrollment_body");
    sql_end(rows);
    return e;
}

/* Neither the question nor the foreign key reads all enrollments. */
static void who_has_a_profile_is_found_by_an_index(void **state) {
    (void)state;
    assert_true(done((struct job){.run = plan_of_the_question}).flag);
}

/* A CRL names it, and who asks for the certificate wants to know whose it was. */
static void kept_as_long_as_its_certificate(void **state) {
    (void)state;
    const char *id = assigned("wifi");
    gets(id, A1, 365 * DAY);
    removed(id);
    move_clock(364 * DAY);
    assert_int_equal(purged(), 0);
    assert_string_equal(whose(A1), id);
    move_clock(2 * DAY);
    assert_int_equal(purged(), 1);
    assert_null(whose(A1)); /* the certificate itself stays */
}

static void what_lives_is_kept(void **state) {
    (void)state;
    const char *id = assigned("wifi");
    gets(id, A1, 2 * DAY);
    move_clock(1000 * DAY);
    assert_int_equal(purged(), 0);
    state_is(id, "confirmed");
}

/* They are counted: five, then an alarm (renew.c). */
static void successors_of_one_in_force_are_kept(void **state) {
    (void)state;
    const char *old = assigned("wifi");
    gets(old, A1, 365 * DAY);
    move_clock(340 * DAY);
    done((struct job){.run = renew});
    const char *successor = newest();
    assert_string_not_equal(successor, old);
    done((struct job){.run = take, .id = successor});
    state_is(successor, "removed");
    move_clock(40 * DAY);
    assert_int_equal(purged(), 0);
    done((struct job){.run = leave});
    move_clock(40 * DAY);
    assert_int_equal(purged(), 2);
}

/* ---- what an upstream may have issued ---- */

/* `n` SUCCESSes that only the host can read; it shows what came. */
static enum err is_relayed(struct tx *tx, struct job *j) {
    for (int64_t i = 0; i < j->n; i++)
        TRY(enroll_upstream_said(tx, &j->e, UPSTREAM_SUCCESS, "relayed", NULL));
    return OK;
}

static void never_seen_is_kept_for_a_year(void **state) {
    (void)state;
    const char *id = assigned("wifi");
    done((struct job){.run = is_relayed, .id = id, .n = 1});
    removed(id);
    move_clock(365 * DAY);
    assert_int_equal(purged(), 0);
    move_clock(2 * DAY);
    assert_int_equal(purged(), 1);
}

/* The host was told to delete it, and the answer of the upstream came after. */
static void granted_late_is_kept_for_a_year(void **state) {
    (void)state;
    const char *id = assigned("wifi");
    removed(id);
    done((struct job){.run = is_relayed, .id = id, .n = 1});
    move_clock(365 * DAY);
    assert_int_equal(purged(), 0);
    move_clock(2 * DAY);
    assert_int_equal(purged(), 1);
}

static enum err import_it(struct tx *tx, struct job *j) {
    struct foreign_certificate c = {.upstream = "ndes",
                                    .enrollment = j->flag ? j->id : NULL,
                                    .source = FOREIGN_IMPORT,
                                    .serial = span_str("1"),
                                    .subject = "CN=PC",
                                    .sha1 = j->sha1,
                                    .der = span_str("der"),
                                    .not_after = clock_ms() + j->life};
    TRY(foreign_add(tx, &c));
    return j->flag ? OK : foreign_bind(tx, c.id, j->id);
}

/* Known at once, or bound to the enrollment later: the end that is known counts. */
static void seen_late_is_kept_to_its_end(void **state) {
    (void)state;
    const char *id[] = {assigned("wifi"), assigned("vpn")};
    for (int i = 0; i < 2; i++) {
        removed(id[i]);
        done((struct job){
            .run = import_it, .id = id[i], .sha1 = i ? A1 : B1, .life = 700 * DAY, .flag = i == 0});
    }
    move_clock(699 * DAY);
    assert_int_equal(purged(), 0);
    move_clock(2 * DAY);
    assert_int_equal(purged(), 2);
}

/* ---- requests that wait ---- */

static enum err ask_for_it(struct tx *tx, struct job *j) {
    struct request r = {.endpoint = "default",
                        .message_type = 19,
                        .state = REQUEST_PENDING,
                        .transaction_id = span_str("t"),
                        .csr_sha256 = span_str("c"),
                        .signer_sha256 = span_str("s"),
                        .signer_key_sha256 = span_str("k"),
                        .subject = "CN=PC",
                        .peer = "",
                        .enrollment = j->id,
                        .created = clock_ms()};
    TRY(request_add(tx, &r));
    j->n = r.id;
    return OK;
}

static enum err deny_it(struct tx *tx, struct job *j) {
    return request_decide(tx, j->n, REQUEST_DENIED, 0, clock_ms(), "late");
}

static void kept_while_a_request_waits(void **state) {
    (void)state;
    const char *id = assigned("wifi");
    int64_t request = done((struct job){.run = ask_for_it, .id = id}).n;
    removed(id);
    move_clock(400 * DAY);
    assert_int_equal(purged(), 0);
    done((struct job){.run = deny_it, .n = request});
    assert_int_equal(purged(), 1);
}

static void so_many_at_a_time(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++)
        done((struct job){.run = take, .id = assigned(i & 1 ? "wifi" : "vpn")});
    move_clock(31 * DAY);
    int before = count_all();
    assert_int_equal(done((struct job){.run = purge, .n = 1}).n, 1);
    assert_int_equal(count_all(), before - 1);
}

/* ---- commands ---- */

static enum err queue_two(struct tx *tx, struct job *j) {
    struct queued one = {.device = j->device.id, .body = "<Get/>", .created = clock_ms()};
    struct queued two = one;
    TRY(queue_add(tx, &one));
    TRY(queue_add(tx, &two));
    const struct queue_result r = {
        .command = one.id, .cmd_id = 1, .cmd = "Get", .loc_uri = "./x", .at = clock_ms()};
    TRY(queue_expect(tx, &r));
    j->n = one.id;
    return queue_move(tx, one.id, QUEUE_DONE, clock_ms());
}

static enum err purge_queue(struct tx *tx, struct job *j) {
    return queue_purge(tx, clock_ms() - 30 * DAY, 100, &j->n);
}

static enum err results(struct tx *tx, struct job *j) {
    struct queue_result *all;
    struct queued q;
    TRY(queue_results(tx, &arena, j->n, true, &all));
    j->flag = all != NULL;
    return queue_get(tx, &arena, j->n + 1, &q); /* the one that waits */
}

static void commands_that_are_done(void **state) {
    (void)state;
    int64_t id = done((struct job){.run = queue_two}).n;
    move_clock(29 * DAY);
    assert_int_equal(done((struct job){.run = purge_queue}).n, 0);
    assert_true(done((struct job){.run = results, .n = id}).flag);
    move_clock(2 * DAY);
    assert_int_equal(done((struct job){.run = purge_queue}).n, 1);
    assert_false(done((struct job){.run = results, .n = id}).flag);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_LIFE(profiles_are_kept_while_they_are_assigned),
        WITH_LIFE(who_has_a_profile_is_found_by_an_index),
        WITH_LIFE(kept_for_a_month),
        WITH_LIFE(kept_as_long_as_its_certificate),
        WITH_LIFE(what_lives_is_kept),
        WITH_LIFE(successors_of_one_in_force_are_kept),
        WITH_LIFE(never_seen_is_kept_for_a_year),
        WITH_LIFE(granted_late_is_kept_for_a_year),
        WITH_LIFE(seen_late_is_kept_to_its_end),
        WITH_LIFE(kept_while_a_request_waits),
        WITH_LIFE(so_many_at_a_time),
        WITH_LIFE(commands_that_are_done),
    };
    return cmocka_run_group_tests(tests, build, tear_down);
}
