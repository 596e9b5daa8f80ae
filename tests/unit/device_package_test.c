/* SPDX-License-Identifier: Apache-2.0 */
/* The first message of a session: what it tells of a SCEP task that is over. */
#include "csp_fixture.h"

#include "device/dm_package.h"
#include "wire/scep.h"

#define KEY "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\SCEP\\Test MDM\\one"
#define URI "./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/one"

static int set_up(void **state) {
    struct fixture *f = open_fixture(state);
    struct reg_key *k = registry_create(f->h->registry, KEY);
    reg_set_number(f->h->registry, k, "Status", CSP_SCEP_FAILED);
    reg_set_number(f->h->registry, k, "ErrorCode", 0x80190194);
    tasks_add(&f->h->tasks,
              (struct task){.key = KEY, .uri = URI, .install = "", .state = TASK_REPORT});
    return 0;
}

static void turn(struct fixture *f, const char *name, const char *value) {
    assert_int_equal(host_set_switch(f->h, name, value), OK);
}

/* The alert of the SCEP result in package 1, as it stands there; "" when there is none. */
static const char *alert(struct fixture *f) {
    BUF_AUTO(b);
    dm_write_package_1(f->h, false, &b);
    const char *begin = strstr(buf_cstr(&b), "<Alert><CmdID>4</CmdID>");
    const char *end = begin ? strstr(begin, "</Alert>") : NULL;
    assert_int_equal(begin != NULL, dm_tells_result(f->h, &f->h->tasks.list[0]));
    return begin ? arena_str(&f->a, span_of(begin, (size_t)(end - begin))) : "";
}

static bool has(struct fixture *f, const char *text) {
    return strstr(alert(f), text) != NULL;
}

static void test_its_default(void **state) {
    assert_string_equal(
        alert(*state),
        "<Alert><CmdID>4</CmdID><Data>1226</Data><Item><Source><LocURI>" URI
        "</LocURI></Source><Meta><Type xmlns=\"syncml:metinf\">com.microsoft:mdm.SCEPcertinstall."
        "result</Type><Format xmlns=\"syncml:metinf\">int</Format></Meta><Data>0</Data></Item>");
}

static void test_each_part_has_a_switch(void **state) {
    struct fixture *f = *state;
    turn(f, "result-alert", "1224");
    assert_true(has(f, "<Data>1224</Data>"));
    turn(f, "alert-source", "enroll");
    assert_true(has(f, "<LocURI>" URI "/Install/Enroll</LocURI>"));
    turn(f, "alert-source", "none");
    assert_false(has(f, "Source"));
    turn(f, "alert-data", "status");
    assert_true(has(f, "<Data>16</Data>"));
    turn(f, "alert-data", "hresult");
    assert_true(has(f, "<Data>-2145844844</Data>"));
}

static void test_who_is_told(void **state) {
    struct fixture *f = *state;
    turn(f, "alert-on", "success");
    assert_string_equal(alert(f), "");
    reg_set_number(f->h->registry, registry_open(f->h->registry, KEY), "Status", CSP_SCEP_SUCCESS);
    assert_true(has(f, "<Data>0</Data>"));
    turn(f, "result-alert", "none");
    assert_string_equal(alert(f), "");
    turn(f, "result-alert", "1226");
    f->h->tasks.list[0].state = TASK_ENROLL;
    assert_string_equal(alert(f), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_its_default), TEST(test_each_part_has_a_switch),
                                       TEST(test_who_is_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
