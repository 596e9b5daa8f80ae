/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles that are written from values: what is read from them again is what was put in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "csp/build.h"
#include "csp/profile.h"
#include "x509/name.h"

static const struct profile_wishes least = {
    .unique_id = "{{enrollment.id}}",
    .key_usage = "160",
    .key_length = "2048",
    .hash_algorithm = "SHA-2",
    .subject = "CN={{device.id}}",
    .eku = "1.3.6.1.5.5.7.3.2",
    .server_url = "{{scep.url}}",
    .challenge = "{{scep.challenge}}",
    .ca_thumbprint = "{{scep.ca_thumbprint}}",
};

static void expect_good(struct profile_wishes w, struct profile *out, struct arena *a) {
    BUF_AUTO(text);
    profile_write(&w, &text);
    assert_int_equal(profile_check(a, buf_view(&text), false), OK);
    assert_int_equal(profile_read(a, buf_view(&text), out), OK);
}

static void the_least_is_good_in_both_scopes(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct profile p;
    struct profile_wishes w = least;
    expect_good(w, &p, &a);
    assert_false(p.user_scope);
    w.user_scope = true;
    expect_good(w, &p, &a);
    assert_true(p.user_scope);
}

static void every_node_is_written_as_it_is_wished(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct profile p;
    struct profile_wishes w = least;
    w.retry_count = "0";
    w.retry_delay = "1";
    w.valid_period = "Years";
    w.valid_period_units = "1";
    w.key_protection = "4";
    w.container = "con<tainer>";
    w.san = "3+a&b;11+\"c\"";
    w.server_url = "https://scep.example/a?b&c";
    expect_good(w, &p, &a);
    assert_true(span_is(p.san, w.san));
    assert_true(span_is(p.server_url, w.server_url));
}

/* The value goes through the quotes of X.500, and comes back. */
static void expect_subject(const char *attribute, const char *written) {
    ARENA_AUTO(a);
    BUF_AUTO(subject);
    struct span der;
    assert_int_equal(profile_add_subject(&subject, attribute), OK);
    assert_string_equal(buf_cstr(&subject), written);
    assert_int_equal(name_from_x500(&a, buf_view(&subject), &der), OK);
}

static void values_of_a_subject_are_quoted_as_windows_wants(void **state) {
    (void)state;
    expect_subject("CN=pc", "CN=pc");
    expect_subject("O=Example, Inc.", "O=\"Example, Inc.\"");
    expect_subject("CN=say \"hi\"", "CN=\"say \"\"hi\"\"\"");
    expect_subject("CN=a\\b", "CN=a\\b");
    expect_subject("OU=DOM\\", "OU=\"DOM\\\"");
    expect_subject("CN=a=b+c", "CN=\"a=b+c\"");
    expect_subject("CN= blank", "CN=\" blank\"");
    expect_subject("CN={{user.upn}}", "CN={{user.upn}}");
    expect_subject("CN=PC {{device.id}}", "CN=\"PC {{device.id}}\"");
    expect_subject("CN={{device.id}}{{user.upn}}", "CN=\"{{device.id}}{{user.upn}}\"");
    expect_subject("1.2.3.4=x", "1.2.3.4=x");
}

static void what_is_no_attribute_is_refused(void **state) {
    (void)state;
    BUF_AUTO(subject);
    assert_int_equal(profile_add_subject(&subject, "pc"), ERR_PARSE);
    assert_int_equal(profile_add_subject(&subject, "CN="), ERR_PARSE);
    assert_int_equal(profile_add_subject(&subject, "=x"), ERR_PARSE);
    assert_int_equal(profile_add_subject(&subject, "NAME=x"), ERR_PARSE);
    assert_int_equal(profile_add_subject(&subject, "CN=a,OU=b"), OK); /* one value */
    assert_string_equal(buf_cstr(&subject), "CN=\"a,OU=b\"");
    assert_int_equal(profile_add_subject(&subject, "A,B=x"), ERR_PARSE);
}

static void alternative_names_get_their_types(void **state) {
    (void)state;
    BUF_AUTO(san);
    assert_int_equal(profile_add_san(&san, "dns=pc.example.com"), OK);
    assert_int_equal(profile_add_san(&san, "upn={{user.upn}}"), OK);
    assert_int_equal(profile_add_san(&san, "EMAIL=me@example.com"), OK);
    assert_int_equal(profile_add_san(&san, "uri=https://example.com/?a=b"), OK);
    assert_string_equal(
        buf_cstr(&san),
        "3+pc.example.com;11+{{user.upn}};2+me@example.com;7+https://example.com/?a=b");
    assert_int_equal(profile_add_san(&san, "ip=10.0.0.1"), ERR_PARSE);
    assert_int_equal(profile_add_san(&san, "dns="), ERR_PARSE);
    assert_int_equal(profile_add_san(&san, "dns=a;11+admin@example.com"), ERR_PARSE);
}

static void an_eku_stands_once(void **state) {
    (void)state;
    BUF_AUTO(eku);
    assert_int_equal(profile_add_eku(&eku, "clientAuth"), OK);
    assert_int_equal(profile_add_eku(&eku, "1.3.6.1.5.5.7.3.2"), OK);
    assert_int_equal(profile_add_eku(&eku, "1.3.6.1.5.5.7.3.21"), OK);
    assert_string_equal(buf_cstr(&eku), "1.3.6.1.5.5.7.3.2+1.3.6.1.5.5.7.3.21");
    assert_int_equal(profile_add_eku(&eku, "client"), ERR_PARSE);
    assert_int_equal(profile_add_eku(&eku, "1.2+3"), ERR_PARSE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_is_good_in_both_scopes),
        cmocka_unit_test(every_node_is_written_as_it_is_wished),
        cmocka_unit_test(values_of_a_subject_are_quoted_as_windows_wants),
        cmocka_unit_test(what_is_no_attribute_is_refused),
        cmocka_unit_test(alternative_names_get_their_types),
        cmocka_unit_test(an_eku_stands_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
