/* SPDX-License-Identifier: Apache-2.0 */
/* PKIOperation for the enrollments of MDM: one live certificate, events, the device's SID. */
#include "scep_enrolling.h"

/* ---- enrollments of MDM ---- */

static enum err confirm_work(struct tx *tx, void *id) {
    ARENA_AUTO(a);
    struct enrollment e;
    TRY(enrollment_get(tx, &a, id, &e));
    return enroll_record(tx, &e, EVENT_CONFIRMED, "confirmed", NULL);
}

static const char live_ones[] = "SELECT count(*) FROM certificate WHERE revoked IS NULL";

static void an_enrollment_has_one_live(void **state) {
    (void)state;
    char id[] = "e1";
    const char *challenge = assign(id, "CN=one");
    struct answer a = send_to(EP_DEFAULT, "19", "t1", csr_of("one", challenge, 2), &host);
    succeeds(&a);
    struct span lost = csr_of("one", challenge, 3);
    struct answer b = send_to(EP_DEFAULT, "19", "t2", lost, &host); /* the first reply was lost */
    succeeds(&b);
    assert_int_equal(certificates(), 2);
    assert_int_equal(ask(live_ones), 1);
    assert_int_equal(events(EVENT_SUPERSEDED), 1);
    assert_int_equal(events(EVENT_ISSUED), 2);
    struct answer c = send_to(EP_DEFAULT, "19", "t3", lost, &stranger);
    assert_true(span_eq(c.cert, b.cert)); /* who resends an envelope supersedes nothing */
    fails(send_to(EP_DEFAULT, "19", "t4", csr_of("two", challenge, 2), &host), SCEP_BAD_REQUEST,
          "CN=one");
    assert_int_equal(events(EVENT_REFUSED), 1);
    assert_ok(store_write(service.store, confirm_work, id));
    fails(send_to(EP_DEFAULT, "19", "t5", csr_of("one", challenge, 2), &stranger), SCEP_BAD_REQUEST,
          "was revoked");
    struct wishes w = {.cn = "one", .challenge = challenge, .mark = "new"};
    fails(send_to(EP_DEFAULT, "19", "t6", csr_new(&arena, &w, keys[2].theirs), &stranger),
          SCEP_BAD_REQUEST, "has served its enrollment");
    assert_int_equal(events(EVENT_ALARM), 1);
    assert_int_equal(ask(live_ones), 1);
}

/* A member's certificate gives no power over another host's envelope. */
static void a_member_supersedes_nobody(void **state) {
    (void)state;
    struct signer member = enrolled(EP_DEFAULT, "member");
    struct span csr = csr_of("one", assign("e1", "CN=one"), 3);
    struct answer a = send_to(EP_DEFAULT, "19", "t1", csr, &host);
    struct answer b = send_to(EP_DEFAULT, "19", "t2", csr, &member);
    assert_true(span_eq(a.cert, b.cert));
    assert_int_equal(ask(live_ones), 2);
}

static void an_enrollment_with_many_at_once(void **state) {
    (void)state;
    int good = all_at_once(assign("e1", "CN=one"), true);
    assert_true(good >= 1 && good <= 20);
    assert_int_equal(certificates(), good);
    assert_int_equal(ask(live_ones), 1);
}

static void an_enrollment_challenge_elsewhere(void **state) {
    (void)state;
    fails(send_to(EP_OTHER, "19", "t1", csr_of("one", assign("e1", "CN=one"), 2), &host),
          SCEP_BAD_REQUEST, "another endpoint");
    assert_int_equal(events(EVENT_ALARM), 1);
}

static bool has_sid(struct span cert) {
    for (size_t i = 0; i + sizeof enrolling_sid - 1 <= cert.n; i++)
        if (memcmp(cert.p + i, enrolling_sid, sizeof enrolling_sid - 1) == 0)
            return true;
    return false;
}

