/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enrollments whose certificate an upstream issues: what is counted and named when answers get
 * lost, what "reported" is, and what makes "confirmed" of it. Each step reads the row anew, as
 * after a restart.
 */
#include "csr_fixture.h"

#include "store_fixture.h"

#include "base/clock.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "enroll/enroll.h"

static const struct enroll_policy policy = {.confirm_within = 3600000, .confirm_sessions = 2};
static const char strange[] = "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC";

/* ---- certificates ---- */

struct known {
    struct span der;
    char sha1[41];
};

static struct arena certs;
static EVP_PKEY *key;
static struct known good, other, wrong; /* as promised; the same of another serial; another name */

static struct known make_cert(const char *cn, const char *san) {
    struct known k;
    uint8_t sha1[DIGEST_MAX_SIZE];
    struct asked w = {.cn = cn,
                      .key_usage = "digitalSignature,keyEncipherment",
                      .eku = "clientAuth",
                      .san = san,
                      .key = key};
    k.der = asked_cert(&certs, &w);
    assert_ok(digest_of(DIGEST_SHA1, k.der, sha1));
    hex_upper(span_of(sha1, 20), k.sha1);
    return k;
}

static int make_certs(void **state) {
    key = rsa_key(2048);
    good = make_cert("host", NULL);
    other = make_cert("host", "DNS:other.example.com"); /* the profile promises no SAN */
    wrong = make_cert("root", NULL);
    return prepare(state);
}

static int free_certs(void **state) {
    EVP_PKEY_free(key);
    arena_free(&certs);
    return clean_up(state);
}

/* ---- a host with one enrollment, "mine", at the upstream "ndes" ---- */

struct birth {
    const char *id, *subject;
};

static enum err set_up_work(struct tx *tx, void *user) {
    const struct birth *birth = user;
    struct device d = {
        .device_id = "D", .name = "H", .hw_dev_id = "", .os_version = "", .account = "alice"};
    TRY(device_put(tx, &d));
    struct enrollment e = {
        .id = birth->id, .device = d.id, .profile = "p", .endpoint = "ndes", .body = "<Atomic/>"};
    TRY(enrollment_add(tx, &e));
    e.subject = birth->subject;
    e.eku = "1.3.6.1.5.5.7.3.2";
    e.key_usage = 160;
    e.key_length = 2048;
    TRY(enroll_record(tx, &e, EVENT_ASSIGNED, "assigned", NULL));
    TRY(enroll_record(tx, &e, EVENT_SENT, "sent", NULL));
    return enroll_accepted(tx, &e, &policy, "accepted", "200");
}

static const char *who; /* whose enrollment the steps are about */

/* One enrollment more, which the steps are about from now on. */
static int set_up_one(const char *id, const char *subject) {
    struct birth birth = {id, subject};
    who = id;
    return store_write(store, set_up_work, &birth) == OK ? 0 : -1;
}

static int set_up(void **state) {
    open_fresh(state);
    return set_up_one("mine", "CN=host");
}

/* ---- steps ---- */

enum what { ASKS = 1, SAYS, KEEPS, SHOWS, IMPORTS, BRINGS, EXPIRES };

struct step {
    enum what what;
    enum upstream_outcome outcome;
    const struct known *cert;
    const char *upstream;
    struct observation seen;
};

static struct foreign_certificate foreign(const struct known *k, const char *upstream) {
    return (struct foreign_certificate){.upstream = upstream ? upstream : "ndes",
                                        .enrollment = who,
                                        .source = FOREIGN_RA,
                                        .serial = span_of("\x12\x34", 2),
                                        .subject = "CN=host",
                                        .sha1 = k->sha1,
                                        .der = k->der,
                                        .not_before = 1,
                                        .not_after = 2,
                                        .seen = 3};
}

static enum err step_work(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct step *s = user;
    struct enrollment e;
    struct foreign_certificate c;
    int expired;
    TRY(enrollment_get(tx, &a, who, &e));
    switch (s->what) {
    case ASKS:
        return enroll_asks_upstream(tx, &e, "the host asked", "transaction", "t", NULL);
    case SAYS:
        return enroll_upstream_said(tx, &e, s->outcome, "what it said", "transaction", "t", NULL);
    case KEEPS:
        c = foreign(s->cert, NULL);
        return foreign_add(tx, &c);
    case SHOWS:
        return enroll_observe(tx, &a, &e, &policy, &s->seen);
    case IMPORTS:
        c = foreign(s->cert, s->upstream);
        c.enrollment = NULL;
        return enroll_import(tx, &a, &e, &c);
    case BRINGS:
        c = foreign(s->cert, s->upstream);
        TRY(enroll_find_import(tx, &a, &c, &e));
        return enroll_import(tx, &a, &e, &c);
    case EXPIRES:
        e.sessions = policy.confirm_sessions;
        TRY(enrollment_update(tx, &e));
        return enroll_expire(tx, &policy, INT64_MAX, &expired);
    }
    return err_set(ERR_INTERNAL, "no such step");
}

