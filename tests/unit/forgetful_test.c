/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The forgetful VFS: what COMMIT promised with synchronous=FULL survives a kill at any moment; what
 * was promised with OFF does not, which shows that this test, and those that use the VFS, can fail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/forgetful_vfs.c"

enum { ROUNDS = 12, BLOB = 1500 };

static char folder[] = "/tmp/forgetful_test.XXXXXX";
static char path[64];

/* ---- the child that will be killed ---- */

static void need(int condition, const char *what) {
    if (condition)
        return;
    fprintf(stderr, "child: %s\n", what);
    _exit(3);
}

static sqlite3 *open_db(const char *synchronous) {
    char sql[200];
    sqlite3 *db = NULL;
    snprintf(sql, sizeof sql,
             "PRAGMA journal_mode=WAL; PRAGMA synchronous=%s; PRAGMA wal_autocheckpoint=30;"
             "PRAGMA mmap_size=1000000",
             synchronous);
    need(sqlite3_open(path, &db) == SQLITE_OK, "open");
    need(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, sqlite3_errmsg(db));
    return db;
}

static sqlite3_int64 ask_number(sqlite3 *db, const char *sql) {
    sqlite3_stmt *s = NULL;
    sqlite3_int64 n = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
        n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return n;
}

/* Inserts a row, says so after its COMMIT, checks now and then that a second handle sees it. */
static void write_until_killed(const char *synchronous, int report) {
    need(forgetful_vfs_register() == SQLITE_OK, "register");
    sqlite3 *writer = open_db(synchronous), *reader = open_db(synchronous);
    char sql[100];
    for (int id = 1 + (int)ask_number(reader, "SELECT ifnull(max(id), 0) FROM t");; id++) {
        snprintf(sql, sizeof sql, "INSERT INTO t VALUES (%d, randomblob(%d))", id, BLOB);
        need(sqlite3_exec(writer, sql, NULL, NULL, NULL) == SQLITE_OK, sqlite3_errmsg(writer));
        need(write(report, &id, sizeof id) == sizeof id, "report");
        if (id % 7 == 0)
            need(ask_number(reader, "SELECT max(id) FROM t") == id, "the reader is behind");
    }
}

/* ---- the parent that looks at what is left ---- */

static void exec(sqlite3 *db, const char *sql) {
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

static int create_table(void **state) {
    (void)state;
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    exec(db, "PRAGMA journal_mode=WAL; CREATE TABLE t (id INTEGER PRIMARY KEY, b BLOB)");
    return sqlite3_close(db);
}

static int remove_files(void **state) {
    (void)state;
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char name[80];
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
    return 0;
}

/* Runs the child until it has reported `rows` more rows and a moment has passed; the last id. */
static int run_and_kill(const char *synchronous, int rows, useconds_t moment) {
    int pipes[2], id, last = 0, status;
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        close(pipes[0]);
        write_until_killed(synchronous, pipes[1]);
    }
    assert_true(child > 0);
    close(pipes[1]);
    for (; rows > 0 && read(pipes[0], &id, sizeof id) == sizeof id; rows--)
        last = id;
    usleep(moment);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    while (read(pipes[0], &id, sizeof id) == sizeof id) /* said before the kill */
        last = id;
    close(pipes[0]);
    assert_true(last > 0);
    return last;
}

/* The number of rows, which must be those from 1 on, in a database without damage. */
static int rows_left(void) {
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(ask_number(db, "SELECT count(*) FROM pragma_integrity_check"
                                    " WHERE integrity_check = 'ok'"),
                     1);
    int rows = (int)ask_number(db, "SELECT count(*) FROM t WHERE length(b) = 1500");
    assert_int_equal(ask_number(db, "SELECT ifnull(max(id), 0) FROM t"), rows);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return rows;
}

/* Every round goes on with what the one before has left. One row may be there without a report. */
static void full_keeps_what_it_promised(void **state) {
    (void)state;
    srand((unsigned)getpid());
    for (int round = 0; round < ROUNDS; round++) {
        int promised = run_and_kill("FULL", 1 + rand() % 80, (useconds_t)(rand() % 5000));
        int rows = rows_left();
        assert_in_range(rows, promised, promised + 1);
    }
}

/* Without a checkpoint nothing was ever synced since the table was made: all is lost. */
static void off_loses_rows(void **state) {
    (void)state;
    int promised = run_and_kill("OFF", 20, 0);
    assert_true(promised >= 20);
    assert_in_range(rows_left(), 0, promised - 1);
}

/* NORMAL syncs at checkpoints only: the database stays sound, the last rows are gone. */
static void normal_loses_rows_but_stays_sound(void **state) {
    (void)state;
    int lost = 0;
    for (int round = 0; round < 6; round++) {
        int promised = run_and_kill("NORMAL", 10 + rand() % 40, 0);
        int rows = rows_left();
        assert_in_range(rows, 0, promised + 1);
        lost += rows < promised;
    }
    assert_true(lost > 0);
}

