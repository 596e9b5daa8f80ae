/* SPDX-License-Identifier: Apache-2.0 */
/* Mode relay: for whom requests are passed on, and which. */
#include "relay_fixture.h"

static void only_a_live_token_is_served(void **state) {
    (void)state;
    is_dead("up", NULL);
    is_dead("up", "");
    is_dead("up", "AAAAAAAAAAAAAAAAAAAAAAAAAA");
    is_dead("up", arena_printf(&arena, "%0200d", 7));
    is_dead("up", arena_printf(&arena, "%sA", token));
    is_dead("old", token); /* of another upstream */
    struct visit v = begin_at("UP", token, message_of("19", TRANSACTION));
    assert_non_null(v.job);
    end(&v);
    counts_are(1, 0, 0);
}

static void a_token_ends_with_the_thumbprint(void **state) {
    (void)state;
    assert_ok(store_write(service.store, show_thumbprint, (void *)(uintptr_t) ""));
    struct visit v = begin_at("up", token, message_of("19", TRANSACTION));
    assert_non_null(v.job);
    end(&v);
    assert_ok(store_write(service.store, show_thumbprint,
                          (void *)(uintptr_t) "00112233445566778899AABBCCDDEEFF00112233"));
    is_dead("up", token);
}

static void a_token_ends_with_the_enrollment(void **state) {
    (void)state;
    happens(EVENT_FAILED); /* so far: it is still open */
    struct visit v = begin_at("up", token, message_of("19", TRANSACTION));
    assert_non_null(v.job);
    end(&v);
    happens(EVENT_UNCONFIRMED);
    is_dead("up", token);
}

static void a_token_ends_with_a_failure_that_is_over(void **state) {
    (void)state;
    happens(EVENT_FAILED);
    assert_ok(store_write(service.store, end_deadline, NULL));
    state_is(STATE_FAILED);
    is_dead("up", token);
}

/* A host that does not come any more never gets an outcome: its sessions do not suffice. */
static void a_token_ends_by_itself(void **state) {
    struct visit v = begin_at("up", token, message_of("19", TRANSACTION));
    int64_t past = clock_ms() - 1;
    (void)state;
    assert_non_null(v.job);
    end(&v);
    assert_ok(store_write(service.store, end_token, &past));
    state_is(STATE_REQUESTED);
    is_dead("up", token);
}

static void a_token_of_a_profile_that_was_lost_is_dead(void **state) {
    (void)state;
    assert_ok(store_write(service.store, send_again, NULL));
    happens(EVENT_LOST); /* to be sent again, with another token */
    is_dead("up", token);
}

static enum err show_another(struct tx *tx, void *user) {
    struct device d;
    TRY(device_by_device_id(tx, &arena, "e1", &d));
    d.hw_other = user;
    return device_set_shown(tx, &d);
}

static void a_token_of_a_copy_is_dead(void **state) {
    char hw[] = "AB";
    (void)state;
    assert_ok(store_write(service.store, show_another, hw));
    is_dead("up", token);
}

static void only_pkcsreq_and_certpoll(void **state) {
    static const char *const types[] = {"17", "21", "22", "3", "99"};
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct visit v = begin_at("up", token, message_of(types[i], TRANSACTION));
        assert_null(v.job);
        gets_line(&v, 403);
        end(&v);
    }
    events_are(0, EVENT_NOTE, "");
    counts_are(0, 0, 0);
}

static void what_is_no_message_goes_nowhere(void **state) {
    (void)state;
    struct span good = message_of("19", TRANSACTION);
    struct span forged = arena_copy(&arena, good);
    ((uint8_t *)(uintptr_t)forged.p)[forged.n - 9] ^= 1; /* in the signature */
    struct span bad[] = {span_str("<html>"), SPAN_NONE, {good.p, good.n - 1}, forged};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct visit v = begin_at("up", token, bad[i]);
        assert_null(v.job);
        assert_int_equal(v.answer.status, 400);
        end(&v);
    }
    counts_are(0, 0, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        RELAY(only_a_live_token_is_served),      RELAY(a_token_ends_with_the_thumbprint),
        RELAY(a_token_ends_with_the_enrollment), RELAY(a_token_ends_with_a_failure_that_is_over),
        RELAY(a_token_ends_by_itself),           RELAY(a_token_of_a_profile_that_was_lost_is_dead),
        RELAY(a_token_of_a_copy_is_dead),        RELAY(only_pkcsreq_and_certpoll),
        RELAY(what_is_no_message_goes_nowhere),
    };
    return cmocka_run_group_tests_name("relay_token", tests, prepare, clean_up);
}