static enum err step(struct step s) {
    return store_write(store, step_work, &s);
}

static void asks(void) {
    assert_ok(step((struct step){.what = ASKS}));
}

static void says(enum upstream_outcome outcome) {
    assert_ok(step((struct step){.what = SAYS, .outcome = outcome}));
}

static void keeps(const struct known *k) {
    assert_ok(step((struct step){.what = KEEPS, .cert = k}));
}

static void shows_status(const char *status, const char *thumbprint) {
    struct observation seen = {.status = status, .error = "0", .thumbprint = thumbprint};
    assert_ok(step((struct step){.what = SHOWS, .seen = seen}));
}

static void shows(const char *thumbprint) {
    shows_status("1", thumbprint);
}

static enum err imports(const struct known *k) {
    return step((struct step){.what = IMPORTS, .cert = k});
}

/* As an administrator does, who knows no enrollment. */
static enum err brings(const struct known *k) {
    return step((struct step){.what = BRINGS, .cert = k});
}

/* A whole relayed enrollment, up to what the host shows. */
static void is_relayed(const char *thumbprint) {
    asks();
    says(UPSTREAM_SUCCESS);
    shows(thumbprint);
}

/* ---- looking ---- */

struct look {
    struct enrollment e;
    int events, kinds[EVENT__MAX];
    bool fold_agrees;
    char last[1024], alarms[4096]; /* texts and evidence */
};

static enum err look_work(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct look *l = user;
    struct event *events;
    int folded = 0;
    TRY(enrollment_get(tx, &a, who, &l->e));
    TRY(enrollment_list_events(tx, &a, who, &events));
    for (struct event *v = events; v; v = v->next) {
        size_t n = strlen(l->alarms);
        l->events++;
        l->kinds[v->kind]++;
        folded = (int)enroll_state_after((enum enroll_state)folded, (enum event_kind)v->kind);
        snprintf(l->last, sizeof l->last, "%s %s", v->text, v->evidence);
        if (v->kind == EVENT_ALARM)
            snprintf(l->alarms + n, sizeof l->alarms - n, "%s %s\n", v->text, v->evidence);
    }
    l->fold_agrees = folded == l->e.state;
    return OK;
}

static struct look look(void) {
    struct look l = {.events = 0};
    assert_ok(store_read(store, look_work, &l));
    assert_true(l.fold_agrees); /* the state is a function of the events */
    return l;
}

static void state_is(enum enroll_state wanted) {
    struct look l = look();
    assert_string_equal(enroll_state_name((enum enroll_state)l.e.state), enroll_state_name(wanted));
}

static void alarms_are(int n, const char *words) {
    struct look l = look();
    assert_int_equal(l.kinds[EVENT_ALARM], n);
    if (words && !strstr(l.alarms, words))
        fail_msg("'%s' is not in: %s", words, l.alarms);
}

/* ---- reported ---- */

static void a_relayed_certificate_is_reported(void **state) {
    (void)state;
    asks();
    state_is(STATE_REQUESTED);
    says(UPSTREAM_SUCCESS);
    state_is(STATE_ISSUED);
    shows(strange);
    struct look l = look();
    assert_int_equal(l.e.state, STATE_REPORTED);
    assert_int_equal(l.e.deadline, 0);
    assert_int_equal(l.kinds[EVENT_REPORTED], 1);
    assert_int_equal(l.kinds[EVENT_ALARM] + l.kinds[EVENT_CONFIRMED], 0);
    assert_non_null(strstr(l.last, strange));
    assert_non_null(strstr(l.last, "was not seen here"));
    assert_non_null(strstr(l.last, "'ndes'"));
    assert_int_equal(l.e.renew_at, 0); /* nobody knows when it ends */
    assert_false(enroll_wants_answer(&l.e, clock_ms(), false));
    assert_true(enroll_wants_answer(&l.e, INT64_MAX, false));
}

