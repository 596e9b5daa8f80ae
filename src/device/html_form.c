/* SPDX-License-Identifier: Apache-2.0 */
#include "device/html_form.h"

#include <ctype.h>
#include <stdlib.h>

static const struct {
    const char *name, *text;
} entities[] = {{"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}};

/* "&#39;" and "&#x27;" for ASCII: no page needs more in an attribute that matters here. */
static char numeric_entity(struct span name) {
    if (name.n < 2 || name.n > 5 || name.p[0] != '#')
        return 0;
    char digits[8] = "";
    bool hex = name.p[1] == 'x' || name.p[1] == 'X';
    memcpy(digits, name.p + 1 + hex, name.n - 1 - hex);
    long code = strtol(digits, NULL, hex ? 16 : 10);
    return code > 0 && code < 128 ? (char)code : 0;
}

static size_t put_entity(struct buf *b, struct span at) {
    ptrdiff_t end = span_find(at, ';');
    if (end < 1 || end > 8)
        return 0;
    struct span name = span_of(at.p + 1, (size_t)end - 1);
    char one = numeric_entity(name);
    if (one)
        buf_char(b, one);
    for (size_t i = 0; !one && i < sizeof entities / sizeof *entities; i++)
        if (span_is(name, entities[i].name)) {
            buf_str(b, entities[i].text);
            return (size_t)end + 1;
        }
    return one ? (size_t)end + 1 : 0;
}

static const char *unescape(struct arena *a, struct span s) {
    BUF_AUTO(b);
    while (s.n) {
        size_t n = s.p[0] == '&' ? put_entity(&b, s) : 0;
        if (!n)
            buf_char(&b, (char)s.p[n++]);
        s = span_from(s, n);
    }
    return arena_str(a, buf_view(&b));
}

static struct span skip_blanks(struct span s) {
    while (s.n && isspace(s.p[0]))
        s = span_from(s, 1);
    return s;
}

static bool ends_name(uint8_t c) {
    return isspace(c) || c == '=' || c == '>' || c == '/';
}

/* Cuts one attribute off the inside of a tag; false at its end. */
static bool next_attribute(struct span *s, struct span *name, struct span *value) {
    *s = skip_blanks(*s);
    while (s->n && s->p[0] == '/')
        *s = skip_blanks(span_from(*s, 1));
    size_t n = 0;
    while (n < s->n && !ends_name(s->p[n]))
        n++;
    *name = span_of(s->p, n);
    *value = SPAN_NONE;
    *s = skip_blanks(span_from(*s, n));
    if (!n)
        return false;
    if (!s->n || s->p[0] != '=')
        return true;
    *s = skip_blanks(span_from(*s, 1));
    char quote = s->n && (s->p[0] == '"' || s->p[0] == '\'') ? (char)s->p[0] : 0;
    if (quote)
        *s = span_from(*s, 1);
    for (n = 0; n < s->n && (quote ? s->p[n] != (uint8_t)quote : !ends_name(s->p[n]));)
        n++;
    *value = span_of(s->p, n);
    *s = span_from(*s, n + (quote && n < s->n));
    return true;
}

/* The text of an attribute of the tag, "" when it is absent. */
static const char *attribute(struct arena *a, struct span tag, const char *wanted) {
    struct span name, value;
    while (next_attribute(&tag, &name, &value))
        if (span_is_nocase(name, wanted))
            return unescape(a, value);
    return "";
}

/* The length of a tag's inside: up to the '>' that no quote holds. */
static size_t tag_length(struct span s) {
    char quote = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = (char)s.p[i];
        if (quote ? c == quote : c == '"' || c == '\'')
            quote = quote ? 0 : c;
        else if (c == '>' && !quote)
            return i;
    }
    return s.n;
}

/* Cuts the page after the next tag; false at its end. */
static bool next_tag(struct span *page, struct span *name, struct span *inside) {
    ptrdiff_t at = span_find(*page, '<');
    if (at < 0)
        return false;
    *page = span_from(*page, (size_t)at + 1);
    size_t n = 0;
    while (n < page->n && (isalnum(page->p[n]) || (!n && page->p[n] == '/')))
        n++;
    *name = span_of(page->p, n);
    struct span rest = span_from(*page, n);
    *inside = span_of(rest.p, tag_length(rest));
    *page = span_from(rest, inside->n);
    return true;
}

static bool add_input(struct arena *a, struct span inside, struct html_form *f) {
    if (f->count == HTML_INPUTS_MAX)
        return false;
    f->inputs[f->count++] = (struct html_input){
        attribute(a, inside, "name"), attribute(a, inside, "type"), attribute(a, inside, "value")};
    return true;
}

bool html_form_read(struct arena *a, struct span page, struct html_form *out) {
    struct span name, inside;
    bool found = false;
    *out = (struct html_form){.action = "", .method = "get"};
    while (next_tag(&page, &name, &inside)) {
        if (found && span_is_nocase(name, "/form"))
            return true;
        if (!found && span_is_nocase(name, "form")) {
            found = true;
            out->action = attribute(a, inside, "action");
            out->method = strcasecmp(attribute(a, inside, "method"), "post") == 0 ? "post" : "get";
        } else if (found && span_is_nocase(name, "input") && !add_input(a, inside, out)) {
            return false;
        }
    }
    return false;
}

struct html_input *html_form_find(struct html_form *f, const char *name) {
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->inputs[i].name, name) == 0)
            return &f->inputs[i];
    return NULL;
}

void html_encode_value(struct span value, struct buf *out) {
    for (size_t i = 0; i < value.n; i++)
        if (isalnum(value.p[i]) || (value.p[i] && strchr("-_.*", value.p[i])))
            buf_char(out, (char)value.p[i]);
        else if (value.p[i] == ' ')
            buf_char(out, '+');
        else
            buf_printf(out, "%%%02X", value.p[i]);
}

void html_form_encode(const struct html_form *f, struct buf *out) {
    for (size_t i = 0; i < f->count; i++) {
        const struct html_input *in = &f->inputs[i];
        if (!*in->name)
            continue;
        if (out->n)
            buf_char(out, '&');
        html_encode_value(span_str(in->name), out);
        buf_char(out, '=');
        html_encode_value(span_str(in->value), out);
    }
}
