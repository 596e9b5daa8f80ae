/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of one address: the burst, the refill, who counts as one, and a table that stays small. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "server/rate.h"

static int take_many(struct rate *r, const char *endpoint, const char *peer, unsigned limit,
                     int64_t now, int count) {
    int taken = 0;
    unsigned wait;
    for (int i = 0; i < count; i++)
        taken += rate_take(r, endpoint, peer, limit, now, &wait);
    return taken;
}

static void a_burst_and_its_refill(void **state) {
    (void)state;
    struct rate *r = rate_new();
    unsigned wait = 0;
    assert_int_equal(take_many(r, "default", "192.0.2.1", 6, 1000, 20), 6);
    assert_false(rate_take(r, "default", "192.0.2.1", 6, 1000, &wait));
    assert_int_equal(wait, 10); /* six a minute: one in ten seconds */
    assert_false(rate_take(r, "default", "192.0.2.1", 6, 10999, &wait));
    assert_int_equal(wait, 1);
    assert_true(rate_would_allow(r, "default", "192.0.2.1", 6, 11000, &wait)); /* takes none */
    assert_true(rate_take(r, "default", "192.0.2.1", 6, 11000, &wait));
    assert_false(rate_would_allow(r, "default", "192.0.2.1", 6, 11000, &wait));
    assert_false(rate_take(r, "default", "192.0.2.1", 6, 11000, &wait));
    assert_int_equal(take_many(r, "default", "192.0.2.1", 6, 10000000, 20), 6); /* never more */
    rate_free(r);
}

/* What is refused costs nothing: who waits as told gets through. */
static void who_waits_gets_through(void **state) {
    (void)state;
    struct rate *r = rate_new();
    unsigned wait = 0;
    int64_t now = 5000;
    assert_int_equal(take_many(r, "e", "192.0.2.1", 7, now, 1000), 7);
    assert_false(rate_take(r, "e", "192.0.2.1", 7, now, &wait));
    assert_true(rate_take(r, "e", "192.0.2.1", 7, now + 1000 * (int64_t)wait, &wait));
    rate_free(r);
}

static void who_counts_as_one(void **state) {
    (void)state;
    struct rate *r = rate_new();
    assert_int_equal(take_many(r, "a", "192.0.2.1", 3, 0, 9), 3);
    assert_int_equal(take_many(r, "b", "192.0.2.1", 3, 0, 9), 3);
    assert_int_equal(take_many(r, "a", "192.0.2.2", 3, 0, 9), 3);
    assert_int_equal(take_many(r, "a", "2001:db8:1:1::1", 3, 0, 9), 3);
    assert_int_equal(take_many(r, "a", "2001:db8:1:1:ffff::2", 3, 0, 9), 0); /* the same /64 */
    assert_int_equal(take_many(r, "a", "2001:db8:1:2::1", 3, 0, 9), 3);
    rate_free(r);
}

/* A flood of addresses neither grows the table nor hands a new budget to one that keeps asking. */
static void a_flood_of_addresses(void **state) {
    (void)state;
    struct rate *r = rate_new();
    char peer[32];
    unsigned wait;
    int64_t now = 0;
    for (int i = 0; i < 200000; i++) {
        snprintf(peer, sizeof peer, "10.%d.%d.%d", i >> 16, i >> 8 & 255, i & 255);
        assert_true(rate_take(r, "default", peer, 1, now++, &wait));
    }
    assert_false(rate_take(r, "default", peer, 1, now, &wait));
    rate_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_and_its_refill),
        cmocka_unit_test(who_waits_gets_through),
        cmocka_unit_test(who_counts_as_one),
        cmocka_unit_test(a_flood_of_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
