/* SPDX-License-Identifier: Apache-2.0 */
#include "explain/find.h"

#include <stdlib.h>

#define EVTX "ElfFile" /* begins the Event Viewer's own files */

/* The story was kept with the newest first. */
static void turn_round(struct explain_report *r) {
    struct explain_moment *story = NULL;
    while (r->story) {
        struct explain_moment *m = r->story;
        r->story = m->next;
        m->next = story;
        story = m;
    }
    r->story = story;
}

struct place {
    struct explain_moment *moment;
    size_t at;
};

static int older(const void *a, const void *b) {
    const struct place *x = a, *y = b;
    int order = strcmp(x->moment->at, y->moment->at);
    return order ? order : x->at < y->at ? -1 : 1;
}

/* The Event Viewer shows and saves the newest first. Only where all have a time can that be mended.
 */
static void sort_story(struct arena *a, struct explain_report *r) {
    turn_round(r);
    struct place *all = arena_alloc(a, (r->moments + 1) * sizeof *all);
    size_t n = 0;
    for (struct explain_moment *m = r->story; m; m = m->next) {
        if (!*m->at)
            return;
        all[n] = (struct place){m, n};
        n++;
    }
    qsort(all, n, sizeof *all, older);
    struct explain_moment **last = &r->story;
    for (size_t i = 0; i < n; i++) {
        *last = all[i].moment;
        last = &all[i].moment->next;
    }
    *last = NULL;
}

static void explain_lines(struct finder *f, struct span text) {
    f->has_syncml = find_nocase(text, "<Status") >= 0 || find_nocase(text, "<Alert") >= 0 ||
                    find_nocase(text, "originalerror") >= 0;
    for (struct span left = text; left.n;)
        explain_line(f, take_line(&left));
}

enum err explain_text(struct arena *a, struct span input, struct explain_report *out) {
    struct finder f;
    finder_begin(&f, a, out);
    if (span_starts(input, EVTX))
        return err_set(
            ERR_PARSE,
            "this is an .evtx, which only Windows can read: in the Event Viewer choose \"Save all "
            "events as\" with the type XML, or run: wevtutil qe FILE.evtx /lf:true /f:xml");
    struct span text = explain_decode(a, input);
    out->other = explain_other(input, text);
    if (explain_numbers(&f, text) || explain_named_number(&f, span_trim(text)) ||
        explain_registry(&f, text) || explain_event_xml(&f, text)) {
        sort_story(a, out);
        return OK;
    }
    explain_lines(&f, text);
    sort_story(a, out);
    return OK;
}

enum err explain_one(struct arena *a, enum explain_kind kind, struct span number,
                     struct explain_report *out) {
    struct finder f;
    finder_begin(&f, a, out);
    if (explain_number_as(&f, kind, span_trim(number)))
        return OK;
    return err_set(ERR_USAGE, "'%.*s' is no number: give one, as in signet explain %s 16",
                   (int)(number.n < 40 ? number.n : 40), (const char *)number.p,
                   explain_kind_name(kind));
}
