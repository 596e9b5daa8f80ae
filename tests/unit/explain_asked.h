/* SPDX-License-Identifier: Apache-2.0 */
/* What explain says of a text, and whether it is all that it should say: for the tests of it. */
#ifndef SIGNET_TESTS_EXPLAIN_ASKED_H
#define SIGNET_TESTS_EXPLAIN_ASKED_H

#include "base/text.h"
#include "explain/explain.h"

static struct arena arena;

static int set_up(void **state) {
    (void)state;
    arena = (struct arena){0};
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_free(&arena);
    return 0;
}

static struct explain_report explain(const char *text) {
    struct explain_report r;
    assert_int_equal(explain_text(&arena, span_str(text), &r), OK);
    return r;
}

static const struct explanation *found(const struct explain_report *r, struct span what) {
    for (const struct explanation *x = r->first; x; x = x->next)
        if (strlen(x->what) >= what.n && memcmp(x->what, what.p, what.n) == 0)
            return x;
    return NULL;
}

static size_t count(const struct explain_report *r) {
    size_t n = 0;
    for (const struct explanation *x = r->first; x; x = x->next)
        n++;
    return n;
}

/* All of `list` (separated by |) and nothing else. */
static void finds(const char *text, const char *list) {
    struct explain_report r = explain(text);
    size_t n = 0;
    for (struct span left = span_str(list); left.n; n++) {
        ptrdiff_t end = span_find(left, '|');
        struct span one = end < 0 ? left : span_of(left.p, (size_t)end);
        left = span_from(left, end < 0 ? left.n : (size_t)end + 1);
        if (!found(&r, one))
            fail_msg("'%s' does not lead to '%.*s'", text, SPAN_FMT(one));
    }
    if (count(&r) != n) {
        for (const struct explanation *x = r.first; x; x = x->next)
            print_message("    %s\n", x->what);
        fail_msg("'%s' leads to more than '%s'", text, list);
    }
}

#endif
