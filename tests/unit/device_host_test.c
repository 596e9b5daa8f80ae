/* SPDX-License-Identifier: Apache-2.0 */
/* The host's folder: what is saved comes back; switches; locks; the task scheduler's plans. */
#include "device_fixture.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "device/hresult.h"
#include "device/run.h"
#include "device/scep_task.h"
#include "device/show.h"
#include "device/switches.h"
#include "device/workplace.h"
#include "wire/scep.h"

static int set_up(void **state) {
    *state = temporary_dir();
    return 0;
}

static int tear_down(void **state) {
    remove_dir(*state);
    return 0;
}

static struct host *reopen(struct host *h, const char *dir) {
    struct host *again;
    if (h)
        host_close(h);
    assert_int_equal(host_open(dir, HOST_CHANGE, &again), OK);
    return again;
}

static void test_identity(void **state) {
    struct host *h;
    assert_int_equal(host_open(*state, HOST_READ, &h), ERR_NOT_FOUND);
    assert_int_equal(host_create(*state, "no such name"), ERR_USAGE);
    assert_int_equal(host_create(*state, NULL), OK);
    assert_int_equal(host_create(*state, NULL), ERR_EXISTS);
    h = reopen(NULL, *state);
    assert_int_equal(strlen(h->name), 15);
    assert_int_equal(strncmp(h->name, "DESKTOP-", 8), 0);
    assert_int_equal(strlen(h->device_id), 32);
    assert_int_equal(strspn(h->device_id, "0123456789ABCDEF"), 32);
    assert_int_equal(strlen(h->hw_id), 64);
    assert_int_equal(strlen(h->guid), 36);
    assert_int_equal(strlen(h->cv), 16);
    host_close(h);
}

static void test_round_trip(void **state) {
    struct host *h = enrolled_host(*state);
    OSSL_AUTO(EVP_PKEY) key = EVP_RSA_gen(1024);
    OSSL_AUTO(X509) x = make_cert(key, (struct made_cert){.cn = "x"});
    struct span der = ossl_x509_der(&h->mem, x);
    char thumbprint[THUMBPRINT_SIZE];
    cert_thumbprint(der, thumbprint);
    certstore_add(&h->certs, &h->mem, STORE_MY, der, span_str("KEY"));
    certstore_add(&h->certs, &h->mem, STORE_ROOT, der, SPAN_NONE);
    assert_int_equal(host_set_switch(h, "exec-status", "202"), OK);
    tasks_add(&h->tasks, (struct task){.key = "K\\L",
                                       .uri = "./x",
                                       .install = "text \"\n",
                                       .attempt = 2,
                                       .state = TASK_REPORT,
                                       .since_ms = 5,
                                       .delay_ms = 6});
    eventlog_add(&h->events, &h->mem, EVENT_SCEP_FAILED, true, "a \"%s\"\n", "text");
    reg_set_number(h->registry, registry_create(h->registry, "A\\B"), "v", 7);
    h->session = 9;
    h->cv_count = 3;
    h->schedule = (struct schedule){1, 2, 3, 4};
    assert_int_equal(host_save(h), OK);
    h = reopen(h, *state);
    const struct cert_entry *e = certstore_find(&h->certs, STORE_MY, span_str(thumbprint));
    assert_non_null(e);
    assert_true(span_is(e->key, "KEY"));
    assert_true(host_switch_is(h, "exec-status", "202"));
    struct task *t = tasks_find(&h->tasks, "k\\l");
    assert_non_null(t);
    assert_string_equal(t->install, "text \"\n");
    assert_int_equal(t->state, TASK_REPORT);
    assert_int_equal(t->attempt, 2);
    assert_int_equal(h->events.count, 1);
    assert_string_equal(h->events.events[0].text, "a \"text\"\n");
    assert_int_equal(h->session, 9);
    assert_int_equal(h->schedule.failures, 4);
    assert_string_equal(h->enrollment->provider, "Test MDM");
    assert_int_equal(h->enrollment->poll[1].minutes, 60);
    /* a certificate that goes takes its files along, and the key with the last of them */
    assert_true(certstore_remove(&h->certs, STORE_MY, span_str(thumbprint)));
    assert_int_equal(host_save(h), OK);
    BUF_AUTO(path);
    buf_printf(&path, "%s/keys/%s.key", (char *)*state, thumbprint);
    assert_int_equal(access(buf_cstr(&path), F_OK), 0);
    assert_true(certstore_remove(&h->certs, STORE_ROOT, span_str(thumbprint)));
    assert_int_equal(host_save(h), OK);
    assert_int_not_equal(access(buf_cstr(&path), F_OK), 0);
    host_close(h);
}

