/* SPDX-License-Identifier: Apache-2.0 */
/* What stands on standard error: whole lines, alone and in blocks, and values that break none. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

enum { LINES = 40, LONG = 5000 };

/* A packet of a pipe is what one write(2) has written. */
static int pipe_ends[2], real_stderr;

static int catch_lines(void **state) {
    (void)state;
    real_stderr = dup(STDERR_FILENO);
    return pipe2(pipe_ends, O_DIRECT | O_NONBLOCK) == 0 && dup2(pipe_ends[1], STDERR_FILENO) >= 0
               ? 0
               : -1;
}

static int let_lines_go(void **state) {
    (void)state;
    dup2(real_stderr, STDERR_FILENO);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    log_set_level(LOG_INFO);
    return close(real_stderr);
}

/* The next write; false: there was none. */
static bool next_write(char text[LOG_BLOCK + 1]) {
    ssize_t n = read(pipe_ends[0], text, LOG_BLOCK);
    text[n > 0 ? n : 0] = 0;
    return n > 0;
}

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static int count_lines(const char *text) {
    int n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void a_line_is_one_write(void **state) {
    char text[LOG_BLOCK + 1];
    (void)state;
    log_write(LOG_INFO, "mdm", "a=%d", 1);
    log_write(LOG_DEBUG, "mdm", "a=%d", 2); /* above the level */
    log_write(LOG_WARN, "scep", "b=%s", log_q(span_str("x y")));
    assert_true(next_write(text));
    assert_true(ends_with(text, "Z info mdm a=1\n"));
    assert_true(next_write(text));
    assert_true(ends_with(text, " warn scep b=\"x y\"\n"));
    assert_false(next_write(text));
}

static void lines_of_a_block_are_one_write(void **state) {
    char text[LOG_BLOCK + 1];
    struct log_block block = {0};
    (void)state;
    log_flush(&block);
    log_add(&block, LOG_INFO, "mdm", "a=1%s");
    log_add(&block, LOG_DEBUG, "mdm", "a=2");
    log_add(&block, LOG_WARN, "mdm", "a=3");
    assert_false(next_write(text));
    log_flush(&block);
    log_flush(&block);
    assert_true(next_write(text));
    assert_int_equal(count_lines(text), 2);
    assert_non_null(strstr(text, " info mdm a=1%s\n"));
    assert_true(ends_with(text, " warn mdm a=3\n"));
    assert_false(next_write(text));
}

/* More than a block: whole lines all the same, and each of them. */
static void a_full_block_makes_room(void **state) {
    char text[LOG_BLOCK + 1], value[300] = {0};
    struct log_block block = {0};
    int lines = 0, writes = 0;
    (void)state;
    memset(value, 'v', sizeof value - 1);
    for (int i = 0; i < LINES; i++)
        log_add(&block, LOG_INFO, "mdm", value);
    log_flush(&block);
    for (; next_write(text); writes++) {
        assert_true(ends_with(text, "v\n"));
        lines += count_lines(text);
    }
    assert_int_equal(lines, LINES);
    assert_in_range(writes, 2, LINES / 8);
}

static void what_is_too_long_is_cut(void **state) {
    char text[LOG_BLOCK + 1], *value = calloc(1, LONG + 1);
    struct log_block block = {0};
    (void)state;
    memset(value, 'v', LONG);
    log_add(&block, LOG_INFO, "mdm", "short=1");
    log_add(&block, LOG_INFO, "mdm", value);
    log_flush(&block);
    assert_true(next_write(text));
    assert_true(ends_with(text, "short=1\n"));
    assert_true(next_write(text));
    assert_true(ends_with(text, "v\n"));
    assert_in_range(strlen(text), LOG_BLOCK - 1, LOG_BLOCK);
    assert_false(next_write(text));
    free(value);
}

static void values_cannot_be_more_than_values(void **state) {
    (void)state;
    assert_string_equal(log_q(span_str("plain-1.2:3")), "plain-1.2:3");
    assert_string_equal(log_q(span_str("")), "\"\"");
    assert_string_equal(log_q(span_str("a b=c")), "\"a b=c\"");
    assert_string_equal(log_q(span_str("a\"b\\ c")), "\"a\\\"b\\\\ c\"");
    assert_string_equal(log_q(span_str("a\nb c\x7f")), "\"a\\x0ab c\\x7f\"");
    assert_string_equal(log_q(span_str("\xc3\xa4 b \xff")), "\"\xc3\xa4 b \\xff\"");
}

/* At 200 bytes; a character that begins before them is whole. */
static void long_values_are_cut(void **state) {
    char value[300], wanted[300] = "\"";
    (void)state;
    memset(value, 'v', sizeof value);
    value[100] = ' ';
    memcpy(wanted + 1, value, 200);
    strcpy(wanted + 201, "...\"");
    assert_string_equal(log_q(span_of(value, 201)), wanted);
    strcpy(wanted + 201, "\"");
    assert_string_equal(log_q(span_of(value, 200)), wanted);
    memcpy(value + 199, "\xc3\xa4", 2);
    memcpy(wanted + 200, "\xc3\xa4", 2);
    strcpy(wanted + 202, "...\"");
    assert_string_equal(log_q(span_of(value, 300)), wanted);
    memset(value, 'v', sizeof value);
    memset(wanted, 'v', 200);
    strcpy(wanted + 200, "...");
    assert_string_equal(log_q(span_of(value, 201)), wanted);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_is_one_write, catch_lines, let_lines_go),
        cmocka_unit_test_setup_teardown(lines_of_a_block_are_one_write, catch_lines, let_lines_go),
        cmocka_unit_test_setup_teardown(a_full_block_makes_room, catch_lines, let_lines_go),
        cmocka_unit_test_setup_teardown(what_is_too_long_is_cut, catch_lines, let_lines_go),
        cmocka_unit_test(values_cannot_be_more_than_values),
        cmocka_unit_test(long_values_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
