/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line of any text: what Windows and SCEP servers log. Events are known by their texts, or by an
 * id beside the name of their source.
 */
#include "explain/find.h"

/* Digits beside the name of a source: "32  Microsoft-Windows-...", "...-Provider<TAB>32". */
static bool id_beside_source(struct span line, uint32_t *id) {
    struct word w;
    bool near = false;
    for (size_t at = 0; next_word(line, &at, &w);) {
        int64_t n;
        bool number = w.text.n <= 5 && span_int(w.text, &n) && n > 0 && w.before != '-' &&
                      w.before != ':' && w.after != '-' && w.after != ':' && w.before != '/' &&
                      w.after != '/' && w.after != '.';
        struct span rest = span_from(line, at);
        bool then_source = span_starts(span_trim(rest), "Microsoft-Windows-");
        if (number && (near || then_source)) {
            *id = (uint32_t)n;
            return true;
        }
        near = near || span_is_nocase(w.text, "Provider") || span_is_nocase(w.text, "CertEnroll") ||
               span_is_nocase(w.text, "CAPI2") ||
               span_is_nocase(w.text, "NetworkDeviceEnrollmentService");
    }
    return false;
}

/* "Id : 32" of Get-WinEvent, "Event ID: 32" of wevtutil and of a person. */
static bool id_by_label(struct span line, uint32_t *id) {
    struct span digits, rest = line;
    if (next_label(&rest, "event id") && take_value(rest, id, &digits))
        return true;
    rest = line;
    if (next_label(&rest, "event") && take_value(rest, id, &digits) && *id < 0xffff)
        return true;
    rest = span_trim(line);
    return (span_starts(rest, "Id ") || span_starts(rest, "Id:")) &&
           take_value(span_from(rest, 2), id, &digits);
}

/* Not in the middle of another word, but behind the prefix of a symbol (EVENT_MSCEP_...). */
static bool holds(struct span line, const char *needle) {
    for (struct span rest = line;;) {
        ptrdiff_t at = find_nocase(rest, needle);
        if (at < 0)
            return false;
        const uint8_t *start = rest.p + at;
        if (start == line.p || !is_word(start[-1]) || start[-1] == '_')
            return true;
        rest = span_from(rest, (size_t)at + 1);
    }
}

bool look_at_phrases(struct finder *f, const struct explain_phrases *p, struct span line) {
    bool event = false;
    for (size_t i = 0; i < p->count; i++) {
        const struct explain_phrase *e = &p->list[i];
        if (!e->needle || !holds(line, e->needle))
            continue;
        if (e->entry.number) {
            finder_add_event(f, &e->entry, span_str(e->needle));
            event = true;
        } else {
            finder_add(f, EXPLAIN_TEXT, &e->entry, e->entry.name, span_str(e->needle));
        }
    }
    return event;
}

static void look_at_events(struct finder *f, struct span line) {
    bool host = look_at_phrases(f, &explain_events_host, line);
    uint32_t id;
    if (look_at_phrases(f, &explain_events_ndes, line) || host)
        return;
    bool beside = names_source(line) && id_beside_source(line, &id);
    if (!beside && !id_by_label(line, &id))
        return;
    const struct explain_entry *e = explain_event(id, line);
    if (e)
        finder_add_event(f, e, SPAN_NONE);
    else
        f->moment = NULL; /* what follows is of an event that is none of ours */
}

/* What an event begins with: a level in the Event Viewer's columns, `fl` of PowerShell, wevtutil.
 */
static bool is_header(struct span line) {
    static const char *const levels[] = {"Error", "Information", "Warning", "Critical", "Verbose"};
    static const char *const labels[] = {"TimeCreated ", "Event["};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        struct span rest = span_from(line, strlen(levels[i]));
        if (span_starts(line, levels[i]) &&
            (span_starts(rest, "\t") || span_starts(rest, ",") || span_starts(rest, "  ")))
            return true;
    }
    return span_starts(line, labels[0]) || span_starts(line, labels[1]);
}

/* Of a header in columns: the source that `signet device events` gives its own notes. */
static bool is_note_of_signet(struct span line) {
    struct word w, next;
    for (size_t at = 0; next_word(line, &at, &w);) {
        size_t then = at;
        int64_t id;
        if (span_is(w.text, "signet") && w.before == ' ' && w.after == ' ')
            return next_word(line, &then, &next) && span_int(next.text, &id);
    }
    return false;
}

/* 2026-11-23 09:14:06 or 2026-11-23T09:14:06Z, which sorts as it stands. */
static bool look_at_time(struct finder *f, struct span line) {
    static const char form[] = "dddd-dd-dd?dd:dd:dd";
    enum { LENGTH = sizeof form - 1, WITHIN = 200 };
    for (size_t i = 0; i + LENGTH <= line.n && i < WITHIN; i++) {
        size_t k = 0;
        for (; k < LENGTH; k++) {
            uint8_t c = line.p[i + k];
            bool digit = c >= '0' && c <= '9';
            if (!(form[k] == 'd' ? digit : form[k] == '?' ? c == ' ' || c == 'T' : c == form[k]))
                break;
        }
        if (k == LENGTH) {
            char *at = arena_str(f->arena, span_of(line.p + i, LENGTH));
            at[10] = ' ';
            f->at = at;
            return true;
        }
    }
    return false;
}

void explain_line(struct finder *f, struct span line) {
    if (!span_trim(line).n)
        return;
    if (look_at_time(f, line) || is_header(line)) {
        f->moment = NULL;
        f->is_note = is_note_of_signet(line);
    }
    if (f->is_note)
        return;
    if (!f->moment)
        f->unit++;
    look_at_events(f, line);
    explain_codes(f, line);
}
