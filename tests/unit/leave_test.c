/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions in which something ends: a node is deleted, a host leaves; and what they begin with. */
#include "life_fixture.h"

#include "store/queue.h"

#define UNENROLL                                                                      \
    "<Alert><CmdID>4</CmdID><Data>%d</Data><Item><Meta>"                              \
    "<Type xmlns=\"syncml:metinf\">com.microsoft:mdm.unenrollment.userrequest</Type>" \
    "<Format xmlns=\"syncml:metinf\">int</Format></Meta><Data>1</Data></Item></Alert>"

static struct answer begins(void) {
    return say(1, hello);
}

static const struct syncml_command *first(const struct answer *a, enum syncml_kind kind) {
    for (const struct syncml_command *c = a->m->commands; c; c = c->next)
        if (c->kind == kind)
            return c;
    return NULL;
}

static bool is_at(const struct syncml_command *c, const char *end) {
    return c && strstr(arena_str(&arena, c->items->target), end) != NULL;
}

/* The Get that proves a Delete: the first after it. */
static const struct syncml_command *proof_of(const struct syncml_command *deletion) {
    const struct syncml_command *c = deletion;
    while (c && c->kind != SYNCML_GET)
        c = c->next;
    return c;
}

static const char *answers(const struct answer *a, int to_delete, int to_get) {
    BUF_AUTO(b);
    const struct syncml_command *d = first(a, SYNCML_DELETE), *g = proof_of(d);
    put_status(&b, a, d->cmd_id, to_delete);
    put_status(&b, a, g->cmd_id, to_get);
    if (to_get == 200)
        buf_printf(&b,
                   "<Results><CmdID>8</CmdID><MsgRef>%d</MsgRef><CmdRef>%.*s</CmdRef><Item>"
                   "<Data>1</Data></Item></Results>",
                   (int)a->m->msg_id, SPAN_FMT(g->cmd_id));
    return arena_str(&arena, buf_view(&b));
}

static const char *confirmed(const char *profile, const char *sha1) {
    const char *id = assigned(profile);
    gets(id, sha1, 365 * DAY);
    return id;
}

static const char *taken(void) {
    const char *id = confirmed("wifi", A1);
    done((struct job){.run = take, .id = id});
    return id;
}

/* ---- deleting ---- */

static void deleted_and_proved(void **state) {
    (void)state;
    const char *id = taken();
    struct answer a = begins();
    const struct syncml_command *d = first(&a, SYNCML_DELETE);
    assert_true(is_at(d, arena_printf(&arena, "/SCEP/%s", id)));
    assert_false(is_at(d, "/Install"));
    assert_true(is_at(proof_of(d), arena_printf(&arena, "/SCEP/%s/Status", id)));
    a = say(2, answers(&a, 200, 404));
    state_is(id, "removed");
    assert_string_equal(reason(A1), "cessationOfOperation");
    assert_null(first(&a, SYNCML_DELETE));
    a = begins();
    assert_null(first(&a, SYNCML_DELETE));
}

static void gone_already(void **state) {
    (void)state;
    const char *id = taken();
    struct answer a = begins();
    say(2, answers(&a, 404, 500));
    state_is(id, "removed");
}

/* A Delete that answers 200, and a node that is still there. */
static void not_believed(void **state) {
    (void)state;
    const char *id = taken();
    for (int i = 0; i < 6; i++) {
        struct answer a = begins();
        assert_non_null(first(&a, SYNCML_DELETE));
        a = say(2, answers(&a, i % 2 ? 500 : 200, 200));
        assert_null(first(&a, SYNCML_DELETE)); /* not in this session again */
        state_is(id, "removing");
    }
    assert_int_equal(events(id, EVENT_ALARM, "told five times"), 1);
    assert_string_equal(reason(A1), "");
}

static enum err to_user(struct tx *tx, struct job *j) {
    j->e.user_scope = true;
    return enrollment_update(tx, &j->e);
}

/* ./User is there only while its user is. */
static void a_users_node_waits_for_its_user(void **state) {
    (void)state;
    const char *id = taken();
    done((struct job){.run = to_user, .id = id});
    struct answer a = begins();
    assert_null(first(&a, SYNCML_DELETE));
    a = say(1, "<Alert><CmdID>2</CmdID><Data>1224</Data><Item><Meta>"
               "<Type xmlns=\"syncml:metinf\">com.microsoft/MDM/LoginStatus</Type></Meta>"
               "<Data>user</Data></Item></Alert>");
    assert_true(is_at(first(&a, SYNCML_DELETE), "./User/"));
}

