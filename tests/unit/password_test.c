/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "mdm/password.h"

#define assert_ok(e) assert_string_equal((e) == OK ? "" : err_detail(), "")

static enum err check(const char *password, const char *hash) {
    return password_check(span_str(password), hash);
}

static void right_and_wrong(void **state) {
    (void)state;
    ARENA_AUTO(a);
    const char *hash;
    assert_ok(password_hash(&a, span_str("sword fish"), &hash));
    assert_ok(check("sword fish", hash));
    static const char *const wrong[] = {
        "", "sword fis", "sword fishx", "Sword fish", "sword fish ", " sword fish", "swordfish"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(check(wrong[i], hash), ERR_AUTH);
}

static void form(void **state) {
    (void)state;
    ARENA_AUTO(a);
    const char *one, *two;
    assert_ok(password_hash(&a, span_str("swordfish"), &one));
    assert_ok(password_hash(&a, span_str("swordfish"), &two));
    assert_int_equal(strncmp(one, "scrypt$14$8$1$", 14), 0);
    assert_int_equal(strlen(one), 14 + 32 + 1 + 64);
    assert_string_not_equal(one, two); /* each has a salt of its own */
    assert_null(strstr(one, "swordfish"));
    assert_ok(check("swordfish", two));
}

/* RFC 7914, section 12, has no vector with our parameters and salt: this one is Python's hashlib.
 */
static void as_others_compute_it(void **state) {
    (void)state;
    assert_ok(check("swordfish",
                    "scrypt$14$8$1$000102030405060708090a0b0c0d0e0f$"
                    "87c965e5fd0e278aa33e3aa08d150edb0e64f5e444101df7c74ba513475e7e71"));
}

static void bytes_of_any_kind(void **state) {
    (void)state;
    ARENA_AUTO(a);
    static const uint8_t odd[] = {0, 0xff, 'a', 0, '$'};
    const char *hash;
    assert_ok(password_hash(&a, span_of(odd, sizeof odd), &hash));
    assert_ok(password_check(span_of(odd, sizeof odd), hash));
    assert_int_equal(password_check(span_of(odd, sizeof odd - 1), hash), ERR_AUTH);
    char *longest = arena_alloc(&a, 100001);
    memset(longest, 'x', 100000);
    assert_ok(password_hash(&a, span_str(longest), &hash));
    assert_ok(check(longest, hash));
    longest[99999] = 'y';
    assert_int_equal(check(longest, hash), ERR_AUTH);
}

static void nobody(void **state) {
    (void)state;
    assert_int_equal(check("swordfish", NULL), ERR_AUTH);
    char said[128];
    snprintf(said, sizeof said, "%s", err_detail());
    ARENA_AUTO(a);
    const char *hash;
    assert_ok(password_hash(&a, span_str("other"), &hash));
    assert_int_equal(check("swordfish", hash), ERR_AUTH);
    assert_string_equal(err_detail(), said); /* nothing tells the two apart */
    assert_null(strstr(said, "swordfish"));
    assert_int_equal(check("", NULL), ERR_AUTH);
}

static void unknown_accounts_take_as_long(void **state) {
    (void)state;
    ARENA_AUTO(a);
    const char *hash;
    assert_ok(password_hash(&a, span_str("other"), &hash));
    int64_t start = clock_monotonic_ms();
    for (int i = 0; i < 4; i++)
        assert_int_equal(check("x", hash), ERR_AUTH);
    int64_t known = clock_monotonic_ms() - start;
    start = clock_monotonic_ms();
    for (int i = 0; i < 4; i++)
        assert_int_equal(check("x", NULL), ERR_AUTH);
    int64_t unknown = clock_monotonic_ms() - start;
    assert_true(unknown * 4 > known); /* not at once; the rest is the machine's mood */
}

static void malformed_hashes(void **state) {
    (void)state;
    static const char salt[] = "000102030405060708090a0b0c0d0e0f";
    static const char *const bad[] = {"", "swordfish", "scrypt$14$8$1$", "scrypt$14$8$1$$",
                                      "$2b$12$abcdefghijklmnopqrstuv"};
    ARENA_AUTO(a);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(check("swordfish", bad[i]), ERR_STORE);
    const char *good;
    assert_ok(password_hash(&a, span_str("swordfish"), &good));
    assert_int_equal(check("swordfish", arena_printf(&a, "%s0", good)), ERR_STORE);
    char *changed = arena_str(&a, span_str(good));
    changed[20] = 'g';
    assert_int_not_equal(check("swordfish", changed), OK);
    changed = arena_str(&a, span_str(good));
    changed[8] = '5'; /* other parameters */
    assert_int_equal(check("swordfish", changed), ERR_STORE);
    assert_int_equal(check("", arena_printf(&a, "scrypt$14$8$1$%s$", salt)), ERR_STORE);
}

/* One digit changed anywhere: never right. */
static void changed_hashes(void **state) {
    (void)state;
    ARENA_AUTO(a);
    const char *good;
    assert_ok(password_hash(&a, span_str("swordfish"), &good));
    static const size_t places[] = {14, 45, 47, 80, 110};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *changed = arena_str(&a, span_str(good));
        changed[places[i]] = changed[places[i]] == '0' ? '1' : '0';
        assert_int_equal(check("swordfish", changed), ERR_AUTH);
    }
}

/* The right one alone, and only for the hash that it was right for: a changed password is another.
 */
static void the_right_one_is_remembered(void **state) {
    (void)state;
    ARENA_AUTO(a);
    const char *hash, *again;
    struct span right = span_str("sword-fish");
    assert_ok(password_hash(&a, right, &hash));
    assert_ok(password_hash(&a, span_str("other"), &again));
    assert_false(password_was_right(right, hash));
    assert_int_equal(check("sword-fisH", hash), ERR_AUTH);
    assert_false(password_was_right(span_str("sword-fisH"), hash));
    assert_false(password_was_right(right, hash));
    assert_ok(password_check(right, hash));
    assert_true(password_was_right(right, hash));
    assert_false(password_was_right(right, again));
    assert_false(password_was_right(right, NULL));
    assert_false(password_was_right(span_str("sword-fisH"), hash));
    assert_int_equal(check("sword-fish", again), ERR_AUTH);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_and_wrong),
        cmocka_unit_test(form),
        cmocka_unit_test(as_others_compute_it),
        cmocka_unit_test(bytes_of_any_kind),
        cmocka_unit_test(nobody),
        cmocka_unit_test(unknown_accounts_take_as_long),
        cmocka_unit_test(malformed_hashes),
        cmocka_unit_test(changed_hashes),
        cmocka_unit_test(the_right_one_is_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
