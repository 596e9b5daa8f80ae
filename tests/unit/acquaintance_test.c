/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that were recognized: for how long, and that one is never taken for another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mdm/acquaintance.h"

static void one_is_known_for_a_while(void **state) {
    (void)state;
    const uint8_t cert[ACQUAINTANCE_HASH] = {1, 2, 3};
    struct acquaintances *all = acquaintances_new();
    assert_int_equal(acquaintance_find(all, cert, 5), 0);
    acquaintance_keep(all, cert, 17, 5);
    assert_int_equal(acquaintance_find(all, cert, 5), 17);
    assert_int_equal(acquaintance_find(all, cert, 5 + ACQUAINTANCE_MS - 1), 17);
    assert_int_equal(acquaintance_find(all, cert, 5 + ACQUAINTANCE_MS), 0); /* finding keeps none */
    acquaintances_free(all);
}

/* They share a place, or all but the last octet. */
static void others_are_not_taken_for_it(void **state) {
    (void)state;
    const uint8_t cert[ACQUAINTANCE_HASH] = {1, 2, 3};
    const uint8_t near[ACQUAINTANCE_HASH] = {1, 2, 3, [ACQUAINTANCE_HASH - 1] = 1};
    const uint8_t none[ACQUAINTANCE_HASH] = {0};
    struct acquaintances *all = acquaintances_new();
    acquaintance_keep(all, cert, 17, 5);
    assert_int_equal(acquaintance_find(all, near, 5), 0);
    assert_int_equal(acquaintance_find(all, none, 5), 0); /* as a free place looks */
    acquaintance_keep(all, near, 18, 5);
    assert_int_equal(acquaintance_find(all, near, 5), 18);
    assert_int_equal(acquaintance_find(all, cert, 5), 0);
    acquaintances_free(all);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_is_known_for_a_while),
        cmocka_unit_test(others_are_not_taken_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
