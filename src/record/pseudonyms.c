/* SPDX-License-Identifier: Apache-2.0 */
#include "record/pseudonyms.h"

#include "record/words.h"

enum { MAX_PSEUDONYMS = 1000, MAX_VALUE = 256 };

struct pseudonym {
    const char *kind;
    unsigned number;
    struct span value;
    struct pseudonym *next;
};

static const struct pseudonym *find(const struct pseudonyms *p, struct span value) {
    for (const struct pseudonym *n = p->first; n; n = n->next)
        if (span_eq(n->value, value))
            return n;
    return NULL;
}

void pseudonym_learn(struct pseudonyms *p, const char *kind, struct span value) {
    unsigned number = 1;
    if (!value.n || value.n > MAX_VALUE || p->count == MAX_PSEUDONYMS || find(p, value))
        return;
    for (const struct pseudonym *n = p->first; n; n = n->next)
        number += strcmp(n->kind, kind) == 0;
    struct pseudonym *n = arena_alloc(&p->a, sizeof *n);
    *n = (struct pseudonym){kind, number, arena_copy(&p->a, value), p->first};
    p->first = n;
    p->count++;
}

void pseudonym_form(const struct pseudonyms *p, struct buf *out, struct span value) {
    const struct pseudonym *n = find(p, value);
    BUF_AUTO(form);
    word_form(&form, value);
    if (n)
        buf_printf(out, "<%s-%u: %s", n->kind, n->number, buf_cstr(&form) + 1);
    else
        buf_span(out, buf_view(&form));
}

void pseudonyms_free(struct pseudonyms *p) {
    arena_free(&p->a);
    *p = (struct pseudonyms){0};
}
