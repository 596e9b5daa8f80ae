/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answers that are kept for messages that come again; and that a session whose answer is gone,
 * as with the server, runs nothing twice and comes to its end.
 */
#include "mdm_fixture.h"

#include "enroll/state.h"
#include "mdm/replies.h"

static bool finds(struct replies *r, int64_t device, int64_t number, int64_t now,
                  const char *text) {
    struct span out;
    return replies_find(r, device, number, now, &arena, &out) && span_is(out, text);
}

static void the_last_of_each_device(void **state) {
    (void)state;
    struct replies *r = replies_new();
    struct span out;
    assert_false(replies_find(r, 1, 1, 5, &arena, &out));
    int64_t first = replies_keep(r, 1, span_str("a"), 5);
    int64_t same_list = replies_keep(r, 1025, span_str("b"), 5);
    assert_true(first > 0 && same_list > 0 && first != same_list);
    assert_true(finds(r, 1, first, 5, "a"));
    assert_true(finds(r, 1025, same_list, 5, "b"));
    assert_false(replies_find(r, 1, same_list, 5, &arena, &out));
    assert_false(replies_find(r, 1, 0, 5, &arena, &out));
    assert_false(replies_find(r, 2, first, 5, &arena, &out));
    int64_t second = replies_keep(r, 1, span_str("c"), 6);
    assert_false(replies_find(r, 1, first, 6, &arena, &out));
    assert_true(finds(r, 1, second, 6, "c"));
    replies_drop(r, 1);
    replies_drop(r, 7);
    assert_false(replies_find(r, 1, second, 6, &arena, &out));
    assert_true(finds(r, 1025, same_list, 6, "b"));
    replies_free(r);
}

static void for_ten_minutes(void **state) {
    (void)state;
    struct replies *r = replies_new();
    int64_t a = replies_keep(r, 1, span_str("a"), 5);
    assert_true(finds(r, 1, a, 5 + REPLIES_MS - 1, "a"));
    assert_false(finds(r, 1, a, 5 + REPLIES_MS, "a"));
    int64_t b = replies_keep(r, 2, span_str("b"), 5 + REPLIES_MS);
    assert_false(finds(r, 1, a, 5, "a")); /* gone */
    replies_expire(r, 5 + 2 * REPLIES_MS - 1);
    assert_true(finds(r, 2, b, 5, "b"));
    replies_expire(r, 5 + 2 * REPLIES_MS);
    assert_false(finds(r, 2, b, 5, "b"));
    replies_free(r);
}

/* The oldest go, and one that is said again is the newest. */
static void no_more_than_fits(void **state) {
    (void)state;
    enum { SIZE = 1 << 20, COUNT = REPLIES_BYTES / SIZE };
    struct replies *r = replies_new();
    struct span large = arena_copy(&arena, span_of(arena_alloc(&arena, SIZE), SIZE)), out;
    int64_t n[COUNT + 1];
    for (int i = 0; i < COUNT; i++)
        n[i] = replies_keep(r, i, large, i);
    n[0] = replies_keep(r, 0, large, COUNT);
    n[COUNT] = replies_keep(r, COUNT, large, COUNT);
    assert_true(replies_find(r, COUNT, n[COUNT], COUNT, &arena, &out));
    assert_false(replies_find(r, 1, n[1], COUNT, &arena, &out));
    assert_true(replies_find(r, 0, n[0], COUNT, &arena, &out));
    assert_true(replies_find(r, 2, n[2], COUNT, &arena, &out));
    replies_drop(r, 2);
    replies_keep(r, 1, large, COUNT);
    assert_true(replies_find(r, 3, n[3], COUNT, &arena, &out));
    replies_free(r);
}

/* ---- sessions ---- */

static int open_quiet_house(void **state) {
    log_set_level(LOG_ERROR);
    return open_house(state);
}

static bool has_commands(const struct answer *a) {
    const struct syncml_command *c = a->m->commands;
    while (c && c->kind == SYNCML_STATUS)
        c = c->next;
    return c != NULL;
}

static const char *take_profile(const struct answer *a) {
    BUF_AUTO(b);
    for (const struct syncml_command *c = a->m->commands; c; c = c->next)
        if (c->kind == SYNCML_ATOMIC)
            put_status(&b, a, c->cmd_id, 200);
    return arena_str(&arena, buf_view(&b));
}

