/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "der/ber.h"
#include "der/writer.h"

#define assert_ok(e) assert_string_equal((e) == OK ? "" : err_detail(), "")
#define BYTES(...)   span_of((const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__})

/* A copy whose end is the end of its memory, so that ASan sees each read beyond it. */
static enum err convert(struct arena *a, struct span ber, struct span *der) {
    uint8_t *copy = malloc(ber.n ? ber.n : 1);
    assert_non_null(copy);
    if (ber.n)
        memcpy(copy, ber.p, ber.n);
    enum err e = ber_to_der(a, span_of(copy, ber.n), der);
    if (e == OK)
        *der = arena_copy(a, *der);
    free(copy);
    return e;
}

static void known_forms(void **state) {
    (void)state;
    const struct {
        struct span ber, der;
    } cases[] = {
        /* lengths */
        {BYTES(0x30, 0x80, 0, 0), BYTES(0x30, 0)},
        {BYTES(0x30, 0x80, 5, 0, 0, 0), BYTES(0x30, 2, 5, 0)},
        {BYTES(0x30, 0x80, 0x31, 0x80, 2, 1, 5, 0, 0, 0, 0), BYTES(0x30, 5, 0x31, 3, 2, 1, 5)},
        {BYTES(0x30, 7, 0x31, 0x80, 2, 1, 5, 0, 0), BYTES(0x30, 5, 0x31, 3, 2, 1, 5)},
        {BYTES(0x30, 0x81, 2, 5, 0), BYTES(0x30, 2, 5, 0)},
        {BYTES(4, 0x83, 0, 0, 1, 9), BYTES(4, 1, 9)},
        {BYTES(4, 0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 9), BYTES(4, 1, 9)},
        {BYTES(0xa0, 0x80, 0x80, 1, 9, 0, 0), BYTES(0xa0, 3, 0x80, 1, 9)},
        /* values */
        {BYTES(2, 3, 0, 0, 1), BYTES(2, 1, 1)},
        {BYTES(2, 3, 0, 0, 0x80), BYTES(2, 2, 0, 0x80)},
        {BYTES(2, 3, 0xff, 0xff, 0x80), BYTES(2, 1, 0x80)},
        {BYTES(2, 2, 0xff, 0x7f), BYTES(2, 2, 0xff, 0x7f)},
        {BYTES(1, 1, 1), BYTES(1, 1, 0xff)},
        {BYTES(1, 0x81, 1, 0), BYTES(1, 1, 0)},
        /* strings in pieces, and pieces in pieces */
        {BYTES(0x24, 6, 4, 1, 1, 4, 1, 2), BYTES(4, 2, 1, 2)},
        {BYTES(0x24, 0x80, 4, 1, 1, 0x24, 0x80, 4, 1, 2, 4, 0, 4, 1, 3, 0, 0, 0, 0),
         BYTES(4, 3, 1, 2, 3)},
        {BYTES(0x24, 0), BYTES(4, 0)},
        {BYTES(0x2c, 3, 0x0c, 1, 'a'), BYTES(0x0c, 1, 'a')},
        {BYTES(0x33, 6, 4, 1, 'a', 4, 1, 'b'), BYTES(0x13, 2, 'a', 'b')},
        {BYTES(0x37, 0x80, 4, 1, '2', 0x17, 1, '6', 0, 0), BYTES(0x17, 2, '2', '6')},
        {BYTES(0x23, 8, 3, 2, 0, 0xaa, 3, 2, 4, 0xb0), BYTES(3, 3, 4, 0xaa, 0xb0)},
        {BYTES(0x23, 3, 3, 1, 0), BYTES(3, 1, 0)},
        /* under an implicit tag only a schema knows that it is a string */
        {BYTES(0xa0, 0x80, 4, 1, 1, 4, 1, 2, 0, 0), BYTES(0xa0, 6, 4, 1, 1, 4, 1, 2)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_AUTO(a);
        struct span der;
        assert_ok(convert(&a, cases[i].ber, &der));
        assert_int_equal(der.n, cases[i].der.n);
        assert_memory_equal(der.p, cases[i].der.p, der.n);
    }
}

static void refusals(void **state) {
    (void)state;
    const struct span bad[] = {
        SPAN_NONE,
        BYTES(0x30),
        BYTES(0, 0),
        BYTES(4, 0x80, 1, 0, 0),             /* a primitive of indefinite length */
        BYTES(0x30, 0x80),                   /* no end */
        BYTES(0x30, 0x80, 0),                /* half an end */
        BYTES(0x30, 0x80, 5, 0),             /* no end after an item */
        BYTES(0x30, 2, 0, 0),                /* an end inside a definite length */
        BYTES(0x30, 0x80, 0, 1, 0, 0),       /* an end with a content */
        BYTES(0x30, 0x80, 0, 0x81, 0, 0, 0), /* an end with a long length */
        BYTES(0x30, 0x80, 0, 0, 0),          /* something after the end */
        BYTES(0x30, 4, 0x30, 0x80, 5, 0, 0, 0),
        BYTES(0x30, 3, 4, 2, 0), /* a piece longer than the whole */
        BYTES(4, 0xff, 0),
        BYTES(4, 0x81),
        BYTES(4, 0x84, 0xff, 0xff, 0xff, 0xff, 0),
        BYTES(4, 0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        BYTES(0x3f, 0x81, 1, 0),
        BYTES(0x21, 3, 1, 1, 0xff), /* constructed types that are never that */
        BYTES(0x22, 3, 2, 1, 1),
        BYTES(0x25, 0),
        BYTES(0x26, 3, 6, 1, 1),
        BYTES(0x28, 0x80, 0, 0),
        BYTES(0x10, 0),
        BYTES(0x11, 0),
        BYTES(0x24, 3, 2, 1, 1), /* pieces of other types */
        BYTES(0x2c, 3, 0x13, 1, 'a'),
        BYTES(0x23, 3, 4, 1, 1),
        BYTES(0x24, 5, 0x30, 3, 4, 1, 1),
        BYTES(0x24, 3, 0x80, 1, 1),
        BYTES(0x23, 8, 3, 2, 4, 0xa0, 3, 2, 0, 0xb0), /* broken octets before the last piece */
        BYTES(0x23, 2, 3, 0),
        BYTES(0x23, 3, 3, 1, 1),
        BYTES(0x23, 4, 3, 2, 8, 0),
        BYTES(0x23, 0x80, 0, 0),
        BYTES(1, 0), /* values */
        BYTES(1, 2, 0, 1),
        BYTES(2, 0x81, 0),
        BYTES(5, 0x81, 1, 0),
        BYTES(6, 0x81, 2, 0x80, 1),
        BYTES(3, 0x81, 0),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ARENA_AUTO(a);
        struct span der;
        assert_int_equal(convert(&a, bad[i], &der), ERR_PARSE);
        assert_non_null(strstr(err_detail(), "offset "));
    }
    ARENA_AUTO(a);
    struct span der;
    assert_int_equal(convert(&a, BYTES(0x30, 0x80, 5, 0, 0x22, 0, 0, 0), &der), ERR_PARSE);
    assert_string_equal(err_detail(), "offset 4: a constructed string: this is BER, not DER");
}

static void der_is_handed_back(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span in = BYTES(0x30, 5, 2, 1, 7, 5, 0), out;
    assert_ok(ber_to_der(&a, in, &out));
    assert_ptr_equal(out.p, in.p);
    assert_int_equal(out.n, in.n);
    assert_null(a.chunks);
}

static void depth(void **state) {
    (void)state;
    for (size_t n = 1; n < 50; n++) {
        uint8_t sequences[200] = {0}, strings[200] = {0};
        for (size_t i = 0; i < n; i++) {
            memcpy(sequences + 2 * i, "\x30\x80", 2);
            memcpy(strings + 2 * i, "\x24\x80", 2);
        }
        ARENA_AUTO(a);
        struct span der;
        enum err wanted = n <= DER_MAX_DEPTH ? OK : ERR_PARSE;
        assert_int_equal(convert(&a, span_of(sequences, 4 * n), &der), wanted);
        assert_int_equal(convert(&a, span_of(strings, 4 * n), &der), wanted);
    }
}

/* ---- DER, written as BER at random ---- */

static uint32_t seed;

static uint32_t roll(uint32_t sides) {
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % sides;
}

static void put_length(struct buf *b, size_t n) {
    unsigned octets = n < 0x100 ? 1 : n < 0x10000 ? 2 : 3;
    if (n < 0x80 && roll(2)) {
        buf_char(b, (char)n);
        return;
    }
    octets += roll(4);
    buf_char(b, (char)(0x80 | octets));
    while (octets--)
        buf_char(b, octets < sizeof n ? (char)(n >> 8 * octets) : 0);
}

static void put_constructed(struct buf *b, uint8_t tag, struct span content) {
    bool indefinite = roll(2);
    buf_char(b, (char)tag);
    if (indefinite)
        buf_char(b, (char)0x80);
    else
        put_length(b, content.n);
    buf_span(b, content);
    if (indefinite)
        buf_add(b, "\0", 2);
}

static void put_pieces(struct buf *b, uint8_t tag, struct span s, unsigned levels) {
    BUF_AUTO(inside);
    uint8_t piece = tag != DER_BIT_STRING && roll(2) ? DER_OCTET_STRING : tag;
    do {
        size_t n = s.n ? roll((uint32_t)s.n) + 1 : 0;
        struct span part = span_of(s.p, n);
        s = span_from(s, n);
        if (levels && roll(3) == 0) {
            put_pieces(&inside, piece, part, levels - 1);
        } else {
            buf_char(&inside, (char)piece);
            put_length(&inside, n + (piece == DER_BIT_STRING));
            if (piece == DER_BIT_STRING)
                buf_char(&inside, 0);
            buf_span(&inside, part);
        }
    } while (s.n);
    put_constructed(b, tag | 0x20, buf_view(&inside));
}

static void put_as_ber(struct buf *b, struct span der) {
    struct der d = der_of(der);
    struct der_item item;
    while (!der_is_empty(&d)) {
        assert_ok(der_next(&d, &item));
        BUF_AUTO(inside);
        bool bits = item.tag == DER_BIT_STRING && item.content.p[0] == 0;
        if (item.tag & 0x20) {
            put_as_ber(&inside, item.content);
            put_constructed(b, item.tag, buf_view(&inside));
        } else if ((bits || item.tag == DER_OCTET_STRING || item.tag == DER_UTF8_STRING ||
                    item.tag == DER_UTC_TIME) &&
                   roll(2)) {
            put_pieces(b, item.tag, span_from(item.content, bits), 2);
        } else {
            buf_char(b, (char)item.tag);
            put_length(b, item.content.n);
            buf_span(b, item.content);
        }
    }
}

/* A certificate of OpenSSL's, so that the DER is somebody else's. */
static struct span their_certificate(struct arena *a) {
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    X509 *x = X509_new();
    unsigned char *der = NULL;
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 200);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                               (const uint8_t *)"a name", -1, -1, 0);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 1000);
    X509_set_pubkey(x, key);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    int n = i2d_X509(x, &der);
    struct span out = arena_copy(a, span_of(der, (size_t)n));
    OPENSSL_free(der);
    X509_free(x);
    EVP_PKEY_free(key);
    return out;
}

