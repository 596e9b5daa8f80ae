/* SPDX-License-Identifier: Apache-2.0 */
/* Hex and base64: what must be read, and what must not. */
#include <setjmp.h>
#include <stdio.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/log.h"
#include "base/text.h"

#define assert_ok(e) assert_string_equal((e) == OK ? "" : err_detail(), "")

static void hex_both_ways(void **state) {
    (void)state;
    ARENA_AUTO(a);
    static const uint8_t bytes[] = {0x00, 0x7f, 0x80, 0xab, 0xff};
    char out[2 * sizeof bytes + 1];
    struct span back;
    hex_lower(span_of(bytes, sizeof bytes), out);
    assert_string_equal(out, "007f80abff");
    hex_upper(span_of(bytes, sizeof bytes), out);
    assert_string_equal(out, "007F80ABFF");
    assert_ok(hex_decode(&a, span_str("007F80aBfF"), &back));
    assert_true(span_eq(back, span_of(bytes, sizeof bytes)));
    assert_string_equal(hex_text(&a, span_of(bytes, sizeof bytes)), "007f80abff");
    hex_lower(SPAN_NONE, out);
    assert_string_equal(out, "");
    assert_string_equal(hex_text(&a, SPAN_NONE), "");
    assert_ok(hex_decode(&a, SPAN_NONE, &back));
    assert_int_equal(back.n, 0);
}

static void same_texts(void **state) {
    (void)state;
    assert_true(text_same("ab", "ab"));
    assert_false(text_same("ab", "aB"));
    assert_true(text_same(NULL, ""));
    assert_true(text_same(NULL, NULL));
    assert_false(text_same("a", NULL));
}

/* What jansson reads is what was written. */
static void json_of_every_byte(void **state) {
    (void)state;
    static const char *const others[] = {
        "",        "\"",         "\\",           "\\\"\\",
        "a\"b\\c", "\xc3\xa9\"", "\xe2\x82\xac", "\xf0\x9f\x94\x91\n\xf4\x8f\xbf\xbf",
    };
    char all[0x80], text[0x80];
    for (int i = 1; i < 0x80; i++)
        all[i - 1] = (char)i;
    all[0x7f] = 0;
    for (size_t i = 0; i < 0x80 + sizeof others / sizeof *others; i++) {
        BUF_AUTO(b);
        snprintf(text, sizeof text, "%s", i < 0x80 ? all + i % 0x80 : others[i - 0x80]);
        if (i < 0x7f)
            text[1 + i % 3] = 0; /* at the end, too */
        text_quote_json(&b, text);
        json_t *read = json_loadb((char *)b.p, b.n, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(read);
        assert_string_equal(json_string_value(read), text);
        json_decref(read);
    }
}

static void claims(void **state) {
    (void)state;
    ARENA_AUTO(a);
    assert_string_equal(text_claim(&a, SPAN_NONE, 4), "");
    assert_string_equal(text_claim(&a, span_str("abcd"), 4), "abcd");
    assert_string_equal(text_claim(&a, span_str("abcde"), 4), "abcd...");
    assert_string_equal(text_claim(&a, span_str("a\nb"), 4), "a\\x0ab");
    assert_string_equal(text_claim(&a, span_of("a\0b", 3), 4), "a\\x00b");
    assert_string_equal(text_claim(&a, span_str("\xc3\xa9"), 4), "\xc3\xa9");
    assert_string_equal(text_claim(&a, span_str("abc\xc3\xa9"), 4), "abc\\xc3...");
    assert_string_equal(text_claim(&a, span_str("\x7f"), 4), "\\x7f");
}

static void hex_refuses(void **state) {
    (void)state;
    ARENA_AUTO(a);
    static const char *const bad[] = {"0",   "000",  "0g",    "g0", " 00",     "00 ",
                                      "0 0", "0x00", "00:11", "-1", "\xc3\xa9"};
    struct span out;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(hex_decode(&a, span_str(bad[i]), &out), ERR_PARSE);
    assert_int_equal(hex_decode(&a, span_of("0\0", 2), &out), ERR_PARSE);
}

/* The vectors of RFC 4648, section 10. */
static void base64_vectors(void **state) {
    (void)state;
    static const struct {
        const char *plain, *coded;
    } vectors[] = {{"", ""},
                   {"f", "Zg=="},
                   {"fo", "Zm8="},
                   {"foo", "Zm9v"},
                   {"foob", "Zm9vYg=="},
                   {"fooba", "Zm9vYmE="},
                   {"foobar", "Zm9vYmFy"}};
    ARENA_AUTO(a);
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        BUF_AUTO(b);
        struct span out;
        base64_encode(&b, span_str(vectors[i].plain));
        assert_string_equal(buf_cstr(&b), vectors[i].coded);
        assert_ok(base64_decode(&a, span_str(vectors[i].coded), &out));
        assert_true(span_is(out, vectors[i].plain));
    }
}

static void base64_every_byte_and_length(void **state) {
    (void)state;
    ARENA_AUTO(a);
    uint8_t bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 + 3);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        BUF_AUTO(b);
        struct span out;
        base64_encode(&b, span_of(bytes, n));
        assert_int_equal(b.n, (n + 2) / 3 * 4);
        assert_ok(base64_decode(&a, buf_view(&b), &out));
        assert_true(span_eq(out, span_of(bytes, n)));
    }
}

static void base64_skips_white_space(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span out;
    assert_ok(base64_decode(&a, span_str("\r\n Zm9v\r\n\tYm Fy \n"), &out));
    assert_true(span_is(out, "foobar"));
    assert_ok(base64_decode(&a, span_str("Z g\n=\r= "), &out));
    assert_true(span_is(out, "f"));
    assert_ok(base64_decode(&a, span_str(" \r\n\t"), &out));
    assert_int_equal(out.n, 0);
}