static void once_reported_nothing_moves(void **state) {
    (void)state;
    is_relayed(strange);
    int events = look().events;
    shows(strange);
    assert_int_equal(step((struct step){.what = EXPIRES}), OK);
    assert_int_equal(look().events, events);
    asks(); /* a race: the token was good when it was looked at */
    says(UPSTREAM_SUCCESS);
    state_is(STATE_REPORTED);
    alarms_are(2, "asked again, although it has issued");
    alarms_are(2, "a second SUCCESS");
}

/* What it showed is what can be imported, whatever it says later. */
static void a_report_that_changes_is_gone(void **state) {
    (void)state;
    is_relayed(strange);
    shows(good.sha1);
    state_is(STATE_GONE);
    int events = look().events;
    shows(good.sha1);
    shows_status("16", "");
    assert_int_equal(look().events, events);
    assert_int_equal(brings(&good), ERR_NOT_FOUND);
    shows(strange);
    state_is(STATE_REPORTED);
}

static void the_success_may_come_after_the_proof(void **state) {
    (void)state;
    asks();
    shows(strange);
    state_is(STATE_REQUESTED);
    assert_non_null(strstr(look().last, "has answered no request"));
    says(UPSTREAM_SUCCESS);
    shows(strange); /* no news, and yet */
    state_is(STATE_REPORTED);
}

static void not_without_a_thumbprint_or_success(void **state) {
    (void)state;
    shows(strange);
    state_is(STATE_ACCEPTED);
    assert_non_null(strstr(look().last, "signet has not issued"));
    asks();
    says(UPSTREAM_REFUSED);
    shows(strange);
    assert_int_equal(look().kinds[EVENT_REPORTED], 0);
    asks();
    says(UPSTREAM_SUCCESS);
    shows("");
    shows(NULL);
    shows_status("32", strange);
    shows_status("16", strange);
    assert_int_equal(look().kinds[EVENT_REPORTED], 0);
}

static void late_and_still_reported(void **state) {
    (void)state;
    asks();
    says(UPSTREAM_SUCCESS);
    assert_ok(step((struct step){.what = EXPIRES}));
    state_is(STATE_UNCONFIRMED);
    shows(strange);
    state_is(STATE_REPORTED);
}

/* ---- asking again ---- */

static void once_is_no_alarm(void **state) {
    (void)state;
    asks();
    says(UPSTREAM_PENDING);
    says(UPSTREAM_SUCCESS); /* of a CertPoll */
    struct look l = look();
    assert_int_equal(l.kinds[EVENT_ALARM], 0);
    assert_int_equal(l.e.asks, 1);
    assert_int_equal(l.e.answers, 1);
    assert_int_equal(l.e.successes, 1);
}

/* The host comes with a new key, since the connection broke, or signet or the upstream was killed.
 */
static void a_lost_answer_is_named(void **state) {
    (void)state;
    static const int lost[] = {-1 /* nobody was left to say */, UPSTREAM_SILENT, UPSTREAM_WRONG,
                               UPSTREAM_PENDING};
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++) {
        asks();
        if (lost[i] >= 0)
            says((enum upstream_outcome)lost[i]);
        int before = look().kinds[EVENT_ALARM];
        asks();
        alarms_are(before + 1, "it may have issued a certificate that nobody has");
        struct look l = look();
        assert_int_equal(l.e.asks, 2);
        assert_int_equal(l.e.answers, 0);
        close_it(state);
        set_up(state);
    }
}

static void what_cannot_have_issued_is_no_alarm(void **state) {
    (void)state;
    static const enum upstream_outcome nothing[] = {UPSTREAM_REFUSED, UPSTREAM_NO_CERTREP,
                                                    UPSTREAM_UNASKED};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        asks();
        says(nothing[i]);
    }
    asks();
    says(UPSTREAM_SUCCESS);
    alarms_are(0, NULL);
    assert_int_equal(look().e.asks, 3);
    assert_int_equal(look().e.answers, 3);
    state_is(STATE_ISSUED);
}

/* Whoever polls twice for one answer must not make up for one that was lost. */
static void answers_do_not_run_ahead(void **state) {
    (void)state;
    asks();
    says(UPSTREAM_REFUSED);
    says(UPSTREAM_REFUSED);
    says(UPSTREAM_REFUSED);
    asks();
    says(UPSTREAM_SILENT);
    alarms_are(0, NULL);
    asks();
    alarms_are(1, "it may have issued");
    says(UPSTREAM_UNASKED);
    asks();
    alarms_are(1, NULL); /* the silent one is still without its outcome: a note */
    assert_int_equal(look().kinds[EVENT_NOTE], 3);
    assert_int_equal(look().e.asks, 3); /* the one that was not sent does not count */
}

