/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Codes, lines and exports. Oracle: whatever comes is answered within the bounds; all that the
 * answer holds is printable as it stands; entries are of the tables (whole), each thing stands
 * once; the story is in order; a second reading says the same; and the input in UTF-16 says what it
 * says in UTF-8, when it is ASCII.
 */
#include "explain/explain.h"

#include <string.h>

#include "base/text.h"
#include "fuzz.h"

static void must_be_printable(const char *text) {
    BUF_AUTO(clean);
    text_printable(&clean, span_str(text));
    must(strcmp(buf_cstr(&clean), text) == 0);
}

static void check_explanation(const struct explanation *x) {
    must(x->kind < EXPLAIN_KINDS && x->times > 0);
    must(x->entry->name && x->entry->here && x->entry->cause && x->entry->cure && x->entry->fact);
    must(*x->what);
    must_be_printable(x->what);
    must_be_printable(x->note ? x->note : "");
    must_be_printable(x->found ? x->found : "");
    for (const struct explanation *y = x->next; y; y = y->next)
        must(y->kind != x->kind || y->entry != x->entry || strcmp(y->what, x->what) != 0);
}

static void check_story(const struct explain_report *r) {
    size_t n = 0;
    bool all = true;
    for (const struct explain_moment *m = r->story; m; m = m->next, n++) {
        must_be_printable(m->at);
        must_be_printable(m->codes);
        must_be_printable(m->unique_id ? m->unique_id : "");
        all = all && *m->at;
    }
    must(n == r->moments && n <= EXPLAIN_MAX_MOMENTS);
    for (const struct explain_moment *m = r->story; all && m && m->next; m = m->next)
        must(strcmp(m->at, m->next->at) <= 0);
}

static size_t check_report(const struct explain_report *r) {
    size_t n = 0;
    for (const struct explanation *x = r->first; x; x = x->next, n++)
        check_explanation(x);
    must(n <= EXPLAIN_MAX && (n > 0 || !r->known));
    check_story(r);
    return n;
}

static void must_be_same(const struct explain_report *a, const struct explain_report *b) {
    const struct explanation *x = a->first, *y = b->first;
    for (; x && y; x = x->next, y = y->next)
        must(x->entry == y->entry && x->times == y->times && strcmp(x->what, y->what) == 0);
    must(!x && !y && a->moments == b->moments && a->known == b->known && a->more == b->more);
}

/* Plain ASCII without NUL: else UTF-16 is another text. */
static bool as_utf16(struct span text, struct buf *out) {
    buf_add(out, "\xff\xfe", 2);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == 0 || text.p[i] >= 0x80)
            return false;
        buf_char(out, (char)text.p[i]);
        buf_char(out, 0);
    }
    return !span_starts(text, "ElfFile");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    BUF_AUTO(wide);
    struct span text = span_of(data, size);
    struct explain_report first, again;
    if (explain_text(&a, text, &first) != OK) {
        must(span_starts(text, "ElfFile"));
        return 0;
    }
    check_report(&first);
    must(explain_text(&a, text, &again) == OK);
    must_be_same(&first, &again);
    if (as_utf16(text, &wide)) {
        must(explain_text(&a, buf_view(&wide), &again) == OK);
        must_be_same(&first, &again);
    }
    for (int k = 0; k < EXPLAIN_KINDS && size < 32; k++)
        if (explain_one(&a, (enum explain_kind)k, text, &again) == OK)
            must(check_report(&again) > 0);
    return 0;
}
