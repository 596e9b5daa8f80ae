/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "record/tree.h"
#include "record/values.h"
#include "record/words.h"

enum { MAX_OPENED = 48 /* levels: a token in a token in a token ends here */ };

void tree_indent(const struct tree *t, unsigned depth) {
    while (depth--)
        buf_str(t->out, "  ");
}

bool tree_is_full(const struct tree *t) {
    return t->end && t->out->n >= t->end;
}

static void say_tag(const struct tree *t, const struct xml_node *n) {
    word_name(t->out, n->name);
    if (!n->parent || !span_eq(n->parent->ns, n->ns)) {
        buf_str(t->out, " {");
        if (n->ns.n)
            word_or_form(t->out, n->ns);
        buf_char(t->out, '}');
    }
    for (const struct xml_attr *a = n->attrs; a && !tree_is_full(t); a = a->next) {
        buf_char(t->out, ' ');
        word_name(t->out, a->name);
        buf_str(t->out, "=\"");
        value_show_attribute(t, n, a);
        buf_char(t->out, '"');
    }
}

/* What stands in a token; false where it is not what its type says. */
static bool say_inside(const struct tree *t, const struct xml_node *n, unsigned depth) {
    enum inside inside = value_inside(n);
    struct span bytes;
    if (inside == INSIDE_NOTHING || depth > MAX_OPENED ||
        base64_decode(t->a, xml_text(n), &bytes) != OK)
        return false;
    buf_str(t->out, " that holds\n");
    if (inside == INSIDE_DER)
        tree_der(t, bytes, depth + 1);
    else
        tree_xml(t, bytes, depth + 1);
    return true;
}

static void say_element(const struct tree *t, const struct xml_node *n, unsigned depth) {
    if (tree_is_full(t))
        return;
    tree_indent(t, depth);
    say_tag(t, n);
    if (!n->child && say_inside(t, n, depth))
        return;
    if (!n->child && n->text.n) {
        buf_str(t->out, " = ");
        value_show(t, n);
    }
    buf_char(t->out, '\n');
    for (const struct xml_node *c = n->child; c; c = c->next)
        say_element(t, c, depth + 1);
}

void tree_xml(const struct tree *t, struct span xml, unsigned depth) {
    struct xml_node *root;
    if (xml_parse(t->a, xml, &root) != OK) {
        tree_indent(t, depth);
        buf_printf(t->out, "not XML: <%zu bytes>\n", xml.n);
        return;
    }
    value_learn(t->names, root);
    say_element(t, root, depth);
}
