/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as XML: "Save all events as" of the Event Viewer has them in <Events>, `wevtutil qe
 * /f:xml` side by side. Each is parsed by itself, so that one that is broken, or cut off at the end
 * of what was pasted, costs only itself.
 */
#include "explain/find.h"

#include "base/buf.h"
#include "explain/hresult.h"
#include "xml/xml.h"

#define OPEN  "<Event"
#define CLOSE "</Event>"

/* The text of one <Event ...>...</Event>; `left` loses it. */
static bool take_event(struct span *left, struct span *event) {
    for (;;) {
        ptrdiff_t start = find_nocase(*left, OPEN);
        if (start < 0)
            return false;
        struct span rest = span_from(*left, (size_t)start);
        *left = span_from(rest, strlen(OPEN));
        if (!left->n || is_word(left->p[0])) /* <Events>, <EventID> */
            continue;
        ptrdiff_t end = find_nocase(rest, CLOSE);
        if (end < 0)
            return false;
        *event = span_of(rest.p, (size_t)end + strlen(CLOSE));
        *left = span_from(rest, event->n);
        return true;
    }
}

/* The rendered message, and the values that it was made of: a language other than English has only
 * them. */
static void collect(const struct xml_node *n, struct buf *out) {
    if (!n->child && n->text.n) {
        buf_span(out, n->text);
        buf_char(out, '\n');
    }
    for (const struct xml_node *c = n->child; c; c = c->next)
        collect(c, out);
}

/* "2026-11-23T09:14:06.1234567Z" as it sorts. */
static const char *time_of(struct finder *f, const struct xml_node *system) {
    struct span at = xml_attr(xml_child(system, "TimeCreated"), "SystemTime");
    enum { SECONDS = 19 };
    if (at.n < SECONDS)
        return "";
    char *text = arena_str(f->arena, span_of(at.p, SECONDS));
    for (char *c = text; *c; c++)
        *c = *c == 'T' ? ' ' : (*c >= '0' && *c <= '9') || *c == '-' || *c == ':' ? *c : '?';
    return text;
}

static void explain_texts_of(struct finder *f, struct span text) {
    for (struct span left = text; left.n;)
        explain_codes(f, take_line(&left));
}

/* A decimal value that is no HRESULT by its form, but is one by its name. */
static void named_values(struct finder *f, const struct xml_node *data) {
    for (const struct xml_node *d = xml_child(data, "Data"); d; d = xml_next(d)) {
        struct span name = xml_attr(d, "Name");
        uint32_t code;
        bool named = find_nocase(name, "result") >= 0 || find_nocase(name, "error") >= 0;
        if (named && hresult_parse(xml_text(d), &code) && code > 0xffff)
            finder_add_hresult(f, code, xml_text(d));
    }
}

static void explain_event_node(struct finder *f, const struct xml_node *event) {
    const struct xml_node *system = xml_child(event, "System");
    struct span provider = xml_attr(xml_child(system, "Provider"), "Name");
    int64_t id;
    BUF_AUTO(text);
    if (!span_int(xml_path_text(system, "EventID"), &id) || id < 0 || id > 0xffff)
        return;
    for (const struct xml_node *c = event->child; c; c = c->next)
        if (c != system)
            collect(c, &text);
    const struct explain_entry *e =
        names_source(provider) ? explain_event((uint32_t)id, provider) : NULL;
    if (!e) {
        f->report->strangers++;
        return;
    }
    f->moment = NULL;
    f->at = time_of(f, system);
    finder_add_event(f, e, SPAN_NONE);
    named_values(f, xml_child(event, "EventData"));
    explain_texts_of(f, buf_view(&text));
    f->moment = NULL;
}

bool explain_event_xml(struct finder *f, struct span text) {
    struct span event;
    bool any = false;
    for (struct span left = text; take_event(&left, &event);) {
        ARENA_AUTO(a);
        struct xml_node *root;
        any = true;
        if (xml_parse(&a, event, &root) == OK)
            explain_event_node(f, root);
        else
            f->report->strangers++;
    }
    return any;
}
