/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "explain/hresult.h"

static void reads_every_form(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint32_t code;
    } good[] = {
        {"0x80091007", 0x80091007},
        {"0X80091007", 0x80091007},
        {"0x8009100F", 0x8009100f},
        {"2148077575", 0x80091007},
        {"-2146889721", 0x80091007},
        {" 0x80190194\r\n", 0x80190194},
        {"0", 0},
        {"0x0", 0},
        {"-1", 0xffffffff},
        {"4294967295", 0xffffffff},
        {"-2147483648", 0x80000000},
        {"0xffffffff", 0xffffffff},
        {"1", 1},
        {"0x1", 1},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        uint32_t code = 77;
        assert_true(hresult_parse(span_str(good[i].text), &code));
        assert_int_equal(code, good[i].code);
    }
}

static void refuses_the_rest(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",      " ",   "0x",         "0x ",         "x80091007", "0x800910071",
        "0x-1",  "0xg", "4294967296", "-2147483649", "8009100F",  "1.5",
        "1e3",   "+1",  "--1",        "1 2",         "0x 1",      "99999999999999999999",
        "error",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint32_t code = 77;
        if (hresult_parse(span_str(bad[i]), &code))
            fail_msg("'%s' was read as %#x", bad[i], code);
        assert_int_equal(code, 77);
    }
    uint32_t code;
    assert_false(hresult_parse(span_of("0x1\0002", 5), &code));
    assert_false(hresult_parse(SPAN_NONE, &code));
}

static void knows_what_the_seed_met(void **state) {
    (void)state;
    const struct explain_entry *h = hresult_find(0x80190194);
    assert_string_equal(h->name, "HTTP_E_STATUS_NOT_FOUND");
    assert_non_null(strstr(h->cause, "/pkiclient.exe"));
    h = hresult_find(0x80091007);
    assert_string_equal(h->name, "CRYPT_E_HASH_VALUE");
    assert_non_null(strstr(h->cause, "CAThumbprint"));
    assert_string_equal(hresult_find(0x80072efd)->name, "ERROR_WINHTTP_CANNOT_CONNECT");
}

/* Every code gets words, also those that nobody has met. */
static void always_has_words(void **state) {
    (void)state;
    static const uint32_t codes[] = {0,          1,          0x80004005, 0x80190190, 0x801901a4,
                                     0x801901f7, 0x80190257, 0x80190258, 0x8019018f, 0xffffffff};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        const struct explain_entry *h = hresult_find(codes[i]);
        assert_true(*h->name && *h->meaning && *h->cause && *h->cure);
        assert_true(h->number == 0 || h->number == codes[i]);
    }
    assert_string_equal(hresult_find(0x801901f8)->name, "HTTP_E_STATUS");
    assert_string_equal(hresult_find(0x80190257)->name, "HTTP_E_STATUS");
    assert_string_equal(hresult_find(0x80190258)->name, "unknown");
    assert_string_equal(hresult_find(0x8019018f)->name, "unknown");
    assert_string_equal(hresult_find(0xdeadbeef)->name, "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_form),
        cmocka_unit_test(refuses_the_rest),
        cmocka_unit_test(knows_what_the_seed_met),
        cmocka_unit_test(always_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
