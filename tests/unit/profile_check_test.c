/* SPDX-License-Identifier: Apache-2.0 */
/* What profile_check refuses, and what profile_warnings tells. */
#include "profile_fixture.h"

/* What profile_check asks of a UniqueID, in the profile of another server. */
static struct span followed(const char *text) {
    return span_str(strstr(text, "0a1b-c2_D") ? swap(text, "0a1b-c2_D", "{{enrollment.id}}", true)
                                              : text);
}

static void assert_check_refuses(const char *text, const char *detail) {
    if (profile_check(&arena, followed(text), false) != ERR_PARSE)
        fail_msg("not refused, though %s", detail);
    if (!strstr(err_detail(), detail))
        fail_msg("\"%s\" does not tell of \"%s\"", err_detail(), detail);
    assert_null(strstr(err_detail(), "hunter2"));
}

static void assert_check_takes(const char *text) {
    if (profile_check(&arena, followed(text), false) != OK)
        fail_msg("%s", err_detail());
}

static void good_values_pass(void **state) {
    (void)state;
    assert_check_takes(PROFILE);
    assert_check_takes(with("CN=old", "CN={{device.id}}, OU=\"a,b\"; O=x"));
    assert_check_takes(with("CN=old", "CN=\"PC {{user.upn}}\""));
    assert_check_takes(with("CN=old", "CN=\"a \"\"b\"\" c\""));
    assert_check_takes(with("SHA-1<", "SHA-1;SHA-2<"));
    assert_check_takes(with("SHA-1<", "SHA-1+SHA-2+SHA-3<"));
    assert_check_takes(with(">160<", ">32<"));
    assert_check_takes(with(">160<", "> 128\n<"));
    assert_check_takes(with("hunter2", "Az09 '()+,-./:=?"));
    assert_check_takes(with("https://old.example/scep", "http://a.example/x;{{scep.url}}"));
    assert_check_takes(with("0123456789ABCDEF0123456789abcdef01234567", "{{scep.ca_thumbprint}}"));
    assert_check_takes(ATOMIC(NODE REST SUBJECT EKU SERVER ADD("SubjectAlternativeNames", "chr",
                                                               "11+{{user.upn}};3+host") EXEC));
}

