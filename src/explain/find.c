/* SPDX-License-Identifier: Apache-2.0 */
#include "explain/find.h"

#include "base/text.h"
#include "explain/hresult.h"

enum { MAX_FOUND = 120 };

void finder_begin(struct finder *f, struct arena *a, struct explain_report *report) {
    *report = (struct explain_report){0};
    *f = (struct finder){.arena = a, .report = report, .last = &report->first, .at = ""};
}

static bool is_same(const struct explanation *e, enum explain_kind kind,
                    const struct explain_entry *entry, const char *what) {
    return e->kind == kind && e->entry == entry && strcmp(e->what, what) == 0;
}

/* An event writes its HRESULT as a message, in hex and in decimal, and its id in the heading: once.
 */
static void count_again(const struct finder *f, struct explanation *e) {
    bool once = e->kind == EXPLAIN_HRESULT || e->kind == EXPLAIN_EVENT;
    if (once && e->counted_in == f->unit)
        return;
    e->counted_in = f->unit;
    e->times++;
}

struct explanation *finder_add(struct finder *f, enum explain_kind kind,
                               const struct explain_entry *entry, const char *what,
                               struct span found) {
    f->report->known = f->report->known || entry->evidence != EXPLAIN_NOT_KNOWN;
    for (struct explanation *e = f->report->first; e; e = e->next)
        if (is_same(e, kind, entry, what)) {
            count_again(f, e);
            return e;
        }
    struct explanation *e = arena_alloc(f->arena, sizeof *e);
    *e = (struct explanation){
        .kind = kind, .entry = entry, .what = what, .times = 1, .counted_in = f->unit};
    if (found.n)
        e->found = text_claim(f->arena, found, MAX_FOUND);
    if (f->count == EXPLAIN_MAX) {
        f->report->more = true;
        return e;
    }
    f->count++;
    *f->last = e;
    f->last = &e->next;
    return e;
}

/* What the moment's line holds, once. */
static void add_code(struct finder *f, const char *what) {
    struct explain_moment *m = f->moment;
    if (!m || strstr(m->codes, what))
        return;
    m->codes = *m->codes ? arena_printf(f->arena, "%s, %s", m->codes, what) : what;
}

/* Where a code comes from that is not known. */
static const char *origin_of(struct finder *f, uint32_t code) {
    if (code >> 16 == 0x8007)
        return arena_printf(f->arena, "it is the Win32 error %u (net helpmsg %u on a host)",
                            code & 0xffff, code & 0xffff);
    return arena_printf(f->arena, "its facility: %s", hresult_facility(code));
}

/* The event of a CSP that refuses a command: its code is no verdict of the SCEP task. */
static bool is_of_csp(const struct explain_moment *m) {
    return m && (m->event == 404 || m->event == 400);
}

void finder_add_hresult(struct finder *f, uint32_t code, struct span found) {
    const struct explain_entry *e = hresult_find(code);
    const char *what = arena_printf(f->arena, "0x%08X %s", code, e->name);
    f->codes++;
    if (!hresult_known(code) && code >> 16 == 0x8019 && e->evidence != EXPLAIN_NOT_KNOWN)
        what = arena_printf(f->arena, "0x%08X HTTP %u", code, code & 0xffff);
    struct explanation *x = finder_add(f, EXPLAIN_HRESULT, e, what, found);
    if (e->evidence == EXPLAIN_NOT_KNOWN)
        x->note = origin_of(f, code);
    else if (is_of_csp(f->moment))
        x->note = arena_printf(
            f->arena, "in event %u it is a CSP's answer to one command: step 2, before SCEP",
            f->moment->event);
    add_code(f, what);
}

bool finder_add_number(struct finder *f, enum explain_kind kind, const struct explain_table *t,
                       uint32_t number, struct span found) {
    const struct explain_entry *e = explain_entry_find(t, number);
    if (!e)
        return false;
    const char *what = kind == EXPLAIN_SYNCML
                           ? arena_printf(f->arena, "SyncML status %u %s", number, e->name)
                           : e->name;
    finder_add(f, kind, e, what, found);
    add_code(f, what);
    return true;
}

