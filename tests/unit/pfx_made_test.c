/* SPDX-License-Identifier: Apache-2.0 */
/* A PKCS#12 that is made by the policy, or given: what is refused, and what becomes of it unsent.
 */
#include "pfx_fixture.h"

/* ---- placeholders ---- */

static const struct device named = {
    .device_id = DEVICE, .name = "PC, \"1\";x", .account = "al+b@example.com"};

static void filled_as_in_a_profile(void **state) {
    (void)state;
    struct pfx_wish w = {.subject = "CN={{device.name}},OU=\"h {{device.name}}\",O={{user.upn}}",
                         .san = "3+{{device.id}};11+{{user.upn}}"};
    assert_ok(pfx_fill(&arena, &named, true, &w));
    assert_string_equal(w.subject, "CN=\"PC, \"\"1\"\";x\",OU=\"h PC, \"\"1\"\";x\","
                                   "O=\"al+b@example.com\"");
    assert_string_equal(w.san, "3+" DEVICE ";11+al+b@example.com");
    w = (struct pfx_wish){.subject = "CN=fixed"};
    assert_ok(pfx_fill(&arena, &named, false, &w));
    assert_string_equal(w.subject, "CN=fixed");
    assert_null(w.san);
}

static void not_everything_is_filled(void **state) {
    (void)state;
    static const struct {
        const char *subject, *san;
        bool trust;
        enum err e;
        const char *detail;
    } cases[] = {
        {"CN={{device.name}}", NULL, false, ERR_REFUSED, "--subject: {{device.name}} is what"},
        {"CN=x", "3+{{device.name}}", false, ERR_REFUSED, "--san: {{device.name}} is what"},
        {"CN=x", "3+{{device.name}}", true, ERR_PARSE, "--san: the value \"PC, \"1\";x\""},
        {"CN=PC {{user.upn}}", NULL, false, ERR_PARSE, "needs quotes; write them around"},
        {"CN={{scep.challenge}}", NULL, true, ERR_PARSE, "no value for {{scep.challenge}}; there"},
        {"CN={{enrollment.id}}", NULL, true, ERR_PARSE, "no value for {{enrollment.id}}; there"},
        {"CN={{device.id}}{{x}}", NULL, true, ERR_PARSE, "no value for {{x}}; there are device.id"},
        {"CN={{}}", NULL, true, ERR_PARSE, "unknown placeholder {{}}"},
        {"CN=x", "3+{{device.id", true, ERR_PARSE, "--san: {{ without }}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pfx_wish w = {.subject = cases[i].subject, .san = cases[i].san};
        assert_int_equal(pfx_fill(&arena, &named, cases[i].trust, &w), cases[i].e);
        if (!strstr(err_detail(), cases[i].detail))
            fail_msg("\"%s\" does not tell of \"%s\"", err_detail(), cases[i].detail);
    }
}

/* ---- what is made ---- */

static void as_the_policy_has_it(void **state) {
    (void)state;
    const struct pfx_wish wish = {.subject = "CN=PC,O=\"Ex, Inc\"",
                                  .san = "3+pc.example;11+al@example.com",
                                  .eku = "1.3.6.1.5.5.7.3.2",
                                  .key_usage = 128,
                                  .key = "rsa3072"};
    struct pfx_parcel p = made_at("corp", wish);
    assert_ok(cert_save_pem(p.cert.der, arena_printf(&arena, "%s/p.pem", folder.path)));
    sh(&folder,
       "openssl verify -CAfile ca/lab/ca.pem p.pem && openssl x509 -in p.pem -noout -text >t && "
       "grep -q 'CN = PC, O = \"Ex, Inc\"' t && grep -q 'DNS:pc.example' t && grep -q UPN t && "
       "grep -q '3072 bit' t && grep -q 'Digital Signature$' t && grep -q 'Client Auth' t && "
       "! grep -q CA:TRUE t");
    assert_state(STATE_ASSIGNED);
    assert_string_equal(look().e.endpoint, "corp");
    assert_string_equal(reason(sha1), "");
    assert_int_equal(events(id, EVENT_ISSUED, sha1), 1);
}

static enum err refuse_wish(const struct pki *pki, const struct pfx_wish *wish) {
    struct pfx_parcel p;
    return pfx_make(authority, pki_endpoint(pki, "default"), &arena, wish, PKCS12_AES, clock_ms(),
                    &p);
}

static void no_more_than_the_policy(void **state) {
    (void)state;
    static const struct pfx_wish bad[] = {
        {.subject = "CN=x", .eku = "1.3.6.1.5.5.7.3.1"},
        {.subject = "CN=x", .eku = "1.3.6.1.5.5.7.3.2+1.3.6.1.5.5.7.3.1"},
        {.subject = "CN=x", .key_usage = 0x84}, /* keyCertSign */
        {.subject = "CN=x", .key_usage = 0x04},
    };
    static const struct pfx_wish unreadable[] = {{.subject = "=x"},
                                                 {.subject = "CN=x", .san = "x"},
                                                 {.subject = "CN=x", .eku = "clientAuth"}};
    const struct pki *pki = pki_acquire(mdm.pki);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(refuse_wish(pki, &bad[i]), ERR_REFUSED);
    for (size_t i = 0; i < sizeof unreadable / sizeof *unreadable; i++)
        assert_int_equal(refuse_wish(pki, &unreadable[i]), ERR_PARSE);
    settings.endpoints[0].policy.subject_rule = "CN=pc*";
    assert_int_equal(refuse_wish(pki, &(struct pfx_wish){.subject = "CN=x"}), ERR_REFUSED);
    settings.endpoints[0].policy.subject_rule = NULL;
    settings.endpoints[0].policy.rsa_min_bits = 4096;
    assert_int_equal(refuse_wish(pki, &(struct pfx_wish){.subject = "CN=x"}), ERR_REFUSED);
    settings.endpoints[0].policy.rsa_min_bits = 2048;
    pki_release(pki);
}

/* ---- what is given ---- */

static void not_everything_is_taken(void **state) {
    (void)state;
    struct pfx_parcel p;
    struct pkcs12 given = given_by("g", "basicConstraints=CA:FALSE");
    assert_ok(take_it(&given, &p));
    assert_false(p.made);
    struct pkcs12 other = given;
    other.certs[0] = given_by("other", "basicConstraints=CA:FALSE").certs[0];
    assert_int_equal(take_it(&other, &p), ERR_REFUSED);
    assert_non_null(strstr(err_detail(), "not that of the certificate"));
    given.key.n--;
    assert_int_equal(take_it(&given, &p), ERR_PARSE);
    given = given_by("g", "basicConstraints=CA:TRUE");
    assert_int_equal(take_it(&given, &p), ERR_REFUSED);
    given = given_by("g", "basicConstraints=CA:FALSE");
    move_clock(30 * DAY);
    assert_int_equal(take_it(&given, &p), ERR_REFUSED);
    assert_non_null(strstr(err_detail(), "has ended"));
}

/* Made here, then given once more: it is one host's. */
static void one_certificate_one_host(void **state) {
    (void)state;
    struct packing p = {.placing = {.key_location = 3}};
    make();
    p.parcel.cert.der = row().cert;
    assert_ok(cert_parse(p.parcel.cert.der, &p.parcel.cert));
    p.parcel.secret = row().secret;
    assert_int_equal(store_write(store, pack_work, &p), ERR_CONFLICT);
    happens(id, EVENT_SENT);
    happens(id, EVENT_REJECTED);
    const char *first = id;
    keep_parcel(p);
    assert_string_not_equal(first, id);
    assert_string_equal(look().e.endpoint, "default");
    happens(id, EVENT_SENT);
    done((struct job){.run = leave});
    assert_string_equal(reason(sha1), "cessationOfOperation");
    assert_int_equal(store_write(store, pack_work, &p), ERR_REFUSED); /* revoked */
}

static const char *given_of_ours(void) {
    struct packing p = {.placing = {.key_location = 3}};
    make();
    p.parcel = (struct pfx_parcel){.secret = row().secret};
    assert_ok(cert_parse(row().cert, &p.parcel.cert));
    happens(id, EVENT_SENT);
    happens(id, EVENT_REJECTED);
    keep_parcel(p);
    return id;
}

/* What was given, and never left, is as it was before. */
static void given_and_taken_back(void **state) {
    (void)state;
    done((struct job){.run = remove_work, .id = given_of_ours()});
    assert_state(STATE_REMOVED);
    assert_string_equal(reason(sha1), "");
    assert_int_equal(events(id, EVENT_NOTE, "never left"), 1);
}

static void given_and_left(void **state) {
    (void)state;

    given_of_ours();
    const char *one = sha1;
    give();
    done((struct job){.run = leave});
    assert_string_equal(reason(one), "");
    assert_int_equal(events(id, EVENT_ALARM, "at its CA"), 0);
}

static void not_twice_in_a_store(void **state) {
    (void)state;
    struct packing p = {.placing = {.key_location = 3}};
    const struct pkcs12 given = given_by("g", "basicConstraints=CA:FALSE");
    assert_ok(take_it(&given, &p.parcel));
    p = keep_parcel(p);
    const char *first = id;
    assert_int_equal(store_write(store, pack_work, &p), ERR_CONFLICT);
    p.placing.user_scope = true;
    keep_parcel(p);
    p.placing.user_scope = false;
    done((struct job){.run = remove_work, .id = first});
    keep_parcel(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filled_as_in_a_profile), cmocka_unit_test(not_everything_is_filled),
        WITH_LIFE(as_the_policy_has_it),          WITH_LIFE(no_more_than_the_policy),
        WITH_LIFE(not_everything_is_taken),       WITH_LIFE(one_certificate_one_host),
        WITH_LIFE(given_and_taken_back),          WITH_LIFE(given_and_left),
        WITH_LIFE(not_twice_in_a_store),
    };
    return cmocka_run_group_tests_name("pfx_made", tests, build, tear_down);
}
