/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles as items with words, and what differs between two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "csp/build.h"
#include "csp/describe.h"
#include "csp/table.h"

static const struct profile_wishes good = {
    .unique_id = "one",
    .key_usage = "160",
    .key_length = "2048",
    .hash_algorithm = "SHA-2",
    .subject = "CN=pc",
    .eku = "1.3.6.1.5.5.7.3.2",
    .server_url = "https://scep.example/scep",
    .challenge = "hunter2",
    .ca_thumbprint = "3559DC5D5C4017BD4CDBD0466AF14DDA41655E57",
};

static struct profile_item *described(struct arena *a, struct profile_wishes w) {
    BUF_AUTO(text);
    struct profile_item *items;
    profile_write(&w, &text);
    assert_int_equal(profile_describe(a, buf_view(&text), &items), OK);
    return items;
}

static const struct profile_item *item(const struct profile_item *list, const char *node) {
    while (list && strcmp(list->node, node) != 0)
        list = list->next;
    return list;
}

static void each_value_has_its_words(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct profile_item *items = described(&a, good);
    assert_string_equal(items->node, "Scope");
    assert_string_equal(item(items, "UniqueID")->value, "one");
    assert_string_equal(item(items, "EKUMapping")->words, "Client Authentication");
    assert_string_equal(item(items, "KeyLength")->format, "int");
    assert_null(item(items, "ContainerName"));
}

static void a_default_that_matters_is_told(void **state) {
    (void)state;
    ARENA_AUTO(a);
    const struct profile_item *retries = item(described(&a, good), "RetryCount");
    assert_true(retries->is_default);
    assert_string_equal(retries->value, "3");
}

static void a_fixed_challenge_is_not_shown(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct profile_wishes ours = good;
    ours.challenge = "{{scep.challenge}}";
    assert_null(item(described(&a, good), "Challenge")->value);
    assert_string_equal(item(described(&a, ours), "Challenge")->value, ours.challenge);
}

/* A node that the CSP gets must get its place in the order, or nobody sees it. */
static void every_node_that_can_be_set_is_shown(void **state) {
    (void)state;
    ARENA_AUTO(a);
    static const char install[] = "/Vendor/MSFT/ClientCertificateInstall/SCEP/{UniqueID}/Install/";
    BUF_AUTO(text);
    BUF_AUTO(extra);
    struct profile_item *items;
    for (size_t i = 0; i < csp_table_size; i++) {
        const char *name = csp_table[i].path + strlen(install);
        if (strncmp(csp_table[i].path, install, strlen(install)) != 0 ||
            csp_table[i].occurrence == CSP_ONE)
            continue;
        buf_printf(&extra,
                   "<Add><Item><Target><LocURI>./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/"
                   "one/Install/%s</LocURI></Target><Data>x</Data></Item></Add>",
                   name);
    }
    profile_write(&good, &text);
    const char *exec = strstr(buf_cstr(&text), "\t<Exec>");
    BUF_AUTO(all);
    buf_add(&all, text.p, (size_t)(exec - (char *)text.p));
    buf_span(&all, buf_view(&extra));
    buf_str(&all, exec);
    assert_int_equal(profile_describe(&a, buf_view(&all), &items), OK);
    for (size_t i = 0; i < csp_table_size; i++)
        if (strncmp(csp_table[i].path, install, strlen(install)) == 0 &&
            csp_table[i].format != CSP_NULL) {
            const struct profile_item *found = item(items, csp_table[i].path + strlen(install));
            assert_non_null(found);
            assert_false(found->is_default);
        }
}

static size_t changes(struct profile_wishes before, struct profile_wishes after, const char *node) {
    ARENA_AUTO(a);
    size_t n = 0;
    struct profile_change *c = profile_compare(&a, described(&a, before), described(&a, after));
    for (; c; c = c->next, n++)
        assert_string_equal((c->before ? c->before : c->after)->node, node);
    return n;
}

static void a_profile_does_not_differ_from_itself(void **state) {
    (void)state;
    assert_int_equal(changes(good, good, ""), 0);
}

static void each_difference_is_one_node(void **state) {
    (void)state;
    struct profile_wishes other = good;
    other.user_scope = true;
    assert_int_equal(changes(good, other, "Scope"), 1);
    other = good;
    other.challenge = "hunter3";
    assert_int_equal(changes(good, other, "Challenge"), 1);
    other = good;
    other.san = "3+pc";
    assert_int_equal(changes(good, other, "SubjectAlternativeNames"), 1);
    assert_int_equal(changes(other, good, "SubjectAlternativeNames"), 1);
}

static void a_default_that_is_written_out_is_no_difference(void **state) {
    (void)state;
    struct profile_wishes other = good;
    other.retry_count = "3";
    assert_int_equal(changes(good, other, ""), 0);
    other.retry_count = "4";
    assert_int_equal(changes(good, other, "RetryCount"), 1);
}

static struct profile_item *edited(struct arena *a, const char *old, const char *new) {
    BUF_AUTO(text);
    BUF_AUTO(out);
    struct profile_item *items;
    profile_write(&good, &text);
    const char *rest = buf_cstr(&text);
    for (const char *hit; (hit = strstr(rest, old)); rest = hit + strlen(old)) {
        buf_add(&out, rest, (size_t)(hit - rest));
        buf_str(&out, new);
    }
    buf_str(&out, rest);
    assert_int_equal(profile_describe(a, buf_view(&out), &items), OK);
    return items;
}

static void what_does_not_count_does_not_differ(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct profile_item *plain = described(&a, good);
    assert_null(profile_compare(&a, plain, edited(&a, "<CmdID>2<", "<CmdID>77<")));
    assert_null(profile_compare(&a, plain, edited(&a, "\t", "  ")));
    assert_null(profile_compare(&a, plain, edited(&a, "<Exec>", "<!-- go --><Exec>")));
    assert_null(profile_compare(&a, plain, edited(&a, "./Device/", "./")));
}

static void a_verb_or_a_format_does_differ(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct profile_item *plain = described(&a, good);
    assert_non_null(profile_compare(&a, plain, edited(&a, "Add>", "Replace>")));
    assert_non_null(profile_compare(&a, plain, edited(&a, ">int<", ">chr<")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_value_has_its_words),
        cmocka_unit_test(a_default_that_matters_is_told),
        cmocka_unit_test(a_fixed_challenge_is_not_shown),
        cmocka_unit_test(every_node_that_can_be_set_is_shown),
        cmocka_unit_test(a_profile_does_not_differ_from_itself),
        cmocka_unit_test(each_difference_is_one_node),
        cmocka_unit_test(a_default_that_is_written_out_is_no_difference),
        cmocka_unit_test(what_does_not_count_does_not_differ),
        cmocka_unit_test(a_verb_or_a_format_does_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