static void test_broken_files(void **state) {
    static const char *const files[] = {"host.json", "tasks.json", "registry.reg", "eventlog.json",
                                        "certs/Root/x.cer"};
    struct host *h = enrolled_host(*state);
    assert_int_equal(host_save(h), OK);
    host_close(h);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        BUF_AUTO(path);
        BUF_AUTO(old);
        buf_printf(&path, "%s/%s", (char *)*state, files[i]);
        bool existed = file_read(buf_cstr(&path), 100000, &old) == OK;
        assert_int_equal(file_write(buf_cstr(&path), span_str("{ broken"), 0600), OK);
        assert_int_equal(host_open(*state, HOST_READ, &h), ERR_PARSE);
        if (existed)
            assert_int_equal(file_write(buf_cstr(&path), buf_view(&old), 0600), OK);
        else
            unlink(buf_cstr(&path));
    }
    assert_int_equal(host_open(*state, HOST_READ, &h), OK);
    host_close(h);
}

static void test_one_at_a_time(void **state) {
    struct host *h = enrolled_host(*state), *other;
    assert_int_equal(host_save(h), OK);
    assert_int_equal(host_open(*state, HOST_READ, &other), OK); /* reading needs no lock */
    host_close(other);
    assert_int_equal(host_open(*state, HOST_CHANGE, &other), ERR_BUSY);
    host_close(h);
    assert_int_equal(host_open(*state, HOST_CHANGE, &other), OK);
    host_close(other);
}

static void test_switches(void **state) {
    struct host *h = enrolled_host(*state);
    assert_int_equal(host_set_switch(h, "no-such", "x"), ERR_USAGE);
    assert_int_equal(host_set_switch(h, "digest", "md5"), ERR_USAGE);
    assert_int_equal(host_set_switch(h, "digest", ""), ERR_USAGE);
    assert_int_equal(host_set_switch(h, "failure-hresult", "0x80094811"), OK);
    assert_int_equal(host_set_switch(h, "failure-hresult", "0x1"), ERR_USAGE);
    assert_int_equal(host_set_switch(h, "failure-hresult", "80094811"), ERR_USAGE);
    assert_int_equal(host_set_switch(h, "clock-offset", "-3600"), OK);
    assert_int_equal(host_set_switch(h, "clock-offset", "soon"), ERR_USAGE);
    for (size_t i = 0; i < device_switch_count; i++) /* each default is a legal value */
        assert_int_equal(switch_check(&device_switches[i], device_switches[i].initial), OK);
    host_close(h);
}

