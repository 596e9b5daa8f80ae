/* SPDX-License-Identifier: Apache-2.0 */
/* The reader keeps one cursor, the open element; expat calls back and the tree grows below it. */
#include "xml/xml.h"

#include <expat.h>
#include <stdio.h>

#include "base/text.h"

enum { MAX_DEPTH = 64, MAX_ELEMENTS = 20000, MAX_ATTRS = 64 };

static const char NS_SEPARATOR = '\n'; /* cannot stand in a namespace name */

struct reader {
    struct arena *a;
    XML_Parser parser;
    struct xml_node *root;
    struct xml_node *open;
    struct span in; /* the text; `before` is what the parser had before it */
    size_t counted; /* bytes of it whose line feeds are in `lines` */
    unsigned lines;
    XML_Index before;
    struct buf text; /* character data since the last tag, across expat's pieces */
    unsigned depth;
    unsigned elements;
    enum err err; /* the first error found in a callback */
};

static void fail(struct reader *r, enum err e) {
    if (r->err == OK)
        r->err = e;
    XML_StopParser(r->parser, XML_FALSE);
}

static void split_name(struct reader *r, const char *full, struct span *ns, struct span *name) {
    struct span s = arena_copy(r->a, span_str(full));
    ptrdiff_t at = span_find(s, NS_SEPARATOR);
    *ns = at < 0 ? SPAN_NONE : span_of(s.p, (size_t)at);
    *name = at < 0 ? s : span_from(s, (size_t)at + 1);
}

static void append_child(struct xml_node *parent, struct xml_node *child) {
    if (parent->last)
        parent->last->next = child;
    else
        parent->child = child;
    parent->last = child;
    child->parent = parent;
}

static void add_attrs(struct reader *r, struct xml_node *n, const XML_Char **attrs) {
    struct xml_attr **tail = &n->attrs;
    unsigned count = 0;
    for (; attrs[0]; attrs += 2) {
        if (++count > MAX_ATTRS) {
            fail(r, err_set(ERR_LIMIT, "XML element with more than %d attributes", MAX_ATTRS));
            return;
        }
        struct xml_attr *attr = arena_alloc(r->a, sizeof *attr);
        struct span ns;
        split_name(r, attrs[0], &ns, &attr->name);
        attr->value = arena_copy(r->a, span_str(attrs[1]));
        *tail = attr;
        tail = &attr->next;
    }
}

/* expat's own count looks at each character of the text again. */
static unsigned line_here(struct reader *r) {
    XML_Index index = XML_GetCurrentByteIndex(r->parser) - r->before;
    size_t end = index < 0 ? 0 : (size_t)index < r->in.n ? (size_t)index : r->in.n;
    while (r->counted < end) {
        struct span rest = span_of(r->in.p + r->counted, end - r->counted);
        ptrdiff_t at = span_find(rest, '\n');
        r->counted += at < 0 ? rest.n : (size_t)at + 1;
        r->lines += at >= 0;
    }
    return r->lines + 1;
}

static void on_start(void *user, const XML_Char *name, const XML_Char **attrs) {
    struct reader *r = user;
    if (++r->depth > MAX_DEPTH || ++r->elements > MAX_ELEMENTS) {
        fail(r, err_set(ERR_LIMIT, "XML deeper than %d or with more than %d elements", MAX_DEPTH,
                        MAX_ELEMENTS));
        return;
    }
    buf_clear(&r->text);
    struct xml_node *n = arena_alloc(r->a, sizeof *n);
    split_name(r, name, &n->ns, &n->name);
    n->line = line_here(r);
    n->index = r->elements - 1;
    add_attrs(r, n, attrs);
    if (r->open)
        append_child(r->open, n);
    else
        r->root = n;
    r->open = n;
}

static void on_end(void *user, const XML_Char *name) {
    struct reader *r = user;
    (void)name;
    if (!r->open->child)
        r->open->text = arena_copy(r->a, buf_view(&r->text));
    buf_clear(&r->text);
    r->depth--;
    r->open = r->open->parent;
}

static void on_text(void *user, const XML_Char *s, int n) {
    struct reader *r = user;
    buf_add(&r->text, s, (size_t)n);
}

static void on_cdata(void *user) {
    struct reader *r = user;
    r->open->cdata = true;
}

static void on_doctype(void *user, const XML_Char *name, const XML_Char *system_id,
                       const XML_Char *public_id, int internal) {
    (void)name, (void)system_id, (void)public_id, (void)internal;
    fail(user,
         err_set(ERR_PARSE, "XML with a document type; no sender of these protocols has one"));
}

static enum err parse(struct reader *r, const struct span *pieces, int count) {
    r->parser = XML_ParserCreateNS(NULL, NS_SEPARATOR);
    if (!r->parser)
        return err_set(ERR_INTERNAL, "cannot create an XML parser");
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartCdataSectionHandler(r->parser, on_cdata);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    enum XML_Status status = XML_STATUS_OK;
    for (int i = 0; i < count && status == XML_STATUS_OK; i++)
        status = XML_Parse(r->parser, (const char *)pieces[i].p, (int)pieces[i].n, i == count - 1);
    if (status != XML_STATUS_OK && r->err == OK)
        r->err = err_set(ERR_PARSE, "XML line %lu: %s", XML_GetCurrentLineNumber(r->parser),
                         XML_ErrorString(XML_GetErrorCode(r->parser)));
    XML_ParserFree(r->parser);
    buf_free(&r->text);
    return r->err;
}

