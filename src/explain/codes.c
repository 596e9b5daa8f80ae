/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The codes in a line of any text, known by their form and by the words before them. Digits that
 * only look like a code (of a GUID, a thumbprint, a port) are none.
 */
#include "explain/find.h"

#include "base/text.h"
#include "explain/hresult.h"

/* ---- HRESULTs ---- */

static const struct explain_entry cut_off = {
    .name = "an HRESULT that is cut off",
    .here =
        "Windows cuts the text of event 307 off, often within the HRESULT: the rest of it stands "
        "elsewhere",
    .cause = "the text was too long for the log",
    .cure =
        "look at event 86 of the same time (Application log), at event 32, or at ErrorCode in the "
        "registry",
    .steps = STEP_CAPS | STEP_CA,
    .evidence = EXPLAIN_SEEN,
    .fact = "windows-scep.md 6.3"};

/* "LogError 0x80072f7": all but the last digits, or 0x2ab0003, which has no more. */
static void look_at_hex(struct finder *f, const struct word *w, struct span line) {
    uint32_t code;
    if (!hresult_parse(w->text, &code))
        return;
    if (code > 0xffff && (w->text.n == 10 || hresult_known(code))) {
        finder_add_hresult(f, code, w->text);
        return;
    }
    struct span until = span_of(line.p, (size_t)(w->text.p - line.p));
    if (until.n >= 9 && find_nocase(span_from(until, until.n - 9), "LogError ") == 0)
        finder_add(f, EXPLAIN_TEXT, &cut_off, cut_off.name, w->text);
}

static bool is_told(uint32_t code) {
    return hresult_find(code)->evidence != EXPLAIN_NOT_KNOWN;
}

/* 800B0109 CERT_E_UNTRUSTEDROOT; not the first group of a GUID. */
static void look_at_bare_hex(struct finder *f, const struct word *w) {
    char text[11] = "0x";
    uint32_t code;
    if (w->text.n != 8 || w->text.p[0] != '8' || w->before == '-' || w->after == '-')
        return;
    memcpy(text + 2, w->text.p, 8);
    if (hresult_parse(span_str(text), &code) && is_told(code))
        finder_add_hresult(f, code, w->text);
}

static void look_at_decimal(struct finder *f, const struct word *w, struct span line) {
    struct span text = w->text;
    uint32_t code;
    if (text.n != 10)
        return;
    bool negative = w->before == '-' && (text.p - 1 == line.p || !is_word(text.p[-2]));
    if (w->before == '-' && !negative)
        return;
    if (negative)
        text = span_of(text.p - 1, text.n + 1);
    if (hresult_parse(text, &code) && code >> 31 && is_told(code))
        finder_add_hresult(f, code, text);
}

/* (12175), or any such number where WinHTTP is named. */
static void look_at_winhttp(struct finder *f, const struct word *w, bool named) {
    int64_t n;
    if (w->text.n == 5 && span_starts(w->text, "12") && span_int(w->text, &n) &&
        (named || (w->before == '(' && w->after == ')')) &&
        hresult_known(0x80070000u + (uint32_t)n))
        finder_add_hresult(f, 0x80070000u + (uint32_t)n, w->text);
}

/* CERT_E_UNTRUSTEDROOT. */
static void look_at_name(struct finder *f, const struct word *w) {
    const struct explain_table *tables[] = {&explain_hresult_scep, &explain_hresult_mdm,
                                            &explain_hresult_windows};
    if (w->text.n < 6 || span_find(w->text, '_') < 0)
        return;
    for (int k = 0; k < 3; k++)
        for (size_t i = 0; i < tables[k]->count; i++)
            if (span_is_nocase(w->text, tables[k]->entries[i].name))
                finder_add_hresult(f, tables[k]->entries[i].number, w->text);
}

static void look_at_words(struct finder *f, struct span line) {
    bool winhttp = find_nocase(line, "winhttp") >= 0;
    struct word w;
    for (size_t at = 0; next_word(line, &at, &w);) {
        if (w.text.p[0] == '0' && w.text.n > 2 && (w.text.p[1] | 0x20) == 'x') {
            look_at_hex(f, &w, line);
        } else if (w.text.p[0] >= '0' && w.text.p[0] <= '9') {
            look_at_bare_hex(f, &w);
            look_at_decimal(f, &w, line);
            look_at_winhttp(f, &w, winhttp);
        } else {
            look_at_name(f, &w);
        }
    }
}

/* ---- Windows' messages, where no number stands ---- */

enum { SHORTEST_MESSAGE = 20 };

static bool is_said(struct span line, const char *message) {
    size_t n = strlen(message);
    if (n && message[n - 1] == '.')
        n--;
    char text[256];
    if (n >= sizeof text)
        return false;
    memcpy(text, message, n);
    text[n] = 0;
    ptrdiff_t at = find_nocase(line, text);
    if (at < 0)
        return false;
    bool in_parentheses = at > 0 && line.p[at - 1] == '(';
    return n >= SHORTEST_MESSAGE || in_parentheses;
}

/* Only of those that hosts print: the messages of the MDM enrollment are too near to plain words.
 */
static void look_at_messages(struct finder *f, struct span line) {
    const struct explain_table *tables[] = {&explain_hresult_scep, &explain_hresult_windows};
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < tables[k]->count; i++) {
            const struct explain_entry *e = &tables[k]->entries[i];
            if (e->meaning && is_said(line, e->meaning))
                finder_add_hresult(f, e->number, span_str(e->meaning));
        }
}

