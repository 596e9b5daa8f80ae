/* SPDX-License-Identifier: Apache-2.0 */
#include "record/facts.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/mem.h"

enum { MAX_PLACE = 4000 /* characters: below it nothing of a real message stands */ };

struct collection {
    struct arena *a;
    struct fact *list;
    size_t count, room;
    const char *kind;
};

/* ---- what is no fact ---- */

/* Places whose value is another in each message, of each host or behind each server. */
static bool is_free(struct span label) {
    static const char *const names[] = {"CmdID",        "MsgRef",
                                        "CmdRef",       "MsgID",
                                        "SessionID",    "header Content-Length",
                                        "header Host",  "header Ms-Cv",
                                        "header MS-CV", "header Client-Request-Id",
                                        "Username",     "Password",
                                        "EmailAddress", "To",
                                        "from",         "LocName"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_starts(label, names[i]) &&
            (label.n == strlen(names[i]) || label.p[strlen(names[i])] == ' '))
            return true;
    return false;
}

/* What a proxy adds, and the door at which the server heard it. */
static bool is_ignored(const struct line *n) {
    static const char *const names[] = {"listener",           "from",
                                        "header X-Forwarded", "header X-Real-Ip",
                                        "header Forwarded",   "header Via"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_starts(n->label, names[i]))
            return true;
    return false;
}

/* The name in a RecipientInfo is that of the server's RA. */
static bool is_name_of_recipient(const struct line *n) {
    if (!span_starts(n->label, "SEQUENCE 2.5.4.") && !span_starts(n->label, "SEQUENCE 0.9.2342."))
        return false;
    for (n = n->parent; n; n = n->parent)
        if (span_starts(n->label, "SEQUENCE 1.2.840.113549.1.7.3"))
            return true;
    return false;
}

static bool has(struct span s, const char *what) {
    return s.n && memmem(s.p, s.n, what, strlen(what));
}

/* Whether the item belongs to a value that is the machine's: its name, model, versions. */
static bool is_of_machine(const struct line *n) {
    static const char *const places[] = {"DeviceName",  "OSVersion",    "ApplicationVersion",
                                         "OSEdition",   "Locale",       "DevInfo/Man",
                                         "DevInfo/Mod", "DevInfo/Lang", "osVersion",
                                         "clientInfo",  "DevDetail/SwV"};
    for (int up = 0; n && up < 4; up++, n = n->parent) {
        struct span uri = span_is(n->label, "Item") ? line_value(n, "Source/LocURI") : SPAN_NONE;
        for (size_t i = 0; i < sizeof places / sizeof *places; i++)
            if (has(n->label, places[i]) || has(uri, places[i]))
                return true;
    }
    return false;
}

/* ---- one form for what is the same ---- */

/* "<device-1: 32 upper-case hex>" and "<printable, 12 characters>" without name and length. */
static void put_form(struct buf *out, struct span form) {
    const uint8_t *colon = memmem(form.p, form.n, ": ", 2),
                  *comma = memmem(form.p, form.n, ", ", 2);
    size_t from = colon ? (size_t)(colon - form.p) + 2 : 0,
           to = comma && (!colon || comma > colon) ? (size_t)(comma - form.p) : form.n;
    long bytes = strtol((const char *)form.p, NULL, 10); /* stops at the '>', if not before */
    buf_char(out, '<');
    if (memmem(form.p, form.n, " bytes", 6) && (bytes >= 64 || bytes == 15 || bytes == 16))
        buf_str(out, "bytes"); /* of a key's length, or of a serial number's, or encrypted */
    else if (memmem(form.p, form.n, "GUID cut short", 14))
        buf_span(out, form);
    else
        buf_add(out, form.p + from, to - from);
    buf_char(out, '>');
}

static const char *normal(struct arena *a, struct span s) {
    BUF_AUTO(out);
    while (s.n) {
        ptrdiff_t open = span_find(s, '<'), close = span_find(s, '>');
        if (open < 0 || close < open) {
            buf_span(&out, s);
            break;
        }
        buf_add(&out, s.p, (size_t)open);
        put_form(&out, span_of(s.p + open + 1, (size_t)(close - open) - 1));
        s = span_from(s, (size_t)close + 1);
    }
    return arena_str(a, buf_view(&out));
}

/* Of a URL only what the host appends; of NDES' client only that it is one. */
static struct span cut(const struct line *n) {
    struct span s = n->value;
    if (span_is(n->label, "line") && s.n) {
        size_t at = s.n, end = s.n;
        for (size_t i = 0; i < s.n; i++)
            if (s.p[i] == '?' && end == s.n)
                end = i;
        for (at = end; at && s.p[at - 1] != '/';)
            at--;
        return span_from(s, at);
    }
    const uint8_t *client = memmem(s.p, s.n, "NDES client ", 12);
    if (span_is(n->label, "header User-Agent") && client)
        s.n = (size_t)(client - s.p) + 11;
    return s;
}