/* Hosts with different clocks are open at once; to open one again moves nobody's clock. */
static void test_clocks(void **state) {
    ARENA_AUTO(a);
    const char *dirs[] = {arena_printf(&a, "%s/1", (char *)*state),
                          arena_printf(&a, "%s/2", (char *)*state)};
    struct host *right = enrolled_host(dirs[0]), *late = enrolled_host(dirs[1]);
    assert_int_equal(host_save(right), OK);
    assert_int_equal(host_set_switch(late, "clock-offset", "-32400"), OK);
    assert_int_equal(host_save(late), OK);
    for (int i = 0; i < 2; i++)
        late = reopen(late, dirs[1]);
    int64_t before = clock_ms(), shown = host_clock_ms(right);
    assert_in_range(shown, before, before + MINUTE_MS);
    assert_in_range(host_clock_ms(late) + 9 * HOUR_MS, before, before + MINUTE_MS);
    eventlog_add(&late->events, &late->mem, EVENT_SESSION, false, "x");
    eventlog_add(&right->events, &right->mem, EVENT_SESSION, false, "x");
    assert_in_range(right->events.events[0].at_ms, before, before + MINUTE_MS);
    assert_in_range(late->events.events[0].at_ms + 9 * HOUR_MS, before, before + MINUTE_MS);
    host_close(right);
    host_close(late);
}

static void test_poll_schedule(void **state) {
    struct host *h = enrolled_host(*state);
    static const int64_t wanted[] = {15, 15, 60, 480, 480};
    for (int i = 0; i < 5; i++)
        assert_int_equal(run_poll_minutes(h->enrollment, i), wanted[i]);
    h->enrollment->poll[2].number = 1;
    assert_int_equal(run_poll_minutes(h->enrollment, 4), 24 * 60);
    h->enrollment->poll[0].minutes = 0; /* a set with interval 0 is off */
    assert_int_equal(run_poll_minutes(h->enrollment, 0), 60);
    host_close(h);
}

static void test_back_off(void **state) {
    struct host *h = enrolled_host(*state);
    static const int64_t wanted[] = {16000, 32000, 64000, 900000, 900000};
    for (int i = 0; i < 5; i++) {
        run_plan_session(h, false);
        assert_int_equal(h->schedule.delay_ms, wanted[i]);
    }
    run_plan_session(h, true);
    assert_int_equal(h->schedule.failures, 0);
    assert_int_equal(h->schedule.delay_ms, 15 * 60000);
    h->time_scale = 60;
    assert_int_equal(host_due_ms(h, 1000, 60000), 2000);
    host_close(h);
}

static void test_faults(void **state) {
    struct fault f = {0};
    (void)state;
    assert_int_equal(fault_strikes(&f, 0), FAULT_NONE);
    assert_int_equal(fault_parse("drop-after=2", &f), OK);
    assert_int_equal(fault_strikes(&f, 1), FAULT_NONE);
    assert_int_equal(fault_strikes(&f, 2), FAULT_DROP);
    assert_int_equal(fault_strikes(&f, 2), FAULT_NONE); /* once */
    assert_int_equal(fault_parse("duplicate=1", &f), OK);
    assert_int_equal(fault_strikes(&f, 1), FAULT_DUPLICATE);
    assert_int_equal(fault_parse("duplicate=0", &f), ERR_USAGE);
    assert_int_equal(fault_parse("duplicate=1001", &f), ERR_USAGE);
    assert_int_equal(fault_parse("drop-after=", &f), ERR_USAGE);
    assert_int_equal(fault_parse("lose=1", &f), ERR_USAGE);
}

/* What a host that leaves keeps by the switch unenroll-certs; of another provider it keeps all. */
static void test_leaving(void **state) {
    static const char *const wanted[] = {"keep", "remove"};
    for (size_t i = 0; i < 2; i++) {
        char *dir = temporary_dir();
        struct host *h = enrolled_host(dir);
        OSSL_AUTO(EVP_PKEY) key = EVP_RSA_gen(1024);
        OSSL_AUTO(X509) x = make_cert(key, (struct made_cert){.cn = "x"});
        const struct cert_entry *e =
            certstore_add(&h->certs, &h->mem, STORE_MY, ossl_x509_der(&h->mem, x), span_str("KEY"));
        struct reg_key *k = registry_create(h->registry, SCEP_KEY_MACHINE "\\Test MDM\\one");
        reg_set_text(h->registry, k, "CertThumbprint", span_str(e->thumbprint));
        registry_create(h->registry, SCEP_KEY_MACHINE "\\Other\\two");
        tasks_add(&h->tasks, (struct task){.key = "K", .uri = "./x", .install = ""});
        assert_int_equal(host_set_switch(h, "unenroll-certs", wanted[i]), OK);
        workplace_remove(h);
        assert_null(h->enrollment);
        assert_int_equal(h->tasks.count, 0);
        assert_int_equal(h->certs.count, 1 - i);
        assert_int_equal(registry_open(h->registry, SCEP_KEY_MACHINE "\\Test MDM\\one") != NULL,
                         1 - i);
        assert_non_null(registry_open(h->registry, SCEP_KEY_MACHINE "\\Other\\two"));
        assert_int_equal(host_save(h), OK);
        host_close(h);
        remove_dir(dir);
    }
    (void)state;
}

