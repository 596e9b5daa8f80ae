/* SPDX-License-Identifier: Apache-2.0 */
/* What a host tells of a PKCS#12, answers that are lost, and that no secret is left. */
#include "pfx_fixture.h"

/* ---- what the host says ---- */

static void confirmed_in_one_session(void **state) {
    (void)state;
    make();
    assert_true(row().secret.n > 1000);
    struct answer a = accepted();
    assert_int_equal(row().secret.n, 0); /* as soon as it was accepted */
    assert_int_equal(count_kind(&a, SYNCML_GET), 2);
    a = shows_nodes(&a, "0", sha1);
    assert_state(STATE_CONFIRMED);
    assert_int_equal(count_kind(&a, SYNCML_GET), 0);
    assert_true(look().e.not_after > clock_ms() + 300 * DAY);
    a = say(1, hello); /* and is not asked, nor sent, again */
    assert_int_equal(count_kind(&a, SYNCML_GET) + count_kind(&a, SYNCML_ATOMIC), 0);
}

static void one_a_message(void **state) {
    (void)state;
    make();
    const char *first = id;
    make();
    struct answer a = sent();
    a = say((int)a.m->msg_id + 1, answers(&a, 200, ""));
    has_atomics(&a, 1);
    a = say((int)a.m->msg_id + 1, answers(&a, 200, ""));
    assert_state(STATE_ACCEPTED);
    id = first;
    assert_state(STATE_ACCEPTED);
}

/* What another one of the host has lost says nothing of this one. */
static void counts_for_itself(void **state) {
    (void)state;
    make();
    is_confirmed();
    const char *lost = id;
    for (int i = 0; i < 5; i++)
        done((struct job){.run = lose_work, .id = lost});
    make();
    is_confirmed();
    done((struct job){.run = lose_work, .id = id});
    move_clock(8 * DAY);
    struct answer a = say(1, hello);
    shows_nodes(&a, "0", sha1);
    assert_state(STATE_CONFIRMED);
}

static void without_a_status(void **state) {
    (void)state;
    make();
    struct answer a = accepted();
    shows_nodes(&a, NULL, sha1);
    assert_state(STATE_CONFIRMED);
    assert_int_equal(count_events(EVENT_CONFIRMED, "no Status"), 1);
}

static void a_status_in_words(void **state) {
    (void)state;
    make();
    struct answer a = accepted();
    shows_nodes(&a, "86", NULL);
    assert_state(STATE_FAILED);
    assert_int_equal(count_events(EVENT_FAILED, "ERROR_INVALID_PASSWORD"), 1);
    a = say(1, hello);
    has_atomics(&a, 0); /* never twice */
    move_clock(10 * 60000);
    a = say(1, hello);
    shows_nodes(&a, "1234", sha1); /* whatever else it shows */
    assert_state(STATE_FAILED);
    assert_int_equal(count_events(EVENT_FAILED, "Status 1234, unknown: meaning not known"), 1);
    move_clock(10 * 60000);
    a = say(1, hello);
    shows_nodes(&a, "0", sha1); /* a later proof */
    assert_state(STATE_CONFIRMED);
}

static void names_of_hresults(void **state) {
    (void)state;
    assert_string_equal(hresult_of_pfx(0x80070056).name, "ERROR_INVALID_PASSWORD");
    assert_string_equal(hresult_of_pfx(86).name, "ERROR_INVALID_PASSWORD");
    assert_string_equal(hresult_of_pfx(1460).name, "ERROR_TIMEOUT");
    assert_string_equal(hresult_of_pfx(0x800705B4).name, "ERROR_TIMEOUT");
    assert_string_equal(hresult_of_pfx(1460).cause, "not known"); /* that of SCEP is another */
    assert_string_equal(hresult_of_pfx(5).meaning, "Access is denied.");
    assert_string_equal(hresult_of_pfx(4711).meaning, "meaning not known");
}

static void another_certificate(void **state) {
    (void)state;
    make();
    struct answer a = accepted();
    shows_nodes(&a, "0", A1);
    assert_state(STATE_FAILED);
    assert_int_equal(count_events(EVENT_FAILED, "another certificate"), 1);
}

static void nothing_yet(void **state) {
    (void)state;
    make();
    struct answer a = accepted();
    shows_nodes(&a, "0", "");
    assert_state(STATE_ACCEPTED);
    a = say(1, hello);
    shows_nodes(&a, "0", sha1);
    assert_state(STATE_CONFIRMED);
}

static void a_rejected_atomic(void **state) {
    (void)state;
    make();
    struct answer a = sent();
    say((int)a.m->msg_id + 1, answers(&a, 507, "PFXCertBlob"));
    assert_state(STATE_REJECTED);
    assert_int_equal(count_events(EVENT_REJECTED, "500 PFXCertBlob"), 1);
    assert_int_equal(row().secret.n, 0);
    assert_string_equal(reason(sha1), "cessationOfOperation"); /* nobody has its key */
    a = say(1, hello);
    assert_int_equal(count_kind(&a, SYNCML_GET) + count_kind(&a, SYNCML_ATOMIC), 0);
}

