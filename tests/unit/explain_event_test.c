/* SPDX-License-Identifier: Apache-2.0 */
/* Events and their results: codes of any part of Windows, of a CSP, of no known text; how often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "explain_asked.h"

/* Everyday codes of Windows: by number, by name and by the message that events print. */
static void codes_of_any_part(void **state) {
    (void)state;
    static const char *const all[][3] = {
        {"0x80070002", "ERROR_FILE_NOT_FOUND", "(The system cannot find the file specified.)"},
        {"0x80070005", "E_ACCESSDENIED", "(Access is denied.)"},
        {"0x8007000E", "E_OUTOFMEMORY",
         "(Not enough memory resources are available to complete this operation.)"},
        {"0x8009000F", "NTE_EXISTS", "(Object already exists.)"},
        {"0x80090016", "NTE_BAD_KEYSET", "(Keyset does not exist)"},
        {"0x80090030", "NTE_DEVICE_NOT_READY",
         "(The device that is required by this cryptographic provider is not ready for use.)"},
        {"0x80094800", "CERTSRV_E_UNSUPPORTED_CERT_TYPE",
         "(The requested certificate template is not supported by this CA.)"},
        {"0x80284001", "TBS_E_INTERNAL_ERROR",
         "(An internal error has occurred within the Trusted Platform Module support program.)"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (int k = 0; k < 3; k++)
            finds(all[i][k], all[i][0]);
    finds("access is denied for good reasons", "");
}

/* What a CSP says to a command is no verdict of the SCEP task; nor is it one elsewhere. */
static void a_csp_is_not_scep(void **state) {
    (void)state;
    struct explain_report r = explain("MDM ConfigurationManager: Command failure status. Result: "
                                      "(The parameter is incorrect.).");
    const struct explanation *x = found(&r, span_str("0x80070057"));
    assert_non_null(x);
    assert_true(x->entry->steps & STEP_CSP);
    assert_non_null(strstr(x->note, "step 2"));
    r = explain("SCEP: Certificate enroll failed. Result: (The parameter is incorrect.).");
    assert_null(found(&r, span_str("0x80070057"))->note);
}

/* An event with a text of no code that we know says so, and where the number stands. */
static void a_result_of_no_known_text(void **state) {
    (void)state;
    static const char strange[] = "a result whose text";
    struct explain_report r =
        explain("SCEP: Certificate enroll failed. Result: (The moon is full.).");
    const struct explanation *x = found(&r, span_str(strange));
    assert_non_null(x);
    assert_non_null(strstr(x->entry->cure, "307"));
    assert_int_equal(count(&r), 2);
    r = explain("SCEP: Certificate enroll failed. Result: (0x0).");
    assert_null(found(&r, span_str(strange)));
    r = explain("Result: (The moon is full.)");
    assert_null(r.first);
}

/* A message, its number in hex and in decimal: one event, one time; two events: two. */
static void a_code_once_an_event(void **state) {
    (void)state;
    static const char one[] =
        "SCEP Certificate enrollment initialization for WORKGROUP\\HOST$ via https://x/ failed: The "
        "hash value is not correct. Method: GET Stage: GetCACert The hash value is not correct. "
        "0x80091007 (-2146889721 CRYPT_E_HASH_VALUE)\n";
    struct explain_report r = explain(one);
    assert_int_equal(found(&r, span_str("0x80091007"))->times, 1);
    r = explain(arena_printf(&arena, "%s%s", one, one));
    assert_int_equal(found(&r, span_str("0x80091007"))->times, 2);
    assert_int_equal(found(&r, span_str("event 86"))->times, 2);
    r = explain("it said 0x80091007\nand again 0x80091007, which is -2146889721\n");
    assert_int_equal(found(&r, span_str("0x80091007"))->times, 2);
}

/* Lines of the same day: each thing is told once, with how often. */
static void each_thing_once(void **state) {
    (void)state;
    struct explain_report r =
        explain("2026-11-23 09:14:06 SCEP: Certificate enroll failed. Result: (The hash value "
                "is not correct.).\n"
                "2026-11-23 09:10:06 SCEP: Certificate enroll failed. Result: (The hash value "
                "is not correct.).\n");
    assert_int_equal(count(&r), 2);
    assert_int_equal(r.first->times, 2);
    assert_int_equal(r.moments, 2);
    assert_string_equal(r.story->at, "2026-11-23 09:10:06");
    assert_string_equal(r.story->codes, "0x80091007 CRYPT_E_HASH_VALUE");
    assert_string_equal(r.story->next->at, "2026-11-23 09:14:06");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(codes_of_any_part, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_csp_is_not_scep, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_result_of_no_known_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_code_once_an_event, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_thing_once, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
