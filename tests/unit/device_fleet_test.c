/* SPDX-License-Identifier: Apache-2.0 */
/* A fleet without a server: names, bounds, troubles, what is kept. With one: tests/system/86-fleet.
 */
#include "device_fixture.h"

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
    assert_int_equal(fleet_stop(f), OK);
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
    assert_int_equal(fleet_stop(f), OK);
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
    const struct CMUnitTest tests[] = {TEST(test_bounds), TEST(test_nobody_answers),
                                       TEST(test_spread), TEST(test_kept), TEST(test_in_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