static const struct explain_entry strange_result = {
    .name = "a result whose text signet does not know",
    .here = "Windows gives the message of an HRESULT here, and not its number",
    .cause = "not known",
    .cure =
        "look for the number: in event 307 or 86 of the same time, or as ErrorCode in the registry "
        "(HKLM\\SOFTWARE\\Microsoft\\SCEP); then signet explain it",
    .evidence = EXPLAIN_NOT_KNOWN,
    .fact = "none"};

/* "Result: (The moon is full.)" of one of our events, which has no HRESULT either. */
static void look_at_result(struct finder *f, struct span line) {
    struct span rest = line;
    if (!f->moment || f->codes || !next_label(&rest, "result"))
        return;
    while (rest.n && (rest.p[0] == ' ' || rest.p[0] == ':'))
        rest = span_from(rest, 1);
    if (rest.n > 1 && rest.p[0] == '(' && (rest.p[1] < '0' || rest.p[1] > '9'))
        finder_add(f, EXPLAIN_TEXT, &strange_result, strange_result.name, SPAN_NONE);
}

/* ---- labels with numbers ---- */

static void look_at_fail_info(struct finder *f, struct span line) {
    static const char *const names[] = {"badAlg", "badMessageCheck", "badRequest", "badTime",
                                        "badCertId"};
    uint32_t n;
    struct span digits, rest = line;
    while (next_label(&rest, "failinfo")) {
        if (take_value(rest, &n, &digits))
            finder_add_number(f, EXPLAIN_FAILINFO, &explain_failinfo_table, n, digits);
        for (uint32_t i = 0; i < 5; i++)
            if (span_is_nocase(digits, names[i]))
                finder_add_number(f, EXPLAIN_FAILINFO, &explain_failinfo_table, i, digits);
    }
    rest = line;
    while (next_label(&rest, "pkistatus"))
        if (take_value(rest, &n, &digits))
            finder_add_number(f, EXPLAIN_PKISTATUS, &explain_pkistatus_table, n, digits);
}

/* "Install Status : (0x10)", "status=404", "Status 16", "HTTP status 500". */
static void look_at_status(struct finder *f, struct span line) {
    const struct explain_table *csp = find_nocase(line, "wstep") >= 0 ? &explain_wstep_table
                                      : find_nocase(line, "pfx") >= 0 ? &explain_pfx_table
                                                                      : &explain_status_table;
    bool http = find_nocase(line, "http status") >= 0;
    struct span digits, rest = line;
    uint32_t n;
    while (next_label(&rest, "status")) {
        if (!take_value(rest, &n, &digits))
            continue;
        if (http && n >= 400 && n < 600)
            finder_add_hresult(f, 0x80190000u + n, digits);
        else if (!finder_add_number(f, EXPLAIN_STATUS, csp, n, digits))
            finder_add_number(f, EXPLAIN_SYNCML, &explain_syncml_table, n, digits);
    }
}

/* <Data msft:originalerror="0x86000002">404</Data> of a Status; <Data>1226</Data> of an Alert. */
static void look_at_data(struct finder *f, struct span line) {
    for (struct span rest = line;;) {
        ptrdiff_t at = find_nocase(rest, "<Data");
        if (at < 0)
            return;
        rest = span_from(rest, (size_t)at);
        ptrdiff_t end = span_find(rest, '>');
        rest = span_from(rest, end < 0 ? rest.n : (size_t)end + 1);
        ptrdiff_t close = span_find(rest, '<');
        int64_t n;
        struct span digits = span_trim(span_of(rest.p, close < 0 ? 0 : (size_t)close));
        if (!span_int(digits, &n) || n < 0 || n > 9999)
            continue;
        if (!finder_add_number(f, EXPLAIN_SYNCML, &explain_syncml_table, (uint32_t)n, digits))
            finder_add_number(f, EXPLAIN_ALERT, &explain_alert_table, (uint32_t)n, digits);
    }
}

/* A web server's log: the first number that is an error's, and no port. */
static void look_at_access_log(struct finder *f, struct span line) {
    if (find_nocase(line, "pkiclient.exe") < 0 && find_nocase(line, "operation=") < 0)
        return;
    struct word w;
    for (size_t at = 0; next_word(line, &at, &w);) {
        int64_t n;
        bool alone = (w.before == ' ' || w.before == '\t' || w.before == '"') &&
                     (w.after == ' ' || w.after == '\t' || w.after == 0);
        if (!alone || w.text.n != 3 || !span_int(w.text, &n) || n < 200 || n > 599 || n == 443)
            continue;
        if (n >= 400)
            finder_add_hresult(f, 0x80190000u + (uint32_t)n, w.text);
        return;
    }
}

/* "UniqueId : (beb0c2077be5)", of the event that the line is of. */
static void look_at_unique_id(struct finder *f, struct span line) {
    enum { LONGEST = 80 };
    struct span rest = line;
    if (!f->moment || f->moment->unique_id || !next_label(&rest, "uniqueid"))
        return;
    while (rest.n && (rest.p[0] == ' ' || rest.p[0] == ':'))
        rest = span_from(rest, 1);
    ptrdiff_t end = span_find(rest, ')');
    if (end > 1 && rest.p[0] == '(')
        f->moment->unique_id = text_claim(f->arena, span_of(rest.p + 1, (size_t)end - 1), LONGEST);
}

void explain_codes(struct finder *f, struct span line) {
    look_at_unique_id(f, line);
    look_at_words(f, line);
    look_at_messages(f, line);
    look_at_result(f, line);
    look_at_fail_info(f, line);
    look_at_status(f, line);
    if (f->has_syncml)
        look_at_data(f, line);
    look_at_access_log(f, line);
    look_at_phrases(f, &explain_texts, line);
}
