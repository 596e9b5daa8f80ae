/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that wait for an administrator: PENDING, CertPoll, approve, deny. */
#include "scep_enrolling.h"

/* ---- approval ---- */

static struct answer poll_by(const struct signer *signer, const char *transaction,
                             const char *subject) {
    struct span name;
    assert_ok(name_from_x500(&arena, span_str(subject), &name));
    return send_to(EP_MANUAL, "20", transaction,
                   names_of(scep_pki->endpoints[0].ca->issuer.parsed.subject, name), signer);
}

static void an_administrator_approves(void **state) {
    (void)state;
    struct issued issued;
    struct span csr = csr_of("one", mint(EP_MANUAL, "CN=one"), 2);
    pends(send_to(EP_MANUAL, "19", "t1", csr, &host));
    pends(send_to(EP_MANUAL, "19", "t1", csr, &host));
    pends(poll_by(&host, "t1", "CN=one"));
    assert_int_equal(ask("SELECT count(*) FROM request WHERE state = 1"), 1);
    assert_int_equal(ask("SELECT count(*) FROM challenge WHERE used IS NOT NULL"), 1);
    fails(poll_by(&host, "t2", "CN=one"), SCEP_BAD_CERT_ID, "");
    fails(poll_by(&host, "t1", "CN=two"), SCEP_BAD_CERT_ID, "");
    alarms_are(0, "");
    fails(poll_by(&stranger, "t1", "CN=one"), SCEP_BAD_CERT_ID, "");
    alarms_are(1, "polled");
    assert_int_equal(certificates(), 0);

    assert_ok(request_approve(&service, scep_pki, &arena, 1, &issued));
    assert_int_equal(certificates(), 1);
    struct answer a = poll_by(&host, "t1", "CN=one");
    succeeds(&a);
    assert_true(span_eq(a.cert, issued.der));
    a = send_to(EP_MANUAL, "19", "t1", csr, &host);
    assert_true(span_eq(a.cert, issued.der));
    fails(poll_by(&stranger, "t1", "CN=one"), SCEP_BAD_CERT_ID, "");
    assert_int_equal(request_approve(&service, scep_pki, &arena, 1, &issued), ERR_CONFLICT);
    assert_int_equal(request_deny(&service, &arena, 1, "late"), ERR_CONFLICT);
    assert_int_equal(request_approve(&service, scep_pki, &arena, 9, &issued), ERR_NOT_FOUND);
    assert_int_equal(certificates(), 1);
    assert_int_equal(ask("SELECT count(*) FROM journal WHERE kind IN (1, 5) AND certificate = 1"),
                     2);
    revoke_cert(a.cert);
    fails(poll_by(&host, "t1", "CN=one"), SCEP_BAD_REQUEST, "was revoked");
}

static void an_administrator_denies(void **state) {
    (void)state;
    struct issued issued;
    const char *challenge = mint(EP_MANUAL, "CN=one");
    struct span csr = csr_of("one", challenge, 2);
    pends(send_to(EP_MANUAL, "19", "t1", csr, &host));
    assert_ok(request_deny(&service, &arena, 1, "who are you?"));
    fails(poll_by(&host, "t1", "CN=one"), SCEP_BAD_REQUEST, "who are you?");
    fails(send_to(EP_MANUAL, "19", "t1", csr, &host), SCEP_BAD_REQUEST, "who are you?");
    fails(send_to(EP_MANUAL, "19", "t2", csr_of("one", challenge, 3), &host), SCEP_BAD_REQUEST,
          "used already");
    assert_int_equal(request_approve(&service, scep_pki, &arena, 1, &issued), ERR_CONFLICT);
    assert_int_equal(certificates(), 0);
    assert_int_equal(ask("SELECT count(*) FROM journal WHERE kind = 6"), 1);
}

