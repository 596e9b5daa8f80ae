/* SPDX-License-Identifier: Apache-2.0 */
/* Bare numbers: a small one may be many things, and is told as each of them. */
#include "explain/find.h"
#include "explain/hresult.h"

static const char *const kind_names[EXPLAIN_KINDS] = {
    [EXPLAIN_HRESULT] = "hresult",      [EXPLAIN_EVENT] = "event",
    [EXPLAIN_SYNCML] = "syncml",        [EXPLAIN_STATUS] = "status",
    [EXPLAIN_FAILINFO] = "failinfo",    [EXPLAIN_PKISTATUS] = "pkistatus",
    [EXPLAIN_ALERT] = "alert",          [EXPLAIN_TEXT] = "text",
    [EXPLAIN_ENROLLMENT] = "enrollment"};

const char *explain_kind_name(enum explain_kind kind) {
    return kind_names[kind];
}

enum explain_kind explain_kind_of(struct span name) {
    for (int k = 0; k < EXPLAIN_KINDS; k++)
        if (span_is_nocase(name, kind_names[k]))
            return (enum explain_kind)k;
    return EXPLAIN_KINDS;
}

enum { WINHTTP_FIRST = 12000, WINHTTP_LAST = 12190, HTTP_FIRST = 400, HTTP_LAST = 599 };
#define HRESULT_OF_WIN32(n) (0x80070000u + (n))
#define HRESULT_OF_HTTP(n)  (0x80190000u + (n))

static const struct explain_entry stranger = {
    .name = "not known to signet",
    .here = "code not known",
    .cause = "not known",
    .cure =
        "look at the text beside it, and at the other codes of the same log: signet explain takes them",
    .evidence = EXPLAIN_NOT_KNOWN,
    .fact = "none"};

static bool is_hex(struct span s) {
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') ||
              ((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'f')))
            return false;
    return s.n > 0;
}

/* 80091007, 800B0109, 2ab0003: hex without its 0x. Eight digits that begin with 8 are no decimal.
 */
static bool bare_hex(struct span s, uint32_t *out) {
    char text[11] = "0x";
    if ((s.n != 7 && s.n != 8) || !is_hex(s))
        return false;
    int64_t decimal;
    if (span_int(s, &decimal) && (s.n != 8 || s.p[0] != '8'))
        return false;
    memcpy(text + 2, s.p, s.n);
    return hresult_parse(span_str(text), out);
}

static bool parse_any(struct span s, uint32_t *out) {
    return bare_hex(s, out) || hresult_parse(s, out);
}

static void as_events(struct finder *f, uint32_t n, struct span s) {
    const struct explain_phrases *lists[] = {&explain_events_host, &explain_events_ndes};
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < lists[k]->count; i++) {
            const struct explain_entry *e = &lists[k]->list[i].entry;
            if (e->number == n)
                finder_add(f, EXPLAIN_EVENT, e, arena_printf(f->arena, "event %u: %s", n, e->name),
                           s);
        }
}

static void as_statuses(struct finder *f, uint32_t n, struct span s) {
    finder_add_number(f, EXPLAIN_STATUS, &explain_status_table, n, s);
    finder_add_number(f, EXPLAIN_STATUS, &explain_wstep_table, n, s);
    finder_add_number(f, EXPLAIN_STATUS, &explain_pfx_table, n, s);
}

static void as_each(struct finder *f, uint32_t n, struct span s) {
    as_events(f, n, s);
    finder_add_number(f, EXPLAIN_SYNCML, &explain_syncml_table, n, s);
    if (n >= HTTP_FIRST && n <= HTTP_LAST)
        finder_add_hresult(f, HRESULT_OF_HTTP(n), s);
    as_statuses(f, n, s);
    finder_add_number(f, EXPLAIN_FAILINFO, &explain_failinfo_table, n, s);
    finder_add_number(f, EXPLAIN_PKISTATUS, &explain_pkistatus_table, n, s);
    finder_add_number(f, EXPLAIN_ALERT, &explain_alert_table, n, s);
    if ((n >= WINHTTP_FIRST && n <= WINHTTP_LAST) ||
        (n > 0 && n <= 0xffff && hresult_known(HRESULT_OF_WIN32(n))))
        finder_add_hresult(f, HRESULT_OF_WIN32(n), s);
}