static const char *value_of(struct arena *a, const struct line *n) {
    if (is_free(n->label) || is_of_machine(n))
        return "*";
    return normal(a, cut(n));
}

/* ---- labels and places ---- */

/* An element's name, with the attribute that says which one it is; of DER all that stands there. */
static struct span short_label(struct span label) {
    ptrdiff_t blank = span_find(label, ' ');
    bool is_element = has(label, " {") || has(label, "=\""), is_named = has(label, " Name=\"");
    if (blank > 0 && is_element && !is_named)
        label.n = (size_t)blank;
    return label;
}

/* "Status[Exec]", "Item[./DevInfo/Man]": what tells elements of one name apart. */
static const char *label_of(struct arena *a, const struct line *n) {
    const char *label = normal(a, short_label(n->label));
    struct span which = SPAN_NONE;
    if (span_is(n->label, "Status"))
        which = line_value(n, "Cmd");
    else if (span_is(n->label, "Item"))
        which = line_value(n, line_child(n, "Source") ? "Source/LocURI" : "Target/LocURI");
    else if (span_is(n->label, "Alert"))
        which = line_value(n, "Data");
    return which.n ? arena_printf(a, "%s[%s]", label, normal(a, which)) : label;
}

static void add(struct collection *c, const char *place, const char *says) {
    if (c->count == c->room) {
        c->room = c->room ? 2 * c->room : 1024;
        c->list = mem_realloc(c->list, c->room * sizeof *c->list);
    }
    c->list[c->count++] = (struct fact){c->kind, place, says};
}

/* The children in their order, one where several of a name follow each other. */
static void add_order(struct collection *c, const struct line *n, const char *place) {
    BUF_AUTO(order);
    const char *before = "";
    for (const struct line *child = n->child; child; child = child->next) {
        if (is_ignored(child) || is_name_of_recipient(child))
            continue;
        const char *label = normal(c->a, child->label);
        if (strcmp(label, before) != 0)
            buf_printf(&order, "%s%s", order.n ? ", " : "", label);
        before = label;
    }
    add(c, place, arena_printf(c->a, "holds %s", buf_cstr(&order)));
}

static void collect(struct collection *c, const struct line *n, const char *above) {
    if (is_ignored(n) || is_name_of_recipient(n))
        return;
    if (strlen(above) > MAX_PLACE)
        return;
    const char *label = label_of(c->a, n);
    const char *place = *above ? arena_printf(c->a, "%s" FACT_BELOW "%s", above, label) : label;
    if (n->child)
        add_order(c, n, place);
    else
        add(c, place, n->value.p ? value_of(c->a, n) : "is there");
    for (const struct line *child = n->child; child; child = child->next)
        collect(c, child, place);
}

/* ---- kinds ---- */

static const struct line *find(const struct line *n, const char *word) {
    for (const struct line *c = n->child; c; c = c->next) {
        if (has(c->label, word))
            return c;
        const struct line *inside = find(c, word);
        if (inside)
            return inside;
    }
    return NULL;
}

static const char *kind_of(struct arena *a, const struct recorded *r) {
    const char *kind = arena_str(a, r->kind);
    const struct line *type =
        span_is(r->kind, "PKIOperation") ? find(r->host, " messageType") : NULL;
    struct span number = type ? line_value(type, "SET/PrintableString") : SPAN_NONE;
    return number.n ? arena_printf(a, "%s %.*s", kind, SPAN_FMT(number)) : kind;
}

/* ---- the set ---- */

int fact_order(const void *one, const void *other) {
    const struct fact *a = one, *b = other;
    int d = strcmp(a->kind, b->kind);
    d = d ? d : strcmp(a->place, b->place);
    return d ? d : strcmp(a->says, b->says);
}

struct facts facts_of(struct arena *a, const struct recorded *r) {
    struct collection c = {.a = a};
    for (; r; r = r->next) {
        c.kind = kind_of(a, r);
        add_order(&c, r->host, "message");
        for (const struct line *n = r->host->child; n; n = n->next)
            collect(&c, n, "");
    }
    struct facts f = {0};
    if (c.count)
        qsort(c.list, c.count, sizeof *c.list, fact_order);
    f.list = arena_alloc(a, (c.count + 1) * sizeof *f.list);
    for (size_t i = 0; i < c.count; i++)
        if (i == 0 || fact_order(&c.list[i - 1], &c.list[i]) != 0)
            f.list[f.count++] = c.list[i];
    free(c.list);
    return f;
}
