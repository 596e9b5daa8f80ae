/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sign-in page's input: a form in a body, and the address that its answer goes to. Oracles:
 * what was decoded, written with every octet escaped, is decoded to the same, and is never longer
 * than it was written; a body with a NUL has no fields; and an address that is taken for an app's
 * is one, has no character that ends an attribute, and cannot name another host.
 */
#include "fuzz.h"

#include "http/http.h"
#include "server/route_sign_in.h"

static void check_field(struct arena *a, struct span body, const char *name) {
    BUF_AUTO(escaped);
    struct http_request r = {.arena = a, .body = body};
    const char *value = http_form(&r, name);
    if (!value)
        return;
    must(strlen(value) <= body.n && !(body.n && memchr(body.p, 0, body.n)));
    buf_printf(&escaped, "x%s=1&%s=", name, name);
    for (const char *c = value; *c; c++)
        buf_printf(&escaped, "%%%02x", (unsigned char)*c);
    r.body = buf_view(&escaped);
    const char *again = http_form(&r, name);
    must(again && strcmp(value, again) == 0);
}

static void check_app(const char *text) {
    if (!sign_in_is_app(text))
        return;
    must(strncmp(text, "ms-app://", 9) == 0 && text[9] && text[9] != '/' && strlen(text) <= 256);
    must(!strpbrk(text, "\"'<>&@?#%\\ \r\n\t") && !strchr(text + 7, ':'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    struct span body = span_of(data, size);
    check_field(&a, body, "user");
    check_field(&a, body, "password");
    check_field(&a, body, "state");
    check_field(&a, body, "");
    check_app(arena_str(&a, body));
    return 0;
}