static void any_ber_of_it_is_one_der(void **state) {
    (void)state;
    ARENA_AUTO(outer);
    struct span der = their_certificate(&outer), out;
    for (seed = 1; seed < 3000; seed += 2) {
        ARENA_AUTO(a);
        BUF_AUTO(ber);
        uint32_t start = seed;
        put_as_ber(&ber, der);
        seed = start;
        assert_ok(convert(&a, buf_view(&ber), &out));
        assert_int_equal(out.n, der.n);
        assert_memory_equal(out.p, der.p, der.n);
        assert_true(out.n <= ber.n);
    }
}

/* A message cut short, or with a bit turned, gives an error or DER; never a read beyond its end. */
static void tampering(void **state) {
    (void)state;
    ARENA_AUTO(outer);
    BUF_AUTO(ber);
    struct span der = their_certificate(&outer), out;
    seed = 7;
    put_as_ber(&ber, der);
    assert_int_equal(der_check(buf_view(&ber)), ERR_PARSE);
    for (size_t n = 0; n < ber.n; n++) {
        ARENA_AUTO(a);
        assert_int_equal(convert(&a, span_of(ber.p, n), &out), ERR_PARSE);
    }
    for (size_t i = 0; i < 8 * ber.n; i++) {
        ARENA_AUTO(a);
        ber.p[i / 8] ^= (uint8_t)(1 << i % 8);
        if (convert(&a, buf_view(&ber), &out) == OK)
            assert_ok(der_check(out));
        ber.p[i / 8] ^= (uint8_t)(1 << i % 8);
    }
}

static void long_contents(void **state) {
    (void)state;
    const size_t sizes[] = {127, 128, 255, 256, 65531, 65535, 65536, 1 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ARENA_AUTO(a);
        BUF_AUTO(ber);
        struct der_writer w = der_writer_in(&a);
        struct span content = span_of(arena_alloc(&a, sizes[i]), sizes[i]), der;
        der_put_item(&w, DER_OCTET_STRING, content);
        buf_add(&ber, "\x30\x80", 2);
        buf_span(&ber, der_written(&w));
        buf_add(&ber, "\0", 2);
        der_wrap(&w, DER_SEQUENCE, 0);
        assert_ok(convert(&a, buf_view(&ber), &der));
        assert_true(span_eq(der, der_written(&w)));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_forms),
        cmocka_unit_test(refusals),
        cmocka_unit_test(der_is_handed_back),
        cmocka_unit_test(depth),
        cmocka_unit_test(any_ber_of_it_is_one_der),
        cmocka_unit_test(tampering),
        cmocka_unit_test(long_contents),
    };
    return cmocka_run_group_tests_name("ber", tests, NULL, NULL);
}
