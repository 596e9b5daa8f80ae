/* SPDX-License-Identifier: Apache-2.0 */
/* What is told before the XML parser speaks, since its words would not name the cure. */
#include <stdio.h>

#include "base/text.h"
#include "csp/commands.h"

static bool holds(struct span s, const char *wanted) {
    return s.n && memmem(s.p, s.n, wanted, strlen(wanted));
}

/* With a byte order mark, or Latin text without one: every second byte is 0. */
static bool is_utf16(struct span s) {
    size_t zeros = 0;
    for (size_t i = 0; i < s.n; i++)
        zeros += s.p[i] == 0;
    return span_starts(s, "\xff\xfe") || span_starts(s, "\xfe\xff") || zeros > s.n / 4;
}

/* The line of the first byte that is not UTF-8, or 0. */
static unsigned stray_line(struct span s) {
    uint32_t character = 0;
    unsigned line = 1;
    for (size_t n; s.n; s = span_from(s, n)) {
        n = utf8_character(s, &character);
        if (!n)
            return line;
        line += character == '\n';
    }
    return 0;
}

/* Takes what begins with `open` and ends with `close` off the front. */
static bool skip(struct span *s, const char *open, const char *close) {
    if (!span_starts(*s, open))
        return false;
    const uint8_t *end = memmem(s->p, s->n, close, strlen(close));
    *s = end ? span_trim(span_from(*s, (size_t)(end - s->p) + strlen(close))) : SPAN_NONE;
    return true;
}

/* The first tag; declarations and comments may stand before it. */
static struct span first_tag(struct span s) {
    while (skip(&s, "<?", "?>") || skip(&s, "<!--", "-->"))
        ;
    return s;
}

static bool fault(struct text_fault *out, enum lint_id id, unsigned line, const char *text) {
    *out = (struct text_fault){.id = id, .line = line};
    snprintf(out->text, sizeof out->text, "%s", text);
    return true;
}

bool profile_text_fault(struct span text, struct text_fault *out) {
    static const char utf8_mark[] = "\xef\xbb\xbf";
    unsigned stray = stray_line(text);
    if (is_utf16(text))
        return fault(out, LINT_NOT_UTF8, 0, "the profile is UTF-16: save it as UTF-8");
    if (stray)
        return fault(out, LINT_NOT_UTF8, stray, "the profile is not UTF-8: save it as UTF-8");
    text = span_trim(span_starts(text, utf8_mark) ? span_from(text, strlen(utf8_mark)) : text);
    if (!text.n)
        return fault(out, LINT_NO_TEXT, 0, "the profile is empty");
    if (text.p[0] != '<') {
        fault(out, LINT_NO_TEXT, 0, "");
        snprintf(out->text, sizeof out->text, "the profile is not XML: it begins with \"%s\"",
                 PROFILE_QUOTE(span_of(text.p, text.n < 16 ? text.n : 16)));
        return true;
    }
    if (span_starts(first_tag(text), "<!DOCTYPE"))
        return fault(out, LINT_XML_MALFORMED, 0,
                     "the profile: a DOCTYPE is not allowed: take it out");
    return false;
}

enum err profile_text_check(struct span text) {
    struct text_fault found;
    if (profile_text_fault(text, &found))
        return found.line ? err_set(ERR_PARSE, "profile line %u: %s", found.line, found.text)
                          : err_set(ERR_PARSE, "%s", found.text);
    if (holds(text, "RootCATrustedCertificates/") && !holds(text, "ClientCertificateInstall/"))
        return err_set(ERR_PARSE, "signet delivers its CA certificate by itself: a profile holds "
                                  "ClientCertificateInstall/SCEP only");
    return OK;
}
