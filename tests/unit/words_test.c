/* SPDX-License-Identifier: Apache-2.0 */
/* What the values of a profile's nodes say in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "csp/words.h"

static void expect(const char *node, const char *value, const char *wanted) {
    BUF_AUTO(out);
    words_of(&out, node, span_str(value));
    assert_string_equal(buf_cstr(&out), wanted);
}

static void each_bit_of_key_usage_has_its_name(void **state) {
    (void)state;
    expect("KeyUsage", "160", "digitalSignature, keyEncipherment");
    expect("KeyUsage", "32768", "decipherOnly");
    expect("KeyUsage", "0", "none");
    expect("KeyUsage", "65664", "digitalSignature, no usage: 0x10000");
    expect("KeyUsage", "both", "");
}

/* The four of the seed's profile. */
static void ekus_have_windows_names(void **state) {
    (void)state;
    expect("EKUMapping",
           "1.3.6.1.4.1.311.10.3.12+1.3.6.1.4.1.311.10.3.4+1.3.6.1.4.1.311.20.2.2+"
           "1.3.6.1.5.5.7.3.2",
           "Document Signing, Encrypting File System, Smart Card Logon, Client Authentication");
    expect("EKUMapping", "1.2.3", "1.2.3 (no name known)");
    assert_string_equal(eku_by_name(span_str("CLIENTAUTH"))->oid, "1.3.6.1.5.5.7.3.2");
    assert_null(eku_by_name(span_str("client")));
}

static void a_subject_is_shown_as_windows_reads_it(void **state) {
    (void)state;
    expect("SubjectName", "CN=\"Smith, John\";O=Example", "CN=\"Smith, John\", O=Example");
    expect("SubjectName", "CN=a\\,b",
           "cannot be read: X.500 name, character 7: an attribute "
           "without \"=\" (put a value with , + ; in double quotes): "
           "CN=a\\,b");
}

static void alternative_names_have_their_kind(void **state) {
    (void)state;
    expect("SubjectAlternativeNames", "11+me@example.com;3+pc", "UPN me@example.com, DNS name pc");
    expect("SubjectAlternativeNames", "4+x;pc", "not a name: 4+x, not a name: pc");
}

static void a_challenge_is_never_told(void **state) {
    (void)state;
    expect("Challenge", "hunter2",
           "a fixed one of 7 characters, not shown here; each host can read it");
}

static void a_placeholder_of_others_is_no_value(void **state) {
    static const char placeholder[] = "looks like a placeholder of another MDM, which fills it";
    (void)state;
    expect("Challenge", "$FLEET_VAR_NDES_SCEP_CHALLENGE", placeholder);
    expect("ServerURL", "$FLEET_VAR_NDES_SCEP_PROXY_URL", placeholder);
    expect("Challenge", "{{Challenge}}", placeholder);
    expect("ServerURL", "https://a/$B_C", "Windows asks https://a/$B_C/pkiclient.exe");
}

static void what_a_terminal_would_obey_is_shown_as_text(void **state) {
    (void)state;
    expect("EKUMapping", "1.2\x1b[2J", "1.2\\x1b[2J (no name known)");
}

static void placeholders_and_urls_say_what_comes(void **state) {
    (void)state;
    expect("ServerURL", "{{scep.url}}", "signet fills it: the SCEP endpoint of the profile");
    expect("ServerURL", "https://a/scep/;http://b",
           "Windows asks https://a/scep/pkiclient.exe, or http://b/pkiclient.exe");
    expect("KeyProtection", "2", "the TPM keeps the key where there is one, else software");
    expect("HashAlgorithm", "SHA-1;SHA-2", "SHA-1 (broken), SHA-256, SHA-384, SHA-512");
    expect("KeyLength", "2048", "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_bit_of_key_usage_has_its_name),
        cmocka_unit_test(ekus_have_windows_names),
        cmocka_unit_test(a_subject_is_shown_as_windows_reads_it),
        cmocka_unit_test(alternative_names_have_their_kind),
        cmocka_unit_test(a_challenge_is_never_told),
        cmocka_unit_test(a_placeholder_of_others_is_no_value),
        cmocka_unit_test(what_a_terminal_would_obey_is_shown_as_text),
        cmocka_unit_test(placeholders_and_urls_say_what_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
