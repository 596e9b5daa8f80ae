/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKIOperation where an upstream issues: what is asked and when, what becomes of each answer, and
 * that a right is used only by a certificate, or by waiting for one. The upstream is played here.
 */
#include "scep_enrolling.h"

#include "store/upstream.h"

static struct pki pki;                  /* as the server's, but for: */
static const struct endpoint *upstream; /* EP_OTHER: of an upstream */
static struct pair their_ca;
static struct span their_cert;

/* ---- steps ---- */

static struct operation *begin(const char *type, const char *transaction, struct span content,
                               const struct signer *signer) {
    struct span message = message_new(&arena, type, transaction, content, signer);
    return scep_begin(&service, upstream, &arena, message, "::1");
}

static struct answer end_as(struct operation *op, enum err committed, const struct signer *signer) {
    struct answer answer;
    struct span reply;
    assert_ok(scep_finish(op, committed, &reply));
    assert_true(answer_read(&arena, reply, signer, &answer));
    return answer;
}

static struct answer end(struct operation *op) {
    store_work *commit = scep_commit(op);
    return end_as(op, commit ? store_write(service.store, commit, op) : OK, &host);
}

/* A request up to the question, which is the CSR's. */
static struct operation *asked(const char *transaction, struct span csr) {
    struct span question;
    struct operation *op = begin("19", transaction, csr, &host);
    assert_true(scep_question(op, &question));
    assert_true(span_eq(question, csr));
    assert_null(scep_commit(op));
    assert_ok(store_write(service.store, scep_ask, op));
    return op;
}

static struct answer answered(struct operation *op, struct scep_upstream_answer said) {
    said.transaction = "up-1";
    scep_answered(op, &said);
    return end(op);
}

/* A certificate of their CA over keys[key]. */
static struct scep_upstream_answer issues(const char *cn, int key) {
    return (struct scep_upstream_answer){.outcome = UPSTREAM_SUCCESS,
                                         .cert = cert_new(&arena, arena_printf(&arena, "CN=%s", cn),
                                                          keys[key].ours, "CN=Their CA",
                                                          their_ca.ours, false),
                                         .fail_info = -1};
}

static struct scep_upstream_answer says(enum upstream_outcome outcome, const char *reason) {
    return (struct scep_upstream_answer){.outcome = outcome, .reason = reason, .fail_info = -1};
}

static struct answer poll(const char *transaction, const char *subject) {
    struct span name, ca_name;
    assert_ok(name_from_x500(&arena, span_str(subject), &name));
    assert_ok(name_from_x500(&arena, span_str("CN=Their CA"), &ca_name));
    struct operation *op = begin("20", transaction, names_of(ca_name, name), &host);
    struct span question;
    assert_false(scep_question(op, &question));
    return end(op);
}

static struct upstream_pended *pended(size_t expected) {
    struct upstream_pended *list;
    size_t n = 0;
    assert_ok(request_list_upstream(&service, &arena, upstream->name, &list));
    for (const struct upstream_pended *p = list; p; p = p->next)
        n++;
    assert_int_equal(n, expected);
    return list;
}

static int64_t events_like(int kind, const char *like) {
    return ask(arena_printf(
        &arena, "SELECT count(*) FROM event WHERE kind = %d AND text LIKE '%%%s%%'", kind, like));
}

static const char used[] = "SELECT count(*) FROM challenge WHERE used IS NOT NULL";
static const char foreign[] = "SELECT count(*) FROM foreign_certificate";

/* ---- a certificate ---- */