static void a_second_success_is_named(void **state) {
    (void)state;
    asks();
    says(UPSTREAM_SUCCESS);
    alarms_are(0, NULL);
    asks();
    alarms_are(1, "although it has issued");
    says(UPSTREAM_SUCCESS);
    alarms_are(2, "a second SUCCESS");
    assert_int_equal(look().kinds[EVENT_ISSUED], 2);
    shows(strange);
    state_is(STATE_REPORTED);
}

static void who_repeats_for_ever_fills_nothing(void **state) {
    (void)state;
    for (int i = 0; i < 120; i++) {
        asks();
        says(UPSTREAM_SUCCESS);
    }
    struct look l = look();
    assert_int_equal(l.kinds[EVENT_ISSUED], 20);
    assert_int_equal(l.kinds[EVENT_REQUESTED], 50);
    assert_int_equal(l.kinds[EVENT_NOTE], 50);
    assert_int_equal(l.kinds[EVENT_ALARM], 50);
    assert_int_equal(l.e.asks, 120); /* counted they are */
    assert_int_equal(l.e.successes, 120);
}

/* ---- mode RA ---- */

static void issues(const struct known *k) {
    asks();
    keeps(k);
    says(UPSTREAM_SUCCESS);
}

static void what_the_ra_got_confirms(void **state) {
    (void)state;
    issues(&good);
    shows(good.sha1);
    struct look l = look();
    assert_int_equal(l.e.state, STATE_CONFIRMED);
    assert_int_equal(l.e.deadline, 0);
    assert_int_equal(l.kinds[EVENT_ALARM] + l.kinds[EVENT_REPORTED] + l.kinds[EVENT_NOTE], 0);
    assert_non_null(strstr(l.last, "that 'ndes' issued"));
    assert_non_null(strstr(l.last, good.sha1));
}

static void another_is_never_reported(void **state) {
    (void)state;
    issues(&good);
    shows(strange);
    shows(other.sha1);
    struct look l = look();
    assert_int_equal(l.e.state, STATE_ISSUED);
    assert_int_equal(l.kinds[EVENT_REPORTED] + l.kinds[EVENT_CONFIRMED], 0);
    assert_non_null(strstr(l.last, "has not issued to signet"));
}

static void an_upstream_that_changed_it(void **state) {
    (void)state;
    issues(&wrong);
    shows(wrong.sha1);
    struct look l = look();
    assert_int_equal(l.e.state, STATE_CONFIRMED);
    alarms_are(1, NULL); /* "what the profile promised" */
}

/* An upstream that keeps transactions gives the same again. */
static void the_same_again_is_one(void **state) {
    (void)state;
    issues(&good);
    assert_int_equal(step((struct step){.what = KEEPS, .cert = &good}), ERR_EXISTS);
    says(UPSTREAM_SUCCESS);
    alarms_are(0, NULL);
}

static void one_too_many_is_for_the_upstream_to_revoke(void **state) {
    (void)state;
    issues(&good);
    issues(&other);
    alarms_are(2, "a second certificate");
    shows(good.sha1);
    state_is(STATE_CONFIRMED);
    alarms_are(3, "revoke serial 1234 at 'ndes'");
    alarms_are(3, other.sha1);
    assert_null(strstr(look().alarms, good.sha1));
}

/* ---- import ---- */

static void an_import_confirms(void **state) {
    (void)state;
    is_relayed(good.sha1);
    state_is(STATE_REPORTED);
    assert_ok(imports(&good));
    struct look l = look();
    assert_int_equal(l.e.state, STATE_CONFIRMED);
    assert_int_equal(l.kinds[EVENT_ALARM], 0);
    assert_non_null(strstr(l.last, "which is what the profile promised"));
    assert_int_equal(imports(&good), ERR_EXISTS);
    assert_int_equal(look().events, l.events);
}

static void in_lower_case_too(void **state) {
    (void)state;
    char lower[41];
    for (size_t i = 0; i < sizeof lower; i++)
        lower[i] = (char)(good.sha1[i] | (good.sha1[i] ? 0x20 : 0));
    is_relayed(lower);
    assert_ok(imports(&good));
    state_is(STATE_CONFIRMED);
}

