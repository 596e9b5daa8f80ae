/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a certificate that its host has shown: lost, shown again, replaced, taken away.
 */
#include "life_fixture.h"

static const char *confirmed(const char *profile, const char *sha1) {
    const char *id = assigned(profile);
    gets(id, sha1, 365 * DAY);
    state_is(id, "confirmed");
    return id;
}

/* ---- is it still there? ---- */

static void the_same_moves_the_question(void **state) {
    (void)state;
    const char *id = confirmed("wifi", A1);
    int before = events(id, EVENT_CONFIRMED, "") + events(id, EVENT_NOTE, "");
    int64_t next = get(id).next_check;
    assert_in_range(next - clock_ms(), 6 * DAY, 7 * DAY);
    move_clock(8 * DAY);
    shows(id, A1);
    assert_int_equal(get(id).next_check > next, 1);
    state_is(id, "confirmed");
    assert_int_equal(events(id, EVENT_CONFIRMED, "") + events(id, EVENT_NOTE, ""), before);
    assert_int_equal(count_all(), 1);
}

static enum err trust(struct tx *tx, struct job *j) {
    if (j->flag)
        return device_trusts(tx, j->device.id, A1, &j->flag);
    return device_add_trust(tx, j->device.id, A1);
}

static bool is_trusted(void) {
    return done((struct job){.run = trust, .flag = true}).flag;
}

static void an_empty_thumbprint(void **state) {
    (void)state;
    const char *id = confirmed("wifi", A1);
    done((struct job){.run = trust});
    assert_true(is_trusted());
    shows(id, NULL);
    state_is(id, "gone");
    assert_false(is_trusted()); /* its chain may be the reason: it is confirmed anew first */
    assert_int_equal(count_all(), 2);
    const char *successor = newest();
    assert_string_equal(get(successor).replaces, id);
    shows(id, NULL);
    assert_int_equal(count_all(), 2);
    assert_int_equal(events(id, EVENT_GONE, ""), 1);
    gets(successor, B1, 365 * DAY);
    state_is(id, "renewed");
    state_is(successor, "confirmed");
}

static void shown_again(void **state) {
    (void)state;
    const char *id = confirmed("wifi", A1);
    shows(id, NULL);
    shows(id, A1);
    state_is(id, "expiring"); /* it is good, and its successor on the way */
    assert_int_equal(events(id, EVENT_CONFIRMED, "valid again"), 1);
    happens(newest(), EVENT_REJECTED);
    const char *other = confirmed("vpn", B1);
    shows(other, NULL);
    happens(newest(), EVENT_REJECTED);
    shows(other, B1);
    state_is(other, "confirmed");
}

/* Whoever says now this and now that does not fill the timeline, nor gets a certificate each time.
 */
static void now_this_now_that(void **state) {
    (void)state;
    const char *id = confirmed("wifi", A1);
    for (int i = 0; i < 20; i++) {
        shows(id, NULL);
        shows(id, A1);
    }
    state_is(id, "gone");
    assert_int_equal(events(id, EVENT_GONE, ""), 4);
    assert_int_equal(events(id, EVENT_CONFIRMED, ""), 4);
    assert_int_equal(count_all(), 2);
    move_clock(31 * DAY);
    shows(id, A1);
    state_is(id, "expiring");
}

static void another_certificate(void **state) {
    (void)state;
    const char *id = confirmed("wifi", A1);
    shows(id, C1);
    state_is(id, "gone");
    assert_int_equal(events(id, EVENT_GONE, "another certificate"), 1);
    shows(id, C1); /* in the end one gets used to it, but not signet */
    state_is(id, "gone");
}

static void a_node_that_is_gone(void **state) {
    (void)state;
    const char *id = confirmed("wifi", A1);
    has_lost(id);
    state_is(id, "gone");
    assert_int_equal(events(id, EVENT_GONE, "404"), 1);
    assert_int_equal(events(id, EVENT_ALARM, "reset"), 1);
    assert_int_equal(count_all(), 2);
}

