/* SPDX-License-Identifier: Apache-2.0 */
/* The sign-in page as the emulated host's web view reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "device/html_form.h"

static bool form_of(struct arena *a, const char *page, struct html_form *out) {
    return html_form_read(a, span_str(page), out);
}

static void test_a_page(void **state) {
    ARENA_AUTO(a);
    struct html_form f;
    BUF_AUTO(body);
    (void)state;
    assert_true(
        form_of(&a,
                "<!doctype html><title>a < b</title><p class=\"x>y\">text<input name=no>"
                "<FORM method=POST\n action='/Auth?a=1&amp;b=2'>"
                "<label>Name<input type=\"text\" name=user value=\"a&quot;b&#39;&#x2f;&bad;\">"
                "</label><input type=password name=\"password\" required/>"
                "<input type='hidden' value='>' name='state'><input value=nameless></form>"
                "<form action=other>",
                &f));
    assert_string_equal(f.action, "/Auth?a=1&b=2");
    assert_string_equal(f.method, "post");
    assert_int_equal(f.count, 4);
    assert_string_equal(html_form_find(&f, "user")->value, "a\"b'/&bad;");
    assert_string_equal(html_form_find(&f, "password")->type, "password");
    assert_string_equal(html_form_find(&f, "state")->value, ">");
    assert_null(html_form_find(&f, "no"));
    html_form_find(&f, "password")->value = "p w&\xc3\xa9";
    html_form_encode(&f, &body);
    assert_string_equal(buf_cstr(&body),
                        "user=a%22b%27%2F%26bad%3B&password=p+w%26%C3%A9&state=%3E");
}

/* Cut anywhere, a page is no form, and nothing is read beyond its end. */
static void test_cut_pages(void **state) {
    static const char page[] =
        "<form action=\"ms-app://x\" method=post><input name='wresult' value=\"a&amp;b\"></form>";
    ARENA_AUTO(a);
    struct html_form f;
    (void)state;
    for (size_t n = 0; n < sizeof page - 1; n++) {
        char *copy = malloc(n + 1);
        assert_non_null(copy);
        memcpy(copy, page, n);
        bool whole = n >= sizeof page - 2; /* but for the last '>' */
        assert_int_equal(html_form_read(&a, span_of(copy, n), &f), whole);
        free(copy);
    }
    assert_true(form_of(&a, page, &f));
    assert_string_equal(html_form_find(&f, "wresult")->value, "a&b");
    assert_false(form_of(&a, "", &f));
    assert_false(form_of(&a, "<html>no form</html>", &f));
}

static void test_inputs_are_bounded(void **state) {
    ARENA_AUTO(a);
    struct html_form f;
    BUF_AUTO(page);
    (void)state;
    buf_str(&page, "<form>");
    for (int i = 0; i <= HTML_INPUTS_MAX; i++)
        buf_str(&page, "<input name=x>");
    buf_str(&page, "</form>");
    assert_false(html_form_read(&a, buf_view(&page), &f));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_page),
        cmocka_unit_test(test_cut_pages),
        cmocka_unit_test(test_inputs_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
