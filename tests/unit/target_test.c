/* SPDX-License-Identifier: Apache-2.0 */
/* A chain of CAs is on the host, in the store that each belongs to, before a profile goes. */
#include "life_fixture.h"

#include "base/file.h"

static const char *text_of(const char *file) {
    BUF_AUTO(text);
    assert_ok(file_read(arena_printf(&arena, "%s/%s", folder.path, file), 65536, &text));
    return arena_str(&arena, buf_view(&text));
}

static int open_chain(void **state) {
    open_life(state);
    add_upstream("up", UPSTREAM_RELAY, "low", (struct upstream){.chain = text_of("up.pem")});
    assign_text("up", swap(filled_profile(), "{{scep.challenge}}", "fixed", false));
    return 0;
}

static bool has_add(const struct answer *a, const char *store_name, const char *file) {
    const char *uri = arena_printf(&arena, "./Device/Vendor/MSFT/RootCATrustedCertificates/%s/%s/",
                                   store_name, fingerprint(&folder, file));
    for (const struct syncml_command *c = a->m->commands; c; c = c->next)
        if (c->kind == SYNCML_ADD && strstr(arena_str(&arena, c->items->target), uri))
            return true;
    return false;
}

static void each_in_its_store(void **state) {
    (void)state;
    struct answer a = say(1, hello);
    assert_true(has_add(&a, "Root", "up.pem"));
    assert_true(has_add(&a, "CA", "low.pem"));
    assert_int_equal(count_kind(&a, SYNCML_ADD), 2);
    has_atomics(&a, 0);
    a = say(2, take_roots(&a, NULL));
    has_atomics(&a, 1);
}

/* The root alone is not enough; and only what is missing is sent again. */
static void the_intermediate_is_needed(void **state) {
    (void)state;
    struct answer a = say(1, hello);
    a = say(2, take_roots(&a, "/CA/"));
    has_atomics(&a, 0);
    assert_int_equal(count_events(EVENT_NOTE, "did not take the CA certificate"), 1);
    a = say(1, hello);
    assert_false(has_add(&a, "Root", "up.pem"));
    assert_true(has_add(&a, "CA", "low.pem"));
    a = say(2, take_roots(&a, NULL));
    has_atomics(&a, 1);
}

#define WITH_CHAIN(test) cmocka_unit_test_setup_teardown(test, open_chain, close_life)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_CHAIN(each_in_its_store),
        WITH_CHAIN(the_intermediate_is_needed),
    };
    return cmocka_run_group_tests(tests, build, tear_down);
}
