/* SPDX-License-Identifier: Apache-2.0 */
/* The registry as the Registry Editor shows and exports it. */
#include "device/show.h"

#include "base/text.h"

/* A SCEP challenge, what the host logs in by (MD5), or what a PFX is to be opened with. */
static bool is_secret(const struct reg_key *k, const struct reg_value *v) {
    return v->text && *v->text &&
           (strcasecmp(k->name ? k->name : "", "Challenge") == 0 ||
            strcasecmp(v->name, "AAuthSecret") == 0 || strcasecmp(v->name, "PFXCertPassword") == 0);
}

static void hide_secrets(struct registry *r, struct reg_key *k) {
    for (const struct reg_value *v = k->values; v; v = v->next)
        if (is_secret(k, v))
            reg_set_text(r, k, v->name, span_str("(hidden)"));
    for (struct reg_key *c = k->child; c; c = c->next)
        hide_secrets(r, c);
}

static void add_json(json_t *all, const struct reg_key *k, const char *path) {
    json_t *values = json_object();
    for (const struct reg_value *v = k->values; v; v = v->next)
        json_object_set_new(values, v->name,
                            v->text ? json_string(v->text) : json_integer(v->number));
    if (*path)
        json_object_set_new(all, path, values);
    else
        json_decref(values);
    for (const struct reg_key *c = k->child; c; c = c->next) {
        BUF_AUTO(below);
        buf_printf(&below, "%s%s%s", path, *path ? "\\" : "", c->name);
        add_json(all, c, buf_cstr(&below));
    }
}

static void print_value(const struct reg_value *v, int width, FILE *out) {
    BUF_AUTO(data);
    BUF_AUTO(name);
    text_printable(&name, span_str(v->name));
    if (v->text)
        text_printable(&data, span_str(v->text));
    else
        buf_printf(&data, "0x%08x (%u)", v->number, v->number);
    fprintf(out, "    %-*s    %-9s    %s\n", width, buf_cstr(&name),
            v->text ? "REG_SZ" : "REG_DWORD", buf_cstr(&data));
}

/* The path, and the columns of the pane beside it. A key that only leads to others has no line. */
static void print_key(const struct reg_key *k, const char *path, FILE *out) {
    int width = 0;
    BUF_AUTO(shown);
    text_printable(&shown, span_str(path));
    for (const struct reg_value *v = k->values; v; v = v->next)
        width = (int)strlen(v->name) > width ? (int)strlen(v->name) : width;
    if (*path && (k->values || !k->child))
        fprintf(out, "%s\n", buf_cstr(&shown));
    for (const struct reg_value *v = k->values; v; v = v->next)
        print_value(v, width, out);
    if (k->values)
        fputc('\n', out);
    for (const struct reg_key *c = k->child; c; c = c->next) {
        BUF_AUTO(below);
        buf_printf(&below, "%s%s%s", path, *path ? "\\" : "", c->name);
        print_key(c, buf_cstr(&below), out);
    }
}

static void print_reg(const struct registry *r, FILE *out) {
    BUF_AUTO(text);
    registry_print(&r->root, "", &text);
    fputs(buf_cstr(&text), out);
}

void show_registry(const struct host *h, enum show_form form, FILE *out) {
    struct registry copy = {0};
    registry_copy(&copy, h->registry);
    hide_secrets(&copy, &copy.root);
    if (form == SHOW_JSON) {
        json_t *all = json_object();
        add_json(all, &copy.root, "");
        show_json(all, out);
    } else if (form == SHOW_REG) {
        print_reg(&copy, out);
    } else {
        print_key(&copy.root, "", out);
    }
    registry_free(&copy);
}

static void add_unit(struct buf *out, uint32_t unit) {
    buf_char(out, (char)(unit & 0xff));
    buf_char(out, (char)(unit >> 8));
}

static void add_utf16(struct buf *out, uint32_t c) {
    if (c < 0x10000) {
        add_unit(out, c);
        return;
    }
    add_unit(out, 0xd800 + ((c - 0x10000) >> 10));
    add_unit(out, 0xdc00 + (c & 0x3ff));
}

/* A line break within a string is part of its value, and stays as it is. */
void show_registry_export(const struct host *h, struct buf *out) {
    struct registry copy = {0};
    BUF_AUTO(text);
    registry_copy(&copy, h->registry);
    hide_secrets(&copy, &copy.root);
    registry_print(&copy.root, "", &text);
    registry_free(&copy);
    bool quoted = false, escaped = false;
    add_utf16(out, 0xfeff);
    for (struct span left = buf_view(&text); left.n;) {
        uint32_t c = 0xfffd;
        size_t n = utf8_character(left, &c);
        if (c == '\n' && !quoted)
            add_utf16(out, '\r');
        add_utf16(out, c);
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && quoted && !escaped;
        left = span_from(left, n ? n : 1);
    }
}
