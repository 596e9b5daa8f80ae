/* SPDX-License-Identifier: Apache-2.0 */
/* PKIOperation for the enrollments of MDM: one live certificate, events, the device's SID. */
#include "scep_steps.h"

#include "enroll/enroll.h"
#include "store/challenge.h"

/* ---- enrollments of MDM ---- */

static const char sid[] = "S-1-5-21-1004336348-1177238915-682003330-1105";

struct enrolling {
    const char *id, *subject;
    char challenge[CHALLENGE_SIZE];
};

static enum err enroll_work(struct tx *tx, void *user) {
    struct enrolling *x = user;
    uint8_t hash[32];
    struct device d = {
        .device_id = x->id, .name = "H", .hw_dev_id = "", .os_version = "", .account = "alice"};
    TRY(device_put(tx, &d));
    TRY(device_set_sid(tx, d.id, sid));
    struct enrollment e = {.id = x->id, .device = d.id, .profile = "p", .body = ""};
    TRY(enrollment_add(tx, &e));
    TRY(enroll_record(tx, &e, EVENT_ASSIGNED, "assigned", NULL));
    e.subject = x->subject;
    e.eku = "1.3.6.1.5.5.7.3.2";
    e.key_usage = 160;
    e.key_length = 2048;
    TRY(enroll_record(tx, &e, EVENT_SENT, "sent", NULL));
    TRY(challenge_mint(x->challenge));
    TRY(challenge_hash(scep_authority, span_str(x->challenge), hash));
    struct challenge c = {.hash = span_of(hash, 32),
                          .kind = CHALLENGE_ENROLLMENT,
                          .endpoint = PKI_DEFAULT,
                          .enrollment = x->id,
                          .created = clock_ms(),
                          .expires = clock_ms() + DAY};
    return challenge_replace(tx, &c);
}

static const char *assign(const char *id, const char *subject) {
    struct enrolling x = {.id = id, .subject = subject};
    assert_ok(store_write(service.store, enroll_work, &x));
    return arena_printf(&arena, "%s", x.challenge);
}

static enum err confirm_work(struct tx *tx, void *id) {
    ARENA_AUTO(a);
    struct enrollment e;
    TRY(enrollment_get(tx, &a, id, &e));
    return enroll_record(tx, &e, EVENT_CONFIRMED, "confirmed", NULL);
}

static int64_t events(int kind) {
    char sql[80];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM event WHERE kind = %d", kind);
    return ask(sql);
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
    for (size_t i = 0; i + sizeof sid - 1 <= cert.n; i++)
        if (memcmp(cert.p + i, sid, sizeof sid - 1) == 0)
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
    struct wishes w = {.cn = "sid",
                       .challenge = assign("e9", "CN=sid"),
                       .san =
                           arena_printf(&arena, "URI:tag:microsoft.com\\,2022-09-14:sid:%s", sid)};
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

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(an_enrollment_has_one_live),      TEST(a_member_supersedes_nobody),
        TEST(an_enrollment_with_many_at_once), TEST(an_enrollment_challenge_elsewhere),
        TEST(strong_mapping_is_the_devices),   TEST(a_renewed_enrollment),
        TEST(an_enrollment_that_waits),
    };
    return cmocka_run_group_tests_name("scep_enrollment", tests, prepare, clean_up);
}