enum err xml_parse(struct arena *a, struct span in, struct xml_node **root) {
    struct reader r = {.a = a, .in = in};
    if (in.n > INT32_MAX)
        return err_set(ERR_LIMIT, "XML of %zu bytes", in.n);
    TRY(parse(&r, &in, 1));
    *root = r.root;
    return OK;
}

enum err xml_parse_fragment(struct arena *a, struct span in, struct xml_node **root) {
    struct reader r = {.a = a};
    if (in.n > INT32_MAX)
        return err_set(ERR_LIMIT, "XML of %zu bytes", in.n);
    if (span_starts(in, "\xef\xbb\xbf")) /* as editors on Windows write it */
        in = span_from(in, 3);
    if (span_starts(span_trim(in), "<?xml")) { /* a declaration may not stand inside an element */
        ptrdiff_t end = span_find(in, '>');
        in = end < 0 ? in : span_from(in, (size_t)end + 1);
    }
    struct span pieces[] = {span_str("<fragment>"), in, span_str("</fragment>")};
    r.in = in;
    r.before = (XML_Index)pieces[0].n;
    TRY(parse(&r, pieces, 3));
    r.root->name = SPAN_NONE;
    *root = r.root;
    return OK;
}

static struct xml_node *child_of(const struct xml_node *n, struct span name) {
    for (struct xml_node *c = n ? n->child : NULL; c; c = c->next)
        if (span_eq(c->name, name))
            return c;
    return NULL;
}

struct xml_node *xml_child(const struct xml_node *n, const char *name) {
    return child_of(n, span_str(name));
}

struct xml_node *xml_next(const struct xml_node *n) {
    for (struct xml_node *c = n->next; c; c = c->next)
        if (span_eq(c->name, n->name))
            return c;
    return NULL;
}

struct xml_node *xml_path(const struct xml_node *n, const char *path) {
    struct xml_node *found = NULL;
    while (n && *path) {
        size_t length = (size_t)(strchrnul(path, '/') - path);
        n = found = child_of(n, span_of(path, length));
        path += length + (path[length] == '/');
    }
    return *path ? NULL : found;
}

struct span xml_text(const struct xml_node *n) {
    return n ? span_trim(n->text) : SPAN_NONE;
}

struct span xml_path_text(const struct xml_node *n, const char *path) {
    return xml_text(xml_path(n, path));
}

struct span xml_attr(const struct xml_node *n, const char *name) {
    for (struct xml_attr *a = n ? n->attrs : NULL; a; a = a->next)
        if (span_is(a->name, name))
            return a->value;
    return SPAN_NONE;
}

/* Length of the character at the start of `s` that XML allows; 0 when there is none. */
static size_t character(struct span s) {
    uint32_t c = 0;
    size_t n = utf8_character(s, &c);
    bool control = c < ' ' && c != '\t' && c != '\n' && c != '\r';
    return n && !control && c != 0xfffe && c != 0xffff ? n : 0;
}

/* What stands in the place of a byte; NULL: itself. A reader would make '\r' a line feed. */
static const char *reference_to(uint8_t c) {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&apos;";
    case '\r':
        return "&#13;";
    default:
        return NULL;
    }
}

/* Characters of one byte that are written as they are: those that reference_to has no word for. */
static const bool is_plain[256] = {[' ' ... '!'] = true,
                                   ['#' ... '%'] = true,
                                   ['(' ... ';'] = true,
                                   ['='] = true,
                                   ['?' ... '~'] = true};

static size_t plain_run(struct span s) {
    size_t n = 0;
    while (n < s.n && is_plain[s.p[n]])
        n++;
    return n;
}

static void write_text(struct buf *b, struct span s, bool escaped) {
    for (size_t n; s.n; s = span_from(s, n)) {
        n = plain_run(s);
        if (n) {
            buf_add(b, s.p, n);
            continue;
        }
        const char *reference = escaped ? reference_to(s.p[0]) : NULL;
        n = character(s);
        if (!n)
            buf_str(b, "\xef\xbf\xbd");
        else if (reference)
            buf_str(b, reference);
        else
            buf_add(b, s.p, n);
        n = n ? n : 1;
    }
}

void xml_escape(struct buf *b, struct span text) {
    write_text(b, text, true);
}

void xml_clean(struct buf *b, struct span text) {
    write_text(b, text, false);
}

void xml_open(struct buf *b, const char *tag) {
    size_t n = strlen(tag);
    uint8_t *p = buf_more(b, n + 2);
    p[0] = '<';
    memcpy(p + 1, tag, n);
    p[n + 1] = '>';
}

void xml_close(struct buf *b, const char *tag) {
    size_t n = (size_t)(strchrnul(tag, ' ') - tag);
    uint8_t *p = buf_more(b, n + 3);
    memcpy(p, "</", 2);
    memcpy(p + 2, tag, n);
    p[n + 2] = '>';
}

void xml_leaf(struct buf *b, const char *tag, struct span text) {
    xml_open(b, tag);
    xml_escape(b, text);
    xml_close(b, tag);
}

void xml_number(struct buf *b, const char *tag, int64_t value) {
    xml_open(b, tag);
    buf_number(b, value);
    xml_close(b, tag);
}
