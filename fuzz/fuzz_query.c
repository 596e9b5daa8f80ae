/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request's target: its path, its query string, and the message of a PKIOperation by GET.
 * Oracles: what was decoded, written with every octet escaped, is decoded to the same, and is never
 * longer than it was written; a message in base64 with its '+' unescaped, as many clients send it,
 * is the same message.
 */
#include "fuzz.h"

#include "base/text.h"
#include "http/exchange.h"
#include "server/route_scep.h"

static void put_escaped(struct buf *b, const char *text) {
    for (; *text; text++)
        buf_printf(b, "%%%02x", (unsigned char)*text);
}

static void check_value(struct arena *a, const char *query, const char *name) {
    BUF_AUTO(escaped);
    struct http_request r = {.arena = a, .query = query};
    const char *value = http_query(&r, name);
    if (!value)
        return;
    must(strlen(value) <= strlen(query));
    buf_printf(&escaped, "x%s=1&%s=", name, name);
    put_escaped(&escaped, value);
    r.query = buf_cstr(&escaped);
    const char *again = http_query(&r, name);
    must(again && strcmp(value, again) == 0);
}

static bool decode(const char *target, struct http_exchange *x) {
    x->reader.method = "GET";
    x->reader.target = target;
    return http_exchange_request(x);
}

/* A method and a media type, which are compared without their case and parameters. */
static void check_fields(const char *text) {
    struct http_exchange x = {.reader = {.method = text, .target = "/", .field_count = 1}};
    x.reader.fields[0] = (struct http_field){"content-TYPE", text};
    must(http_exchange_request(&x));
    must((x.request.method == HTTP_POST) == (strcmp(text, "POST") == 0));
    must(http_header(&x.request, "Content-Type") == text && !http_header(&x.request, "Host"));
    for (const char *p = x.request.content_type; *p; p++)
        must(*p != ';' && !(*p >= 'A' && *p <= 'Z'));
    arena_free(&x.arena);
}

static void check_path(const char *target) {
    BUF_AUTO(escaped);
    struct http_exchange x = {0}, again = {0};
    size_t n = strcspn(target, "?#");
    if (!decode(target, &x)) {
        must(memchr(target, '%', n) != NULL);
    } else {
        must(strlen(x.request.path) <= n && x.request.method == HTTP_GET);
        must(strcmp(x.request.query, target[n] == '?' ? target + n + 1 : "") == 0);
        put_escaped(&escaped, x.request.path);
        must(decode(buf_cstr(&escaped), &again));
        must(strcmp(x.request.path, again.request.path) == 0);
    }
    arena_free(&x.arena);
    arena_free(&again.arena);
}

static void check_message(struct arena *a, const char *query) {
    BUF_AUTO(written);
    struct http_request r = {.arena = a, .query = query};
    struct span message, again;
    const char *text = http_query(&r, "message");
    if (!text || scep_read_message(a, text, &message) != OK)
        return;
    must(message.n > 0 && message.n <= strlen(text));
    buf_str(&written, "operation=PKIOperation&message=");
    base64_encode(&written, message);
    r.query = buf_cstr(&written);
    text = http_query(&r, "message");
    must(text && scep_read_message(a, text, &again) == OK && span_eq(message, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    const char *text = arena_str(&a, span_of(data, size));
    const char *query = strchr(text, '?') ? strchr(text, '?') + 1 : text;
    check_path(text);
    check_fields(text);
    check_value(&a, query, "operation");
    check_value(&a, query, "message");
    check_value(&a, query, "");
    check_message(&a, query);
    return 0;
}
