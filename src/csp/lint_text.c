/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a profile, up to its tree. What has one right answer is judged as if it were mended.
 */
#include <ctype.h>
#include <stdio.h>

#include "csp/lint_inner.h"

/* The place behind what begins here with `open`, up to its `close`; NULL when it does not. */
static const uint8_t *skip(struct span rest, const char *open, const char *close) {
    if (!span_starts(rest, open))
        return NULL;
    const uint8_t *end = memmem(rest.p, rest.n, close, strlen(close));
    return end ? end + strlen(close) : rest.p + rest.n;
}

/* "&amp;", "&#38;", "&#x26;": what a '&' may begin. Any name is left to the XML parser. */
static bool is_reference(struct span rest) {
    enum { LONGEST = 32 }; /* so that a text of nothing but '&' is walked once */
    ptrdiff_t end = span_find(span_of(rest.p, rest.n < LONGEST ? rest.n : LONGEST), ';');
    if (end < 2)
        return false;
    for (ptrdiff_t i = 1; i < end; i++)
        if (!isalnum(rest.p[i]) && !(i == 1 && rest.p[i] == '#'))
            return false;
    return true;
}

/* Escapes each bare '&' in `out`, and tells of it; false when there is none. */
static bool escape_ampersands(struct lint *l, struct buf *out) {
    struct lint_findings *findings = l->out;
    bool found = false;
    unsigned line = 1;
    l->mendable = true; /* these places are the text's own */
    for (struct span rest = l->text; rest.n;) {
        const uint8_t *end = skip(rest, "<!--", "-->");
        end = end ? end : skip(rest, "<![CDATA[", "]]>");
        size_t n = end ? (size_t)(end - rest.p) : 1;
        bool bare = !end && rest.p[0] == '&' && !is_reference(rest);
        if (bare) {
            struct lint_finding *f =
                lint_add(l->a, findings, LINT_XML_UNESCAPED, line, "", "a bare & is not XML");
            lint_mend(l, f, span_of(rest.p, 1), span_str("&amp;"));
            buf_str(out, "&amp;");
        } else
            buf_add(out, rest.p, n);
        found |= bare;
        line += source_line(span_of(rest.p, n), rest.p + n) - 1;
        rest = span_from(rest, n);
    }
    l->mendable = false;
    return found;
}

static void tell_malformed(struct lint *l, enum err e) {
    unsigned line = 0;
    int words = 0;
    const char *why = err_detail();
    if (sscanf(why, "XML line %u: %n", &line, &words) == 1 && words)
        why += words;
    lint_add(l->a, l->out, e == ERR_LIMIT ? LINT_XML_LIMIT : LINT_XML_MALFORMED, line, "", "%s%s",
             why, e == ERR_LIMIT ? "" : "; a raw < or & inside Data, or a tag without its end?");
}

static bool parse(struct lint *l) {
    struct xml_node *root;
    BUF_AUTO(escaped);
    enum err e = xml_parse_fragment(l->a, l->text, &root);
    l->mendable = e == OK;
    if (e == ERR_PARSE) {
        struct lint_findings before = *l->out;
        if (escape_ampersands(l, &escaped) &&
            xml_parse_fragment(l->a, buf_view(&escaped), &root) == OK)
            e = OK;
        else
            *l->out = before;
    }
    if (e != OK) {
        if (xml_parse_fragment(l->a, l->text, &root) != OK) /* its words, not the second's */
            tell_malformed(l, e);
        return false;
    }
    l->root = root;
    return true;
}

/* Whoever sends it has to escape it first, which is for the next round of mends. */
static void tell_cdata(struct lint *l) {
    struct span whole = l->source.cdata, text = span_from(whole, strlen("<![CDATA["));
    BUF_AUTO(escaped);
    if (!whole.n)
        return;
    xml_escape(&escaped, span_of(text.p, text.n - strlen("]]>")));
    struct lint_finding *f = lint_add(l->a, l->out, LINT_XML_CDATA, source_line(l->text, whole.p),
                                      "", "CDATA, which Windows does not understand");
    lint_mend(l, f, whole, arena_copy(l->a, buf_view(&escaped)));
    l->mendable = false;
}

bool lint_text(struct lint *l) {
    struct text_fault fault;
    if (profile_text_fault(l->text, &fault)) {
        lint_add(l->a, l->out, fault.id, fault.line, "", "%s", fault.text);
        return false;
    }
    if (!parse(l))
        return false;
    source_look(l->a, l->text, &l->source);
    tell_cdata(l);
    return true;
}