/* ---- what a session begins with ---- */

static enum err assign_only(struct tx *tx, struct job *j) {
    bool added;
    struct assignment s = {.profile = j->text, .device = j->device.id, .created = clock_ms()};
    return assignment_put(tx, &s, &added);
}

static void it_catches_up(void **state) {
    (void)state;
    done((struct job){.run = assign_only, .text = "wifi"});
    struct answer a = begins();
    assert_int_equal(count_all(), 1);
    state_is(newest(), "assigned"); /* the CA certificate goes first */
    a = say(2, take_roots(&a, NULL));
    has_atomics(&a, 1);
    state_is(newest(), "sent");
}

static void it_renews_after_a_year(void **state) {
    (void)state;
    const char *old = confirmed("wifi", A1);
    move_clock(400 * DAY);
    struct answer a = begins();
    assert_int_equal(count_all(), 2);
    state_is(old, "gone");
    a = say(2, take_roots(&a, NULL));
    has_atomics(&a, 1);
    state_is(newest(), "sent");
}

/* ---- leaving ---- */

static enum err live_identity(struct tx *tx, struct job *j) {
    struct identity i;
    enum err e = identity_latest(tx, &arena, j->device.id, &i);
    j->flag = e == OK;
    return e == ERR_NOT_FOUND ? OK : e;
}

static void its_user_unenrolls(int code) {
    const char *id = confirmed("wifi", A1);
    done((struct job){.run = assign_only, .text = "vpn"});
    struct answer a = say(1, arena_printf(&arena, UNENROLL, code));
    assert_int_equal(count_kind(&a, SYNCML_STATUS), 2); /* it gets its answer, and nothing else */
    assert_int_equal(count_kind(&a, SYNCML_ADD) + count_kind(&a, SYNCML_GET), 0);
    state_is(id, "revoked");
    assert_string_equal(reason(A1), "cessationOfOperation");
    struct job j = done((struct job){.run = live_identity});
    assert_false(j.flag);
    assert_int_equal(j.device.state, DEVICE_LEFT);
    assert_int_equal(count_all(), 1); /* what was assigned and not given is not given now */
    a = begins();
    assert_non_null(strstr(a.text, "<Data>401</Data>"));
}

static void unenrolled_by_its_user(void **state) {
    (void)state;
    its_user_unenrolls(1226);
}

static void unenrolled_under_another_code(void **state) {
    (void)state;
    its_user_unenrolls(1224);
}

static enum err unenroll(struct tx *tx, struct job *j) {
    struct queued q = {.device = j->device.id, .body = "<Get/>", .state = QUEUE_WAITING};
    TRY(queue_add(tx, &q));
    TRY(device_unenroll(tx, &arena, &j->device, &j->flag));
    return queue_count_open(tx, j->device.id, &j->n);
}

static void told_in_each_session(void **state) {
    (void)state;
    confirmed("wifi", A1);
    assert_int_equal(done((struct job){.run = unenroll}).n, 0); /* no command waits any more */
    for (int i = 0; i < 2; i++) {
        struct answer a = begins();
        const struct syncml_command *e = first(&a, SYNCML_EXEC);
        assert_true(is_at(e, "/DMClient/Provider/signet/Unenroll"));
        assert_true(span_is(e->items->data, "signet"));
        assert_int_equal(count_kind(&a, SYNCML_GET), 0);
    }
    say(1, arena_printf(&arena, UNENROLL, 1226));
    assert_int_equal(done((struct job){.run = live_identity}).device.state, DEVICE_LEFT);
}

static int open_leave(void **state) {
    open_life(state);
    mdm.provider_id = "signet";
    return 0;
}

#define WITH_HOST(test) cmocka_unit_test_setup_teardown(test, open_leave, close_life)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_HOST(deleted_and_proved),     WITH_HOST(gone_already),
        WITH_HOST(not_believed),           WITH_HOST(a_users_node_waits_for_its_user),
        WITH_HOST(it_catches_up),          WITH_HOST(it_renews_after_a_year),
        WITH_HOST(unenrolled_by_its_user), WITH_HOST(unenrolled_under_another_code),
        WITH_HOST(told_in_each_session),
    };
    return cmocka_run_group_tests(tests, build, tear_down);
}
