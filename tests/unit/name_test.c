/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto_fixture.h"

#include "der/writer.h"
#include "wire/oid.h"
#include "x509/attribute.h"

static struct span parse(struct arena *a, const char *text) {
    struct span der = SPAN_NONE;
    assert_ok(name_from_x500(a, span_str(text), &der));
    return der;
}

/* OpenSSL must read our DER, and show the same attributes in the same order. */
static void check_theirs(struct span der, const char *rfc2253_forward) {
    const unsigned char *p = der.p;
    X509_NAME *name = d2i_X509_NAME(NULL, &p, (long)der.n);
    assert_non_null(name);
    assert_ptr_equal(p, der.p + der.n);
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    X509_NAME_print_ex(bio, name, 0,
                       XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN | ASN1_STRFLGS_UTF8_CONVERT);
    long n = BIO_get_mem_data(bio, &text);
    assert_int_equal(n, strlen(rfc2253_forward));
    assert_memory_equal(text, rfc2253_forward, (size_t)n);
    BIO_free(bio);
    X509_NAME_free(name);
}

static void x500_strings(void **state) {
    (void)state;
    static const struct {
        const char *in, *shown, *theirs;
    } cases[] = {
        {"CN=markotestmdm", "CN=markotestmdm", "CN=markotestmdm"},
        {"CN=host, O=Example", "CN=host, O=Example", "CN=host, O=Example"},
        {"CN=alice;O=X", "CN=alice, O=X", "CN=alice, O=X"},
        {" cn = a b ,ou=c", "CN=a b, OU=c", "CN=a b, OU=c"},
        {"CN=a+OU=b,C=DE", "CN=a + OU=b, C=DE", "CN=a + OU=b, C=DE"},
        {"CN=\"Smith, John\"", "CN=\"Smith, John\"", "CN=Smith, John"},
        {"CN=\"a \"\"b\"\" c\",O=d", "CN=\"a \"\"b\"\" c\", O=d", "CN=a \"b\" c, O=d"},
        {"CN=\" x \"", "CN=\" x \"", "CN= x "},
        {"CN=\"a=b\"", "CN=\"a=b\"", "CN=a=b"},
        {"DC=example,DC=org,S=BW,ST=BY", "DC=example, DC=org, S=BW, S=BY",
         "DC=example, DC=org, ST=BW, ST=BY"},
        {"E=a@b.c,Email=d@e.f", "E=a@b.c, E=d@e.f", "emailAddress=a@b.c, emailAddress=d@e.f"},
        {"OID.2.5.4.3=x,2.5.4.10=y", "CN=x, O=y", "CN=x, O=y"},
        {"G=a,SN=b,T=c,I=d,SERIALNUMBER=1,STREET=e,UID=f,L=g",
         "G=a, SN=b, T=c, I=d, SERIALNUMBER=1, STREET=e, UID=f, L=g",
         "GN=a, SN=b, title=c, initials=d, serialNumber=1, street=e, UID=f, L=g"},
        {"CN=Zo\xc3\xab \xe2\x82\xac", "CN=Zo\xc3\xab \xe2\x82\xac", "CN=Zo\xc3\xab \xe2\x82\xac"},
        {"", "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_AUTO(a);
        struct span der = parse(&a, cases[i].in);
        assert_string_equal(name_text(&a, der), cases[i].shown);
        check_theirs(der, cases[i].theirs);
        assert_true(name_same(der, parse(&a, cases[i].shown)));
    }
}

static void backslash_is_ordinary(void **state) {
    (void)state;
    ARENA_AUTO(a);
    assert_string_equal(name_text(&a, parse(&a, "CN=a\\20b")), "CN=a\\x5c20b");
    struct span der;
    assert_int_equal(name_from_x500(&a, span_str("CN=a\\,b"), &der), ERR_PARSE);
}

static void refuses(void **state) {
    (void)state;
    const char *const bad[] = {"CN",
                               "CN=",
                               "=x",
                               "CN=a,",
                               "CN=a;;O=b",
                               "CN=\"a",
                               "CN=\"a\"b",
                               "CN=a\"b\"",
                               "CN=a=b",
                               "XX=a",
                               "C=DEU",
                               "C=D_",
                               "DC=\xc3\xab",
                               "CN=\xff",
                               "CN=\xc0\x80",
                               "CN=\xed\xa0\x80",
                               "CN=a+",
                               "1.2.=x",
                               "OID.=x",
                               "CN=a,b",
                               "SERIALNUMBER=a*b",
                               "CN=a+,O=b",
                               ",CN=a"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ARENA_AUTO(a);
        struct span der;
        if (name_from_x500(&a, span_str(bad[i]), &der) != ERR_PARSE)
            fail_msg("accepted: %s", bad[i]);
        assert_non_null(strstr(err_detail(), "character "));
    }
    ARENA_AUTO(a);
    struct span der;
    BUF_AUTO(many);
    for (int i = 0; i < 65; i++)
        buf_printf(&many, "%sCN=a", i ? "," : "");
    assert_int_equal(name_from_x500(&a, buf_view(&many), &der), ERR_PARSE);
}

static struct span with_type(struct arena *a, uint8_t tag, struct span value) {
    struct der_writer w = der_writer_in(a);
    der_put_item(&w, tag, value);
    der_put_oid(&w, OID_CN);
    der_wrap(&w, DER_SEQUENCE, 0);
    der_wrap(&w, DER_SET, 0);
    der_wrap(&w, DER_SEQUENCE, 0);
    return der_written(&w);
}

static void same_names(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span x = parse(&a, "CN=a,OU=b,O=c");
    assert_true(name_same(x, x));
    assert_true(name_same(x, parse(&a, "O=c,OU=b,CN=a")));
    assert_false(name_same(x, parse(&a, "OU=b,CN=a,O=c")));
    assert_false(name_same(x, parse(&a, "CN=a,OU=b")));
    assert_false(name_same(x, parse(&a, "CN=a,OU=b,O=C")));
    assert_false(name_same(x, parse(&a, "CN=a,OU=b,L=c")));
    assert_true(name_same(parse(&a, "CN=a+OU=b"), parse(&a, "OU=b+CN=a")));
    assert_false(name_same(parse(&a, "CN=a+CN=b"), parse(&a, "CN=a+CN=a")));
    struct span utf8 = with_type(&a, DER_UTF8_STRING, span_str("h\xc3\xa9"));
    assert_true(name_same(utf8, with_type(&a, DER_BMP_STRING, span_of("\0h\0\xe9", 4))));
    assert_true(name_same(utf8, with_type(&a, DER_T61_STRING, span_str("h\xe9"))));
    assert_false(name_same(utf8, with_type(&a, DER_BMP_STRING, span_of("\0h\0", 3))));
    assert_false(name_same(utf8, with_type(&a, DER_OCTET_STRING, span_str("h\xc3\xa9"))));
    assert_true(name_same(parse(&a, "CN=x"), with_type(&a, DER_PRINTABLE_STRING, span_str("x"))));
    /* a NUL is a character like any other: it hides nothing behind it */
    assert_false(name_same(parse(&a, "CN=x"), with_type(&a, DER_IA5_STRING, span_of("x\0y", 3))));
}

static void malformed_is_never_same(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span x = parse(&a, "CN=abc,O=d");
    for (size_t n = 0; n < x.n; n++) {
        uint8_t *copy = exact_copy(x, n);
        assert_false(name_same(span_of(copy, n), span_of(copy, n)));
        assert_string_equal(name_text(&a, span_of(copy, n)), "(malformed name)");
        free(copy);
    }
    for (size_t i = 0; i < x.n; i++) {
        uint8_t *copy = exact_copy(x, x.n);
        copy[i] ^= 1;
        assert_false(name_same(span_of(copy, x.n), x));
        name_text(&a, span_of(copy, x.n));
        free(copy);
    }
}

static void shows_controls(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span evil =
        with_type(&a, DER_UTF8_STRING, span_of("a\n\0\x1b[31m\xc2\x85\xe2\x80\xae", 13));
    assert_string_equal(name_text(&a, evil), "CN=a\\x0a\\x00\\x1b[31m\\u{85}\\u{202e}");
    evil = with_type(&a, DER_UTF8_STRING, span_str("x, O=Bank"));
    assert_string_equal(name_text(&a, evil), "CN=\"x, O=Bank\"");
    evil = with_type(&a, DER_UTF8_STRING, span_str("\xff"));
    assert_string_equal(name_text(&a, evil), "CN=\\xff");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(x500_strings),
        cmocka_unit_test(backslash_is_ordinary),
        cmocka_unit_test(refuses),
        cmocka_unit_test(same_names),
        cmocka_unit_test(malformed_is_never_same),
        cmocka_unit_test(shows_controls),
    };
    return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
