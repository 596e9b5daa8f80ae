/* SPDX-License-Identifier: Apache-2.0 */
/* A fleet without a server: names, bounds, troubles, what is kept. With one: tests/system/86-fleet.
 */
#include "device_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#include "device/fleet.h"
#include "device/hresult.h"

/* Nobody listens on port 1 of loopback. */
#define NO_SERVER "https://127.0.0.1:1"

static int set_up(void **state) {
    *state = temporary_dir();
    return 0;
}

static int tear_down(void **state) {
    remove_dir(*state);
    return 0;
}

static const struct certstore no_trust = {.entries = NULL};

static struct fleet_settings settings(int64_t hosts) {
    return (struct fleet_settings){.hosts = hosts,
                                   .prefix = "PC",
                                   .trust = &no_trust,
                                   .server = NO_SERVER,
                                   .user = "alice",
                                   .password = "x",
                                   .time_scale = 1,
                                   .threads = 3};
}

static void test_bounds(void **state) {
    struct fleet *f;
    struct fleet_settings s = settings(0);
    (void)state;
    assert_int_equal(fleet_open(&s, &f), ERR_USAGE);
    s = settings(FLEET_HOSTS_MAX + 1);
    assert_int_equal(fleet_open(&s, &f), ERR_USAGE);
    s = settings(1);
    s.threads = FLEET_THREADS_MAX + 1;
    assert_int_equal(fleet_open(&s, &f), ERR_USAGE);
    s = settings(100);
    s.prefix = "THIRTEEN-CHAR"; /* and -001 is more than 15 */
    assert_int_equal(fleet_open(&s, &f), ERR_USAGE);
}

static void wait_for_end(struct fleet *f) {
    struct fleet_counts c = {.over = false};
    while (!c.over) {
        usleep(1000);
        fleet_count(f, &c);
    }
    fleet_stop(f);
}

/* Each host fails by itself; they fail in the same way, which is told once. */
static void test_nobody_answers(void **state) {
    struct fleet *f;
    struct fleet_counts c;
    struct fleet_settings s = settings(12);
    size_t n;
    (void)state;
    assert_int_equal(fleet_open(&s, &f), OK);
    fleet_count(f, &c);
    assert_int_equal(c.states[FLEET_WAITS], 12);
    assert_false(c.over);
    fleet_start(f);
    wait_for_end(f);
    fleet_count(f, &c);
    assert_int_equal(c.states[FLEET_FAILED], 12);
    const struct fleet_trouble *t = fleet_troubles(f, &n);
    assert_int_equal(n, 1);
    assert_int_equal(t->count, 12);
    assert_int_equal(t->kind, TROUBLE_ENROLLMENT);
    assert_int_equal(t->hresult, HR_MENROLL_CONNECTIVITY);
    for (int i = 0; i < 12; i++)
        assert_int_equal(fleet_members(f)[i].host->requests, 1);
    fleet_close(f);
}

/* Stopped before its hosts are due, it has done nothing. */
static void test_spread(void **state) {
    struct fleet *f;
    struct fleet_counts c;
    struct fleet_settings s = settings(5);
    (void)state;
    s.spread_ms = INT64_C(1000) * DAY_MS;
    assert_int_equal(fleet_open(&s, &f), OK);
    fleet_start(f);
    fleet_stop(f);
    fleet_count(f, &c);
    assert_int_equal(c.states[FLEET_WAITS], 5);
    assert_true(fleet_members(f)[0].due_ms != fleet_members(f)[1].due_ms);
    fleet_close(f);
}