static void bad_values_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *old, *new, *detail;
    } cases[] = {
        {">160<", ">64<", "KeyUsage: \"64\" has neither"},
        {">160<", ">0<", "has neither"},
        {">160<", ">-1<", "has neither"},
        {">160<", ">0xA0<", "not a number"},
        {">160<", "><", "Data is missing"},
        {">2048<", ">1536<", "1024|2048|4096"},
        {">2048<", ">{{device.id}}<", "not a number"},
        {">3<", ">-1<", "RetryCount: \"-1\" is not one of 0-30"},
        {"SHA-1<", "SHA256<", "family of hash"},
        {"SHA-1<", "SHA-1,SHA-2<", "family of hash"},
        {"SHA-1<", "SHA-1+<", "family of hash"},
        {"1.3.6.1.5.5.7.3.2+", "1.3.6.1.5.5.7.3.2,", "OIDs joined by ','"},
        {"1.3.6.1.5.5.7.3.2+", "1.3.6.1.5.5.7.3.2+1..3+", "EKUMapping: \"1..3\" is not an OID"},
        {"1.3.6.1.5.5.7.3.2+", "1+", "\"1\" is not an OID"},
        {"1.3.6.1.5.5.7.3.2+", "+", "OID"},
        {"CN=old", "old", "without '='"},
        {"CN=old", "CN=a,b", "without '='"},
        {"CN=old", "CN=\"a", "without its partner"},
        {"CN=old", "CN=PC {{user.upn}}", "double quotes around"},
        {"CN=old", "CN={{device.name}}", "--trust-device-name"},
        {"CN=old", "CN={{scep.challenge}}", "secret"},
        {"CN=old", "CN={{device.serial}}", "unknown placeholder {{device.serial}}"},
        {"CN=old", "emailAddress=a@b.example", "Windows says E"},
        {"CN=old", "CN={{ device.id }}", "unknown placeholder"},
        {"CN=old", "CN={{DeviceName}}", "as Intune writes them; use {{device.id}}"},
        {"CN=old", "CN=$FLEET_VAR_HOST_UUID", "\"$FLEET_VAR_HOST_UUID\" looks like a placeholder"},
        {"CN=old", "CN=${MAIL}, OU=%DeviceId%", "use {{user.upn}}; line "},
        {"CN=old", "CN=${MAIL}, OU=%DeviceId%",
         "\"%DeviceId%\" looks like a placeholder of another "
         "MDM; use {{device.id}}"},
        {"CN=old", "CN={{device.id", "{{ without }}"},
        {"hunter2", "hunter2_", "cannot send"},
        {"hunter2", "hunter2*{{scep.challenge}}", "cannot send"},
        {"hunter2", "hunter2\xc3\xa4", "cannot send"},
        {"https://old.example/scep", "old.example/scep", "absolute"},
        {"https://old.example/scep", "ftp://old.example/scep", "absolute"},
        {"https://old.example/scep", ";", "absolute"},
        {"0123456789ABCDEF0123456789abcdef01234567", "0123", "40 hex digits"},
        {"0123456789ABCDEF0123456789abcdef01234567", "0123456789ABCDEF0123456789abcdef0123456g",
         "40 hex digits"},
        {"0123456789ABCDEF0123456789abcdef01234567", "{{scep.ca_thumbprint}}0", "40 hex digits"},
        {">int<", ">chr<", "RetryCount: Format \"chr\" where Windows wants int"},
        {">chr<", ">int<", "Format \"int\" where Windows wants chr"},
        {">node<", ">chr<", "wants node"},
        {META("int"), "", "no Format where Windows wants int"},
        {META("node"), META("node") "<Data>x</Data>", "takes no Data"},
        {"Install/Enroll</LocURI>\n\t\t\t</Target>\n",
         "Install/Enroll</LocURI></Target><Data>1</Data>", "takes no Data"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_check_refuses(with(cases[i].old, cases[i].new), cases[i].detail);
}

static void the_unique_id_must_be_the_enrollments(void **state) {
    (void)state;
    assert_int_equal(profile_check(&arena, span_str(PROFILE), false), ERR_PARSE);
    assert_non_null(strstr(err_detail(), "UniqueID '0a1b-c2_D' is fixed, so that signet could not "
                                         "follow it; write {{enrollment.id}}, or use signet "
                                         "profile adopt"));
    static const char *const bad[] = {"{{device.id}}", "{{scep.url}}", "{{device.name}}",
                                      "wifi-{{enrollment.id}}", "{{enrollment.id}}-a"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_check_refuses(swap(PROFILE, "0a1b-c2_D", bad[i], true), "could not follow it");
    assert_check_takes(PROFILE);
}

static void our_ca_must_read_the_subject(void **state) {
    (void)state;
    static const char *const bad[] = {"XYZ=a", "CN=a,FOO={{device.id}}", "CN=a,C=\xc3\xa4", "=a"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_check_refuses(with("CN=old", bad[i]), "SubjectName: X.500 name, character");
    assert_check_takes(with("CN=old", "C={{device.id}},E={{user.upn}},1.2.3={{enrollment.id}}"));
}

static void literals_that_signet_would_fill_are_told(void **state) {
    (void)state;
    static const struct {
        const char *old, *new, *warning;
    } cases[] = {
        {"{{scep.url}}", "{{scep.url}}", ""},
        {"{{scep.url}}", "https://a.example/", "ServerURL is not {{scep.url}}: signet does not "},
        {"{{scep.challenge}}", "hunter2", "Challenge is not {{scep.challenge}}: our CA refuses a"},
        {"{{scep.ca_thumbprint}}", "0123456789ABCDEF0123456789abcdef01234567",
         "CAThumbprint is fixed: {{scep.ca_thumbprint}} is always right"},
    };
    const char *text = swap(PROFILE, "https://old.example/scep", "{{scep.url}}", false);
    text = swap(text, "hunter2", "{{scep.challenge}}", false);
    text = swap(text, "0123456789ABCDEF0123456789abcdef01234567", "{{scep.ca_thumbprint}}", false);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        BUF_AUTO(b);
        const char *changed = swap(text, cases[i].old, cases[i].new, false);
        assert_int_equal(profile_warnings(&arena, span_str(changed), false, &b), OK);
        assert_int_equal(b.n > 0, i > 0);
        assert_non_null(strstr(buf_cstr(&b), cases[i].warning));
        assert_null(strstr(buf_cstr(&b), "hunter2"));
        if (i)
            assert_ptr_equal(strchr(buf_cstr(&b), '\n'), b.p + b.n - 1); /* one line each */
    }
    BUF_AUTO(
        relayed); /* another server may take a fixed challenge: what is wrong with it differs */
    const char *fixed = swap(text, "{{scep.challenge}}", "hunter2", false);
    assert_int_equal(profile_warnings(&arena, span_str(fixed), true, &relayed), OK);
    assert_non_null(strstr(buf_cstr(&relayed), "Challenge is fixed"));
    BUF_AUTO(b);
    assert_int_equal(profile_warnings(&arena, span_str("<x/>"), false, &b), ERR_PARSE);
}

static void alternative_names_are_checked(void **state) {
    (void)state;
    static const char *const bad[] = {"host", "3+", "+host", "x+host", "12+host", "3+host;", "0+a"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *text =
            ATOMIC(NODE REST SUBJECT EKU SERVER ADD("SubjectAlternativeNames", "chr", "SAN") EXEC);
        assert_check_refuses(swap(text, "SAN", bad[i], false), "TYPE+VALUE");
    }
}

static void the_hosts_name_needs_trust(void **state) {
    (void)state;
    const char *text = with("CN=old", "CN={{device.name}}");
    assert_int_equal(profile_check(&arena, followed(text), false), ERR_PARSE);
    assert_int_equal(profile_check(&arena, followed(text), true), OK);
    text = ATOMIC(NODE REST SUBJECT EKU SERVER ADD("SubjectAlternativeNames", "chr",
                                                   "3+{{device.name}}") EXEC);
    assert_int_equal(profile_check(&arena, followed(text), false), ERR_PARSE);
    assert_int_equal(profile_check(&arena, followed(text), true), OK);
}

static void hello_for_business_has_its_rules(void **state) {
    (void)state;
    const char *alone = ATOMIC(NODE REST ADD("KeyProtection", "int", "4") SUBJECT EKU SERVER EXEC);
    const char *full = ATOMIC(NODE REST ADD("KeyProtection", "int", "4")
                                  ADD("ContainerName", "chr", "c") SUBJECT EKU SERVER EXEC);
    assert_check_refuses(alone, "ContainerName");
    assert_check_takes(full);
    assert_check_refuses(swap(full, ">2048<", ">4096<", false), "2048 bits only");
    assert_check_refuses(swap(full, ">4<", ">5<", false), "1|2|3|4");
}

#define TEN "0123456789"
static void what_is_cut_is_marked(void **state) {
    (void)state;
    const char *full = TEN TEN TEN TEN TEN TEN TEN TEN;
    assert_check_refuses(with("SHA-1<", arena_printf(&arena, "%s<", full)), TEN "\" is no family");
    assert_check_refuses(with("SHA-1<", arena_printf(&arena, "%s+SHA-1<", full)),
                         TEN "\" is no family");
    assert_check_refuses(with("SHA-1<", arena_printf(&arena, "%s1<", full)),
                         TEN "...\" is no family");
    assert_check_refuses(with("SHA-1<", arena_printf(&arena, "%.79s\xc3\xa4<", full)),
                         "678...\" is no family");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(good_values_pass, teardown),
        cmocka_unit_test_teardown(bad_values_are_refused, teardown),
        cmocka_unit_test_teardown(the_unique_id_must_be_the_enrollments, teardown),
        cmocka_unit_test_teardown(our_ca_must_read_the_subject, teardown),
        cmocka_unit_test_teardown(literals_that_signet_would_fill_are_told, teardown),
        cmocka_unit_test_teardown(alternative_names_are_checked, teardown),
        cmocka_unit_test_teardown(the_hosts_name_needs_trust, teardown),
        cmocka_unit_test_teardown(hello_for_business_has_its_rules, teardown),
        cmocka_unit_test_teardown(what_is_cut_is_marked, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
