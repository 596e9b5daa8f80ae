/* SPDX-License-Identifier: Apache-2.0 */
/* An enrolled host, and commands to its CSPs. */
#ifndef SIGNET_TESTS_CSP_FIXTURE_H
#define SIGNET_TESTS_CSP_FIXTURE_H

#include "device_fixture.h"

#include "device/csptree.h"

struct fixture {
    char *dir;
    struct host *h;
    struct arena a;
};

static inline struct fixture *open_fixture(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->dir = temporary_dir();
    f->h = enrolled_host(f->dir);
    *state = f;
    return f;
}

static inline int tear_down(void **state) {
    struct fixture *f = *state;
    host_close(f->h);
    arena_free(&f->a);
    remove_dir(f->dir);
    free(f);
    return 0;
}

/* The status; `out` may be NULL. */
static inline int apply(struct fixture *f, enum csp_access verb, const char *uri,
                        const char *format, const char *data, struct csp_value *out) {
    struct csp_value ignored;
    struct csp_command c = {verb, span_str(uri), span_str(format), span_str(data), false};
    return csptree_apply(f->h, &c, &f->a, out ? out : &ignored);
}

static inline int get(struct fixture *f, const char *uri, struct csp_value *out) {
    return apply(f, CSP_GET, uri, "", "", out);
}

static inline void expect(struct fixture *f, const char *uri, const char *data) {
    struct csp_value v;
    assert_int_equal(get(f, uri, &v), 200);
    assert_string_equal(arena_str(&f->a, v.data), data);
}

#endif