/* The message to which a profile was sent, and the answer. */
static const char *deliver(struct answer *a) {
    assign("default");
    *a = say(1, hello);
    const char *second = message_of(2, take_roots(a, NULL));
    *a = send_text(second, NULL);
    has_atomics(a, 1);
    return second;
}

/* Its profile may have arrived: the host is asked before it would go out again. */
static void a_delivery(void **state) {
    (void)state;
    struct answer a, b;
    const char *second = deliver(&a);
    int notes = count_events(EVENT_NOTE, "read it back");
    forget_replies();
    for (int i = 0; i < 2; i++) { /* without commands a host's session ends */
        b = send_text(second, NULL);
        assert_int_equal(syncml_code(b.m->commands), 200);
        assert_int_equal(b.m->msg_id, a.m->msg_id);
        assert_false(has_commands(&b));
    }
    assert_int_equal(count_events(EVENT_NOTE, "read it back"), notes);
    assert_state(STATE_SENT);
    b = say(1, hello);
    has_atomics(&b, 0);
    assert_int_equal(count_kind(&b, SYNCML_GET), 4); /* what it has */
    assert_int_equal(count_events(EVENT_SENT, ""), 1);
}

/* A host that had read the answer all the same goes on, and is heard, once. */
static void a_delivery_that_arrived(void **state) {
    (void)state;
    struct answer a;
    const char *second = deliver(&a), *third = message_of(3, take_profile(&a));
    forget_replies();
    send_text(second, NULL);
    for (int i = 0; i < 3; i++) {
        a = send_text(third, NULL);
        assert_false(has_commands(&a));
        forget_replies();
    }
    assert_state(STATE_ACCEPTED);
    assert_int_equal(count_events(EVENT_ACCEPTED, ""), 1);
}

/* The session begins anew, and asks for what it asked for. */
static void a_first_message(void **state) {
    (void)state;
    struct answer a;
    deliver(&a);
    a = say(1, hello);
    assert_int_equal(count_kind(&a, SYNCML_GET), 4);
    forget_replies();
    struct answer b = send_text(message_in(session_number, 1, hello), NULL);
    assert_int_equal(b.m->msg_id, 1);
    assert_int_equal(count_kind(&b, SYNCML_GET), 4);
    has_atomics(&b, 0);
    assert_int_equal(count_events(EVENT_SENT, ""), 1);
}

static enum err work_and_fail(struct tx *tx, void *message) {
    TRY(mdm_work(tx, message));
    return err_set(ERR_STORE, "as if the disk were full");
}

/* What an answer told that was rolled back never was, though the row knows its message: of before
 * the restart. The host, which got HTTP 500, gets another one, and that holds. */
static void an_answer_that_was_rolled_back(void **state) {
    (void)state;
    struct answer a;
    struct mdm_message *m;
    BUF_AUTO(reply);
    deliver(&a);
    a = say(1, hello);
    const char *first = message_in(session_number, 1, hello);
    forget_replies();
    assign("default");
    assert_ok(mdm_read(&mdm, &arena, &ours, span_str(first), said_from, &m));
    assert_int_equal(mdm_finish(m, store_write(store, work_and_fail, m), &reply), ERR_INTERNAL);
    assert_state(STATE_ASSIGNED);
    a = send_text(first, NULL);
    has_atomics(&a, 1);
    assert_state(STATE_SENT);
    assert_ok(find(challenge_work, node(&a, "Challenge")).found);
}

#define IN_HOUSE(test) cmocka_unit_test_setup_teardown(test, open_quiet_house, close_house)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_last_of_each_device, teardown),
        cmocka_unit_test_teardown(for_ten_minutes, teardown),
        cmocka_unit_test_teardown(no_more_than_fits, teardown),
        IN_HOUSE(a_delivery),
        IN_HOUSE(a_delivery_that_arrived),
        IN_HOUSE(a_first_message),
        IN_HOUSE(an_answer_that_was_rolled_back),
    };
    return cmocka_run_group_tests_name("replies", tests, build, tear_down);
}
