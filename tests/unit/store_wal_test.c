/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The WAL that is written in few pieces (store/wal_vfs.h): who looks at a commit that nobody has
 * synced finds all of it, on another connection and in a copy of the files as a dead server leaves
 * them; and what does not fit on the disk fails the work that wrote it, and nothing else.
 */
#include "store_fixture.h"

#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "store/wal_vfs.h"

struct waiting {
    struct store_job job; /* first */
    sem_t done;
};

static void on_done(struct store_job *j) {
    sem_post(&((struct waiting *)j)->done);
}

/* A drain would sync. */
static enum err write_unsynced(store_work *work, void *user) {
    struct waiting w = {.job = {.work = work, .user = user, .done = on_done, .unsynced = true}};
    sem_init(&w.done, 0, 0);
    store_submit(store, &w.job);
    while (sem_wait(&w.done) != 0)
        ;
    sem_destroy(&w.done);
    return store_result(&w.job);
}

/* Rows of two pages each. */
static enum err add_rows(struct tx *tx, void *user) {
    static char text[6000];
    memset(text, 'x', sizeof text - 1);
    for (int i = *(int *)user; i > 0; i--)
        TRY(sql_run(tx, "INSERT INTO journal(at, kind, text, evidence) VALUES(1, 1, $1, '{}')", "s",
                    text));
    return OK;
}

/* More than the cache holds, and again: SQLite spills pages, and writes over what it has spilled.
 */
static enum err rewrite_rows(struct tx *tx, void *user) {
    TRY(add_rows(tx, user));
    TRY(sql_run(tx, "UPDATE journal SET text = replace(text, 'x', 'y')", ""));
    return sql_run(tx, "UPDATE journal SET at = 2", "");
}

static enum err rewrite_and_fail(struct tx *tx, void *user) {
    TRY(rewrite_rows(tx, user));
    return err_set(ERR_CONFLICT, "changed its mind");
}

static void copy_file(const char *suffix) {
    char command[200];
    snprintf(command, sizeof command, "cp '%s%s' '%s/copy%s'", path, suffix, folder, suffix);
    assert_int_equal(system(command), 0);
}

/* Asks what recovery makes of the files as they are now. */
static int64_t ask_copy(const char *sql) {
    char original[sizeof path];
    copy_file("");
    copy_file("-wal");
    strcpy(original, path);
    snprintf(path, sizeof path, "%s/copy", folder);
    int64_t n = ask_file(sql);
    remove_database();
    strcpy(path, original);
    return n;
}

static void assert_rows(int64_t n, int64_t at) {
    char sql[100];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM journal WHERE at = %d", (int)at);
    assert_int_equal(ask_file(sql), n);
    assert_int_equal(ask_copy(sql), n);
    static const char whole[] = "SELECT integrity_check = 'ok' FROM pragma_integrity_check";
    assert_int_equal(ask_file(whole), 1);
    assert_int_equal(ask_copy(whole), 1);
}

static void every_commit_is_seen(void **state) {
    static const int sizes[] = {1, 2, 7, 8, 9, 16, 40, 3, 1};
    int64_t all = 0;
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int n = sizes[i];
        assert_ok(write_unsynced(add_rows, &n));
        assert_rows(all += n, 1);
    }
}

static void spilled_pages_are_seen(void **state) {
    (void)state;
    int n = 900;
    assert_ok(write_unsynced(rewrite_rows, &n));
    assert_rows(n, 2);
    assert_int_equal(write_unsynced(rewrite_and_fail, &n), ERR_CONFLICT);
    assert_rows(n, 2);
    int one = 1;
    assert_ok(write_unsynced(add_rows, &one));
    assert_rows(one, 1);
    assert_rows(n, 2);
}

static enum err take_back(struct tx *tx, void *user) {
    TRY(sql_run(tx, "SAVEPOINT here", ""));
    TRY(rewrite_rows(tx, user));
    TRY(sql_run(tx, "ROLLBACK TO here", ""));
    return sql_run(tx, "RELEASE here", "");
}

static void what_was_spilled_is_taken_back(void **state) {
    (void)state;
    int n = 900;
    assert_ok(write_unsynced(add_rows, &n));
    assert_ok(write_unsynced(take_back, &n));
    assert_rows(n, 1);
    assert_int_equal(ask_file("SELECT count(*) FROM journal WHERE text LIKE 'x%x'"), n);
}