static void an_enrollment_gets_theirs(void **state) {
    (void)state;
    struct span csr = csr_of("one", assign_at(EP_OTHER, "e1", "CN=one"), 2), question;
    struct scep_upstream_answer said = issues("one", 2);
    struct operation *op = asked("t1", csr);
    assert_int_equal(events(EVENT_REQUESTED), 1);
    struct answer a = answered(op, said);
    succeeds(&a);
    assert_true(span_eq(a.cert, said.cert));
    assert_int_equal(certificates(), 0);
    assert_int_equal(events(EVENT_ISSUED), 1);
    assert_int_equal(ask("SELECT count(*) FROM foreign_certificate WHERE upstream = 'up' AND"
                         " enrollment = 'e1' AND source = 1 AND subject = 'CN=one'"),
                     1);
    assert_int_equal(ask("SELECT count(*) FROM request WHERE state = 2 AND certificate IS NULL AND"
                         " foreign_certificate = 1 AND coalesce(length(csr), 0) = 0"),
                     1);
    assert_int_equal(ask("SELECT count(*) FROM enrollment WHERE asks = 1 AND answers = 1 AND"
                         " successes = 1 AND state = 6"),
                     1);
    op = begin("19", "t1", csr, &host); /* a repeat is answered from what is known */
    assert_false(scep_question(op, &question));
    a = end(op);
    assert_true(span_eq(a.cert, said.cert));
    assert_int_equal(ask(foreign), 1);
}

static void who_may_not_asks_nobody(void **state) {
    (void)state;
    struct span question;
    const char *challenge = assign_at(EP_OTHER, "e1", "CN=one");
    struct operation *op = begin("19", "t1", csr_of("one", "UNKNOWN", 2), &host);
    assert_false(scep_question(op, &question));
    fails(end(op), SCEP_BAD_REQUEST, "not known");
    op = begin("19", "t2", csr_of("two", challenge, 2), &host);
    assert_false(scep_question(op, &question));
    fails(end(op), SCEP_BAD_REQUEST, "CN=one");
    policy_of(EP_OTHER)->manual_approval = true;
    op = begin("19", "t3", csr_of("one", challenge, 2), &host);
    assert_false(scep_question(op, &question));
    fails(end(op), SCEP_BAD_REQUEST, "without a challenge");
    assert_int_equal(ask("SELECT sum(asks) FROM enrollment"), 0);
}

/* The caller that forgets to ask promises nothing. */
static void a_question_needs_an_answer(void **state) {
    (void)state;
    struct span reply;
    struct operation *op = asked("t1", csr_of("one", mint(EP_OTHER, "CN=one"), 2));
    assert_int_equal(scep_finish(op, OK, &reply), ERR_INTERNAL);
    assert_int_equal(ask(used), 0);
}

/* ---- failures: the challenge stays good ---- */

static void a_challenge_outlives_failures(void **state) {
    (void)state;
    static const struct {
        enum upstream_outcome outcome;
        const char *host;
        int alarms;
    } cases[] = {
        {UPSTREAM_SILENT, "does not answer", 1}, {UPSTREAM_UNASKED, "does not answer", 0},
        {UPSTREAM_WRONG, "cannot be used", 1},   {UPSTREAM_NO_CERTREP, "cannot be used", 0},
        {UPSTREAM_REFUSED, "refused", 0},
    };
    const char *challenge = mint(EP_OTHER, "CN=one");
    int alarms = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer a = answered(asked("t1", csr_of("one", challenge, 2)),
                                   says(cases[i].outcome, "10.1.2.3 said something secret"));
        fails(a, SCEP_BAD_REQUEST, cases[i].host);
        assert_null(strstr(a.text, "10.1.2.3"));
        alarms_are(alarms += cases[i].alarms, "upstream");
        assert_int_equal(ask(used), 0);
        assert_int_equal(ask("SELECT count(*) FROM request"), 0);
    }
    struct answer a = answered(asked("t1", csr_of("one", challenge, 2)), issues("one", 2));
    succeeds(&a);
    assert_int_equal(ask(used), 1);
    assert_int_equal(ask("SELECT count(*) FROM journal WHERE kind = 1 AND"
                         " evidence ->> 'upstream_transaction' = 'up-1'"),
                     1);
    struct span question;
    struct operation *op = begin("19", "t2", csr_of("one", challenge, 3), &host);
    assert_false(scep_question(op, &question));
    fails(end(op), SCEP_BAD_REQUEST, "used already");
}

