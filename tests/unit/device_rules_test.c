/* SPDX-License-Identifier: Apache-2.0 */
/* What the emulated host refuses before and in its CSPs, and what the switches make of it. */
#include "csp_fixture.h"

#include "device/dm_apply.h"
#include "device/scep_settings.h"
#include "device/scep_task.h"

#define ID   "./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/one"
#define NODE ID "/Install/"

static int set_up(void **state) {
    open_fixture(state);
    return 0;
}

/* The host's answer, "CmdID:Status ...", or "lost" for a message that it cannot read. */
static const char *said(struct fixture *f, const char *commands) {
    struct dm_answer answer;
    BUF_AUTO(codes);
    enum err e = dm_apply(f->h, span_str(commands), &f->a, &answer);
    if (e == ERR_PARSE)
        return "lost";
    assert_int_equal(e, OK);
    for (const struct dm_status *s = answer.statuses; s; s = s->next)
        buf_printf(&codes, "%s%.*s:%d", codes.n ? " " : "", SPAN_FMT(s->cmd_ref), s->code);
    return arena_str(&f->a, buf_view(&codes));
}

static void turn(struct fixture *f, const char *name, const char *value) {
    assert_int_equal(host_set_switch(f->h, name, value), OK);
}

#define ADD(id, node, format, data)                                                               \
    "<Add><CmdID>" id "</CmdID><Item><Target><LocURI>" node                                       \
    "</LocURI></Target><Meta><Format xmlns='syncml:metinf'>" format "</Format></Meta><Data>" data \
    "</Data></Item></Add>"
#define REPLACE(id, node, format, data)                                                           \
    "<Replace><CmdID>" id "</CmdID><Item><Target><LocURI>" node                                   \
    "</LocURI></Target><Meta><Format xmlns='syncml:metinf'>" format "</Format></Meta><Data>" data \
    "</Data></Item></Replace>"
#define ENROLL(id)                                           \
    "<Exec><CmdID>" id "</CmdID><Item><Target><LocURI>" NODE \
    "Enroll</LocURI></Target></Item></Exec>"
#define ATOMIC(commands) "<Atomic><CmdID>1</CmdID>" commands "</Atomic>"

/* A profile's values but for one, which the test adds. */
#define PROFILE                                              \
    ADD("2", NODE "KeyUsage", "int", "160")                  \
    ADD("3", NODE "HashAlgorithm", "chr", "SHA-2")           \
    ADD("4", NODE "SubjectName", "chr", "CN=x")              \
    ADD("5", NODE "EKUMapping", "chr", "1.2.3")              \
    ADD("6", NODE "ServerURL", "chr", "http://localhost:1/") \
    ADD("7", NODE "Challenge", "chr", "secret") ADD("8", NODE "CAThumbprint", "chr", "00")

static void test_xml_in_a_value_loses_the_message(void **state) {
    struct fixture *f = *state;
    assert_string_equal(
        said(f, ADD("1", NODE "KeyUsage", "int", "160") ADD("2", NODE "Challenge", "chr", "a<b/>")),
        "lost");
    assert_string_equal(said(f, ADD("2", NODE "Challenge", "chr", "a & b")), "lost");
    assert_string_equal(said(f, "<!DOCTYPE x>" ADD("2", NODE "Challenge", "chr", "a")), "lost");
    assert_int_equal(get(f, ID, NULL), 404);
    assert_string_equal(said(f, ADD("1", NODE "SubjectName", "chr", "CN=a &amp; b")), "1:200");
    expect(f, NODE "SubjectName", "CN=a & b");
}