/* ---- what is lost ---- */

static void the_answer_to_the_atomic_is_lost(void **state) {
    (void)state;
    make();
    struct answer a = sent();
    const char *password = arena_str(&arena, child(&a, "PFXCertPassword"));
    a = say(1, hello); /* the host has begun anew: it is asked before anything is sent */
    has_atomics(&a, 0);
    a = shows_nodes(&a, NULL, NULL);
    assert_int_equal(count_events(EVENT_LOST, ""), 1);
    has_atomics(&a, 1); /* it was never there */
    assert_text(child(&a, "PFXCertPassword"), password);
    a = say(1, hello);
    shows_nodes(&a, "0", sha1); /* and this time it was */
    assert_state(STATE_CONFIRMED);
    assert_int_equal(count_events(EVENT_ACCEPTED, "its answer to it was lost"), 1);
    assert_int_equal(row().secret.n, 0);
    assert_int_equal(count_events(EVENT_SENT, ""), 2);
}

/* An Atomic before has come: it is not known to have failed. Once: then it is a refusal. */
static void the_node_is_there(void **state) {
    (void)state;
    make();
    struct answer a = sent();
    say((int)a.m->msg_id + 1, answers_there(&a));
    assert_state(STATE_SENT);
    assert_true(row().secret.n > 0);
    a = say(1, hello);
    a = shows_nodes(&a, NULL, NULL);
    has_atomics(&a, 1);
    say((int)a.m->msg_id + 1, answers_there(&a));
    assert_state(STATE_REJECTED);
}

/* 500 to both proves neither that it is there nor that it is not. */
static void an_error_tells_nothing(void **state) {
    (void)state;
    BUF_AUTO(b);
    make();
    sent();
    struct answer a = say(1, hello);
    put_status(&b, &a, command_for(&a, SYNCML_GET, "/Status")->cmd_id, 500);
    put_status(&b, &a, command_for(&a, SYNCML_GET, "/Thumbprint")->cmd_id, 404);
    a = say(2, buf_cstr(&b));
    assert_state(STATE_SENT);
    has_atomics(&a, 0);
    assert_true(row().secret.n > 1000);
}

static void the_same_answer_again(void **state) {
    (void)state;
    make();
    struct answer roots = say(1, hello);
    const char *second = message_of(2, take_roots(&roots, NULL));
    struct answer a = send_text(second, NULL);
    has_atomics(&a, 1);
    assert_string_equal(send_text(second, NULL).text, a.text);
    assert_int_equal(count_events(EVENT_SENT, ""), 1);
}

/* ---- secrets ---- */

static bool in_files(struct span wanted) {
    static const char *const names[] = {"db", "db-wal"};
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        BUF_AUTO(b);
        if (file_read(arena_printf(&arena, "%s/%s", folder.path, names[i]), 1 << 26, &b) == OK)
            found |= memmem(b.p, b.n, wanted.p, wanted.n) != NULL;
    }
    return found;
}

/* In what the database's file holds; the log beside it is gone when the server has stopped. */
static void nothing_is_left(void **state) {
    (void)state;
    struct span file;
    make();
    struct span sealed = row().secret, middle = span_of(sealed.p + sealed.n / 2, 64);
    struct answer a = sent();
    assert_ok(base64_decode(&arena, child(&a, "PFXCertBlob"), &file));
    const struct span clear[] = {child(&a, "PFXCertPassword"), span_of(file.p + 200, 64),
                                 span_of(child(&a, "PFXCertBlob").p + 400, 64)};
    assert_true(in_files(middle));
    for (size_t i = 0; i < 3; i++)
        assert_false(in_files(clear[i]));
    a = say(3, answers(&a, 200, ""));
    shows_nodes(&a, "0", sha1);
    assert_state(STATE_CONFIRMED);
    store_close(store);
    bool left = in_files(middle);
    for (size_t i = 0; i < 3; i++)
        left |= in_files(clear[i]);
    assert_ok(store_open(arena_printf(&arena, "%s/db", folder.path), &store));
    assert_false(left);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_LIFE(the_node_is_there),
        WITH_LIFE(confirmed_in_one_session),
        WITH_LIFE(one_a_message),
        WITH_LIFE(counts_for_itself),
        WITH_LIFE(without_a_status),
        WITH_LIFE(a_status_in_words),
        WITH_LIFE(names_of_hresults),
        WITH_LIFE(another_certificate),
        WITH_LIFE(nothing_yet),
        WITH_LIFE(a_rejected_atomic),
        WITH_LIFE(the_answer_to_the_atomic_is_lost),
        WITH_LIFE(an_error_tells_nothing),
        WITH_LIFE(the_same_answer_again),
        WITH_LIFE(nothing_is_left),
    };
    return cmocka_run_group_tests_name("pfx_told", tests, build, tear_down);
}