static void the_timeline_has_the_reason(void **state) {
    (void)state;
    const char *challenge = assign_at(EP_OTHER, "e1", "CN=one");
    struct scep_upstream_answer no = says(UPSTREAM_REFUSED, "failInfo badTime: late");
    no.fail_info = SCEP_BAD_TIME;
    struct answer a = answered(asked("t1", csr_of("one", challenge, 2)), no);
    fails(a, SCEP_BAD_TIME, "The CA behind this server refused the request");
    assert_int_equal(events_like(EVENT_REFUSED, "failInfo badTime: late"), 1);
    no.fail_info = 77;
    fails(answered(asked("t2", csr_of("one", challenge, 3)), no), SCEP_BAD_REQUEST, "refused");
    assert_int_equal(events(EVENT_ALARM), 0);

    fails(answered(asked("t3", csr_of("one", challenge, 2)), says(UPSTREAM_SILENT, "it took 15 s")),
          SCEP_BAD_REQUEST, "does not answer");
    assert_int_equal(events_like(EVENT_NOTE, "it took 15 s"), 1);
    a = answered(asked("t4", csr_of("one", challenge, 3)), issues("one", 3));
    succeeds(&a);
    assert_int_equal(events_like(EVENT_ALARM, "may have issued"), 1); /* asked again */
    assert_int_equal(events(EVENT_REQUESTED), 4);
}

/* ---- pended ---- */

static void what_they_pend(void **state) {
    (void)state;
    struct issued issued;
    struct scep_upstream_answer said = issues("one", 2);
    struct span csr = csr_of("one", assign_at(EP_OTHER, "e1", "CN=one"), 2);
    pends(answered(asked("t1", csr), says(UPSTREAM_PENDING, NULL)));
    pends(poll("t1", "CN=one"));
    pends(end(begin("19", "t1", csr, &host)));
    struct upstream_pended *p = pended(1);
    assert_true(span_eq(p->csr, csr));
    assert_int_equal(request_approve(&service, &pki, &arena, p->id, &issued), ERR_CONFLICT);
    assert_non_null(strstr(err_detail(), "waits for the upstream 'up'"));
    static const enum upstream_outcome nothing[] = {
        UPSTREAM_PENDING, UPSTREAM_SILENT, UPSTREAM_WRONG, UPSTREAM_NO_CERTREP, UPSTREAM_UNASKED};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        struct scep_upstream_answer no = says(nothing[i], "x");
        assert_ok(request_upstream_said(&service, &pki, &arena, p->id, &no));
        pended(1);
    }
    assert_ok(request_upstream_said(&service, &pki, &arena, p->id, &said));
    pended(0);
    struct answer a = poll("t1", "CN=one");
    succeeds(&a);
    assert_true(span_eq(a.cert, said.cert));
    assert_int_equal(events(EVENT_ISSUED), 1);
    assert_int_equal(request_upstream_said(&service, &pki, &arena, p->id, &said), ERR_CONFLICT);
    assert_int_equal(ask(foreign), 1);
}

static enum err show_another(struct tx *tx, void *user) {
    struct device d;
    TRY(device_by_device_id(tx, &arena, "e1", &d));
    d.hw_other = user;
    return device_set_shown(tx, &d);
}

/* An upstream may give it once: it is kept, and given when the administrator has confirmed. */
static void what_they_pend_and_issue_to_a_copy(void **state) {
    char hw[] = "AB";
    (void)state;
    struct scep_upstream_answer said = issues("one", 2);
    pends(answered(asked("t1", csr_of("one", assign_at(EP_OTHER, "e1", "CN=one"), 2)),
                   says(UPSTREAM_PENDING, NULL)));
    struct upstream_pended *p = pended(1);
    assert_ok(store_write(service.store, show_another, hw));
    assert_ok(request_upstream_said(&service, &pki, &arena, p->id, &said));
    assert_int_equal(ask(foreign), 1);
    fails(poll("t1", "CN=one"), SCEP_BAD_REQUEST, "another hardware");
    assert_ok(store_write(service.store, show_another, NULL));
    struct answer a = poll("t1", "CN=one");
    succeeds(&a);
}