static void test_cdata(void **state) {
    struct fixture *f = *state;
    assert_string_equal(said(f, ADD("1", NODE "SubjectName", "chr", "<![CDATA[CN=x]]>")), "1:500");
    turn(f, "cdata", "text");
    assert_string_equal(said(f, ADD("1", NODE "SubjectName", "chr", "<![CDATA[CN=x]]>")), "1:200");
    expect(f, NODE "SubjectName", "CN=x");
    turn(f, "cdata", "empty");
    assert_string_equal(said(f, REPLACE("1", NODE "SubjectName", "chr", "<![CDATA[CN=x]]>")),
                        "1:200");
    expect(f, NODE "SubjectName", "");
}

static void test_command_ids(void **state) {
    struct fixture *f = *state;
    /* an Atomic without a CmdID is not carried out */
    assert_string_equal(said(f, "<Atomic>" ADD("2", ID, "node", "") "</Atomic>"), ":400");
    assert_string_equal(said(f, "<Sequence>" ADD("2", ID, "node", "") "</Sequence>"), ":400");
    assert_int_equal(get(f, ID, NULL), 404);
    assert_string_equal(
        said(f, ATOMIC(ADD("1", ID, "node", "") ADD("0", NODE "KeyUsage", "int", "1"))),
        "1:200 1:200 0:200");
    turn(f, "cmdid", "strict");
    assert_string_equal(said(f, REPLACE("0", ID, "node", "")), "0:400");
    assert_string_equal(said(f, REPLACE("5", ID, "node", "") REPLACE("5", ID, "node", "")),
                        "5:200 5:400");
    assert_string_equal(said(f, ATOMIC(REPLACE("1", ID, "node", ""))), "1:507 1:400");
    assert_string_equal(said(f, ATOMIC(REPLACE("2", ID, "node", "")) REPLACE("3", ID, "node", "")),
                        "1:200 2:200 3:200");
}

static void test_formats(void **state) {
    struct fixture *f = *state;
#define BARE(id, node, data)                                                                \
    "<Add><CmdID>" id "</CmdID><Item><Target><LocURI>" node "</LocURI></Target><Data>" data \
    "</Data></Item></Add>"
    assert_string_equal(said(f, BARE("1", NODE "KeyUsage", "160")), "1:200");
    turn(f, "missing-format", "refuse");
    assert_string_equal(said(f, BARE("1", NODE "KeyLength", "2048")), "1:406");
    assert_string_equal(said(f, BARE("1", NODE "SubjectName", "CN=x")), "1:200");
    assert_string_equal(said(f, ADD("1", NODE "KeyLength", "chr", "2048")), "1:406");
    assert_string_equal(said(f, ADD("1", NODE "KeyLength", "int", "2k")), "1:500");
    assert_string_equal(said(f, ADD("1", ID, "chr", "")), "1:406");
}

static void test_atomic_rules(void **state) {
    struct fixture *f = *state;
    const char *twice =
        ATOMIC(ADD("2", NODE "KeyUsage", "int", "32") REPLACE("3", NODE "KeyUsage", "int", "160"));
    assert_string_equal(said(f, twice), "1:507 2:216 3:500");
    turn(f, "atomic-add-replace", "works");
    assert_string_equal(said(f, twice), "1:200 2:200 3:200");
    expect(f, NODE "KeyUsage", "160");
    turn(f, "atomic-required", "enforced");
    assert_string_equal(said(f, REPLACE("2", NODE "KeyUsage", "int", "32")), "2:500");
    assert_string_equal(said(f, ATOMIC(REPLACE("2", NODE "KeyUsage", "int", "32"))), "1:200 2:200");
    assert_int_equal(apply(f, CSP_DELETE, ID, "", "", NULL), 200);
    assert_int_equal(apply(f, CSP_REPLACE,
                           "./Device/Vendor/MSFT/DMClient/Provider/Test%20MDM/EntDMID", "chr", "x",
                           NULL),
                     200);
}

