/* SPDX-License-Identifier: Apache-2.0 */
/* Two sets of facts, walked side by side from place to place. */
#include "record/facts.h"

#include <stdlib.h>

/* The facts at one place: list[from .. to). */
struct place {
    const struct facts *facts;
    size_t from, to;
};

static int order_places(const struct fact *a, const struct fact *b) {
    int d = strcmp(a->kind, b->kind);
    return d ? d : strcmp(a->place, b->place);
}

static void next_place(struct place *p) {
    const struct fact *list = p->facts->list;
    p->from = p->to;
    while (p->to < p->facts->count &&
           (p->to == p->from || order_places(&list[p->from], &list[p->to]) == 0))
        p->to++;
}

static bool has(const struct facts *f, const struct fact *wanted) {
    return f->count && bsearch(wanted, f->list, f->count, sizeof *f->list, fact_order);
}

/* The facts at the place of `at`, or none. */
static struct place find_place(const struct facts *f, const struct fact *at) {
    size_t from = 0, end = f->count;
    while (from < end) { /* the first that is not before it */
        size_t middle = from + (end - from) / 2;
        if (order_places(&f->list[middle], at) < 0)
            from = middle + 1;
        else
            end = middle;
    }
    struct place p = {f, from, from};
    while (p.to < f->count && order_places(&f->list[p.to], at) == 0)
        p.to++;
    return p;
}

/* Whether there is something at the place that the other one does not say there. */
static bool has_own(const struct place *p, const struct facts *other) {
    for (size_t i = p->from; i < p->to; i++)
        if (!has(other, &p->facts->list[i]))
            return true;
    return false;
}

/* What only `p` says there, joined. */
static const char *only(struct arena *a, const struct place *p, const struct facts *other) {
    BUF_AUTO(text);
    for (size_t i = p->from; i < p->to; i++)
        if (!has(other, &p->facts->list[i]))
            buf_printf(&text, "%s%s", text.n ? " | " : "", p->facts->list[i].says);
    return arena_str(a, buf_view(&text));
}

/* The place above one; false: it has none. */
static bool above(struct arena *a, const struct fact *f, struct fact *out) {
    const char *end = NULL;
    for (const char *p = f->place; (p = strstr(p, FACT_BELOW)); p++)
        end = p;
    if (!end)
        return false;
    *out = (struct fact){f->kind, arena_str(a, span_of(f->place, (size_t)(end - f->place))), ""};
    return true;
}

/*
 * Whether that a place is missing has been told where what the place above holds is told: unless
 * it is one of several of a name ("Status[Exec]"), which are not told apart there.
 */
static bool is_told(const struct facts *facts, const struct facts *other, const struct fact *at,
                    const struct fact *up) {
    struct place theirs = find_place(other, up);
    if (theirs.from == theirs.to)
        return true;
    if (at->place[strlen(at->place) - 1] == ']')
        return false;
    struct place ours = find_place(facts, up);
    return has_own(&ours, other);
}

struct differing {
    struct arena *a;
    struct difference *first, **last;
};

static void tell(struct differing *d, const struct fact *at, const char *first,
                 const char *second) {
    if (!*first && !*second)
        return;
    struct difference *x = arena_alloc(d->a, sizeof *x);
    *x = (struct difference){at->kind, at->place, first, second, NULL};
    *d->last = x;
    d->last = &x->next;
}

/* A place that one of them lacks. */
static void tell_one(struct differing *d, const struct place *p, const struct facts *other,
                     bool is_first) {
    const struct fact *at = &p->facts->list[p->from];
    struct fact up;
    if (above(d->a, at, &up) && is_told(p->facts, other, at, &up))
        return;
    const char *says = only(d->a, p, other);
    tell(d, at, is_first ? says : "", is_first ? "" : says);
}

struct difference *facts_compare(struct arena *a, const struct facts *first,
                                 const struct facts *second) {
    struct differing d = {.a = a, .last = &d.first};
    struct place p = {first, 0, 0}, q = {second, 0, 0};
    next_place(&p);
    next_place(&q);
    while (p.from < first->count || q.from < second->count) {
        int order = p.from == first->count ? 1
                    : q.from == second->count
                        ? -1
                        : order_places(&first->list[p.from], &second->list[q.from]);
        if (order == 0)
            tell(&d, &first->list[p.from], only(a, &p, second), only(a, &q, first));
        else
            tell_one(&d, order < 0 ? &p : &q, order < 0 ? second : first, order < 0);
        if (order <= 0)
            next_place(&p);
        if (order >= 0)
            next_place(&q);
    }
    return d.first;
}

bool difference_in(const struct difference *list, const struct difference *d) {
    for (; list; list = list->next)
        if (strcmp(list->kind, d->kind) == 0 && strcmp(list->place, d->place) == 0 &&
            strcmp(list->first, d->first) == 0 && strcmp(list->second, d->second) == 0)
            return true;
    return false;
}