static void what_they_pend_and_refuse(void **state) {
    (void)state;
    struct scep_upstream_answer no = says(UPSTREAM_REFUSED, "failInfo badRequest");
    const char *challenge = mint(EP_OTHER, "CN=two");
    pends(answered(asked("t1", csr_of("one", assign_at(EP_OTHER, "e1", "CN=one"), 2)),
                   says(UPSTREAM_PENDING, NULL)));
    pends(answered(asked("t2", csr_of("two", challenge, 3)), says(UPSTREAM_PENDING, NULL)));
    assert_int_equal(ask(used), 2); /* who waits has used it */
    for (struct upstream_pended *p = pended(2); p; p = p->next)
        assert_ok(request_upstream_said(&service, &pki, &arena, p->id, &no));
    fails(poll("t1", "CN=one"), SCEP_BAD_REQUEST, "the CA behind this server refused it");
    fails(poll("t2", "CN=two"), SCEP_BAD_REQUEST, "the CA behind this server refused it");
    assert_int_equal(events_like(EVENT_REFUSED, "failInfo badRequest"), 1);
    assert_int_equal(ask("SELECT count(*) FROM journal WHERE kind = 6"), 2);
}

/* A certificate for which nobody waits any more is known, and nobody gets it. */
static void what_they_pend_and_issue_too_late(void **state) {
    (void)state;
    static const struct {
        const char *id, *cn;
        enum enroll_state state;
        const char *reason;
    } cases[] = {
        {"e1", "one", STATE_CONFIRMED, "has served its enrollment already"},
        {"e2", "two", STATE_REJECTED, "is not on the host"},
    };
    for (int i = 0; i < 2; i++) {
        const char *challenge =
            assign_at(EP_OTHER, cases[i].id, arena_printf(&arena, "CN=%s", cases[i].cn));
        struct scep_upstream_answer said = issues(cases[i].cn, 2);
        pends(answered(asked(cases[i].id, csr_of(cases[i].cn, challenge, 2)),
                       says(UPSTREAM_PENDING, NULL)));
        struct upstream_pended *p = pended(1);
        ask(arena_printf(&arena, "UPDATE enrollment SET state = %d WHERE id = '%s'", cases[i].state,
                         cases[i].id));
        assert_ok(request_upstream_said(&service, &pki, &arena, p->id, &said));
        pended(0);
        assert_int_equal(ask(foreign), i + 1);
        assert_int_equal(events_like(EVENT_ALARM, "revoke it at the upstream"), i + 1);
        fails(poll(cases[i].id, arena_printf(&arena, "CN=%s", cases[i].cn)), SCEP_BAD_REQUEST,
              cases[i].reason);
    }
}

static void what_they_decide_when_nobody_is_left(void **state) {
    (void)state;
    struct scep_upstream_answer said = issues("one", 2), no = says(UPSTREAM_REFUSED, "late");
    const char *challenge = assign_at(EP_OTHER, "e1", "CN=one");
    pends(answered(asked("t1", csr_of("one", challenge, 2)), says(UPSTREAM_PENDING, NULL)));
    pends(answered(asked("t2", csr_of("one", challenge, 3)), says(UPSTREAM_PENDING, NULL)));
    struct upstream_pended *p = pended(2);
    forget_enrollment();
    assert_ok(request_upstream_said(&service, &pki, &arena, p->id, &said));
    assert_ok(request_upstream_said(&service, &pki, &arena, p->next->id, &no));
    pended(0);
    assert_int_equal(ask(foreign), 1);
    assert_int_equal(ask("SELECT count(*) FROM journal WHERE text LIKE '%revoke it at the"
                         " upstream'"),
                     1);
    fails(poll("t1", "CN=one"), SCEP_BAD_REQUEST, "is not kept any more");
}