#define KEY SCEP_KEY_MACHINE "\\Test MDM\\one"

static void hand_made(struct host *h, const char *url) {
    struct registry *r = h->registry;
    struct reg_key *k = registry_create(r, KEY "\\Install");
    static const char *const texts[][2] = {{"SubjectName", "CN=x"},
                                           {"EKUMapping", "1.2.3"},
                                           {"HashAlgorithm", "SHA-2"},
                                           {"CAThumbprint", "AA"}};
    for (size_t i = 0; i < 4; i++)
        reg_set_text(r, k, texts[i][0], span_str(texts[i][1]));
    reg_set_text(r, k, "ServerURL", span_str(url));
    reg_set_number(r, k, "KeyUsage", 160);
    reg_set_number(r, k, "KeyLength", 2048);
    reg_set_number(r, k, "RetryCount", 1);
    reg_set_text(r, registry_create(r, KEY "\\Install\\Challenge"), "Challenge",
                 span_str("secret"));
}

static uint32_t dword(struct host *h, const char *name) {
    uint32_t n = 0;
    reg_number(registry_open(h->registry, KEY), name, &n);
    return n;
}

/* Nobody listens on port 1: each attempt fails at once, the state machine goes its way. */
static void test_task_fails_and_retries(void **state) {
    struct host *h = enrolled_host(*state);
    hand_made(h, "https://127.0.0.1:1/scep");
    scep_task_schedule(h, KEY, "./Device/x");
    assert_int_equal(dword(h, "Status"), CSP_SCEP_UNKNOWN);
    assert_int_equal(scep_task_run(h, KEY), OK);
    h = reopen(h, *state); /* what was done is durable */
    assert_int_equal(dword(h, "Status"), CSP_SCEP_FAILED);
    assert_int_equal(dword(h, "ErrorCode"), HR_WININET_CONNECT);
    assert_int_equal(tasks_find(&h->tasks, KEY)->state, TASK_ENROLL);
    assert_int_equal(tasks_find(&h->tasks, KEY)->delay_ms, 5 * 60000);
    assert_int_equal(scep_task_run(h, KEY), OK);
    assert_int_equal(tasks_find(&h->tasks, KEY)->state, TASK_REPORT);
    assert_int_equal(tasks_find(&h->tasks, KEY)->delay_ms, 2000);
    assert_null(registry_open(h->registry, KEY "\\Install\\Challenge"));
    static const int ids[] = {86, 307, 32, 309};
    for (int i = 0; i < 8; i++)
        assert_int_equal(h->events.events[i].id, ids[i % 4]);
    host_close(h);
}

static void test_task_without_retries(void **state) {
    struct host *h = enrolled_host(*state);
    hand_made(h, "https://127.0.0.1:1/scep");
    assert_int_equal(host_set_switch(h, "retry-on", "none"), OK);
    scep_task_schedule(h, KEY, "./Device/x");
    assert_int_equal(scep_task_run(h, KEY), OK);
    assert_int_equal(tasks_find(&h->tasks, KEY)->state, TASK_REPORT);
    host_close(h);
}