/* Larger than the cache: SQLite sorts it in a temporary file. */
static enum err sort_rows(struct tx *tx, void *user) {
    int64_t sum = -1;
    struct rlimit none = {0, RLIM_INFINITY}, all = {RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &none);
    enum err e = sql_number(tx, &sum,
                            "SELECT sum(length(t)) FROM"
                            " (SELECT text || id t FROM journal ORDER BY t LIMIT 1000000)",
                            "");
    setrlimit(RLIMIT_FSIZE, &all);
    *(bool *)user = sum > 900 * 5999;
    return e;
}

static void temporary_files_are_in_memory(void **state) {
    (void)state;
    int n = 900;
    bool sorted = false;
    signal(SIGXFSZ, SIG_IGN);
    assert_ok(write_unsynced(add_rows, &n));
    assert_ok(write_unsynced(sort_rows, &sorted));
    assert_true(sorted);
}

static void limit_files(rlim_t size) {
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static rlim_t wal_size(void) {
    char wal[80];
    snprintf(wal, sizeof wal, "%s-wal", path);
    FILE *f = fopen(wal, "r");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    rlim_t size = (rlim_t)ftell(f);
    fclose(f);
    return size;
}

/* The disk is full when the WAL has so many bytes. */
static void assert_fails(store_work *work, int rows, rlim_t size, bool synced) {
    limit_files(size);
    enum err e = synced ? store_write(store, work, &rows) : write_unsynced(work, &rows);
    limit_files(RLIM_INFINITY);
    assert_int_equal(e, ERR_STORE);
}

static void a_full_disk_fails_the_commit(void **state) {
    (void)state;
    int one = 1, before = 20;
    signal(SIGXFSZ, SIG_IGN);
    log_set_level((enum log_level) - 1); /* it says that the commit failed */
    assert_ok(write_unsynced(add_rows, &before));
    rlim_t size = wal_size();
    for (int i = 0; i < 6; i++) {
        assert_fails(add_rows, 25, size + (rlim_t)i * 41000, i % 2);
        assert_fails(rewrite_rows, 600, size + (rlim_t)i * 500000, i % 2);
        assert_rows(before + i, 1);
        assert_ok(write_unsynced(add_rows, &one));
        assert_rows(before + i + 1, 1);
    }
    log_set_level(LOG_ERROR);
}

/* ---- a disk that is full for a moment ---- */

static sqlite3_vfs *disk, crowded;
static const sqlite3_io_methods *disk_methods;
static bool is_full;

static int crowded_write(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at) {
    return is_full ? SQLITE_FULL : disk_methods->xWrite(f, bytes, n, at);
}

static int crowded_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *got) {
    static sqlite3_io_methods methods;
    (void)vfs;
    int code = disk->xOpen(disk, name, f, flags, got);
    if (code != SQLITE_OK || !(flags & SQLITE_OPEN_WAL))
        return code;
    disk_methods = f->pMethods;
    methods = *disk_methods;
    methods.xWrite = crowded_write;
    f->pMethods = &methods;
    return SQLITE_OK;
}

static sqlite3 *open_crowded(void) {
    sqlite3 *db;
    disk = sqlite3_vfs_find(NULL);
    crowded = *disk;
    crowded.zName = "crowded";
    crowded.xOpen = crowded_open;
    crowded.pNext = NULL;
    sqlite3_vfs_register(&crowded, 1);
    assert_int_equal(
        sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, wal_vfs()),
        SQLITE_OK);
    return db;
}

static void close_crowded(sqlite3 *db) {
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    sqlite3_vfs_register(disk, 1);
    sqlite3_vfs_unregister(&crowded);
    wal_vfs(); /* stands on the disk again */
}