/* Three new ones in 30 days; then somebody must look. */
static void again_and_again(void **state) {
    (void)state;
    static const char *const sha1[] = {
        "1111111111111111111111111111111111111111", "2222222222222222222222222222222222222222",
        "3333333333333333333333333333333333333333", "4444444444444444444444444444444444444444",
        "5555555555555555555555555555555555555555"};
    const char *id = assigned("wifi");
    for (int i = 0; i < 4; i++) {
        gets(id, sha1[i], 365 * DAY);
        shows(id, NULL);
        state_is(id, "gone");
        assert_int_equal(count_all(), i < 3 ? i + 2 : 4);
        if (i < 3)
            id = newest();
    }
    assert_int_equal(events(id, EVENT_ALARM, "again and again"), 1);
    move_clock(40 * DAY);
    done((struct job){.run = renew});
    assert_int_equal(count_all(), 4);
    assert_string_equal(get(newest()).id, id);
}

static enum err revoke_cert(struct tx *tx, struct job *j) {
    struct certificate c;
    TRY(certificate_find(tx, &arena, j->sha1, &c));
    return certificate_revoke(tx, c.id, clock_ms(), "keyCompromise");
}

static void revoked_and_gone_gets_no_other(void **state) {
    (void)state;
    const char *id = confirmed("wifi", A1);
    done((struct job){.run = revoke_cert, .sha1 = A1});
    shows(id, A1);
    shows(id, NULL);
    state_is(id, "gone");
    assert_int_equal(count_all(), 1);
}

/* An administrator revokes it, and it stays on the host: that is told, once. */
static void revoked_and_still_held(void **state) {
    (void)state;
    const char *id = confirmed("wifi", A1);
    done((struct job){.run = revoke_cert, .sha1 = A1});
    for (int i = 0; i < 3; i++)
        shows(id, A1);
    assert_int_equal(events(id, EVENT_ALARM, "holds a certificate that was revoked"), 1);
}

/* ---- what it answers in a session ---- */

static enum err removed(struct tx *tx, struct job *j) {
    return enroll_removed(tx, &arena, &j->e, "404");
}

static struct span cmd_of(const struct answer *a, enum syncml_kind kind, const char *uri) {
    for (const struct syncml_command *c = a->m->commands; c; c = c->next)
        if (c->kind == kind && strstr(arena_str(&arena, c->items->target), uri))
            return c->cmd_id;
    fail_msg("%s is not in %s", uri, a->text);
    return SPAN_NONE;
}

static void put_results(struct buf *b, const struct answer *a, struct span cmd, const char *text) {
    buf_printf(b,
               "<Results><CmdID>8</CmdID><MsgRef>%d</MsgRef><CmdRef>%.*s</CmdRef><Item><Data>%s"
               "</Data></Item></Results>",
               (int)a->m->msg_id, SPAN_FMT(cmd), text);
}

/* It is asked, says Status 1, and answers CertThumbprint with `code`, and with `value` unless NULL.
 */
static void is_asked(int code, const char *value) {
    BUF_AUTO(b);
    struct answer a = say(1, hello);
    struct span status = cmd_of(&a, SYNCML_GET, "/Status"),
                thumbprint = cmd_of(&a, SYNCML_GET, "/CertThumbprint");
    put_status(&b, &a, status, 200);
    put_results(&b, &a, status, "1");
    put_status(&b, &a, thumbprint, code);
    if (value)
        put_results(&b, &a, thumbprint, value);
    say(2, buf_cstr(&b));
}

/* A question that failed is no lost certificate: it is put again. */
static void a_question_that_failed(void **state) {
    (void)state;
    static const int codes[] = {200, 413, 500, 503};
    const char *id = confirmed("wifi", A1);
    move_clock(8 * DAY);
    int64_t next = get(id).next_check;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        is_asked(codes[i], NULL);
    state_is(id, "confirmed");
    assert_int_equal(get(id).next_check, next);
    assert_int_equal(count_all(), 1);
    is_asked(200, A1);
    state_is(id, "confirmed");
    assert_true(get(id).next_check > next);
}

