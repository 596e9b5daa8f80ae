/* SPDX-License-Identifier: Apache-2.0 */
/* Renewal by the proof of a certificate, and all that proves nothing. */
#include "scep_steps.h"

/* ---- renewal ---- */

static void a_certificate_renews_itself(void **state) {
    (void)state;
    policy_of(EP_DEFAULT)->validity = 20 * DAY;
    struct signer old = enrolled(EP_DEFAULT, "one");
    struct answer by17 = renew(EP_DEFAULT, "17", "t17", "one", 3, &old);
    struct answer by19 = renew(EP_DEFAULT, "19", "t19", "one", 3, &old);
    succeeds(&by17);
    succeeds(&by19);
    assert_int_equal(certificates(), 3);
    struct answer again = renew(EP_DEFAULT, "17", "t17", "one", 3, &old);
    assert_true(span_eq(again.cert, by17.cert));
    again = renew(EP_DEFAULT, "17", "t17b", "one", 3, &old); /* a new transaction */
    assert_false(span_eq(again.cert, by17.cert));
    assert_int_equal(certificates(), 4);
    assert_int_equal(ask("SELECT count(*) FROM certificate WHERE revoked IS NOT NULL"), 0);
    assert_int_equal(ask("SELECT count(*) FROM journal WHERE kind = 2 AND"
                         " evidence ->> 'renewed_from' = (SELECT sha1 FROM certificate"
                         " WHERE id = 1)"),
                     3);
    struct signer fresh = {by17.cert, keys[3].theirs};
    struct answer third = renew(EP_DEFAULT, "17", "t20", "one", 2, &fresh);
    succeeds(&third);
}

/* The certificate as it is, serial and names, with another key that has signed it itself. */
static struct span forge(struct span cert, EVP_PKEY *key) {
    X509 *x = x509_of(cert);
    unsigned char *der = NULL;
    assert_int_equal(X509_set_pubkey(x, key), 1);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    int n = i2d_X509(x, &der);
    assert_true(n > 0);
    struct span out = arena_copy(&arena, span_of(der, (size_t)n));
    OPENSSL_free(der);
    X509_free(x);
    return out;
}

static void renewals_that_are_none(void **state) {
    (void)state;
    struct signer old = enrolled(EP_DEFAULT, "one");
    fails(renew(EP_DEFAULT, "17", "t1", "one", 3, &old), SCEP_BAD_TIME, "can be renewed from");
    policy_of(EP_DEFAULT)->renewal_window = 0;
    fails(renew(EP_DEFAULT, "17", "t1", "one", 3, &old), SCEP_BAD_REQUEST, "renews no");
    policy_of(EP_DEFAULT)->renewal_window = 400 * DAY;
    fails(renew(EP_DEFAULT, "17", "t1", "one", 2, &old), SCEP_BAD_REQUEST, "new key");
    fails(renew(EP_DEFAULT, "17", "t1", "two", 3, &old), SCEP_BAD_REQUEST, "subject");
    struct wishes san = {.cn = "one", .san = "DNS:two"};
    fails(send_to(EP_DEFAULT, "17", "t1", csr_new(&arena, &san, keys[3].theirs), &old),
          SCEP_BAD_REQUEST, "alternative names");
    fails(renew(EP_OTHER, "17", "t1", "one", 3, &old), SCEP_BAD_CERT_ID, "this endpoint");
    fails(renew(EP_OTHER, "19", "t1", "one", 3, &old), SCEP_BAD_REQUEST, "no challenge");
    fails(renew(EP_DEFAULT, "17", "t1", "one", 3, &host), SCEP_BAD_CERT_ID, "this endpoint");
    struct signer forged = {forge(old.cert, keys[3].theirs), keys[3].theirs};
    fails(renew(EP_DEFAULT, "17", "t1", "one", 2, &forged), SCEP_BAD_CERT_ID, "this endpoint");
    clock_shift(365 * DAY);
    fails(renew(EP_DEFAULT, "17", "t1", "one", 3, &old), SCEP_BAD_TIME, "expires");
    clock_shift(-365 * DAY);
    alarms_are(0, "");
    revoke_cert(old.cert);
    fails(renew(EP_DEFAULT, "19", "t1", "one", 3, &old), SCEP_BAD_REQUEST, "was revoked");
    alarms_are(1, "revoked certificate");
    assert_int_equal(certificates(), 1);
    policy_of(EP_DEFAULT)->renewal_same_key = true;
    struct signer other = enrolled(EP_DEFAULT, "two");
    struct answer a = renew(EP_DEFAULT, "17", "t9", "two", 2, &other);
    succeeds(&a);
}