/* A poll was under way while the request was denied. */
static void what_they_issue_and_we_denied(void **state) {
    (void)state;
    struct scep_upstream_answer said = issues("one", 2);
    pends(answered(asked("t1", csr_of("one", assign_at(EP_OTHER, "e1", "CN=one"), 2)),
                   says(UPSTREAM_PENDING, NULL)));
    struct upstream_pended *p = pended(1);
    assert_ok(request_deny(&service, &arena, p->id, "no"));
    assert_ok(request_upstream_said(&service, &pki, &arena, p->id, &said));
    assert_int_equal(ask(foreign), 1);
    assert_int_equal(events_like(EVENT_ALARM, "revoke it at the upstream"), 1);
    fails(poll("t1", "CN=one"), SCEP_BAD_REQUEST, "denied: no");
    said = says(UPSTREAM_REFUSED, "late");
    assert_int_equal(request_upstream_said(&service, &pki, &arena, p->id, &said), ERR_CONFLICT);
}

/* One host does not take the places of all. */
static void a_host_has_few_that_are_pended(void **state) {
    (void)state;
    const char *challenge = assign_at(EP_OTHER, "e1", "CN=one");
    pends(answered(asked("other", csr_of("two", mint(EP_OTHER, "CN=two"), 2)),
                   says(UPSTREAM_PENDING, NULL)));
    for (int i = 1; i <= 7; i++) {
        struct wishes w = {.cn = "one", .challenge = challenge};
        w.mark = arena_printf(&arena, "t%d", i);
        pends(answered(asked(w.mark, csr_new(&arena, &w, keys[2].theirs)),
                       says(UPSTREAM_PENDING, NULL)));
        pended(i < 5 ? (size_t)i + 1 : 6);
    }
    fails(poll("t1", "CN=one"), SCEP_BAD_REQUEST, "newer requests");
    fails(poll("t2", "CN=one"), SCEP_BAD_REQUEST, "newer requests");
    pends(poll("t3", "CN=one"));
    pends(poll("other", "CN=two"));
    assert_int_equal(events_like(EVENT_NOTE, "deny it at the upstream"), 2);
}

/* ---- beside each other ---- */

/* Both were asked for; the second finds the challenge used, and nobody gets its certificate. */
static void of_two_one_is_kept(void **state) {
    (void)state;
    const char *challenge = mint(EP_OTHER, "CN=one");
    struct operation *one = asked("t1", csr_of("one", challenge, 2));
    struct operation *two = asked("t2", csr_of("one", challenge, 3));
    struct operation *three = begin("19", "t3", csr_of("one", challenge, 1), &host);
    struct answer a = answered(one, issues("one", 2));
    succeeds(&a);
    fails(answered(two, issues("one", 3)), SCEP_BAD_REQUEST, "used already");
    alarms_are(1, "revoke it at the upstream");
    enum err e = store_write(service.store, scep_ask, three); /* in time: it is not asked for */
    assert_int_equal(e, ERR_REFUSED);
    fails(end_as(three, e, &host), SCEP_BAD_REQUEST, "used already");
    alarms_are(1, "revoke it at the upstream");
    assert_int_equal(ask(foreign), 2); /* the other is known by its serial */
}

/* The same request is served while this one was on its way to be asked. */
static void a_twin_is_answered_alike(void **state) {
    (void)state;
    struct span csr = csr_of("one", mint(EP_OTHER, "CN=one"), 2);
    struct scep_upstream_answer said = issues("one", 2);
    struct operation *late = begin("19", "t1", csr, &host);
    struct answer a = answered(asked("t1", csr), said);
    succeeds(&a);
    assert_int_equal(store_write(service.store, scep_ask, late), ERR_BUSY);
    a = end_as(late, ERR_BUSY, &host);
    succeeds(&a);
    assert_true(span_eq(a.cert, said.cert));
}

