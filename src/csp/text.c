/* SPDX-License-Identifier: Apache-2.0 */
/* What is told before the XML parser speaks, since its words would not name the cure. */
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

enum err profile_text_check(struct span text) {
    static const char utf8_mark[] = "\xef\xbb\xbf";
    unsigned stray = stray_line(text);
    if (is_utf16(text))
        return err_set(ERR_PARSE, "the profile is UTF-16: save it as UTF-8");
    if (stray)
        return err_set(ERR_PARSE, "profile line %u: the profile is not UTF-8: save it as UTF-8",
                       stray);
    text = span_trim(span_starts(text, utf8_mark) ? span_from(text, strlen(utf8_mark)) : text);
    if (!text.n)
        return err_set(ERR_PARSE, "the profile is empty");
    if (text.p[0] != '<')
        return err_set(ERR_PARSE, "the profile is not XML: it begins with \"%s\"",
                       PROFILE_QUOTE(span_of(text.p, text.n < 16 ? text.n : 16)));
    if (span_starts(first_tag(text), "<!DOCTYPE"))
        return err_set(ERR_PARSE, "the profile: a DOCTYPE is not allowed: take it out");
    if (holds(text, "RootCATrustedCertificates/") && !holds(text, "ClientCertificateInstall/"))
        return err_set(ERR_PARSE, "signet delivers its CA certificate by itself: a profile holds "
                                  "ClientCertificateInstall/SCEP only");
    return OK;
}
