/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of host it is, and who is signed in: builds, switches, PollOnLogin. */
#include "csp_fixture.h"

#include "device/logon.h"
#include "device/scep_transport.h"
#include "device/switches.h"

static int set_up(void **state) {
    open_fixture(state);
    return 0;
}

static void reopen(struct fixture *f) {
    assert_int_equal(host_save(f->h), OK);
    host_close(f->h);
    assert_int_equal(host_open(f->dir, HOST_CHANGE, &f->h), OK);
}

static void test_every_build_sets_what_there_is(void **state) {
    (void)state;
    for (size_t i = 0; i < device_build_count; i++)
        for (size_t k = 0; k < BUILD_SWITCHES && device_builds[i].switches[k].name; k++) {
            const struct build_switch *b = &device_builds[i].switches[k];
            const struct device_switch *s = switch_find(b->name);
            assert_non_null(s);
            assert_int_equal(switch_check(s, b->value), OK);
        }
}

static void test_every_switch_has_its_words(void **state) {
    (void)state;
    for (size_t i = 0; i < device_switch_count; i++) {
        const struct device_switch *s = &device_switches[i];
        assert_int_equal(switch_check(s, s->initial), OK);
        assert_true(*s->meaning && *s->evidence);
        assert_ptr_equal(switch_find(s->name), s); /* no name twice */
    }
}

static void test_a_host_keeps_its_build(void **state) {
    struct fixture *f = *state;
    const char *headers[SCEP_HEADERS];
    expect(f, "./DevDetail/SwV", "10.0.19043.2364");
    f->h->build = build_find("win11-26100");
    reopen(f);
    expect(f, "./DevDetail/SwV", "10.0.26100.9278");
    expect(f, "./DevDetail/Ext/Microsoft/OSPlatform", "Windows 11 Enterprise");
    scep_headers(f->h, true, headers);
    assert_string_equal(headers[0], "User-Agent: Mozilla/4.0 (compatible; Win32; NDES client "
                                    "10.0.26100.9278/ge_release_svc_prod3)");
    assert_string_equal(headers[3], "Content-Type: application/x-pki-message");
    assert_null(headers[5]);
    assert_true(host_switch_is(f->h, "mde-csr", "utf8"));
    assert_int_equal(host_set_switch(f->h, "mde-csr", "printable"), OK); /* overrides */
    reopen(f);
    assert_true(host_switch_is(f->h, "mde-csr", "printable"));
}

/* ./User works while he is there; PollOnLogin makes his coming a session. */
static void test_sign_in_and_out(void **state) {
    struct fixture *f = *state;
    static const char uri[] = "./User/Vendor/MSFT/ClientCertificateInstall/SCEP/u";
    f->h->enrollment->poll_on_login = true;
    f->h->schedule.delay_ms = 1000;
    logon_sign_out(f->h);
    assert_int_equal(apply(f, CSP_ADD, uri, "node", "", NULL), 500);
    assert_false(logon_user_is_there(f->h));
    reopen(f);
    assert_true(logon_sign_in(f->h));
    assert_int_equal(f->h->schedule.delay_ms, 0);
    assert_int_equal(apply(f, CSP_ADD, uri, "node", "", NULL), 200);
    assert_false(logon_sign_in(f->h)); /* he was there already */
    logon_sign_out(f->h);
    f->h->enrollment->poll_on_login = false;
    f->h->schedule.delay_ms = 1000;
    assert_false(logon_sign_in(f->h));
    assert_int_equal(f->h->schedule.delay_ms, 1000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_build_sets_what_there_is),
        cmocka_unit_test(test_every_switch_has_its_words),
        TEST(test_a_host_keeps_its_build),
        TEST(test_sign_in_and_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
