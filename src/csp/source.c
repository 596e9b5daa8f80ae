/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scan over tags. It need not judge the XML, since expat has done so; but it stays within the
 * text and its stack whatever stands there.
 */
#include "csp/source.h"

enum { MAX_DEPTH = 64 };

struct scan {
    struct span text;
    size_t at;
    struct source *out;
    size_t open[MAX_DEPTH]; /* indexes of the open elements */
    size_t depth;
};

static bool here(const struct scan *s, const char *what) {
    return span_starts(span_from(s->text, s->at), what);
}

/* Moves behind the next `what`, or to the end. */
static void skip_past(struct scan *s, const char *what) {
    struct span rest = span_from(s->text, s->at);
    const uint8_t *hit = rest.n ? memmem(rest.p, rest.n, what, strlen(what)) : NULL;
    s->at = hit ? (size_t)(hit - s->text.p) + strlen(what) : s->text.n;
}

/* Moves behind the '>' of a tag; one may stand inside an attribute's quotes, too. */
static void skip_tag(struct scan *s) {
    char quote = '\0';
    for (; s->at < s->text.n; s->at++) {
        char c = (char)s->text.p[s->at];
        if (quote)
            quote = c == quote ? '\0' : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '>')
            break;
    }
    s->at += s->at < s->text.n;
}

static void start_tag(struct scan *s) {
    const uint8_t *start = s->text.p + s->at;
    skip_tag(s);
    size_t index = s->out->count++;
    s->out->outer[index] = span_of(start, (size_t)(s->text.p + s->at - start));
    s->out->inner[index] = span_of(s->text.p + s->at, 0);
    bool empty = s->at >= 2 && s->text.p[s->at - 2] == '/';
    if (!empty && s->depth < MAX_DEPTH)
        s->open[s->depth++] = index;
}

static void end_tag(struct scan *s) {
    const uint8_t *end = s->text.p + s->at;
    skip_tag(s);
    if (s->depth) {
        size_t index = s->open[--s->depth];
        struct span *inner = &s->out->inner[index], *outer = &s->out->outer[index];
        inner->n = (size_t)(end - inner->p);
        outer->n = (size_t)(s->text.p + s->at - outer->p);
    }
}

static void cdata(struct scan *s) {
    const uint8_t *start = s->text.p + s->at;
    skip_past(s, "]]>");
    if (!s->out->cdata.n)
        s->out->cdata = span_of(start, (size_t)(s->text.p + s->at - start));
}

unsigned source_line(struct span text, const uint8_t *at) {
    unsigned line = 1;
    for (const uint8_t *p = text.p; p < at; p++)
        line += *p == '\n';
    return line;
}

static size_t count_tags(struct span text) {
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '<';
    return n;
}

void source_look(struct arena *a, struct span text, struct source *out) {
    struct scan s = {.text = text, .out = out};
    size_t tags = count_tags(text) + 1;
    *out = (struct source){.inner = arena_alloc(a, tags * sizeof *out->inner),
                           .outer = arena_alloc(a, tags * sizeof *out->outer)};
    for (;;) {
        ptrdiff_t next = span_find(span_from(text, s.at), '<');
        if (next < 0)
            return;
        s.at += (size_t)next;
        if (here(&s, "<![CDATA["))
            cdata(&s);
        else if (here(&s, "<!--"))
            skip_past(&s, "-->");
        else if (here(&s, "<?"))
            skip_past(&s, "?>");
        else if (here(&s, "</"))
            end_tag(&s);
        else
            start_tag(&s);
    }
}

enum err source_scan(struct arena *a, struct span text, struct source *out) {
    source_look(a, text, out);
    if (out->cdata.n)
        return err_set(ERR_PARSE,
                       "profile line %u: CDATA, which Windows does not understand; write the "
                       "text itself with &lt; and &amp;",
                       source_line(text, out->cdata.p));
    return OK;
}

/* Its place among the start tags of the text; s->count when it is not there. */
static size_t index_of(const struct source *s, const struct xml_node *root,
                       const struct xml_node *n) {
    return n && n->index > root->index && n->index - root->index <= s->count
               ? n->index - root->index - 1
               : s->count;
}

struct span source_of(const struct source *s, const struct xml_node *root,
                      const struct xml_node *n) {
    size_t index = index_of(s, root, n);
    return index < s->count ? s->inner[index] : SPAN_NONE;
}

struct span source_whole(const struct source *s, const struct xml_node *root,
                         const struct xml_node *n) {
    size_t index = index_of(s, root, n);
    return index < s->count ? s->outer[index] : SPAN_NONE;
}
