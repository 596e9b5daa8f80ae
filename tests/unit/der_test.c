/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto_fixture.h"

#include <openssl/objects.h>

#include "der/writer.h"

#define BYTES(...) span_of((const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__})

static void reads_items(void **state) {
    (void)state;
    struct der d = der_of(BYTES(0x30, 5, 2, 1, 7, 5, 0)), seq;
    struct span s;
    unsigned v;
    assert_ok(der_enter(&d, DER_SEQUENCE, &seq));
    assert_ok(der_small(&seq, 7, &v));
    assert_int_equal(v, 7);
    assert_true(der_at(&seq, DER_NULL));
    assert_int_equal(der_end(&seq), ERR_PARSE);
    assert_ok(der_read(&seq, DER_NULL, &s));
    assert_ok(der_end(&seq));
    assert_ok(der_end(&d));
    assert_int_equal(der_read(&d, DER_NULL, &s), ERR_PARSE);
}

/* Each of these lengths is an attack or BER. */
static void refuses_lengths(void **state) {
    (void)state;
    const struct span bad[] = {
        SPAN_NONE,
        BYTES(4),
        BYTES(4, 1),
        BYTES(4, 0x80, 1, 0, 0),
        BYTES(4, 0x81),
        BYTES(4, 0x81, 1, 0),
        BYTES(4, 0x81, 0x7f, 0),
        BYTES(4, 0x82, 0, 0x80, 0),
        BYTES(4, 0x84, 0xff, 0xff, 0xff, 0xff, 0),
        BYTES(4, 0x84, 0x7f, 0xff, 0xff, 0xff),
        BYTES(4, 0x85, 0, 0, 0, 0, 1, 0),
        BYTES(4, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
        BYTES(4, 0xff),
        BYTES(0x1f, 0x81, 1, 0),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint8_t *copy = exact_copy(bad[i], bad[i].n);
        struct der d = der_of(span_of(copy, bad[i].n));
        struct der_item item;
        assert_int_equal(der_next(&d, &item), ERR_PARSE);
        assert_non_null(strstr(err_detail(), "offset 0: "));
        assert_int_equal(der_check(span_of(copy, bad[i].n)), ERR_PARSE);
        free(copy);
    }
}

static void checks_single_types(void **state) {
    (void)state;
    const struct span bad[] = {
        BYTES(2, 0),
        BYTES(2, 2, 0, 0x7f),
        BYTES(2, 2, 0xff, 0x80),
        BYTES(1, 1, 1),
        BYTES(1, 2, 0, 0),
        BYTES(5, 1, 0),
        BYTES(6, 0),
        BYTES(6, 1, 0x80),
        BYTES(6, 2, 0x80, 1),
        BYTES(0x24, 2, 4, 0),
        BYTES(0x10, 0),
        BYTES(3, 0),
        BYTES(3, 2, 8, 0),
        BYTES(0, 0),
        BYTES(0x30, 2, 2, 0),
        BYTES(0x30, 1, 0x30),
        BYTES(0xa0, 3, 2, 2, 0),
        BYTES(0x30, 0, 0),
        BYTES(6, 10, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 1),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(der_check(bad[i]), ERR_PARSE);
    const struct span good[] = {
        BYTES(2, 2, 0, 0x80), BYTES(2, 1, 0xff), BYTES(1, 1, 0xff), BYTES(0x30, 0),
        BYTES(0xa0, 0),       BYTES(3, 1, 0),    BYTES(0x80, 1, 9), BYTES(0x31, 4, 5, 0, 0x30, 0)};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_ok(der_check(good[i]));
}

static void bounds_depth(void **state) {
    (void)state;
    for (size_t depth = 1; depth < 100; depth++) {
        ARENA_AUTO(a);
        struct der_writer w = der_writer_in(&a);
        for (size_t i = 0; i < depth; i++)
            der_wrap(&w, DER_SEQUENCE, 0);
        assert_int_equal(der_check(der_written(&w)), depth <= DER_MAX_DEPTH ? OK : ERR_PARSE);
    }
}

static void small_integers(void **state) {
    (void)state;
    const unsigned values[] = {0, 1, 127, 128, 255, 256, 32767, 32768, 65535, 8388608, 0x7fffffff};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        ARENA_AUTO(a);
        struct der_writer w = der_writer_in(&a);
        unsigned v;
        der_put_small(&w, values[i]);
        assert_ok(der_check(der_written(&w)));
        struct der d = der_of(der_written(&w));
        assert_ok(der_small(&d, values[i], &v));
        assert_int_equal(v, values[i]);
        d = der_of(der_written(&w));
        if (values[i])
            assert_int_equal(der_small(&d, values[i] - 1, &v), ERR_PARSE);
    }
    unsigned v;
    struct der d = der_of(BYTES(2, 1, 0x80));
    assert_int_equal(der_small(&d, 1000, &v), ERR_PARSE);
    d = der_of(BYTES(2, 5, 1, 0, 0, 0, 0));
    assert_int_equal(der_small(&d, 0xffffffff, &v), ERR_PARSE);
}

static void writes_lengths(void **state) {
    (void)state;
    const size_t sizes[] = {0, 1, 127, 128, 255, 256, 65535, 65536, 70000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ARENA_AUTO(a);
        struct der_writer w = der_writer_in(&a);
        struct span content = span_of(arena_alloc(&a, sizes[i]), sizes[i]), got;
        der_put_item(&w, DER_OCTET_STRING, content);
        der_wrap(&w, DER_SEQUENCE, 0);
        struct der d = der_of(der_written(&w)), seq;
        assert_ok(der_enter(&d, DER_SEQUENCE, &seq));
        assert_ok(der_read(&seq, DER_OCTET_STRING, &got));
        assert_true(span_eq(got, content));
        assert_ok(der_end(&d));
    }
}

static void oids_as_openssl(void **state) {
    (void)state;
    const char *const oids[] = {"2.5.4.3",
                                "1.2.840.113549.1.1.7",
                                "2.16.840.1.113733.1.9.7",
                                "1.3.6.1.4.1.311.21.38",
                                "0.9.2342.19200300.100.1.25",
                                "2.999.1",
                                "1.3.4294967295",
                                "0.0",
                                "2.5"};
    for (size_t i = 0; i < sizeof oids / sizeof *oids; i++) {
        ARENA_AUTO(a);
        uint8_t ours[OID_MAX_SIZE];
        size_t n = oid_encode(oids[i], ours);
        ASN1_OBJECT *theirs = OBJ_txt2obj(oids[i], 1);
        assert_non_null(theirs);
        assert_int_equal(n, OBJ_length(theirs));
        assert_memory_equal(ours, OBJ_get0_data(theirs), n);
        assert_string_equal(oid_text(&a, span_of(ours, n)), oids[i]);
        assert_true(oid_is(span_of(ours, n), oids[i]));
        ASN1_OBJECT_free(theirs);
    }
    const char *const bad[] = {"",     "1",     "1.",   ".1",   "1..2",           "3.1",
                               "1.40", "1.2.x", "01.2", "1.02", "1.2.4294967296", "1.2 ",
                               "-1.2", "1.2."};
    uint8_t out[OID_MAX_SIZE];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(oid_encode(bad[i], out), 0);
}

static void times(void **state) {
    (void)state;
    const int64_t good[] = {0, 1732286580000, 2524607999000, 2524608000000, 4102444800000};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ARENA_AUTO(a);
        struct der_writer w = der_writer_in(&a);
        int64_t ms;
        der_put_time(&w, good[i]);
        struct der d = der_of(der_written(&w));
        assert_true(der_at(&d, good[i] < 2524608000000 ? DER_UTC_TIME : DER_GENERALIZED_TIME));
        assert_ok(der_time(&d, &ms));
        assert_int_equal(ms, good[i]);
    }
    const char *const bad[] = {"240230000000Z", "241301000000Z", "240101250000Z",
                               "240101006000Z", "2401010000Z",   "240101000000+",
                               "24010100000aZ", "240100000000Z", "240101000000z"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ARENA_AUTO(a);
        struct der_writer w = der_writer_in(&a);
        int64_t ms;
        der_put_item(&w, DER_UTC_TIME, span_str(bad[i]));
        struct der d = der_of(der_written(&w));
        assert_int_equal(der_time(&d, &ms), ERR_PARSE);
    }
}

static void sorts_sets(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span items[] = {BYTES(4, 2, 1, 1), BYTES(2, 1, 9), BYTES(4, 1, 7), BYTES(2, 1, 3)};
    struct der_writer w = der_writer_in(&a);
    der_put_sorted(&w, items, 4);
    assert_true(span_eq(der_written(&w), BYTES(2, 1, 3, 2, 1, 9, 4, 1, 7, 4, 2, 1, 1)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_items),         cmocka_unit_test(refuses_lengths),
        cmocka_unit_test(checks_single_types), cmocka_unit_test(bounds_depth),
        cmocka_unit_test(small_integers),      cmocka_unit_test(writes_lengths),
        cmocka_unit_test(oids_as_openssl),     cmocka_unit_test(times),
        cmocka_unit_test(sorts_sets),
    };
    return cmocka_run_group_tests_name("der", tests, NULL, NULL);
}
