/* SPDX-License-Identifier: Apache-2.0 */
/* From the reader's strings to struct http_request, and the questions that a handler asks it. */
#include <ctype.h>

#include "http/exchange.h"

static int hex_value(char c) {
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/*
 * Decodes in place. `query`: '+' is a blank. False for %00, and for a '%' without two hex digits
 * unless in a query, where it stands for itself.
 */
static bool percent_decode(char *s, bool query) {
    char *out = s;
    for (; *s; s++) {
        char c = *s;
        if (c == '+' && query) {
            c = ' ';
        } else if (c == '%' && isxdigit((unsigned char)s[1]) && isxdigit((unsigned char)s[2])) {
            c = (char)(hex_value(s[1]) * 16 + hex_value(s[2]));
            s += 2;
            if (!c)
                return false;
        } else if (c == '%' && !query) {
            return false;
        }
        *out++ = c;
    }
    *out = '\0';
    return true;
}

static enum http_method method_of(const char *name) {
    if (strcmp(name, "GET") == 0)
        return HTTP_GET;
    if (strcmp(name, "POST") == 0)
        return HTTP_POST;
    return strcmp(name, "HEAD") == 0 ? HTTP_HEAD : HTTP_OTHER;
}

static const char *media_type(struct arena *a, const char *field) {
    if (!field)
        return "";
    size_t n = strcspn(field, ";");
    char *type = arena_str(a, span_trim(span_of(field, n)));
    for (char *p = type; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return type;
}

bool http_exchange_request(struct http_exchange *x) {
    const struct http_reader *reader = &x->reader;
    const char *target = reader->target;
    size_t n = strcspn(target, "?#");
    char *path = arena_str(&x->arena, span_of(target, n));
    if (!percent_decode(path, false))
        return false;
    x->request = (struct http_request){
        .arena = &x->arena,
        .method = method_of(reader->method),
        .method_name = reader->method,
        .path = path,
        .query = target[n] == '?' ? target + n + 1 : "",
        .body = buf_view(&reader->body),
        .content_type = media_type(&x->arena, http_reader_field(reader, "Content-Type")),
        .fields = reader->fields,
        .field_count = reader->field_count,
    };
    x->copied = n;
    return true;
}

/* The value of a field in "a=b&c=d". */
static const char *find_field(struct arena *a, const char *fields, const char *name) {
    for (const char *p = fields; *p; p += *p == '&') {
        size_t n = strcspn(p, "&");
        size_t equals = strcspn(p, "=&");
        char *key = arena_str(a, span_of(p, equals));
        if (percent_decode(key, true) && strcmp(key, name) == 0) {
            size_t at = equals < n ? equals + 1 : n;
            char *value = arena_str(a, span_of(p + at, n - at));
            return percent_decode(value, true) ? value : NULL;
        }
        p += n;
    }
    return NULL;
}

const char *http_query(const struct http_request *r, const char *name) {
    return find_field(r->arena, r->query, name);
}

const char *http_form(const struct http_request *r, const char *name) {
    if (r->body.n && memchr(r->body.p, 0, r->body.n))
        return NULL;
    return find_field(r->arena, arena_str(r->arena, r->body), name);
}

const char *http_header(const struct http_request *r, const char *name) {
    for (size_t i = 0; i < r->field_count; i++)
        if (strcasecmp(r->fields[i].name, name) == 0)
            return r->fields[i].value;
    return NULL;
}

const char *http_header_only(const struct http_request *r, const char *name, size_t *count) {
    const char *value = NULL;
    *count = 0;
    for (size_t i = 0; i < r->field_count; i++)
        if (strcasecmp(r->fields[i].name, name) == 0 && ++*count == 1)
            value = r->fields[i].value;
    return *count == 1 ? value : NULL;
}