/* ---- the file methods, without SQLite's pager ---- */

static struct file *open_file(int flags) {
    sqlite3_vfs *vfs = sqlite3_vfs_find("forgetful");
    struct file *f = calloc(1, (size_t)vfs->szOsFile);
    assert_int_equal(vfs->xOpen(vfs, path, &f->base, flags | SQLITE_OPEN_MAIN_DB, NULL), SQLITE_OK);
    return f;
}

static void close_file(struct file *f) {
    assert_int_equal(f->base.pMethods->xClose(&f->base), SQLITE_OK);
    free(f);
}

static long real_size(void) {
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    long n = ftell(file);
    fclose(file);
    return n;
}

static void pending_writes_are_seen_and_synced(void **state) {
    (void)state;
    assert_int_equal(forgetful_vfs_register(), SQLITE_OK);
    struct file *a = open_file(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    const sqlite3_io_methods *m = a->base.pMethods;
    char got[12];
    sqlite3_int64 size;
    assert_int_equal(m->xWrite(&a->base, "0123456789", 10, 0), SQLITE_OK);
    assert_int_equal(m->xSync(&a->base, SQLITE_SYNC_NORMAL), SQLITE_OK);
    assert_int_equal(real_size(), 10);

    assert_int_equal(m->xWrite(&a->base, "abc", 3, 4), SQLITE_OK);
    assert_int_equal(m->xTruncate(&a->base, 6), SQLITE_OK);
    assert_int_equal(m->xWrite(&a->base, "Z", 1, 8), SQLITE_OK);
    close_file(a); /* nothing is synced, nothing forgotten by this process */
    assert_int_equal(real_size(), 10);

    struct file *b = open_file(SQLITE_OPEN_READWRITE);
    assert_int_equal(m->xFileSize(&b->base, &size), SQLITE_OK);
    assert_int_equal(size, 9);
    assert_int_equal(m->xRead(&b->base, got, 9, 0), SQLITE_OK);
    assert_memory_equal(got, "0123ab\0\0Z", 9);
    assert_int_equal(m->xRead(&b->base, got, 3, 5), SQLITE_OK);
    assert_memory_equal(got, "b\0\0", 3);
    memset(got, 'x', sizeof got);
    assert_int_equal(m->xRead(&b->base, got, 12, 0), SQLITE_IOERR_SHORT_READ);
    assert_memory_equal(got, "0123ab\0\0Z\0\0\0", 12);

    assert_int_equal(m->xSync(&b->base, SQLITE_SYNC_NORMAL), SQLITE_OK);
    assert_int_equal(real_size(), 9);
    assert_int_equal(m->xRead(&b->base, got, 9, 0), SQLITE_OK);
    assert_memory_equal(got, "0123ab\0\0Z", 9);
    close_file(b);
    assert_null(logs);
}

static void deleted_files_leave_no_log(void **state) {
    (void)state;
    assert_int_equal(forgetful_vfs_register(), SQLITE_OK);
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    assert_string_equal(vfs->zName, "forgetful");
    int exists;
    struct file *f = open_file(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    assert_int_equal(vfs->xAccess(vfs, path, SQLITE_ACCESS_EXISTS, &exists), SQLITE_OK);
    assert_false(exists);
    f->base.pMethods->xWrite(&f->base, "x", 1, 0);
    assert_int_equal(vfs->xAccess(vfs, path, SQLITE_ACCESS_EXISTS, &exists), SQLITE_OK);
    assert_true(exists);
    assert_int_equal(vfs->xDelete(vfs, path, 0), SQLITE_OK);
    assert_int_equal(vfs->xAccess(vfs, path, SQLITE_ACCESS_EXISTS, &exists), SQLITE_OK);
    assert_false(exists);
    close_file(f);
    f = open_file(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    f->base.pMethods->xWrite(&f->base, "x", 1, 0);
    close_file(f);
    assert_non_null(logs);
    assert_int_equal(vfs->xDelete(vfs, path, 0), SQLITE_OK);
    assert_null(logs);
}

static int prepare(void **state) {
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/db", folder);
    return 0;
}

static int clean_up(void **state) {
    (void)state;
    return rmdir(folder);
}

#define WITH_TABLE(test) cmocka_unit_test_setup_teardown(test, create_table, remove_files)

/* The tests that fork come first: in the parent the VFS is not registered yet. */
int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_TABLE(full_keeps_what_it_promised),
        WITH_TABLE(off_loses_rows),
        WITH_TABLE(normal_loses_rows_but_stays_sound),
        cmocka_unit_test_teardown(pending_writes_are_seen_and_synced, remove_files),
        cmocka_unit_test_teardown(deleted_files_leave_no_log, remove_files),
    };
    return cmocka_run_group_tests_name("forgetful", tests, prepare, clean_up);
}