/* The SID is the device's, at the first enrollment and at a renewal, whatever a CSR says. */
static void strong_mapping_is_the_devices(void **state) {
    (void)state;
    struct policy *p = policy_of(EP_DEFAULT);
    p->validity = 20 * DAY;
    struct answer none =
        send_to(EP_DEFAULT, "19", "t0", csr_of("nil", assign("e0", "CN=nil"), 2), &host);
    assert_false(has_sid(none.cert));
    for (int m = MAPPING_EXTENSION; m <= MAPPING_SAN_URI; m++) {
        p->mapping = (enum strong_mapping)m;
        const char *cn = m == MAPPING_EXTENSION ? "ext" : "uri", *id = cn;
        const char *challenge = assign(id, arena_printf(&arena, "CN=%s", cn));
        struct answer a = send_to(EP_DEFAULT, "19", cn, csr_of(cn, challenge, 2), &host);
        succeeds(&a);
        assert_true(has_sid(a.cert));
        struct signer old = {a.cert, keys[2].theirs};
        struct answer b = renew(EP_DEFAULT, "17", "again", cn, 3, &old);
        succeeds(&b);
        assert_true(has_sid(b.cert));
    }
    assert_int_equal(ask("SELECT count(*) FROM certificate WHERE enrollment = 'uri'"), 2);
    struct signer plain = enrolled(EP_OTHER, "plain");
    assert_false(has_sid(plain.cert));
    struct wishes w = {
        .cn = "sid",
        .challenge = assign("e9", "CN=sid"),
        .san = arena_printf(&arena, "URI:tag:microsoft.com\\,2022-09-14:sid:%s", enrolling_sid)};
    p->mapping = MAPPING_NONE;
    struct answer c = send_to(EP_DEFAULT, "19", "t9", csr_new(&arena, &w, keys[3].theirs), &host);
    assert_true(c.status == SCEP_FAILURE || !has_sid(c.cert));
}

static void a_renewed_enrollment(void **state) {
    (void)state;
    char id[] = "e1";
    policy_of(EP_DEFAULT)->validity = 20 * DAY;
    struct answer a =
        send_to(EP_DEFAULT, "19", "t1", csr_of("one", assign(id, "CN=one"), 2), &host);
    assert_ok(store_write(service.store, confirm_work, id));
    struct signer old = {a.cert, keys[2].theirs};
    struct answer b = renew(EP_DEFAULT, "17", "t2", "one", 3, &old);
    succeeds(&b);
    assert_int_equal(ask("SELECT count(*) FROM certificate WHERE enrollment = 'e1'"), 2);
    assert_int_equal(ask(live_ones), 2); /* the host switches when it likes */
    assert_int_equal(events(EVENT_NOTE), 1);
    assert_int_equal(ask("SELECT state FROM enrollment"), STATE_CONFIRMED);
}

static enum err show_another(struct tx *tx, void *user) {
    struct device d;
    TRY(device_by_device_id(tx, &arena, "e1", &d));
    d.hw_other = user;
    return device_set_shown(tx, &d);
}

/* What was delivered before it was found out is of no use. */
static void a_host_that_may_be_a_copy(void **state) {
    char hw[] = "AB";
    (void)state;
    const char *challenge = assign("e1", "CN=one");
    assert_ok(store_write(service.store, show_another, hw));
    struct answer a = send_to(EP_DEFAULT, "19", "t1", csr_of("one", challenge, 2), &host);
    assert_int_equal(a.status, SCEP_FAILURE);
    assert_int_equal(ask(live_ones), 0);
    assert_ok(store_write(service.store, show_another, NULL)); /* it was confirmed */
    a = send_to(EP_DEFAULT, "19", "t1", csr_of("one", challenge, 2), &host);
    succeeds(&a);
}

static void a_copy_gets_no_repeat(void **state) {
    char hw[] = "AB";
    (void)state;
    struct span csr = csr_of("one", assign("e1", "CN=one"), 2);
    struct answer a = send_to(EP_DEFAULT, "19", "t1", csr, &host);
    succeeds(&a);
    assert_ok(store_write(service.store, show_another, hw));
    fails(send_to(EP_DEFAULT, "19", "t1", csr, &host), SCEP_BAD_REQUEST, "another hardware");
    assert_ok(store_write(service.store, show_another, NULL));
    a = send_to(EP_DEFAULT, "19", "t1", csr, &host);
    succeeds(&a);
}