static void an_upstream_that_is_not_asked(void **state) {
    (void)state;
    const char *challenge = assign_at(EP_OTHER, "e1", "CN=one");
    struct operation *op = begin("19", "t1", csr_of("one", challenge, 2), &host);
    scep_not_asked(op, false, "the upstream 'up' is down");
    struct answer a = end(op);
    fails(a, SCEP_BAD_REQUEST, "cannot be asked now");
    assert_null(strstr(a.text, "'up'"));
    assert_int_equal(events_like(EVENT_REFUSED, "is down"), 1);
    assert_int_equal(ask("SELECT asks FROM enrollment"), 0);
    assert_int_equal(ask("SELECT count(*) FROM request"), 0);
}

/* Who comes while the upstream is asked already is told to come again; or what came meanwhile. */
static void an_upstream_that_is_being_asked(void **state) {
    (void)state;
    struct span reply, csr = csr_of("one", mint(EP_OTHER, "CN=one"), 2);
    struct scep_upstream_answer said = issues("one", 2);
    struct operation *first = asked("t1", csr), *early = begin("19", "t1", csr, &host),
                     *late = begin("19", "t1", csr, &host);
    assert_true(scep_question_challenge(first) > 0);
    assert_int_equal(scep_question_challenge(early), scep_question_challenge(first));
    scep_not_asked(early, true, NULL);
    assert_null(scep_commit(early));
    assert_int_equal(scep_finish(early, OK, &reply), ERR_BUSY);
    assert_int_equal(ask("SELECT count(*) FROM request"), 0);
    scep_not_asked(late, true, NULL);
    struct answer a = answered(first, said);
    succeeds(&a);
    a = end(late);
    succeeds(&a);
    assert_true(span_eq(a.cert, said.cert));
}

static void not_for_ever(void **state) {
    (void)state;
    const char *challenge = assign_at(EP_OTHER, "e1", "CN=one");
    for (int i = 0; i < 20; i++) {
        struct wishes w = {.cn = "one", .challenge = challenge};
        w.mark = arena_printf(&arena, "%d", i);
        struct answer a =
            answered(asked(w.mark, csr_new(&arena, &w, keys[2].theirs)), issues("one", 2));
        succeeds(&a);
    }
    struct operation *op = begin("19", "t", csr_of("one", challenge, 3), &host);
    enum err e = store_write(service.store, scep_ask, op);
    assert_int_equal(e, ERR_REFUSED);
    fails(end_as(op, e, &host), SCEP_BAD_REQUEST, "assign the profile anew");
    assert_int_equal(ask(foreign), 20);
}

static int prepare_upstream(void **state) {
    prepare(state);
    their_ca = pair_new(2048);
    their_cert = cert_new(*state, "CN=Their CA", their_ca.ours, "CN=Their CA", their_ca.ours, true);
    scep_settings.endpoints[EP_OTHER].upstream_certs = &their_cert;
    scep_settings.endpoints[EP_OTHER].upstream_cert_count = 1;
    pki = *scep_pki;
    pki.endpoints[EP_OTHER].upstream = "up";
    upstream = &pki.endpoints[EP_OTHER];
    return 0;
}

static int clean_up_upstream(void **state) {
    pair_free(&their_ca);
    return clean_up(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(an_enrollment_gets_theirs),
        TEST(who_may_not_asks_nobody),
        TEST(a_question_needs_an_answer),
        TEST(a_challenge_outlives_failures),
        TEST(the_timeline_has_the_reason),
        TEST(what_they_pend),
        TEST(what_they_pend_and_issue_to_a_copy),
        TEST(what_they_pend_and_refuse),
        TEST(what_they_pend_and_issue_too_late),
        TEST(what_they_decide_when_nobody_is_left),
        TEST(what_they_issue_and_we_denied),
        TEST(a_host_has_few_that_are_pended),
        TEST(of_two_one_is_kept),
        TEST(a_twin_is_answered_alike),
        TEST(an_upstream_that_is_not_asked),
        TEST(an_upstream_that_is_being_asked),
        TEST(not_for_ever),
    };
    return cmocka_run_group_tests_name("scep_upstream", tests, prepare_upstream, clean_up_upstream);
}
