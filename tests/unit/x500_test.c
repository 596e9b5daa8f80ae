/* SPDX-License-Identifier: Apache-2.0 */
#include "device_fixture.h"

#include "device/x500.h"

static void expect_name(const char *text, const char *wanted) {
    OSSL_AUTO(X509_NAME) name = x500_name_parse(span_str(text));
    assert_non_null(name);
    OSSL_AUTO(BIO) out = BIO_new(BIO_s_mem());
    ARENA_AUTO(a);
    X509_NAME_print_ex(out, name, 0, XN_FLAG_ONELINE & ~(unsigned long)ASN1_STRFLGS_ESC_QUOTE);
    assert_string_equal(arena_str(&a, ossl_content(&a, out)), wanted);
}

static void test_names(void **state) {
    (void)state;
    expect_name("CN=alice", "CN = alice");
    expect_name(" CN = alice ; O=X ", "CN = alice, O = X");
    expect_name("CN=a+OU=b,O=c", "CN = a + OU = b, O = c");
    expect_name("OU=\"a, b\",CN=\"say \"\"x\"\"\"", "OU = a\\, b, CN = say \\\"x\\\"");
    expect_name("OID.2.5.4.3=x,2.5.4.10=y", "CN = x, O = y");
    expect_name("S=x,E=a@b", "ST = x, emailAddress = a@b");
    OSSL_AUTO(X509_NAME) back = x500_name_parse(span_str("CN=a\\b")); /* stands for itself */
    const ASN1_STRING *s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(back, 0));
    assert_memory_equal(ASN1_STRING_get0_data(s), "a\\b", 3);
    assert_int_equal(ASN1_STRING_type(s), V_ASN1_UTF8STRING);
}

static void test_bad_names(void **state) {
    static const char *const bad[] = {"alice",     "CN=",         "CN=\"open", "XX=a",
                                      "CN=a=b",    "CN=a\\,b",    "CN=\"a\"b", "=a",
                                      "CN=a,,O=b", "CN=say \"x\""};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_null(x500_name_parse(span_str(bad[i])));
}

static void test_alt_names(void **state) {
    (void)state;
    OSSL_AUTO(GENERAL_NAMES)
    g = x500_alt_names_parse(
        span_str("11+u@example.com; 3+host ;2+m@x;7+IntuneDeviceId://1;8+10.0.0.1;8+::1;9+1.2.3;"
                 "10+00112233-4455-6677-8899-aabbccddeeff;5+CN=x"));
    assert_non_null(g);
    assert_int_equal(sk_GENERAL_NAME_num(g), 9);
    assert_int_equal(sk_GENERAL_NAME_value(g, 0)->type, GEN_OTHERNAME);
    assert_int_equal(sk_GENERAL_NAME_value(g, 1)->type, GEN_DNS);
    assert_int_equal(ASN1_STRING_length(sk_GENERAL_NAME_value(g, 1)->d.ia5), 4);
    assert_int_equal(sk_GENERAL_NAME_value(g, 8)->type, GEN_DIRNAME);
    static const char *const bad[] = {"3",     "3+",  "x+host", "99+a",       "8+999.1.1.1",
                                      "10+12", "9+x", "+a",     "3+h\xc3\xbc"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_null(x500_alt_names_parse(span_str(bad[i])));
}

static void test_ekus(void **state) {
    (void)state;
    OSSL_AUTO(EXTENDED_KEY_USAGE) e = x500_ekus_parse(span_str("1.3.6.1.5.5.7.3.2+1.2.3.4"));
    assert_int_equal(sk_ASN1_OBJECT_num(e), 2);
    assert_null(x500_ekus_parse(span_str("clientAuthentication")));
    assert_null(x500_ekus_parse(span_str("1.2.3,1.2.4")));
}

static void test_printable(void **state) {
    (void)state;
    assert_true(x500_is_printable(span_str("AZaz09 '()+,-./:=?")));
    assert_false(x500_is_printable(span_str("under_score")));
    assert_false(x500_is_printable(span_str("a!")));
    assert_false(x500_is_printable(span_of("a\0b", 3)));
    assert_false(x500_is_printable(span_str("\xc3\xbc")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),     cmocka_unit_test(test_bad_names),
        cmocka_unit_test(test_alt_names), cmocka_unit_test(test_ekus),
        cmocka_unit_test(test_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