static void a_question_that_was_answered(void **state) {
    (void)state;
    const char *id = confirmed("wifi", A1), *other;
    move_clock(8 * DAY);
    is_asked(404, NULL);
    state_is(id, "gone");
    gets(newest(), B1, 365 * DAY);
    done((struct job){.run = removed, .id = id});
    other = newest();
    move_clock(8 * DAY);
    is_asked(200, "");
    state_is(other, "gone");
}

/* ---- one in the place of another ---- */

/* The administrator assigns anew, which makes a second enrollment of the same assignment. */
static enum err assign_anew(struct tx *tx, struct job *j) {
    struct stored_profile p;
    struct assignment s;
    TRY(profile_get(tx, &arena, "wifi", &p));
    TRY(assignment_find(tx, &arena, "wifi", j->device.id, 0, &s));
    return enroll_assign_for(tx, &arena, &j->device, &p, s.id, &j->e);
}

static void assigned_anew(void **state) {
    (void)state;
    const char *first = confirmed("wifi", A1), *other = confirmed("vpn", C1);
    const char *second = done((struct job){.run = assign_anew}).e.id;
    const char *third = done((struct job){.run = assign_anew}).e.id;
    happens(second, EVENT_SENT);
    happens(second, EVENT_FAILED);
    gets(third, B1, 365 * DAY);
    state_is(first, "renewed");
    state_is(second, "removing"); /* its node may be there */
    state_is(third, "confirmed");
    state_is(other, "confirmed");
}

/* What the administrator has sent already need not be sent again. */
static void assigned_anew_and_then_lost(void **state) {
    (void)state;
    const char *first = confirmed("wifi", A1);
    const char *second = done((struct job){.run = assign_anew}).e.id;
    has_lost(first);
    state_is(first, "gone");
    assert_int_equal(count_all(), 2);
    gets(second, B1, 365 * DAY);
    state_is(first, "renewed");
}

/* ---- taking away ---- */

static enum err sent(struct tx *tx, struct job *j) {
    return enroll_removal_sent(tx, &j->e);
}

static void taken_away(void **state) {
    (void)state;
    const char *id = confirmed("wifi", A1);
    done((struct job){.run = take, .id = id});
    state_is(id, "removing");
    assert_string_equal(reason(A1), "");
    for (int i = 0; i < 7; i++)
        done((struct job){.run = sent, .id = id});
    assert_int_equal(events(id, EVENT_NOTE, "is told to delete"), 1);
    assert_int_equal(events(id, EVENT_ALARM, "told five times"), 1);
    done((struct job){.run = removed, .id = id});
    state_is(id, "removed");
    assert_string_equal(reason(A1), "cessationOfOperation");
    done((struct job){.run = removed, .id = id}); /* a repeat */
    assert_int_equal(events(id, EVENT_REMOVED, ""), 1);
}

static enum err find_public(struct tx *tx, struct job *j) {
    struct certificate *all;
    TRY(certificate_list_revoked(tx, &arena, "ca", clock_ms(), &all));
    for (; all; all = all->next)
        j->n += span_is(all->serial, j->sha1);
    return OK;
}

static int ask_public(const char *sha1) {
    return (int)done((struct job){.run = find_public, .sha1 = sha1}).n;
}

static void renewed_and_removed_is_superseded(void **state) {
    (void)state;
    const char *first = confirmed("wifi", A1);
    gets(done((struct job){.run = assign_anew}).e.id, B1, 365 * DAY);
    done((struct job){.run = removed, .id = first});
    state_is(first, "removed");
    assert_string_equal(reason(A1), "superseded");
    assert_string_equal(reason(B1), "");
    assert_int_equal(ask_public(A1), 1); /* it stands in the CRL */
}

static void what_nobody_took_away_stays(void **state) {
    (void)state;
    const char *id = confirmed("wifi", A1);
    done((struct job){.run = removed, .id = id});
    state_is(id, "confirmed");
    assert_string_equal(reason(A1), "");
}

static void never_sent_is_removed_at_once(void **state) {
    (void)state;
    const char *id = assigned("wifi");
    done((struct job){.run = take, .id = id});
    state_is(id, "removed");
}

