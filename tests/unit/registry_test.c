/* SPDX-License-Identifier: Apache-2.0 */
#include "device_fixture.h"

#include "device/registry.h"

#define KEY "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\SCEP\\MS DM Server\\id"

static void test_round_trip(void **state) {
    struct registry r = {0}, again = {0};
    BUF_AUTO(text);
    BUF_AUTO(second);
    (void)state;
    struct reg_key *k = registry_create(&r, KEY);
    reg_set_text(&r, k, "CertThumbprint", SPAN_NONE);
    reg_set_number(&r, k, "Status", 32);
    reg_set_number(&r, k, "ErrorCode", 0x80190194);
    k = registry_create(&r, KEY "\\Install");
    reg_set_text(&r, k, "Subject\"Name\\", span_str("O=\"a, b\"\r\nC:\\x\\\xc3\xbc"));
    registry_print(&r.root, "", &text);
    assert_int_equal(registry_parse(&again, buf_view(&text)), OK);
    registry_print(&again.root, "", &second);
    assert_string_equal(buf_cstr(&text), buf_cstr(&second));
    struct reg_key *i = registry_open(&again, KEY "\\Install");
    assert_string_equal(reg_text(i, "Subject\"Name\\"), "O=\"a, b\"\r\nC:\\x\\\xc3\xbc");
    uint32_t n;
    assert_true(reg_number(registry_open(&again, KEY), "errorcode", &n));
    assert_int_equal(n, 0x80190194);
    assert_string_equal(reg_text(registry_open(&again, KEY), "CertThumbprint"), "");
    registry_free(&r);
    registry_free(&again);
}

/* As Windows' regedit writes it, and a person edits it. */
static void test_hand_made(void **state) {
    static const char text[] = "\xef\xbb\xbfWindows Registry Editor Version 5.00\r\n\r\n"
                               "; a comment\r\n[" KEY "]\r\n\"Status\"=dword:20\r\n"
                               "\"Gone\"=\"x\"\r\n\"Gone\"=-\r\n\r\n[" KEY "\\Install]\r\n"
                               "\"KeyLength\"=\"2048\"\r\n[" KEY "\\Old]\r\n[-" KEY "\\Old]\r\n";
    struct registry r = {0};
    uint32_t n;
    (void)state;
    assert_int_equal(registry_parse(&r, span_str(text)), OK);
    assert_true(reg_number(registry_open(&r, KEY "\\install"), "KeyLength", &n));
    assert_int_equal(n, 2048);
    assert_true(reg_number(registry_open(&r, KEY), "Status", &n));
    assert_int_equal(n, 32);
    assert_null(reg_value(registry_open(&r, KEY), "Gone"));
    assert_null(registry_open(&r, KEY "\\Old"));
    registry_free(&r);
}

static void test_malformed(void **state) {
    static const char *const bad[] = {
        "",
        "[HKLM]\n",
        "REGEDIT4\n[HKLM]\n",
        "@X",
    };
    static const char *const bad_lines[] = {
        "\"Status\"=dword:1\n",            /* before a key */
        "[HKLM\n",                         /* no bracket */
        "[HKLM]\n\"a\"=\"no end\n",        /* no quote */
        "[HKLM]\n\"a\"=dword:123456789\n", /* nine digits */
        "[HKLM]\n\"a\"=dword:xyz\n",       /* no hex */
        "[HKLM]\n\"a\"=dword:-1\n",        /* a sign */
        "[HKLM]\n\"a\"=hex:00\n",          /* unknown type */
        "[HKLM]\n\"a\" \"b\"\n",           /* no = */
        "[HKLM]\n\"a\"=\"b\" c\n",         /* text behind */
        "[-HKLM]\n\"a\"=\"b\"\n",          /* a value of a removed key */
        "garbage\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct registry r = {0};
        assert_int_equal(registry_parse(&r, span_str(bad[i])), ERR_PARSE);
        registry_free(&r);
    }
    for (size_t i = 0; i < sizeof bad_lines / sizeof *bad_lines; i++) {
        struct registry r = {0};
        BUF_AUTO(text);
        buf_printf(&text, "Windows Registry Editor Version 5.00\n%s", bad_lines[i]);
        assert_int_equal(registry_parse(&r, buf_view(&text)), ERR_PARSE);
        assert_non_null(strstr(err_detail(), "line "));
        registry_free(&r);
    }
}

static void test_keys_and_copies(void **state) {
    struct registry r = {0}, copy = {0};
    (void)state;
    reg_set_number(&r, registry_create(&r, "A\\B"), "v", 1);
    registry_create(&r, "A\\C");
    registry_copy(&copy, &r);
    assert_true(registry_delete(&r, "a\\b"));
    assert_false(registry_delete(&r, "A\\B"));
    assert_null(registry_open(&r, "A\\B"));
    assert_non_null(registry_open(&r, "A\\C"));
    assert_non_null(reg_value(registry_open(&copy, "A\\B"), "V"));
    assert_true(reg_delete_value(registry_open(&copy, "A\\B"), "V"));
    assert_false(reg_delete_value(registry_open(&copy, "A\\B"), "v"));
    assert_null(reg_text(NULL, "x"));
    registry_free(&r);
    registry_free(&copy);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_hand_made),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_keys_and_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
