/* SPDX-License-Identifier: Apache-2.0 */
/* What is never sent, and what is sent when somebody wants to see it fail. */
#include "csp/sendable.h"

#include "profile_fixture.h"

static struct span ours(const char *text) {
    return span_str(swap(text, "0a1b-c2_D", "{{enrollment.id}}", true));
}

static void a_good_profile_is_sent(void **state) {
    (void)state;
    assert_int_equal(profile_sendable(&arena, ours(PROFILE), false), OK);
    assert_null(profile_fails(&arena, ours(PROFILE)));
}

static void what_windows_fails_at_is_told_with_its_code(void **state) {
    (void)state;
    static const struct {
        const char *old, *new, *code;
    } cases[] = {
        {">160<", ">64<", "[key-usage-bits]"},
        {"hunter2", "hunter2_", "[challenge-characters]"},
        {"https://old.example/scep", "ftp://old.example/scep", "[server-url-scheme]"},
        {"0123456789ABCDEF0123456789abcdef01234567", "0123", "[thumbprint-shape]"},
        {"CN=old", "old", "[subject-syntax]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span text = ours(with(cases[i].old, cases[i].new));
        const char *why = profile_fails(&arena, text);
        assert_non_null(why);
        if (!strstr(why, cases[i].code) || strncmp(why, "line ", 5) != 0)
            fail_msg("\"%s\" is not %s", why, cases[i].code);
        assert_null(strstr(why, "hunter2"));
        assert_int_equal(profile_sendable(&arena, text, false), OK);
    }
}

static void what_signet_cannot_fill_or_follow_is_never_sent(void **state) {
    (void)state;
    static const char *const subjects[] = {"CN={{device.serial}}", "CN={{device.id",
                                           "CN={{scep.challenge}}", "CN=PC {{user.upn}}",
                                           "CN={{device.name}}"};
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
        assert_int_equal(profile_sendable(&arena, ours(with("CN=old", subjects[i])), false),
                         ERR_PARSE);
    assert_int_equal(profile_sendable(&arena, ours(with("CN=old", "CN={{device.name}}")), true),
                     OK);
    assert_int_equal(profile_sendable(&arena, span_str(PROFILE), false), ERR_PARSE);
    assert_int_equal(profile_sendable(&arena, span_str("<Add/>"), false), ERR_PARSE);
}

/* Whichever of the two refuses it, the administrator reads one sentence with its cure. */
static void both_refusals_are_told_alike(void **state) {
    (void)state;
    static const char *const subjects[] = {"CN={{device.name}}", "CN={{scep.challenge}}"};
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        struct span text = ours(with("CN=old", subjects[i]));
        assert_int_equal(profile_check(&arena, text, false), ERR_PARSE);
        const char *kept = arena_str(&arena, span_str(err_detail()));
        assert_non_null(strstr(kept, ", SubjectName: {{"));
        assert_non_null(strstr(kept, "; use {{"));
        assert_int_equal(profile_sendable(&arena, text, false), ERR_PARSE);
        assert_string_equal(err_detail(), kept);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_good_profile_is_sent, teardown),
        cmocka_unit_test_teardown(what_windows_fails_at_is_told_with_its_code, teardown),
        cmocka_unit_test_teardown(what_signet_cannot_fill_or_follow_is_never_sent, teardown),
        cmocka_unit_test_teardown(both_refusals_are_told_alike, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
