/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whoever commits in place has no time for a checkpoint: the committer makes it. A checkpoint is
 * what writes to the database's own file, and the VFS below sees who does.
 */
#include "store_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

static sqlite3_vfs *below, vfs;
static const sqlite3_io_methods *methods_below;
static sqlite3_io_methods methods;
static pthread_t tester;
static atomic_int by_tester, by_others;

static int on_write(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at) {
    atomic_fetch_add(pthread_equal(pthread_self(), tester) ? &by_tester : &by_others, 1);
    return methods_below->xWrite(f, bytes, n, at);
}

static int on_open(sqlite3_vfs *v, const char *name, sqlite3_file *out, int flags, int *got) {
    int code = below->xOpen(below, name, out, flags, got);
    (void)v;
    if (code == SQLITE_OK && (flags & SQLITE_OPEN_MAIN_DB)) {
        if (!methods_below) {
            methods_below = out->pMethods;
            methods = *methods_below;
            methods.xWrite = on_write;
        }
        out->pMethods = &methods;
    }
    return code;
}

static int watch_writes(void **state) {
    below = sqlite3_vfs_find(NULL);
    vfs = *below;
    vfs.pNext = NULL;
    vfs.zName = "watching";
    vfs.xOpen = on_open;
    tester = pthread_self();
    return sqlite3_vfs_register(&vfs, 1) == SQLITE_OK ? prepare(state) : -1;
}

static int unwatch(void **state) {
    sqlite3_vfs_unregister(&vfs);
    return clean_up(state);
}

/* 128 KiB: 200 of them are more than a checkpoint waits for. */
static enum err add_much(struct tx *tx, void *user) {
    char *text = user;
    return sql_run(tx, "INSERT INTO journal(at, kind, text, evidence) VALUES(1, 1, $1, '{}')", "s",
                   text);
}

static void ignore(struct store_job *j) {
    (void)j;
}

static void the_committer_checkpoints(void **state) {
    static char text[128 * 1024];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    atomic_store(&by_tester, 0); /* opening it, too */
    for (int i = 0; i < 200; i++) {
        struct store_job j = {.work = add_much, .user = text, .done = ignore, .unsynced = true};
        store_submit(store, &j);
        store_drain(store); /* it may have gone to the committer, which is then idle: */
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        assert_ok(j.result);
    }
    for (int i = 0; i < 500 && atomic_load(&by_others) <= 3000; i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    assert_true(atomic_load(&by_others) > 3000);
    assert_int_equal(atomic_load(&by_tester), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_STORE(the_committer_checkpoints)};
    return cmocka_run_group_tests(tests, watch_writes, unwatch);
}