/* A kill after the certificate was installed and before the task knew it. */
static void test_task_finds_its_work_done(void **state) {
    struct host *h = enrolled_host(*state);
    hand_made(h, "https://127.0.0.1:1/scep");
    scep_task_schedule(h, KEY, "./Device/x");
    reg_set_number(h->registry, registry_open(h->registry, KEY), "Status", CSP_SCEP_SUCCESS);
    assert_int_equal(scep_task_run(h, KEY), OK);
    assert_int_equal(tasks_find(&h->tasks, KEY)->state, TASK_REPORT);
    assert_int_equal(dword(h, "Status"), CSP_SCEP_SUCCESS);
    /* and a task whose key is gone goes too */
    scep_task_schedule(h, KEY, "./Device/x");
    registry_delete(h->registry, KEY);
    assert_int_equal(scep_task_run(h, KEY), OK);
    assert_int_equal(h->tasks.count, 0);
    host_close(h);
}

static void test_secrets_are_not_shown(void **state) {
    struct host *h = enrolled_host(*state);
    hand_made(h, "https://127.0.0.1:1/scep");
    reg_set_text(h->registry, registry_create(h->registry, "A\\B"), "AAuthSecret",
                 span_str("a secret"));
    for (int json = 0; json < 2; json++) {
        char *text = NULL;
        size_t n = 0;
        FILE *out = open_memstream(&text, &n);
        show_registry(h, json, out);
        fclose(out);
        assert_null(strstr(text, "secret"));
        assert_non_null(strstr(text, "(hidden)"));
        assert_non_null(strstr(text, "CN=x"));
        free(text);
    }
    host_close(h);
}

/* A user's SCEP task waits for him, the machine's does not. */
static void test_run_waits_for_the_user(void **state) {
    static const char user_key[] = SCEP_KEY_USER "\\Test MDM\\u";
    struct host *h = enrolled_host(*state);
    bool settled;
    h->schedule.delay_ms = 86400000;
    h->schedule.since_ms = clock_ms();
    registry_create(h->registry, SCEP_KEY_USER "\\Test MDM\\u\\Install");
    scep_task_schedule(h, user_key, "./User/x");
    assert_int_equal(host_set_switch(h, "login-status", "others"), OK);
    assert_int_equal(run_host(h, 20, false, &settled), OK);
    assert_int_equal(tasks_find(&h->tasks, user_key)->attempt, 0);
    assert_int_equal(host_set_switch(h, "login-status", "user"), OK);
    assert_int_equal(run_host(h, 20, false, &settled), OK);
    assert_int_equal(tasks_find(&h->tasks, user_key)->attempt, 1);
    host_close(h);
}

static void test_run_waits_for_the_limit(void **state) {
    struct host *h = enrolled_host(*state);
    bool settled = true;
    h->schedule.delay_ms = 86400000;
    h->schedule.since_ms = clock_ms();
    assert_int_equal(run_host(h, 50, true, &settled), OK);
    assert_false(settled);
    host_close(h);
}

static void test_run_ends_without_work(void **state) {
    struct host *h = enrolled_host(*state);
    bool settled = false;
    h->enrollment = NULL;
    assert_false(run_has_work(h));
    assert_int_equal(run_host(h, 0, false, &settled), OK);
    assert_true(settled);
    host_close(h);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_identity),
        TEST(test_round_trip),
        TEST(test_broken_files),
        TEST(test_one_at_a_time),
        TEST(test_switches),
        TEST(test_clocks),
        TEST(test_poll_schedule),
        TEST(test_faults),
        TEST(test_run_waits_for_the_user),
        TEST(test_leaving),
        TEST(test_back_off),
        TEST(test_task_fails_and_retries),
        TEST(test_task_without_retries),
        TEST(test_task_finds_its_work_done),
        TEST(test_secrets_are_not_shown),
        TEST(test_run_waits_for_the_limit),
        TEST(test_run_ends_without_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