static int run(sqlite3 *db, const char *sql) {
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/*
 * What is held is written when SQLite reads a page that it has spilled. Were that to fail the
 * statement alone, the jobs before it would be committed without their pages.
 */
static void a_disk_that_is_full_for_a_moment(void **state) {
    (void)state;
    for (int rows = 1195; rows < 1215; rows++) { /* so that frames are held at the end of some */
        char update[100];
        snprintf(path, sizeof path, "%s/crowded", folder);
        sqlite3 *db = open_crowded();
        assert_int_equal(run(db,
                             "PRAGMA journal_mode=WAL; PRAGMA cache_size=-2000;"
                             "PRAGMA secure_delete=ON; PRAGMA wal_autocheckpoint=0;"
                             "CREATE TABLE t(id INTEGER PRIMARY KEY, u INTEGER, v BLOB NOT NULL,"
                             " CHECK(u >= 0));"
                             "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c"
                             " WHERE n < 1500) INSERT INTO t SELECT n, n, zeroblob(3000) FROM c;"
                             "PRAGMA wal_checkpoint(TRUNCATE); BEGIN IMMEDIATE;"
                             "UPDATE t SET u = 9000 WHERE id < 1000;"
                             "UPDATE t SET u = 9001 WHERE id = 1"),
                         SQLITE_OK);
        snprintf(update, sizeof update,
                 "UPDATE t SET u = 9000 WHERE id BETWEEN 1000 AND %d; SAVEPOINT job", rows);
        assert_int_equal(run(db, update), SQLITE_OK);
        is_full = true;
        int code = run(db, "UPDATE t SET u = u + 1 WHERE id BETWEEN 100 AND 140");
        is_full = false;
        if (code == SQLITE_OK) {
            run(db, "ROLLBACK");
        } else {
            run(db, "ROLLBACK TO job");
            code = sqlite3_get_autocommit(db) ? SQLITE_IOERR : run(db, "COMMIT");
        }
        static const char whole[] = "SELECT integrity_check = 'ok' FROM pragma_integrity_check",
                          done[] = "SELECT count(*) FROM t WHERE u >= 9000";
        assert_int_equal(ask_file(whole), 1);
        assert_int_equal(ask_file(done), code == SQLITE_OK ? ask_copy(done) : 0);
        assert_int_equal(ask_copy(whole), 1);
        close_crowded(db);
        remove_database();
    }
}

/* System calls by which this process has written. */
static int writes(void) {
    char line[80];
    int n = -1;
    FILE *f = fopen("/proc/self/io", "r");
    while (f && fgets(line, sizeof line, f))
        sscanf(line, "syscw: %d", &n);
    if (f)
        fclose(f);
    return n;
}

static void few_writes_do(void **state) {
    (void)state;
    int n = 20, before = writes();
    if (before < 0)
        skip();
    assert_ok(write_unsynced(add_rows, &n));
    assert_in_range(writes() - before, 1, 6); /* of more than 40 frames */
}

static int write_frame(sqlite3_file *f, bool commits, int i) {
    unsigned char header[24] = {[7] = commits}, page[4096] = {(unsigned char)i};
    sqlite3_int64 at = 32 + i * (sqlite3_int64)(sizeof header + sizeof page);
    int code = f->pMethods->xWrite(f, header, sizeof header, at);
    return code ? code : f->pMethods->xWrite(f, page, sizeof page, at + (int)sizeof header);
}

static int read_frame(sqlite3_file *f, int i) {
    unsigned char frame[24 + 4096];
    int code = f->pMethods->xRead(f, frame, sizeof frame, 32 + i * (sqlite3_int64)sizeof frame);
    return code ? code : frame[24] == i ? SQLITE_OK : SQLITE_CORRUPT;
}

/* SQLite need not hear from the write itself that a spilled page is lost. */
static void what_is_lost_is_not_committed(void **state) {
    (void)state;
    snprintf(path, sizeof path, "%s/other", folder);
    char wal[80];
    snprintf(wal, sizeof wal, "%s-wal", path);
    fclose(fopen(path, "w")); /* from which the WAL has its mode */
    sqlite3_vfs *vfs = sqlite3_vfs_find(wal_vfs());
    sqlite3_file *f = calloc(1, (size_t)vfs->szOsFile);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_WAL;
    assert_non_null(f);
    assert_int_equal(vfs->xOpen(vfs, wal, f, flags, NULL), SQLITE_OK);
    assert_int_equal(write_frame(f, true, 0), SQLITE_OK);
    rlim_t full = wal_size();
    assert_int_equal(write_frame(f, true, 1), SQLITE_OK); /* of a WAL before */
    assert_int_equal(write_frame(f, false, 1), SQLITE_OK);
    limit_files(full);
    assert_int_not_equal(read_frame(f, 1), SQLITE_OK);
    limit_files(RLIM_INFINITY);
    assert_int_not_equal(write_frame(f, true, 2), SQLITE_OK);
    assert_int_not_equal(read_frame(f, 1), SQLITE_OK);
    assert_int_equal(read_frame(f, 0), SQLITE_OK);
    assert_int_equal(write_frame(f, false, 1), SQLITE_OK);
    assert_int_equal(write_frame(f, true, 2), SQLITE_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(read_frame(f, i), SQLITE_OK);
    assert_int_equal(f->pMethods->xClose(f), SQLITE_OK);
    free(f);
    remove_database();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_STORE(every_commit_is_seen),
        WITH_STORE(spilled_pages_are_seen),
        WITH_STORE(what_was_spilled_is_taken_back),
        WITH_STORE(temporary_files_are_in_memory),
        WITH_STORE(a_full_disk_fails_the_commit),
        WITH_STORE(few_writes_do),
        cmocka_unit_test(a_disk_that_is_full_for_a_moment),
        cmocka_unit_test(what_is_lost_is_not_committed),
    };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
