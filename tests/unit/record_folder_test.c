/* SPDX-License-Identifier: Apache-2.0 */
/* Which folder a recording takes, how much it puts there, and that all of it can be read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "record/folder.h"
#include "record/limits.h"
#include "record/lines.h"

static char top[64];
static struct arena arena;

static int make_top(void **state) {
    (void)state;
    strcpy(top, "/tmp/signet-folder-XXXXXX");
    return mkdtemp(top) ? 0 : -1;
}

static int remove_top(void **state) {
    (void)state;
    int status = system(arena_printf(&arena, "rm -rf '%s'", top));
    arena_free(&arena);
    return status;
}

static const char *in(const char *name) {
    return arena_printf(&arena, "%s/%s", top, name);
}

static void test_whose(void **state) {
    struct folder f;
    struct stat s;
    (void)state;
    assert_int_equal(mkdir(in("mine"), 0755), 0);
    assert_int_equal(folder_open(in("mine"), &f), OK);
    assert_int_equal(stat(in("mine"), &s), 0);
    assert_int_equal(s.st_mode & 0777, 0700);
    folder_close(&f);
    assert_int_equal(symlink("mine", in("link")), 0);
    assert_int_equal(folder_open(in("link"), &f), ERR_REFUSED);
    assert_int_equal(file_write(in("file"), span_str("x"), 0600), OK);
    assert_int_equal(folder_open(in("file"), &f), ERR_REFUSED);
    assert_int_equal(folder_open(in("no/such"), &f), ERR_IO);
    if (geteuid() != 0)
        return; /* nobody else can give a folder away */
    assert_int_equal(mkdir(in("theirs"), 0755), 0);
    assert_int_equal(chown(in("theirs"), 65534, 65534), 0);
    assert_int_equal(folder_open(in("theirs"), &f), ERR_REFUSED);
    assert_int_equal(stat(in("theirs"), &s), 0);
    assert_int_equal(s.st_mode & 0777, 0755);
}

/* What its path leads to later is another folder. */
static void test_stays(void **state) {
    struct folder f;
    (void)state;
    assert_int_equal(folder_open(in("one"), &f), OK);
    assert_int_equal(rename(in("one"), in("moved")), 0);
    assert_int_equal(mkdir(in("one"), 0700), 0);
    assert_int_equal(folder_begin(&f, span_str("a")), OK);
    assert_int_equal(folder_add(&f, "session", span_str("b")), OK);
    assert_int_equal(access(in("moved/00001-session.txt"), F_OK), 0);
    assert_int_equal(rmdir(in("one")), 0); /* empty */
    folder_close(&f);
}

static void test_limits(void **state) {
    struct folder f;
    (void)state;
    assert_int_equal(folder_open(in("small"), &f), OK);
    assert_int_equal(folder_add(&f, "x", span_str("short")), OK);
    assert_int_equal(f.bytes, RECORD_BLOCK);
    f.bytes = ((size_t)RECORD_MAX_MB << 20) - RECORD_BLOCK;
    assert_int_equal(folder_add(&f, "x", span_str("the last block")), OK);
    assert_int_equal(folder_add(&f, "x", span_str("one more")), ERR_LIMIT);
    f.bytes = 0;
    f.files = RECORD_MAX_FILES - 1;
    assert_int_equal(folder_add(&f, "x", span_str("the last file")), OK);
    assert_int_equal(folder_add(&f, "x", span_str("one more")), ERR_LIMIT);
    assert_int_equal(access(in("small/20001-x.txt"), F_OK), -1);
    folder_close(&f);
}

/* ---- the reader ---- */

static unsigned skipped;

static void count_skipped(const char *why) {
    skipped++;
    assert_non_null(strstr(why, "0000"));
}

static void test_skips(void **state) {
    static const char good[] = "signet recording 1: session, +0.1 s\nhost\nserver\n";
    struct recorded *read;
    struct folder f;
    (void)state;
    skipped = 0;
    assert_int_equal(folder_open(in("read"), &f), OK);
    assert_int_equal(folder_add(&f, "session", span_str("not one")), OK);
    assert_int_equal(lines_read(&arena, in("read"), count_skipped, &read), ERR_PARSE);
    assert_int_equal(folder_add(&f, "session", span_str(good)), OK);
    char *large = arena_alloc(&arena, RECORD_MAX_FILE + 1);
    memset(large, 'x', RECORD_MAX_FILE + 1);
    assert_int_equal(folder_add(&f, "session", span_of(large, RECORD_MAX_FILE + 1)), OK);
    assert_int_equal(folder_add(&f, "session", span_str(good)), OK);
    skipped = 0;
    assert_int_equal(lines_read(&arena, in("read"), count_skipped, &read), OK);
    assert_int_equal(skipped, 2);
    assert_non_null(read->next);
    assert_null(read->next->next);
    folder_close(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whose, make_top, remove_top),
        cmocka_unit_test_setup_teardown(test_stays, make_top, remove_top),
        cmocka_unit_test_setup_teardown(test_limits, make_top, remove_top),
        cmocka_unit_test_setup_teardown(test_skips, make_top, remove_top),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
