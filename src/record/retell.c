/* SPDX-License-Identifier: Apache-2.0 */
#include "record/retell.h"

#include <stdlib.h>

#include "xml/xml.h"

static const char scep[] = "/ClientCertificateInstall/SCEP/";

/* ---- values ---- */

/* What a device is called is the server's value again; other names were learnt from the host. */
static bool is_device(struct span form) {
    return span_starts(form, "device-");
}

/* "<printable, 12 characters>": twelve of them. An underscore is in no PrintableString. */
static void fill(struct buf *out, struct span form) {
    const uint8_t *comma = memmem(form.p, form.n, ", ", 2),
                  *colon = memmem(form.p, form.n, ": ", 2);
    if (colon)
        form = span_from(form, (size_t)(colon - form.p) + 2);
    long n = strtol(comma ? (const char *)comma + 2 : (const char *)form.p, NULL, 10);
    bool hex = memmem(form.p, form.n, " hex", 4), printable = span_starts(form, "printable");
    if (span_starts(form, "name@domain"))
        buf_str(out, "x@example.com");
    else if (span_starts(form, "https URL"))
        buf_str(out, "https://host.example.com");
    else
        for (long i = 0; i < n && i < 64; i++)
            buf_char(out, hex || span_starts(form, "number") ? '1' : i || printable ? 'x' : '_');
}

static void fill_all(struct buf *out, struct span s) {
    while (s.n) {
        ptrdiff_t open = span_find(s, '<'), close = span_find(s, '>');
        if (open < 0 || close < open) {
            buf_span(out, s);
            return;
        }
        buf_add(out, s.p, (size_t)open);
        struct span form = span_of(s.p + open + 1, (size_t)(close - open) - 1);
        if (is_device(form))
            buf_str(out, "{{device.id}}");
        else
            fill(out, form);
        s = span_from(s, (size_t)close + 1);
    }
}

static void put_data(struct buf *out, struct span node, struct span data) {
    static const struct {
        const char *node, *placeholder;
    } ours[] = {{"/Install/ServerURL", "{{scep.url}}"},
                {"/Install/Challenge", "{{scep.challenge}}"},
                {"/Install/CAThumbprint", "{{scep.ca_thumbprint}}"}};
    BUF_AUTO(text);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (span_is(node, ours[i].node)) {
            xml_leaf(out, "Data", span_str(ours[i].placeholder));
            return;
        }
    fill_all(&text, data);
    xml_leaf(out, "Data", buf_view(&text));
}

/* ---- commands ---- */

/* "./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/<...>/Install/KeyLength": the scope before,
 * and the node behind the id. */
static bool split(struct span uri, struct span *scope, struct span *node) {
    const uint8_t *at = uri.n ? memmem(uri.p, uri.n, scep, sizeof scep - 1) : NULL;
    if (!at)
        return false;
    *scope = span_of(uri.p, (size_t)(at - uri.p) + sizeof scep - 1);
    struct span id = span_from(uri, scope->n);
    ptrdiff_t close = span_find(id, '>');
    *node = close < 0 ? SPAN_NONE : span_from(id, (size_t)close + 1);
    return close >= 0;
}

static void put_command(struct buf *out, const struct line *command, unsigned id) {
    const struct line *item = line_child(command, "Item");
    struct span format = line_value(item, "Meta/Format"), data = line_value(item, "Data"), scope,
                node;
    BUF_AUTO(uri);
    if (!split(line_value(item, "Target/LocURI"), &scope, &node))
        return;
    buf_printf(out, "<%.*s><CmdID>%u</CmdID><Item><Target>", SPAN_FMT(command->label), id);
    buf_span(&uri, scope);
    buf_str(&uri, "{{enrollment.id}}");
    buf_span(&uri, node);
    xml_leaf(out, "LocURI", buf_view(&uri));
    buf_str(out, "</Target>");
    if (format.n) {
        buf_str(out, "<Meta>");
        xml_leaf(out, "Format xmlns=\"syncml:metinf\"", format);
        buf_str(out, "</Meta>");
    }
    if (data.p)
        put_data(out, node, data);
    buf_printf(out, "</Item></%.*s>\n", SPAN_FMT(command->label));
}

/* Add, Replace and Exec are what a profile has. */
static bool is_in_profile(const struct line *n) {
    return span_is(n->label, "Add") || span_is(n->label, "Replace") || span_is(n->label, "Exec");
}

static bool is_profile(const struct line *atomic) {
    struct span scope, node;
    for (const struct line *n = atomic->child; n; n = n->next)
        if (span_is(n->label, "Exec") && split(line_value(n, "Item/Target/LocURI"), &scope, &node))
            return true;
    return false;
}

static const struct line *find_profile(const struct line *n) {
    for (; n; n = n->next) {
        if (span_is(n->label, "Atomic") && is_profile(n))
            return n;
        const struct line *inside = find_profile(n->child);
        if (inside)
            return inside;
    }
    return NULL;
}

bool retell_profile(const struct recorded *r, struct buf *out) {
    const struct line *atomic = NULL;
    unsigned id = 2;
    for (; r && !atomic; r = r->next)
        atomic = find_profile(r->server->child);
    if (!atomic)
        return false;
    buf_str(out, "<Atomic><CmdID>1</CmdID>\n");
    for (const struct line *n = atomic->child; n; n = n->next)
        if (is_in_profile(n))
            put_command(out, n, id++);
    buf_str(out, "</Atomic>\n");
    return true;
}

/* ---- the enrollment ---- */

static const struct line *find_item(const struct line *n, const char *label) {
    for (; n; n = n->next) {
        if (span_is(n->label, label))
            return n;
        const struct line *inside = find_item(n->child, label);
        if (inside)
            return inside;
    }
    return NULL;
}

const char *retell_enrollment_type(const struct recorded *r) {
    for (; r; r = r->next) {
        const struct line *item =
            span_is(r->kind, "enrollment")
                ? find_item(r->host->child, "ContextItem Name=\"EnrollmentType\"")
                : NULL;
        if (item)
            return span_is(line_value(item, "Value"), "Device") ? "Device" : "Full";
    }
    return "Full";
}
