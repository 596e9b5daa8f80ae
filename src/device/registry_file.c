/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The .reg text. A string may hold line breaks, as in Windows' own exports; a backslash and a quote
 * are escaped by a backslash; everything else stands for itself.
 */
#include <stdlib.h>

#include "device/registry.h"

#define HEADER "Windows Registry Editor Version 5.00"

static void print_string(struct buf *b, const char *s) {
    buf_char(b, '"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            buf_char(b, '\\');
        buf_char(b, *s);
    }
    buf_char(b, '"');
}

/* A key that only leads to others needs no line of its own. */
static void print_key(const struct reg_key *k, const char *path, struct buf *b) {
    if (*path && (k->values || !k->child))
        buf_printf(b, "\n[%s]\n", path);
    for (const struct reg_value *v = k->values; v; v = v->next) {
        print_string(b, v->name);
        buf_char(b, '=');
        if (v->text)
            print_string(b, v->text);
        else
            buf_printf(b, "dword:%08x", v->number);
        buf_char(b, '\n');
    }
    for (const struct reg_key *c = k->child; c; c = c->next) {
        BUF_AUTO(below);
        buf_printf(&below, "%s%s%s", path, *path ? "\\" : "", c->name);
        print_key(c, buf_cstr(&below), b);
    }
}

void registry_print(const struct reg_key *k, const char *path, struct buf *b) {
    buf_str(b, HEADER "\n");
    print_key(k, path, b);
}

struct reader {
    struct span left;
    unsigned line;
};

static int peek(const struct reader *in) {
    return in->left.n ? in->left.p[0] : -1;
}

static int take(struct reader *in) {
    int c = peek(in);
    if (c == '\n')
        in->line++;
    in->left = span_from(in->left, 1);
    return c;
}

static struct span take_line(struct reader *in) {
    ptrdiff_t end = span_find(in->left, '\n');
    struct span line = end < 0 ? in->left : span_of(in->left.p, (size_t)end);
    in->left = span_from(in->left, end < 0 ? in->left.n : (size_t)end + 1);
    in->line++;
    return span_trim(line);
}

static enum err take_string(struct reader *in, struct buf *out) {
    unsigned start = in->line;
    take(in);
    for (;;) {
        int c = take(in);
        if (c == '"')
            return OK;
        if (c == '\\')
            c = take(in);
        if (c < 0)
            return err_set(ERR_PARSE, "line %u: the string has no closing quote", start);
        if (c == 0)
            return err_set(ERR_PARSE, "line %u: NUL in a string", in->line);
        buf_char(out, (char)c);
    }
}

static enum err read_dword(struct span text, unsigned line, uint32_t *out) {
    char digits[9] = "", *end;
    if (text.n < 1 || text.n > 8)
        return err_set(ERR_PARSE, "line %u: 'dword:%.*s' needs 1 to 8 hex digits", line,
                       (int)(text.n < 40 ? text.n : 40), (const char *)text.p);
    memcpy(digits, text.p, text.n);
    unsigned long value = strtoul(digits, &end, 16);
    if (*end || digits[0] == '-' || digits[0] == '+' || digits[0] == ' ')
        return err_set(ERR_PARSE, "line %u: 'dword:%s' is no hex number", line, digits);
    *out = (uint32_t)value;
    return OK;
}

static enum err read_value(struct registry *r, struct reg_key *k, struct reader *in) {
    BUF_AUTO(name);
    BUF_AUTO(text);
    unsigned line = in->line;
    uint32_t number = 0;
    if (!k)
        return err_set(ERR_PARSE, "line %u: a value before the first [key]", line);
    TRY(take_string(in, &name));
    if (take(in) != '=')
        return err_set(ERR_PARSE, "line %u: '=' expected after \"%s\"", line, buf_cstr(&name));
    if (peek(in) == '"') {
        TRY(take_string(in, &text));
        if (take_line(in).n)
            return err_set(ERR_PARSE, "line %u: text after the closing quote", line);
        reg_set_text(r, k, buf_cstr(&name), buf_view(&text));
        return OK;
    }
    struct span rest = take_line(in);
    if (span_is(rest, "-")) {
        reg_delete_value(k, buf_cstr(&name));
        return OK;
    }
    if (!span_starts(rest, "dword:"))
        return err_set(ERR_PARSE, "line %u: value of \"%s\" is neither \"text\" nor dword:hex",
                       line, buf_cstr(&name));
    TRY(read_dword(span_from(rest, 6), line, &number));
    reg_set_number(r, k, buf_cstr(&name), number);
    return OK;
}

static enum err read_key(struct registry *r, struct reader *in, struct reg_key **k) {
    unsigned line = in->line;
    struct span s = take_line(in);
    if (s.n < 3 || s.p[s.n - 1] != ']')
        return err_set(ERR_PARSE, "line %u: the key has no closing ']'", line);
    bool remove = s.p[1] == '-';
    BUF_AUTO(path);
    buf_add(&path, s.p + 1 + remove, s.n - 2 - remove);
    if (remove)
        registry_delete(r, buf_cstr(&path));
    *k = remove ? NULL : registry_create(r, buf_cstr(&path));
    return OK;
}

enum err registry_parse(struct registry *r, struct span text) {
    struct reader in = {text, 1};
    struct reg_key *k = NULL;
    if (span_starts(in.left, "\xef\xbb\xbf"))
        in.left = span_from(in.left, 3);
    if (!span_is(take_line(&in), HEADER))
        return err_set(ERR_PARSE, "line 1 must be '" HEADER "' (in UTF-8)");
    while (in.left.n) {
        int c = peek(&in);
        if (c == '[')
            TRY(read_key(r, &in, &k));
        else if (c == '"')
            TRY(read_value(r, k, &in));
        else if (c == ';' || c == '\n' || c == '\r' || c == ' ' || c == '\t')
            take_line(&in);
        else
            return err_set(ERR_PARSE, "line %u: neither [key] nor \"name\"=value", in.line);
    }
    return OK;
}