/* A host that is kept can be opened by itself, and is the same one in the next fleet. */
static void test_kept(void **state) {
    struct fleet *f;
    struct host *h;
    struct fleet_settings s = settings(10);
    char id[64], dir[100];
    s.dir = *state;
    assert_int_equal(fleet_open(&s, &f), OK);
    assert_int_equal(fleet_save(f), OK);
    snprintf(id, sizeof id, "%s", fleet_members(f)[9].host->device_id);
    assert_string_not_equal(id, fleet_members(f)[8].host->device_id);
    fleet_close(f);
    snprintf(dir, sizeof dir, "%s/PC-10", (char *)*state);
    assert_int_equal(host_open(dir, HOST_CHANGE, &h), OK);
    assert_string_equal(h->name, "PC-10");
    assert_string_equal(h->device_id, id);
    host_close(h);
    assert_int_equal(fleet_open(&s, &f), OK);
    assert_string_equal(fleet_members(f)[9].host->device_id, id);
    fleet_close(f);
}

/* A host with a damaged task fails by itself; the fleet goes on, and keeps all. */
static void test_a_damaged_host(void **state) {
#define TASK_KEY "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\SCEP\\Test MDM\\one"
    char dir[100];
    struct fleet *f;
    struct fleet_counts c;
    struct fleet_settings s = settings(2);
    size_t n;
    snprintf(dir, sizeof dir, "%s/PC-1", (char *)*state);
    struct host *h = enrolled_host(dir);
    registry_create(h->registry, TASK_KEY "\\Install");
    tasks_add(&h->tasks, (struct task){.key = TASK_KEY, .uri = "", .install = "no registry"});
    assert_int_equal(host_save(h), OK);
    host_close(h);
    s.dir = *state;
    assert_int_equal(fleet_open(&s, &f), OK);
    fleet_start(f);
    wait_for_end(f);
    fleet_count(f, &c);
    assert_int_equal(c.states[FLEET_FAILED], 2);
    fleet_troubles(f, &n);
    assert_int_equal(n, 2);
    assert_int_equal(fleet_members(f)[1].host->requests, 1);
    assert_int_equal(fleet_save(f), OK);
    fleet_close(f);
}

/* What cannot be written does not take the others along. */
static void test_not_kept(void **state) {
    struct fleet *f;
    struct fleet_settings s = settings(3);
    char path[100];
    s.dir = *state;
    assert_int_equal(fleet_open(&s, &f), OK);
    snprintf(path, sizeof path, "%s/PC-1/host.json", (char *)*state);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_not_equal(fleet_save(f), OK);
    assert_non_null(strstr(err_detail(), "PC-1/"));
    assert_non_null(strstr(err_detail(), "(1 of 3 hosts are not kept)"));
    snprintf(path, sizeof path, "%s/PC-3/host.json", (char *)*state);
    assert_int_equal(access(path, F_OK), 0);
    fleet_close(f);
}

/* New hosts are locked as those that were there: two fleets would write over each other's. */
static void test_locked(void **state) {
    struct fleet *f;
    struct host *h;
    struct fleet_settings s = settings(1);
    char dir[100];
    s.dir = *state;
    snprintf(dir, sizeof dir, "%s/PC-1", (char *)*state);
    assert_int_equal(fleet_open(&s, &f), OK);
    assert_int_equal(host_make(dir, "PC-1", &h), OK);
    assert_int_equal(host_lock(h), ERR_BUSY);
    host_close(h);
    assert_int_equal(fleet_save(f), OK);
    fleet_close(f);
    assert_int_equal(host_make(dir, "PC-1", &h), OK);
    assert_int_equal(host_lock(h), ERR_EXISTS);
    host_close(h);
}

/* Without a folder nothing is written anywhere. */
static void test_in_memory(void **state) {
    struct host *h;
    char dir[100];
    snprintf(dir, sizeof dir, "%s/none", (char *)*state);
    assert_int_equal(host_make(dir, "no such name", &h), ERR_USAGE);
    assert_int_equal(host_make(dir, "PC-1", &h), OK);
    assert_int_equal(host_save(h), OK);
    assert_int_not_equal(access(dir, F_OK), 0);
    host_close(h);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_bounds),    TEST(test_nobody_answers), TEST(test_spread),   TEST(test_kept),
        TEST(test_in_memory), TEST(test_a_damaged_host), TEST(test_not_kept), TEST(test_locked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