/* What the policy would not grant today is not granted for having waited. */
static void approval_asks_the_policy(void **state) {
    (void)state;
    struct issued issued;
    pends(send_to(EP_MANUAL, "19", "t1", csr_of("one", mint(EP_MANUAL, "CN=one"), 2), &host));
    policy_of(EP_MANUAL)->rsa_min_bits = 3072;
    assert_int_equal(request_approve(&service, scep_pki, &arena, 1, &issued), ERR_REFUSED);
    policy_of(EP_MANUAL)->rsa_min_bits = 2048;
    policy_of(EP_MANUAL)->validity = 4000 * DAY;
    assert_ok(request_approve(&service, scep_pki, &arena, 1, &issued));
    assert_true(issued.not_after <= clock_ms() + 365 * DAY); /* as it was when it came */
}

static void nobody_is_asked_without_a_challenge(void **state) {
    (void)state;
    policy_of(EP_MANUAL)->challenges = CHALLENGES_NONE;
    pends(send_to(EP_MANUAL, "19", "t1", csr_of("one", NULL, 2), &host));
    pends(send_to(EP_MANUAL, "19", "t2", csr_of("two", "whatever", 2), &host));
    policy_of(EP_MANUAL)->manual_approval = false; /* policy_check would not have it */
    pends(send_to(EP_MANUAL, "19", "t3", csr_of("three", NULL, 2), &host));
    assert_int_equal(certificates(), 0);
}

/* Where no challenge is asked for anybody may wait: not for ever more of them. */
static void not_all_may_wait(void **state) {
    (void)state;
    policy_of(EP_MANUAL)->challenges = CHALLENGES_NONE;
    pends(send_to(EP_MANUAL, "19", "t1", csr_of("one", NULL, 2), &host));
    ask("WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
        " INSERT INTO request(endpoint, message_type, state, transaction_id, transaction_hint,"
        " signer_sha256, signer_key_sha256, csr_sha256, csr_hint, subject, peer, created)"
        " SELECT endpoint, 19, 1, 'x' || i, i, x'', x'', x'', i, '', '', 1 FROM request, n");
    fails(send_to(EP_MANUAL, "19", "t2", csr_of("two", NULL, 2), &host), SCEP_BAD_REQUEST, "1000");
    assert_int_equal(ask("SELECT count(*) FROM request"), 1000);
    assert_ok(request_deny(&service, &arena, 1, "make room"));
    pends(send_to(EP_MANUAL, "19", "t2", csr_of("two", NULL, 2), &host));
}

/* Nor one host without end: of its requests the newest wait. */
static void a_host_has_few_that_wait(void **state) {
    (void)state;
    const char *challenge = assign_at(EP_MANUAL, "e1", "CN=one");
    struct issued issued;
    for (int i = 1; i <= 6; i++) {
        struct wishes w = {.cn = "one", .challenge = challenge};
        w.mark = arena_printf(&arena, "t%d", i);
        pends(send_to(EP_MANUAL, "19", w.mark, csr_new(&arena, &w, keys[2].theirs), &host));
    }
    assert_int_equal(ask("SELECT count(*) FROM request WHERE state = 1"), 5);
    fails(poll_by(&host, "t1", "CN=one"), SCEP_BAD_REQUEST, "newer requests");
    assert_int_equal(request_approve(&service, scep_pki, &arena, 1, &issued), ERR_CONFLICT);
    assert_ok(request_approve(&service, scep_pki, &arena, 6, &issued));
    struct answer a = poll_by(&host, "t6", "CN=one");
    succeeds(&a);
}

/* A renewal was approved when the name was. */
static void renewals_wait_for_nobody(void **state) {
    (void)state;
    struct issued issued;
    policy_of(EP_MANUAL)->validity = 20 * DAY;
    pends(send_to(EP_MANUAL, "19", "t1", csr_of("one", mint(EP_MANUAL, "CN=one"), 2), &host));
    assert_ok(request_approve(&service, scep_pki, &arena, 1, &issued));
    struct signer old = {issued.der, keys[2].theirs};
    struct answer a = renew(EP_MANUAL, "17", "t2", "one", 3, &old);
    succeeds(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(not_all_may_wait),          TEST(a_host_has_few_that_wait),
        TEST(an_administrator_approves), TEST(an_administrator_denies),
        TEST(approval_asks_the_policy),  TEST(nobody_is_asked_without_a_challenge),
        TEST(renewals_wait_for_nobody),
    };
    return cmocka_run_group_tests_name("scep_approval", tests, prepare, clean_up);
}