/* A value outside the DDF's list fails at Add, at Exec, or in the task, by the switch. */
static void test_when_a_value_fails(void **state) {
    struct fixture *f = *state;
    const char *odd = ATOMIC(PROFILE ADD("9", NODE "KeyLength", "int", "1000") ENROLL("10"));
    assert_string_equal(said(f, odd),
                        "1:507 2:216 3:216 4:216 5:216 6:216 7:216 8:216 9:500 10:215");
    turn(f, "range-check", "exec");
    assert_string_equal(said(f, odd),
                        "1:507 2:216 3:216 4:216 5:216 6:216 7:216 8:216 9:216 10:500");
    turn(f, "range-check", "task");
    assert_string_equal(said(f, odd),
                        "1:200 2:200 3:200 4:200 5:200 6:200 7:200 8:200 9:200 10:200");
    assert_int_equal(f->h->tasks.count, 1);
}

static void test_when_a_missing_node_fails(void **state) {
    struct fixture *f = *state;
    assert_string_equal(said(f, ATOMIC(PROFILE ENROLL("9"))),
                        "1:507 2:216 3:216 4:216 5:216 6:216 7:216 8:216 9:500");
    turn(f, "required-check", "task");
    assert_string_equal(said(f, ATOMIC(PROFILE ENROLL("9"))),
                        "1:200 2:200 3:200 4:200 5:200 6:200 7:200 8:200 9:200");
}

/* Without Exec nothing begins; what comes after it is too late for the enrollment. */
static void test_exec_decides(void **state) {
    struct fixture *f = *state;
    assert_string_equal(said(f, ATOMIC(PROFILE ADD("9", NODE "KeyLength", "int", "2048"))),
                        "1:200 2:200 3:200 4:200 5:200 6:200 7:200 8:200 9:200");
    assert_int_equal(f->h->tasks.count, 0);
    expect(f, ID "/Status", "32");
    assert_string_equal(
        said(f, ATOMIC(ENROLL("2") REPLACE("3", NODE "SubjectName", "chr", "CN=y"))),
        "1:200 2:200 3:200");
    assert_int_equal(f->h->tasks.count, 1);
    assert_non_null(strstr(f->h->tasks.list[0].install, "CN=x"));
}

static void test_retry_count(void **state) {
    struct fixture *f = *state;
    struct scep_settings settings;
    assert_string_equal(said(f, ADD("1", NODE "RetryCount", "int", "31")), "1:200");
    struct registry *r = f->h->registry;
    const char *key = *scep_task_keys(f->h, &f->a);
    assert_non_null(key);
    scep_settings_read(reg_child(registry_open(r, key), "Install"), key, &settings);
    assert_int_equal(settings.retry_count, 30);
    turn(f, "retry-count", "refuse");
    assert_string_equal(said(f, REPLACE("1", NODE "RetryCount", "int", "31")), "1:500");
    assert_string_equal(said(f, REPLACE("1", NODE "RetryCount", "int", "30")), "1:200");
}

static void test_both_scopes_in_one_atomic(void **state) {
    struct fixture *f = *state;
    const char *mixed = ATOMIC(ADD("2", NODE "KeyUsage", "int", "160") ADD(
        "3", "./User/Vendor/MSFT/ClientCertificateInstall/SCEP/u", "node", ""));
    turn(f, "login-status", "others");
    assert_string_equal(said(f, mixed), "1:507 2:216 3:500");
    turn(f, "login-status", "user");
    f->h->enrollment->user_store = false; /* an enrollment of the device alone */
    assert_string_equal(said(f, mixed), "1:507 2:216 3:500");
    f->h->enrollment->user_store = true;
    assert_string_equal(said(f, mixed), "1:200 2:200 3:200");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_xml_in_a_value_loses_the_message),
        TEST(test_cdata),
        TEST(test_command_ids),
        TEST(test_formats),
        TEST(test_atomic_rules),
        TEST(test_when_a_value_fails),
        TEST(test_when_a_missing_node_fails),
        TEST(test_exec_decides),
        TEST(test_retry_count),
        TEST(test_both_scopes_in_one_atomic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