static enum err pack_work(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct cert parsed;
    struct certificate c;
    struct device d = {
        .device_id = "D", .name = "H", .hw_dev_id = "", .os_version = "", .account = "alice"};
    TRY(device_put(tx, &d));
    struct enrollment e = {.id = "beef",
                           .device = d.id,
                           .kind = ENROLLMENT_PFX,
                           .profile = "",
                           .endpoint = "default",
                           .body = ""};
    TRY(enrollment_add(tx, &e));
    TRY(cert_parse(*(struct span *)user, &parsed));
    TRY(certificate_by_serial(tx, &a, parsed.serial, &c));
    return certificate_assign(tx, c.id, e.id);
}

/* Its key may have been exported from the host. */
static void none_of_a_pfx(void **state) {
    (void)state;
    policy_of(EP_DEFAULT)->validity = 20 * DAY;
    struct signer old = enrolled(EP_DEFAULT, "one");
    assert_ok(store_write(service.store, pack_work, &old.cert));
    fails(renew(EP_DEFAULT, "17", "t17", "one", 3, &old), SCEP_BAD_REQUEST, "signet pfx make");
    fails(renew(EP_DEFAULT, "19", "t19", "one", 3, &old), SCEP_BAD_REQUEST, "signet pfx make");
    assert_int_equal(certificates(), 1);
}

static struct span eku_of(struct span der) {
    struct cert c;
    struct span value = SPAN_NONE;
    bool critical;
    assert_ok(cert_parse(der, &c));
    assert_true(cert_extension(&c, OID_EXT_KEY_USAGE, &value, &critical));
    return value;
}

/* What it was not given, for which somebody may have vouched, it cannot give itself. */
static void a_renewal_is_good_for_no_more(void **state) {
    (void)state;
    struct policy *p = policy_of(EP_DEFAULT);
    p->validity = 20 * DAY;
    p->eku[p->eku_count++] = "1.3.6.1.5.5.7.3.4";
    struct signer old = enrolled(EP_DEFAULT, "one");
    struct wishes more = {.cn = "one", .eku = "1.3.6.1.5.5.7.3.2,1.3.6.1.5.5.7.3.4"};
    fails(send_to(EP_DEFAULT, "17", "t1", csr_new(&arena, &more, keys[3].theirs), &old),
          SCEP_BAD_REQUEST, "1.3.6.1.5.5.7.3.4");
    p->eku[0] = "1.3.6.1.5.5.7.3.4"; /* what is given when nothing is asked for */
    p->eku[1] = "1.3.6.1.5.5.7.3.2";
    struct wishes none = {.cn = "one", .eku = ""};
    struct answer a = send_to(EP_DEFAULT, "17", "t2", csr_new(&arena, &none, keys[3].theirs), &old);
    succeeds(&a);
    assert_true(span_eq(eku_of(a.cert), eku_of(old.cert)));
}

/* certmonger carries the challenge of its first enrollment along. */
static void a_stale_challenge_does_not_hinder(void **state) {
    (void)state;
    policy_of(EP_DEFAULT)->validity = 20 * DAY;
    const char *challenge = mint(EP_DEFAULT, "CN=one");
    struct answer first = send_to(EP_DEFAULT, "19", "t1", csr_of("one", challenge, 2), &host);
    succeeds(&first);
    struct signer old = {first.cert, keys[2].theirs};
    struct answer next = send_to(EP_DEFAULT, "19", "t2", csr_of("one", challenge, 3), &old);
    succeeds(&next);
    assert_false(span_eq(first.cert, next.cert));
    alarms_are(0, "");
    /* for another name it proves nothing */
    fails(send_to(EP_DEFAULT, "19", "t3", csr_of("two", challenge, 3), &old), SCEP_BAD_REQUEST,
          "used already");
    alarms_are(1, "used again");
    /* nor where no renewal is due */
    policy_of(EP_DEFAULT)->renewal_window = DAY;
    fails(send_to(EP_DEFAULT, "19", "t4", csr_of("one", challenge, 2), &old), SCEP_BAD_TIME,
          "can be renewed from");
    alarms_are(2, "used again");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_certificate_renews_itself),
        TEST(renewals_that_are_none),
        TEST(none_of_a_pfx),
        TEST(a_renewal_is_good_for_no_more),
        TEST(a_stale_challenge_does_not_hinder),
    };
    return cmocka_run_group_tests_name("scep_renewal", tests, prepare, clean_up);
}
