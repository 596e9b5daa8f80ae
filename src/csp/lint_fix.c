/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mending in rounds: a mend can let another finding be seen (after CDATA is gone, its value), and
 * two of one place go one after the other. All bytes that no mend names stay as they are.
 */
#include <stdlib.h>

#include "csp/lint.h"

enum { MAX_ROUNDS = 10 };

static int by_place(const void *a, const void *b) {
    const struct lint_edit *x = *(const struct lint_edit *const *)a,
                           *y = *(const struct lint_edit *const *)b;
    if (x->old.p != y->old.p)
        return x->old.p < y->old.p ? -1 : 1;
    return (x->old.n > y->old.n) - (x->old.n < y->old.n); /* an insertion stands before */
}

/* What may be changed in this round: a finding's edits, all or none. */
struct round {
    const struct lint_edit **edits; /* by their place */
    size_t count;
};

static bool overlaps(const struct lint_edit *a, const struct lint_edit *b) {
    if (!a->old.n && !b->old.n)
        return a->old.p == b->old.p;
    return a->old.p < b->old.p + b->old.n && b->old.p < a->old.p + a->old.n;
}

static bool fits(const struct round *r, const struct lint_finding *f) {
    for (const struct lint_edit *e = f->edits; e; e = e->next)
        for (size_t i = 0; i < r->count; i++)
            if (overlaps(e, r->edits[i]))
                return false;
    return true;
}

static size_t count_edits(const struct lint_findings *found) {
    size_t n = 0;
    for (const struct lint_finding *f = found->first; f; f = f->next)
        for (const struct lint_edit *e = f->edits; e; e = e->next)
            n++;
    return n;
}

static void take(struct arena *a, const struct lint_findings *found, struct round *r,
                 struct buf *changes) {
    r->edits = arena_alloc(a, (count_edits(found) + 1) * sizeof(struct lint_edit *));
    r->count = 0;
    for (const struct lint_finding *f = found->first; f; f = f->next) {
        if (!f->edits || !fits(r, f))
            continue;
        for (const struct lint_edit *e = f->edits; e; e = e->next)
            r->edits[r->count++] = e;
        buf_printf(changes, "line %u%s%s: %s: %s\n", f->line, *f->node ? ", " : "", f->node,
                   f->code->name, f->detail);
    }
    qsort(r->edits, r->count, sizeof *r->edits, by_place);
}

static struct span apply(struct arena *a, const struct round *r, struct span text) {
    const uint8_t *at = text.p;
    BUF_AUTO(out);
    for (size_t i = 0; i < r->count; i++) {
        const struct lint_edit *e = r->edits[i];
        buf_add(&out, at, (size_t)(e->old.p - at));
        buf_span(&out, e->new);
        at = e->old.p + e->old.n;
    }
    buf_add(&out, at, (size_t)(text.p + text.n - at));
    return arena_copy(a, buf_view(&out));
}

bool profile_fix(struct arena *a, struct span text, const struct lint_options *options,
                 struct buf *out, struct buf *changes) {
    bool changed = false;
    for (int i = 0; i < MAX_ROUNDS; i++) {
        struct lint_findings found = {0};
        struct round r;
        profile_lint(a, text, options, &found);
        take(a, &found, &r, changes);
        if (!r.count)
            break;
        text = apply(a, &r, text);
        changed = true;
    }
    buf_span(out, text);
    return changed;
}