static void nothing_else_can_be_imported(void **state) {
    (void)state;
    assert_int_equal(imports(&good), ERR_REFUSED); /* the host shows none */
    is_relayed(good.sha1);
    int events = look().events;
    assert_int_equal(imports(&other), ERR_REFUSED);
    assert_non_null(strstr(err_detail(), other.sha1));
    assert_non_null(strstr(err_detail(), good.sha1));
    assert_int_equal(step((struct step){.what = IMPORTS, .cert = &good, .upstream = "step"}),
                     ERR_REFUSED);
    assert_non_null(strstr(err_detail(), "'step'"));
    assert_int_equal(look().events, events);
    assert_int_equal(ask_file("SELECT count(*) FROM foreign_certificate"), 0);
}

/* It is the one that the host holds, and that is the alarm. */
static void a_broken_promise_is_an_alarm(void **state) {
    (void)state;
    is_relayed(wrong.sha1);
    assert_ok(imports(&wrong));
    state_is(STATE_REPORTED);
    alarms_are(1, "promises the subject 'CN=host', the certificate has 'CN=root'");
    assert_int_equal(look().kinds[EVENT_CONFIRMED], 0);
    assert_int_equal(ask_file("SELECT count(*) FROM foreign_certificate WHERE source = 2"), 1);
}

/* Imported while the host's Status is not 1: what it says next decides. */
static void an_import_waits_for_the_host(void **state) {
    (void)state;
    asks();
    says(UPSTREAM_SUCCESS);
    shows_status("32", good.sha1);
    assert_ok(imports(&good));
    state_is(STATE_ISSUED);
    shows(good.sha1);
    state_is(STATE_CONFIRMED);
}

static void an_import_that_differs_waits_too(void **state) {
    (void)state;
    asks();
    says(UPSTREAM_SUCCESS);
    shows_status("32", wrong.sha1);
    assert_ok(imports(&wrong));
    shows(wrong.sha1);
    shows(wrong.sha1);
    alarms_are(1, "the certificate has 'CN=root'");
    assert_int_equal(look().kinds[EVENT_CONFIRMED], 0);
}

/* ---- import: whose it is ---- */

static void state_of(const char *id, enum enroll_state wanted) {
    who = id;
    state_is(wanted);
}

static int kept(void) {
    return (int)ask_file("SELECT count(*) FROM foreign_certificate");
}

/* A host names what it likes; nothing was issued for this one. */
static void who_never_got_one_gets_none(void **state) {
    (void)state;
    is_relayed(good.sha1);
    state_is(STATE_REPORTED);
    set_up_one("theirs", "CN=host");
    shows(good.sha1);
    assert_int_equal(imports(&good), ERR_REFUSED);
    assert_non_null(strstr(err_detail(), "theirs"));
    asks();
    says(UPSTREAM_REFUSED);
    shows(good.sha1);
    assert_int_equal(imports(&good), ERR_REFUSED);
    assert_ok(brings(&good)); /* the newer one counts for nothing */
    assert_int_equal(look().kinds[EVENT_CONFIRMED], 0);
    state_of("mine", STATE_CONFIRMED);
}

static void nobody_got_it(void **state) {
    (void)state;
    assert_int_equal(brings(&good), ERR_NOT_FOUND);
    shows(good.sha1);
    assert_int_equal(brings(&good), ERR_REFUSED);
    assert_non_null(strstr(err_detail(), "answered no request"));
    assert_int_equal(kept(), 0);
}

/* The thief has enrolled, too, for a name of its own. */
static void the_promise_decides_between_two(void **state) {
    (void)state;
    is_relayed(good.sha1);
    set_up_one("theirs", "CN=thief");
    is_relayed(good.sha1);
    assert_ok(brings(&good));
    state_of("mine", STATE_CONFIRMED);
    state_of("theirs", STATE_REPORTED);
    alarms_are(0, NULL);
    assert_int_equal(brings(&good), ERR_EXISTS);
}

static void what_it_does_not_decide_is_refused(void **state) {
    (void)state;
    is_relayed(good.sha1);
    set_up_one("theirs", "CN=host");
    is_relayed(good.sha1);
    assert_int_equal(brings(&good), ERR_CONFLICT);
    assert_non_null(strstr(err_detail(), "mine, theirs"));
    assert_int_equal(kept(), 0);
    who = "mine";
    shows(wrong.sha1); /* it was reported with another one: this cannot be brought for it */
    state_is(STATE_GONE);
    assert_int_equal(brings(&wrong), ERR_NOT_FOUND);
    state_of("theirs", STATE_REPORTED);
}

