/* SPDX-License-Identifier: Apache-2.0 */
/* Faults on demand: how they are written, and what each does to a host. */
#include "device_scep_server.h"

#include "device/dm_package.h"
#include "device/hresult.h"
#include "device/scep_task.h"
#include "wire/scep.h"

#define KEY SCEP_KEY_MACHINE "\\Test MDM\\one"

struct fixture {
    char *dir;
    struct host *h;
    struct scep_server *v;
};

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->dir = temporary_dir();
    f->h = enrolled_host(f->dir);
    f->v = server_start();
    certstore_add(&f->h->certs, &f->h->mem, STORE_ROOT, ossl_x509_der(&f->v->y.a, f->v->y.ca),
                  SPAN_NONE);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    server_stop(f->v);
    host_close(f->h);
    remove_dir(f->dir);
    free(f);
    return 0;
}

static void fail_by(struct fixture *f, const char *text) {
    struct fault fault = {0};
    assert_int_equal(fault_parse(text, &fault), OK);
    host_set_fault(f->h, &fault);
}

/* One attempt of a profile's SCEP task, without retries; gives ErrorCode, 0 for success. */
static uint32_t enroll(struct fixture *f) {
    struct registry *r = f->h->registry;
    struct reg_key *k = registry_create(r, KEY "\\Install");
    char url[100];
    uint32_t code = 0;
    snprintf(url, sizeof url, "http://127.0.0.1:%d/scep", f->v->port);
    reg_set_text(r, k, "ServerURL", span_str(url));
    reg_set_text(r, k, "SubjectName", span_str("CN=x"));
    reg_set_text(r, k, "EKUMapping", span_str("1.3.6.1.5.5.7.3.2"));
    reg_set_text(r, k, "HashAlgorithm", span_str("SHA-2"));
    reg_set_text(r, k, "CAThumbprint", span_str(thumbprint(&f->v->y.a, f->v->y.ca)));
    reg_set_number(r, k, "KeyUsage", 160);
    reg_set_number(r, k, "KeyLength", 1024);
    reg_set_text(r, registry_create(r, KEY "\\Install\\Challenge"), "Challenge", span_str("x"));
    assert_int_equal(host_set_switch(f->h, "retry-on", "none"), OK);
    scep_task_schedule(f->h, KEY, "./Device/x");
    assert_int_equal(scep_task_run(f->h, KEY), OK);
    reg_number(registry_open(r, KEY), "ErrorCode", &code);
    return code;
}

static bool has_event(struct fixture *f, int id) {
    for (size_t i = 0; i < f->h->events.count; i++)
        if (f->h->events.events[i].id == id)
            return true;
    return false;
}

static void test_how_they_are_written(void **state) {
    static const char *const wrong[] = {
        "",          "drop-after", "drop-after=0",   "duplicate=1001", "clock=9",
        "clock=-",   "clock=h",    "offline=10s-5s", "offline=-5s",    "no-alert=1",
        "no-alert,", "clock=500d", "nonsense"};
    struct fault f = {0};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(fault_parse(wrong[i], &(struct fault){0}), ERR_USAGE);
    assert_int_equal(fault_parse("clock=-9h,no-root,drop-after=2", &f), OK);
    assert_int_equal(fault_parse("offline=10s-2m", &f), OK); /* another --fault adds to it */
    assert_int_equal(f.clock_ms, -9 * 3600000);
    assert_true(f.no_root && !f.no_alert);
    assert_int_equal(f.offline_from_ms, 10000);
    assert_int_equal(f.offline_to_ms, 120000);
    assert_int_equal(fault_strikes(&f, 1), FAULT_NONE);
    assert_int_equal(fault_strikes(&f, 2), FAULT_DROP);
    assert_int_equal(fault_strikes(&f, 2), FAULT_NONE); /* once */
}

/* A leaf that is not valid yet by the host's clock is discarded; back-dating cures it
 * (windows-scep.md, 2.4). */
static void test_clock(void **state) {
    struct fixture *f = *state;
    f->h->schedule.since_ms = clock_ms();
    fail_by(f, "clock=-9h");
    assert_true(f->h->schedule.since_ms <= host_clock_ms(f->h)); /* the wait is no longer for it */
    assert_int_equal(enroll(f), HR_CERT_EXPIRED);
    f->v->reply.not_before_s = -86000;
    assert_int_equal(enroll(f), HR_OK);
}

/* The next command, without the fault, finds waits that are as long as before. */
static void test_clock_of_one_command(void **state) {
    struct fixture *f = *state;
    int64_t now = clock_ms();
    f->h->schedule.since_ms = now;
    fail_by(f, "clock=9h");
    fail_by(f, "clock=5h"); /* in its place */
    assert_int_equal(f->h->schedule.since_ms, now + 5 * 3600000);
    registry_create(f->h->registry, KEY "\\Install");
    scep_task_schedule(f->h, KEY, "./Device/x");
    assert_int_equal(host_save(f->h), OK);
    assert_int_equal(f->h->schedule.since_ms, now + 5 * 3600000);
    host_close(f->h);
    assert_int_equal(host_open(f->dir, HOST_CHANGE, &f->h), OK);
    assert_int_equal(f->h->schedule.since_ms, now);
    assert_in_range(f->h->tasks.list[0].since_ms, now, clock_ms());
}

/* No PKIOperation; events 32 and 307 (windows-scep.md, 2.4). */
static void test_no_root(void **state) {
    struct fixture *f = *state;
    fail_by(f, "no-root");
    assert_int_equal(enroll(f), HR_CERT_UNTRUSTEDROOT);
    assert_int_equal(f->v->posts, 0);
    assert_true(has_event(f, EVENT_SCEP_FAILED) && has_event(f, EVENT_SCEP_LOG_ERROR));
    fail_by(f, "no-alert");
    assert_int_equal(enroll(f), HR_OK);
}

static void test_offline(void **state) {
    struct fixture *f = *state;
    fail_by(f, "offline=1h-2h");
    assert_int_equal(enroll(f), HR_OK);
    fail_by(f, "offline=1h");
    assert_int_equal(enroll(f), HR_WININET_NAME);
    f->h->time_scale = 3600000; /* a millisecond later it is over */
    while (host_is_offline(f->h))
        ;
    assert_int_equal(enroll(f), HR_OK);
}

static void test_alerts(void **state) {
    struct fixture *f = *state;
    BUF_AUTO(b);
    assert_int_equal(enroll(f), HR_OK);
    fail_by(f, "extra-alert");
    dm_write_package_1(f->h, false, &b);
    assert_non_null(strstr(buf_cstr(&b),
                           "<Alert><CmdID>4</CmdID><Data>1224</Data><Item><Meta><Type "
                           "xmlns=\"syncml:metinf\">com.microsoft.mdm.synctype"));
    assert_non_null(strstr(buf_cstr(&b), "<Alert><CmdID>5</CmdID><Data>1226</Data>"));
    assert_non_null(strstr(buf_cstr(&b), "<Replace><CmdID>6</CmdID>"));
    buf_clear(&b);
    fail_by(f, "no-alert");
    dm_write_package_1(f->h, false, &b);
    assert_null(strstr(buf_cstr(&b), "SCEPcertinstall"));
    assert_non_null(strstr(buf_cstr(&b), "<Replace><CmdID>4</CmdID>"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_how_they_are_written),
        TEST(test_clock),
        TEST(test_clock_of_one_command),
        TEST(test_no_root),
        TEST(test_offline),
        TEST(test_alerts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