/* 0x10 is a Status of the CSP as events write it. */
static void explain_number(struct finder *f, struct span s, uint32_t n) {
    bool hex = span_starts(s, "0x") || span_starts(s, "0X");
    size_t before = f->count;
    if (n > 0xffff || hex) {
        if (n <= 0xff && s.n <= 4)
            as_statuses(f, n, s);
        if (f->count == before || n == 0)
            finder_add_hresult(f, n, s);
        return;
    }
    as_each(f, n, s);
    if (f->count == before || n == 0)
        finder_add_hresult(f, n ? HRESULT_OF_WIN32(n) : 0, s);
}

static struct span take_word(struct span *left) {
    *left = span_trim(*left);
    size_t n = 0;
    while (n < left->n && left->p[n] != ' ' && left->p[n] != '\t' && left->p[n] != '\r' &&
           left->p[n] != '\n')
        n++;
    struct span word = span_of(left->p, n);
    *left = span_from(*left, n);
    return word;
}

bool explain_numbers(struct finder *f, struct span text) {
    enum { MANY = 32 };
    uint32_t n;
    int count = 0;
    for (struct span left = text; span_trim(left).n; count++)
        if (!parse_any(take_word(&left), &n) || count == MANY)
            return false;
    for (struct span left = text; span_trim(left).n;) {
        struct span word = take_word(&left);
        if (parse_any(word, &n))
            explain_number(f, word, n);
    }
    return count > 0;
}

static bool as_table(struct finder *f, enum explain_kind kind, const struct explain_table *t,
                     uint32_t n, struct span s) {
    if (finder_add_number(f, kind, t, n, s))
        return true;
    finder_add(f, kind, &stranger, arena_printf(f->arena, "%s %u", explain_kind_name(kind), n), s);
    return true;
}

bool explain_number_as(struct finder *f, enum explain_kind kind, struct span s) {
    uint32_t n;
    if (!parse_any(s, &n))
        return false;
    switch (kind) {
    case EXPLAIN_HRESULT:
        finder_add_hresult(f, n, s);
        return true;
    case EXPLAIN_EVENT:
        as_events(f, n, s);
        if (!f->count)
            finder_add(f, kind, &stranger, arena_printf(f->arena, "event %u", n), s);
        return true;
    case EXPLAIN_STATUS:
        as_statuses(f, n, s);
        return f->count || as_table(f, kind, &explain_status_table, n, s);
    case EXPLAIN_SYNCML:
        return as_table(f, kind, &explain_syncml_table, n, s);
    case EXPLAIN_FAILINFO:
        return as_table(f, kind, &explain_failinfo_table, n, s);
    case EXPLAIN_PKISTATUS:
        return as_table(f, kind, &explain_pkistatus_table, n, s);
    case EXPLAIN_ALERT:
        return as_table(f, kind, &explain_alert_table, n, s);
    default:
        return false;
    }
}

/* "event 32", "Event ID: 32", "SyncML 404", "HTTP 404", "WinHttp 12175". */
bool explain_named_number(struct finder *f, struct span text) {
    struct span left = text, word = take_word(&left);
    struct span number = span_trim(left);
    uint32_t n;
    if (span_is_nocase(word, "event") && (span_starts(number, "id") || span_starts(number, "ID"))) {
        number = span_trim(span_from(number, 2));
        if (number.n && number.p[0] == ':')
            number = span_trim(span_from(number, 1));
    }
    if (!parse_any(number, &n))
        return false;
    if (span_is_nocase(word, "http")) {
        finder_add_hresult(f, HRESULT_OF_HTTP(n & 0xffff), number);
        return true;
    }
    if (span_is_nocase(word, "winhttp") || span_is_nocase(word, "win32")) {
        finder_add_hresult(f, HRESULT_OF_WIN32(n & 0xffff), number);
        return true;
    }
    enum explain_kind kind = explain_kind_of(word);
    return kind != EXPLAIN_KINDS && explain_number_as(f, kind, number);
}