static void nor_what_fits_none(void **state) {
    (void)state;
    is_relayed(wrong.sha1);
    set_up_one("theirs", "CN=host");
    is_relayed(wrong.sha1);
    assert_int_equal(brings(&wrong), ERR_CONFLICT);
    assert_int_equal(kept(), 0);
    alarms_are(0, NULL);
}

/* The thief came first, alone: what it could not confirm is not its own for ever. */
static void a_wrong_claim_binds_nothing(void **state) {
    (void)state;
    set_up_one("theirs", "CN=thief");
    is_relayed(good.sha1);
    assert_ok(brings(&good));
    state_is(STATE_REPORTED);
    alarms_are(1, "promises the subject 'CN=thief'");
    assert_ok(brings(&good)); /* again: it is judged anew */
    state_is(STATE_REPORTED);
    alarms_are(2, "promises the subject 'CN=thief'");
    assert_int_equal(kept(), 1);
    who = "mine";
    is_relayed(good.sha1);
    assert_ok(brings(&good));
    state_is(STATE_CONFIRMED);
    assert_int_equal(kept(), 1);
    state_of("theirs", STATE_REPORTED);
    assert_non_null(strstr(look().last, "that of another enrollment"));
    assert_non_null(strstr(look().last, "mine"));
}

static void what_has_confirmed_stays(void **state) {
    (void)state;
    is_relayed(good.sha1);
    assert_ok(imports(&good));
    set_up_one("theirs", "CN=host");
    is_relayed(good.sha1);
    assert_int_equal(imports(&good), ERR_EXISTS);
    assert_non_null(strstr(err_detail(), "mine"));
    state_of("mine", STATE_CONFIRMED);
}

/* What the upstream gave to our RA is no import. */
static void what_the_ra_got_is_not_bound_anew(void **state) {
    (void)state;
    issues(&good);
    set_up_one("theirs", "CN=host");
    is_relayed(good.sha1);
    assert_int_equal(imports(&good), ERR_EXISTS);
    state_of("theirs", STATE_REPORTED);
}

/* It may be another host's: nobody is told to revoke it. */
static void a_wrong_claim_is_not_for_revocation(void **state) {
    (void)state;
    asks();
    says(UPSTREAM_SUCCESS);
    shows_status("32", wrong.sha1);
    assert_ok(imports(&wrong));
    shows(good.sha1);
    assert_ok(imports(&good));
    state_is(STATE_CONFIRMED);
    alarms_are(0, NULL);
}

#define WITH_HOST(test) cmocka_unit_test_setup_teardown(test, set_up, close_it)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_HOST(a_relayed_certificate_is_reported),
        WITH_HOST(once_reported_nothing_moves),
        WITH_HOST(a_report_that_changes_is_gone),
        WITH_HOST(the_success_may_come_after_the_proof),
        WITH_HOST(not_without_a_thumbprint_or_success),
        WITH_HOST(late_and_still_reported),
        WITH_HOST(once_is_no_alarm),
        WITH_HOST(a_lost_answer_is_named),
        WITH_HOST(what_cannot_have_issued_is_no_alarm),
        WITH_HOST(answers_do_not_run_ahead),
        WITH_HOST(a_second_success_is_named),
        WITH_HOST(who_repeats_for_ever_fills_nothing),
        WITH_HOST(what_the_ra_got_confirms),
        WITH_HOST(another_is_never_reported),
        WITH_HOST(an_upstream_that_changed_it),
        WITH_HOST(the_same_again_is_one),
        WITH_HOST(one_too_many_is_for_the_upstream_to_revoke),
        WITH_HOST(an_import_confirms),
        WITH_HOST(in_lower_case_too),
        WITH_HOST(nothing_else_can_be_imported),
        WITH_HOST(a_broken_promise_is_an_alarm),
        WITH_HOST(an_import_waits_for_the_host),
        WITH_HOST(an_import_that_differs_waits_too),
        WITH_HOST(who_never_got_one_gets_none),
        WITH_HOST(nobody_got_it),
        WITH_HOST(the_promise_decides_between_two),
        WITH_HOST(what_it_does_not_decide_is_refused),
        WITH_HOST(nor_what_fits_none),
        WITH_HOST(a_wrong_claim_binds_nothing),
        WITH_HOST(what_has_confirmed_stays),
        WITH_HOST(what_the_ra_got_is_not_bound_anew),
        WITH_HOST(a_wrong_claim_is_not_for_revocation),
    };
    return cmocka_run_group_tests_name("enroll_upstream", tests, make_certs, free_certs);
}