static void base64_refuses(void **state) {
    (void)state;
    ARENA_AUTO(a);
    static const char *const bad[] = {
        "Z",    "Zg",    "Zg=",          "Zm9",      "Zm9vY",    "=",     "==",    "====",
        "Z===", "=Zg=",  "Zg==Z",        "Zg==Zg==", "Zm8=v",    "Zg===", "Zm9v=", "Zm_v",
        "Zm-v", "Zm9v!", "Zm9v\xc2\xa0", "%%%%",     "Zm9v\x01", "Z=g=",  "Zh==", /* bits after the
                                                                                     end */
        "Zm9=",
    };
    struct span out;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (base64_decode(&a, span_str(bad[i]), &out) != ERR_PARSE)
            fail_msg("'%s' was taken", bad[i]);
    assert_int_equal(base64_decode(&a, span_of("Zm9v\0", 5), &out), ERR_PARSE);
}

/* An input that ends where its memory ends. */
static void reads_no_further(void **state) {
    (void)state;
    ARENA_AUTO(a);
    static const char text[] = "Zm9vYmFyZm9vYmE=";
    for (size_t n = 0; n < sizeof text; n++) {
        char *copy = malloc(n ? n : 1);
        assert_non_null(copy);
        memcpy(copy, text, n);
        struct span out;
        enum err e = base64_decode(&a, span_of(copy, n), &out);
        assert_int_equal(e == OK, n % 4 == 0);
        e = hex_decode(&a, span_of(copy, n), &out);
        assert_int_equal(e == OK, n == 0);
        free(copy);
    }
}

/* What a stranger chose stands in the log without harm: quotes, controls, stray bytes, directions.
 */
static void log_values(void **state) {
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"plain", "plain"},
        {"", "\"\""},
        {"a b", "\"a b\""},
        {"say \"x\\\"", "\"say \\\"x\\\\\\\"\""},
        {"a\nb\x7f", "\"a\\x0ab\\x7f\""},
        {"\xff\xc3\xa9", "\"\\xff\xc3\xa9\""},
        {"\xe2\x80\xae", "\"\\u{202e}\""},
        {"\xc2\x9b", "\"\\u{009b}\""},
        {"ab\xff"
         "cd\xc3\xa4"
         "ef",
         "\"ab\\xff"
         "cd\xc3\xa4"
         "ef\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(log_q(span_str(cases[i].in)), cases[i].out);
    char most[202] = {0};
    memset(most, 'x', 200);
    assert_string_equal(log_q(span_str(most)), most);
    most[200] = 'y';
    assert_int_equal(strlen(log_q(span_str(most))), 203);
    assert_string_equal(log_q(span_str(most)) + 200, "...");
}

/* Each character there is, in its shortest form, and nothing else. */
static void characters_of_utf8(void **state) {
    (void)state;
    static const char *const wrong[] = {"\x80",         "\xc1\xbf",         "\xe0\x9f\xbf", "\xc3",
                                        "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x80",     "\xff"};
    uint32_t found;
    for (uint32_t c = 0; c < 0x110000; c++) {
        uint8_t b[4];
        size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        if (c >= 0xd800 && c < 0xe000)
            continue;
        for (size_t i = 0; i < n; i++)
            b[i] = (uint8_t)(0x80 | (c >> 6 * (n - 1 - i) & 0x3f));
        b[0] = (uint8_t)(n == 1 ? c : (0xf00u >> n & 0xff) | c >> 6 * (n - 1));
        assert_true(utf8_character(span_of(b, n), &found) == n && found == c);
        assert_int_equal(utf8_character(span_of(b, n - 1), &found), 0);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(utf8_character(span_str(wrong[i]), &found), 0);
}

static void numbers(void **state) {
    (void)state;
    static const int64_t cases[] = {0, 7, -1, 10, 4294967296, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        BUF_AUTO(b);
        char wanted[24];
        snprintf(wanted, sizeof wanted, "%lld", (long long)cases[i]);
        buf_number(&b, cases[i]);
        assert_string_equal(buf_cstr(&b), wanted);
    }
}

/* Around the room that is there: what fits is formatted once. */
static void formatted_text_of_every_length(void **state) {
    (void)state;
    BUF_AUTO(b);
    char wanted[400] = {0};
    for (int n = 0; n < 400; n++) {
        buf_clear(&b);
        buf_printf(&b, "%.*s", n, wanted);
        buf_printf(&b, "%c%s", 'a' + n % 26, "");
        assert_int_equal(b.n, strlen(wanted) + 1);
        assert_memory_equal(b.p, wanted, strlen(wanted));
        assert_true(b.p[b.n - 1] == 'a' + n % 26 && b.p[b.n] == 0);
        wanted[n < 399 ? n : 0] = 'x';
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hex_both_ways),
        cmocka_unit_test(json_of_every_byte),
        cmocka_unit_test(claims),
        cmocka_unit_test(hex_refuses),
        cmocka_unit_test(same_texts),
        cmocka_unit_test(base64_vectors),
        cmocka_unit_test(base64_every_byte_and_length),
        cmocka_unit_test(base64_skips_white_space),
        cmocka_unit_test(base64_refuses),
        cmocka_unit_test(reads_no_further),
        cmocka_unit_test(log_values),
        cmocka_unit_test(characters_of_utf8),
        cmocka_unit_test(numbers),
        cmocka_unit_test(formatted_text_of_every_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