/* ---- assignments ---- */

static enum err unassign(struct tx *tx, struct job *j) {
    return assignment_end_profile(tx, j->text, clock_ms());
}

static enum err assign_to_group(struct tx *tx, struct job *j) {
    struct group g;
    bool made, changed, added;
    TRY(group_make(tx, &arena, "lab", 1, &g, &made));
    TRY(group_add_member(tx, g.id, j->device.id, &changed));
    struct assignment s = {.profile = j->text, .device_group = g.id, .created = 1};
    return assignment_put(tx, &s, &added);
}

static enum err out_of_groups(struct tx *tx, struct job *j) {
    return group_remove_everywhere(tx, j->device.id);
}

static void reconciles(void) {
    done((struct job){.run = reconcile});
}

static void a_group_gives_and_takes(void **state) {
    (void)state;
    done((struct job){.run = assign_to_group, .text = "wifi"});
    reconciles();
    reconciles();
    assert_int_equal(count_all(), 1);
    const char *id = newest();
    gets(id, A1, 365 * DAY);
    assert_string_equal(assigned("wifi"), id); /* to the host, too: it has it */
    done((struct job){.run = out_of_groups});
    reconciles();
    state_is(id, "confirmed"); /* and keeps it so */
    done((struct job){.run = unassign, .text = "wifi"});
    assert_true(done((struct job){.run = reconcile}).flag);
    state_is(id, "removing");
    assert_false(done((struct job){.run = reconcile}).flag);
    assert_int_equal(count_all(), 1);
}

static int crl_number(void) {
    struct published_crl crl;
    const struct pki *pki = pki_acquire(mdm.pki);
    assert_ok(revocation_crl(mdm.revocation, &pki->cas[0], &arena, &crl));
    pki_release(pki);
    return (int)crl.number;
}

/* Nobody waits for the CRL's half life to see what its session closed. */
static void taken_away_in_a_session(void **state) {
    (void)state;
    assigned("wifi");
    int before = crl_number();
    say(1, hello);
    assert_int_equal(crl_number(), before);
    done((struct job){.run = unassign, .text = "wifi"});
    say(1, hello);
    assert_int_equal(crl_number(), before + 1);
}

/* What it was told to delete in a session's first message is not told again in the same. */
static void told_once_a_session(void **state) {
    (void)state;
    const char *id = confirmed("wifi", A1);
    done((struct job){.run = unassign, .text = "wifi"});
    assigned("vpn"); /* which takes the other away, too */
    state_is(id, "removing");
    struct answer a = say(1, hello);
    assert_int_equal(count_kind(&a, SYNCML_DELETE), 1);
    a = say(2, take_roots(&a, NULL));
    has_atomics(&a, 1);
    BUF_AUTO(b);
    for (const struct syncml_command *c = a.m->commands; c; c = c->next)
        if (c->kind == SYNCML_ATOMIC)
            put_status(&b, &a, c->cmd_id, 200);
    a = say(3, buf_cstr(&b));
    state_is(newest(), "accepted");
    assert_int_equal(count_kind(&a, SYNCML_DELETE), 0);
    assert_int_equal(get(id).sessions, 1);
}

static void a_rejected_one_wants_an_administrator(void **state) {
    (void)state;
    const char *id = assigned("wifi");
    happens(id, EVENT_SENT);
    happens(id, EVENT_REJECTED);
    reconciles();
    assert_int_equal(count_all(), 1);
}

static enum err broken_profile(struct tx *tx, struct job *j) {
    const struct stored_profile p = {.name = "broken", .body = "<Atomic>", .created = 1};
    (void)j;
    return profile_put(tx, &p);
}

static void a_profile_that_cannot_be_read(void **state) {
    (void)state;
    done((struct job){.run = broken_profile});
    done((struct job){.run = assign_to_group, .text = "broken"});
    done((struct job){.run = assign_to_group, .text = "wifi"});
    reconciles(); /* the host's session goes on */
    assert_int_equal(count_all(), 1);
    assert_string_equal(get(newest()).profile, "wifi");
}

/* ---- hosts that leave ---- */