/* It is found out between the look at the right and the commit. */
static void a_copy_that_is_found_at_the_commit(void **state) {
    char hw[] = "AB";
    (void)state;
    struct answer a;
    struct span reply,
        message = message_new(&arena, "19", "t1", csr_of("one", assign("e1", "CN=one"), 2), &host);
    struct operation *op = scep_begin(&service, endpoint_of(EP_DEFAULT), &arena, message, "::1");
    assert_ok(store_write(service.store, show_another, hw));
    enum err committed = store_write(service.store, scep_commit(op), op);
    assert_int_equal(committed, ERR_REFUSED);
    assert_ok(scep_finish(op, committed, &reply));
    assert_true(answer_read(&arena, reply, &host, &a));
    fails(a, SCEP_BAD_REQUEST, "another hardware");
    assert_int_equal(ask(live_ones), 0);
}

static void a_copy_is_not_approved(void **state) {
    char hw[] = "AB";
    struct issued issued;
    (void)state;
    policy_of(EP_DEFAULT)->manual_approval = true;
    struct span csr = csr_of("one", assign("e1", "CN=one"), 2);
    pends(send_to(EP_DEFAULT, "19", "t1", csr, &host));
    assert_ok(store_write(service.store, show_another, hw));
    assert_int_equal(request_approve(&service, scep_pki, &arena, 1, &issued), ERR_REFUSED);
    assert_ok(store_write(service.store, show_another, NULL));
    assert_ok(request_approve(&service, scep_pki, &arena, 1, &issued));
}

static void an_enrollment_that_waits(void **state) {
    (void)state;
    struct issued issued;
    policy_of(EP_DEFAULT)->manual_approval = true;
    const char *challenge = assign("e1", "CN=one");
    pends(send_to(EP_DEFAULT, "19", "t1", csr_of("one", challenge, 2), &host));
    assert_int_equal(ask("SELECT state FROM enrollment"), STATE_REQUESTED);
    pends(send_to(EP_DEFAULT, "19", "t2", csr_of("one", challenge, 3), &host));
    assert_ok(request_approve(&service, scep_pki, &arena, 1, &issued));
    assert_ok(request_approve(&service, scep_pki, &arena, 2, &issued));
    assert_int_equal(ask("SELECT state FROM enrollment"), STATE_ISSUED);
    assert_int_equal(ask(live_ones), 1);
}

static void an_enrollment_that_is_gone(void **state) {
    (void)state;
    struct issued issued;
    policy_of(EP_DEFAULT)->manual_approval = true;
    pends(send_to(EP_DEFAULT, "19", "t1", csr_of("one", assign("e1", "CN=one"), 2), &host));
    forget_enrollment();
    assert_int_equal(request_approve(&service, scep_pki, &arena, 1, &issued), ERR_REFUSED);
    assert_non_null(strstr(err_detail(), "signet request deny settles it"));
    assert_ok(request_deny(&service, &arena, 1, "late"));
    assert_int_equal(ask(live_ones), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(an_enrollment_has_one_live),      TEST(a_member_supersedes_nobody),
        TEST(an_enrollment_with_many_at_once), TEST(an_enrollment_challenge_elsewhere),
        TEST(strong_mapping_is_the_devices),   TEST(a_renewed_enrollment),
        TEST(a_copy_gets_no_repeat),           TEST(a_copy_that_is_found_at_the_commit),
        TEST(a_copy_is_not_approved),          TEST(an_enrollment_that_waits),
        TEST(an_enrollment_that_is_gone),      TEST(a_host_that_may_be_a_copy),
    };
    return cmocka_run_group_tests_name("scep_enrollment", tests, prepare, clean_up);
}
