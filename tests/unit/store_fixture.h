/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store of its own for each test. Work that writes runs in the committer's thread, where cmocka's
 * assertions cannot fail; so it gives errors, and looking is done in store_read.
 */
#ifndef SIGNET_TESTS_STORE_FIXTURE_H
#define SIGNET_TESTS_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "store/device.h"
#include "store/sql.h"

#define assert_ok(e) assert_string_equal((e) == OK ? "" : err_detail(), "")

static char folder[] = "/tmp/store_test.XXXXXX";
static char path[64];
static struct store *store;

static inline void remove_database(void) {
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char name[80];
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
}

static inline int open_fresh(void **state) {
    (void)state;
    remove_database();
    assert_ok(store_open(path, &store));
    return 0;
}

static inline int close_it(void **state) {
    (void)state;
    store_close(store);
    store = NULL;
    remove_database();
    return 0;
}

/* Looks past the store, as another program would. */
static inline int64_t ask_file(const char *sql) {
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    int64_t n = -1;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    if (sqlite3_step(s) == SQLITE_ROW)
        n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return n;
}

static inline enum err add_account(struct tx *tx, void *name) {
    struct account account = {.name = name, .password = "hash", .created = 7};
    return account_add(tx, &account);
}

/* Writes with a work that takes a name. */
static inline enum err write_name(store_work *work, const char *name) {
    return store_write(store, work, (void *)(uintptr_t)name);
}

static inline int prepare(void **state) {
    (void)state;
    log_set_level(LOG_ERROR);
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/db", folder);
    return 0;
}

static inline int clean_up(void **state) {
    (void)state;
    return rmdir(folder);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, open_fresh, close_it)

#endif