static enum err live_identities(struct tx *tx, struct job *j) {
    struct identity i;
    enum err e = identity_latest(tx, &arena, j->device.id, &i);
    j->flag = e == OK;
    return e == ERR_NOT_FOUND ? OK : e;
}

static bool has_identity(void) {
    return done((struct job){.run = live_identities}).flag;
}

static void it_leaves(void **state) {
    (void)state;
    const char *a = confirmed("wifi", A1), *b = assigned("vpn");
    assert_true(done((struct job){.run = leave}).flag);
    state_is(a, "revoked");
    state_is(b, "revoked");
    assert_string_equal(reason(A1), "cessationOfOperation");
    assert_false(has_identity());
    struct job again = done((struct job){.run = leave});
    assert_false(again.flag);
    assert_int_equal(again.device.state, DEVICE_LEFT);
    reconciles();
    assert_int_equal(count_all(), 2); /* nothing for who is not here */
}

static enum err unenroll(struct tx *tx, struct job *j) {
    return device_unenroll(tx, &arena, &j->device, &j->flag);
}

static enum err end_leaving(struct tx *tx, struct job *j) {
    int count;
    TRY(enroll_end_leaving(tx, clock_ms(), &count));
    j->n = count;
    return OK;
}

static void it_is_told_to_leave(void **state) {
    (void)state;
    const char *a = confirmed("wifi", A1);
    struct job j = done((struct job){.run = unenroll});
    assert_true(j.flag);
    assert_int_equal(j.device.state, DEVICE_LEAVING);
    state_is(a, "revoked");
    assert_string_equal(reason(A1), "cessationOfOperation");
    assert_true(has_identity()); /* it can still be told */
    struct job twice = {.run = unenroll};
    assert_int_equal(store_write(store, run_job, &twice), ERR_CONFLICT);
    move_clock(6 * DAY);
    assert_int_equal(done((struct job){.run = end_leaving}).n, 0);
    move_clock(2 * DAY);
    assert_int_equal(done((struct job){.run = end_leaving}).n, 1);
    assert_false(has_identity());
    assert_int_equal(done((struct job){.run = end_leaving}).n, 0);
}

static enum err remove_it(struct tx *tx, struct job *j) {
    return device_remove(tx, &arena, &j->device, &j->flag);
}

static void it_is_removed(void **state) {
    (void)state;
    const char *a = confirmed("wifi", A1);
    assert_int_equal(done((struct job){.run = remove_it}).device.state, DEVICE_REMOVED);
    state_is(a, "revoked");
    assert_false(has_identity());
    struct job twice = {.run = remove_it};
    assert_int_equal(store_write(store, run_job, &twice), ERR_CONFLICT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_LIFE(the_same_moves_the_question),
        WITH_LIFE(an_empty_thumbprint),
        WITH_LIFE(shown_again),
        WITH_LIFE(now_this_now_that),
        WITH_LIFE(another_certificate),
        WITH_LIFE(a_node_that_is_gone),
        WITH_LIFE(again_and_again),
        WITH_LIFE(revoked_and_gone_gets_no_other),
        WITH_LIFE(revoked_and_still_held),
        WITH_LIFE(a_question_that_failed),
        WITH_LIFE(a_question_that_was_answered),
        WITH_LIFE(assigned_anew),
        WITH_LIFE(assigned_anew_and_then_lost),
        WITH_LIFE(taken_away),
        WITH_LIFE(renewed_and_removed_is_superseded),
        WITH_LIFE(what_nobody_took_away_stays),
        WITH_LIFE(never_sent_is_removed_at_once),
        WITH_LIFE(a_group_gives_and_takes),
        WITH_LIFE(taken_away_in_a_session),
        WITH_LIFE(told_once_a_session),
        WITH_LIFE(a_rejected_one_wants_an_administrator),
        WITH_LIFE(a_profile_that_cannot_be_read),
        WITH_LIFE(it_leaves),
        WITH_LIFE(it_is_told_to_leave),
        WITH_LIFE(it_is_removed),
    };
    return cmocka_run_group_tests(tests, build, tear_down);
}