static void begin_moment(struct finder *f, const struct explain_entry *e) {
    struct explain_report *r = f->report;
    struct explain_moment *m = arena_alloc(f->arena, sizeof *m);
    *m = (struct explain_moment){.at = f->at, .event = e->number, .name = e->name, .codes = ""};
    f->moment = m;
    f->unit++;
    f->codes = 0;
    if (r->moments == EXPLAIN_MAX_MOMENTS) {
        r->more = true;
        return;
    }
    r->moments++;
    m->next = r->story; /* the newest first: explain_text turns it round */
    r->story = m;
}

/* A line of columns, and the text below it, are one event: the text has no time of its own, and may
 * be that of two ids. */
void finder_add_event(struct finder *f, const struct explain_entry *e, struct span found) {
    bool goes_on =
        f->moment && strcmp(f->moment->name, e->name) == 0 && !*f->moment->codes && !*f->at;
    if (goes_on && f->moment->event != e->number)
        return;
    if (!goes_on)
        begin_moment(f, e);
    finder_add(f, EXPLAIN_EVENT, e, arena_printf(f->arena, "event %u: %s", e->number, e->name),
               found);
    f->at = "";
}

static const char *const sources[] = {"DeviceManagement-Enterprise-Diagnostics-Provider",
                                      "CertificateServicesClient-CertEnroll", "CAPI2",
                                      "NetworkDeviceEnrollmentService", "connector"};

static const char *source_in(struct span text) {
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (find_nocase(text, sources[i]) >= 0)
            return sources[i];
    return NULL;
}

bool names_source(struct span text) {
    return source_in(text) != NULL;
}

const struct explain_entry *explain_event(uint32_t id, struct span source) {
    const struct explain_phrases *lists[] = {&explain_events_host, &explain_events_ndes};
    const char *wanted = source_in(source);
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < lists[k]->count; i++) {
            const struct explain_entry *e = &lists[k]->list[i].entry;
            if (e->number == id && (!wanted || find_nocase(span_str(e->source), wanted) >= 0))
                return e;
        }
    return NULL;
}

ptrdiff_t find_nocase(struct span text, const char *needle) {
    size_t n = strlen(needle);
    for (size_t i = 0; n && i + n <= text.n; i++)
        if ((text.p[i] | 0x20) == (needle[0] | 0x20) &&
            strncasecmp((const char *)text.p + i, needle, n) == 0)
            return (ptrdiff_t)i;
    return -1;
}

struct span take_line(struct span *left) {
    ptrdiff_t end = span_find(*left, '\n');
    struct span line = end < 0 ? *left : span_of(left->p, (size_t)end);
    *left = span_from(*left, end < 0 ? left->n : (size_t)end + 1);
    return line.n && line.p[line.n - 1] == '\r' ? span_of(line.p, line.n - 1) : line;
}

bool is_word(uint8_t c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

bool take_value(struct span text, uint32_t *out, struct span *digits) {
    size_t i = 0, n = 0;
    while (i < text.n && i < 16 && strchr(" \t:=(\"", text.p[i]) && text.p[i])
        i++;
    struct span rest = span_from(text, i);
    bool dword = find_nocase(span_of(rest.p, rest.n < 6 ? rest.n : 6), "dword:") == 0;
    if (dword)
        rest = span_from(rest, 6);
    while (n < rest.n && is_word(rest.p[n]))
        n++;
    *digits = span_of(rest.p, n);
    if (!dword)
        return n && rest.p[0] >= '0' && rest.p[0] <= '9' && hresult_parse(*digits, out);
    char hex[11] = "0x";
    memcpy(hex + 2, rest.p, n <= 8 ? n : 0);
    return n && n <= 8 && hresult_parse(span_str(hex), out);
}

bool next_word(struct span line, size_t *at, struct word *w) {
    while (*at < line.n && !is_word(line.p[*at]))
        ++*at;
    size_t start = *at;
    while (*at < line.n && is_word(line.p[*at]))
        ++*at;
    *w = (struct word){span_of(line.p + start, *at - start), start ? line.p[start - 1] : 0,
                       *at < line.n ? line.p[*at] : 0};
    return w->text.n > 0;
}

bool next_label(struct span *rest, const char *label) {
    for (;;) {
        ptrdiff_t at = find_nocase(*rest, label);
        if (at < 0)
            return false;
        bool begins = at == 0 || !is_word(rest->p[at - 1]);
        *rest = span_from(*rest, (size_t)at + strlen(label));
        if (begins && (!rest->n || !is_word(rest->p[0])))
            return true;
    }
}
