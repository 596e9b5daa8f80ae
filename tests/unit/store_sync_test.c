/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What store_submit promises of a power cut: a job that is synced survives it, with every one
 * before it; those that are not (`unsynced`) survive the end of the process, and a power cut
 * STORE_SYNC_MS later. A child writes on the forgetful VFS, says what it was told, and is killed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/device.h"

#include "../support/forgetful_vfs.c"

static char folder[] = "/tmp/store_sync_test.XXXXXX";
static char path[64];

/* ---- the child ---- */

struct writing {
    struct store_job job; /* first */
    int number;
    sem_t done;
};

static enum err add_account(struct tx *tx, void *user) {
    char name[24];
    snprintf(name, sizeof name, "a%03d", ((struct writing *)user)->number);
    return account_add(tx, &(struct account){.name = name, .password = "-", .created = 1});
}

static void on_done(struct store_job *job) {
    sem_post(&((struct writing *)job)->done);
}

static bool write_account(struct store *s, int number, bool unsynced,
                          void (*done)(struct store_job *)) {
    struct writing w = {.number = number,
                        .job = {.work = add_account, .done = done, .unsynced = unsynced}};
    w.job.user = &w;
    sem_init(&w.done, 0, 0);
    store_submit(s, &w.job);
    while (sem_wait(&w.done) != 0)
        ;
    sem_destroy(&w.done);
    return w.job.result == OK;
}

static void die(struct store_job *job) {
    (void)job;
    raise(SIGKILL);
}

/* Told, and dead before anything could be synced. */
static _Noreturn void write_and_die(void) {
    struct store *s;
    struct writing w = {.number = 1, .job = {.work = add_account, .done = die, .unsynced = true}};
    w.job.user = &w;
    if (forgetful_vfs_register() != SQLITE_OK || store_open(path, &s) != OK)
        _exit(3);
    store_submit(s, &w.job);
    for (;;)
        pause();
}

static enum err write_nothing(struct tx *tx, void *user) {
    (void)tx, (void)user;
    return OK;
}

static pthread_t writer;

/* When it is told, a sync is due. */
static void on_done_slowly(struct store_job *job) {
    poll(NULL, 0, STORE_SYNC_MS + 20);
    on_done(job);
}

static void die_in_place(struct store_job *job) {
    if (pthread_equal(pthread_self(), writer))
        raise(SIGKILL);
    on_done(job);
}

/* The second one comes when the first is to be synced. */
static _Noreturn void write_two(void) {
    struct store *s;
    writer = pthread_self();
    if (forgetful_vfs_register() != SQLITE_OK || store_open(path, &s) != OK ||
        !write_account(s, 1, true, on_done_slowly) || !write_account(s, 2, true, die_in_place))
        _exit(3);
    poll(NULL, 0, 4 * STORE_SYNC_MS);
    raise(SIGKILL);
    _exit(4);
}

/* What was told unsynced, then a job that is synced and has nothing to write. */
static _Noreturn void write_and_drain(void) {
    struct store *s;
    if (forgetful_vfs_register() != SQLITE_OK || store_open(path, &s) != OK)
        _exit(3);
    if (!write_account(s, 1, true, on_done) || store_write(s, write_nothing, NULL) != OK)
        _exit(4);
    raise(SIGKILL);
    _exit(5);
}

/* Every third is synced; all are told. */
static _Noreturn void write_until_killed(int report, bool forgetful, bool never, int most) {
    struct store *s;
    if ((forgetful && forgetful_vfs_register() != SQLITE_OK) || store_open(path, &s) != OK)
        _exit(3);
    for (int n = 1; n <= most; n++)
        if (!write_account(s, n, never || n % 3 != 0, on_done) ||
            write(report, &n, sizeof n) != sizeof n)
            _exit(4);
    for (;;)
        pause();
}

/* Runs it until it has told of `count`, and for `rest_ms`; gives the last one. */
static int run_and_kill(bool forgetful, bool never, int count, int rest_ms) {
    int ends[2], number = 0, last = 0, status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        write_until_killed(ends[1], forgetful, never, rest_ms ? count : INT_MAX);
    close(ends[1]);
    while (last < count && read(ends[0], &number, sizeof number) == sizeof number)
        last = number;
    poll(NULL, 0, rest_ms);
    kill(child, SIGKILL);
    while (read(ends[0], &number, sizeof number) == sizeof number)
        last = number;
    close(ends[0]);
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
    assert_true(last >= count);
    return last;
}

/* ---- what is left ---- */

static enum err list(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct account *all;
    TRY(account_list(tx, &a, &all));
    for (; all; all = all->next)
        *(int *)user += 1;
    return OK;
}

static int accounts_left(void) {
    struct store *s;
    int count = 0;
    assert_int_equal(store_open(path, &s), OK);
    assert_int_equal(store_read(s, list, &count), OK);
    store_close(s);
    return count;
}

static int make_database(void **state) {
    struct store *s;
    (void)state;
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s/db", folder);
    if (store_open(path, &s) != OK)
        return 1;
    store_close(s);
    return 0;
}

static int remove_database(void **state) {
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    (void)state;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char file[80];
        snprintf(file, sizeof file, "%s%s", path, suffixes[i]);
        unlink(file);
    }
    return rmdir(folder);
}

static void test_power_cut(void **state) {
    (void)state;
    int told = run_and_kill(true, false, 61, 0);
    assert_true(accounts_left() >= told - told % 3);
}

/* What nothing has synced is lost: so the other tests can fail. */
static void run(void (*program)(void)) {
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        program();
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
}

static void test_power_cut_at_once(void **state) {
    (void)state;
    run(write_and_die);
    assert_int_equal(accounts_left(), 0);
}

/* A synced job means all before it, also where SQLite itself has nothing to sync. */
static void test_power_cut_after_nothing(void **state) {
    (void)state;
    run(write_and_drain);
    assert_int_equal(accounts_left(), 1);
}

/* A job that is done in place does not delay a sync that is due. It may be lucky. */
static void test_sync_comes_first(void **state) {
    for (int i = 0; i < 8; i++) {
        run(write_two);
        assert_true(accounts_left() >= 1);
        remove_database(state);
        make_database(state);
    }
}

/* The committer syncs them by itself, though nobody writes any more. */
static void test_power_cut_later(void **state) {
    (void)state;
    assert_int_equal(run_and_kill(true, true, 5, 40 * STORE_SYNC_MS), 5);
    assert_int_equal(accounts_left(), 5);
}

static void test_killed(void **state) {
    (void)state;
    int told = run_and_kill(false, true, 61, 0);
    assert_true(accounts_left() >= told);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_power_cut, make_database, remove_database),
        cmocka_unit_test_setup_teardown(test_power_cut_at_once, make_database, remove_database),
        cmocka_unit_test_setup_teardown(test_power_cut_after_nothing, make_database,
                                        remove_database),
        cmocka_unit_test_setup_teardown(test_sync_comes_first, make_database, remove_database),
        cmocka_unit_test_setup_teardown(test_power_cut_later, make_database, remove_database),
        cmocka_unit_test_setup_teardown(test_killed, make_database, remove_database),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
