/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PKCS#11 URI, without its scheme. Oracle: what was read, written with every octet escaped, reads
 * as the same.
 */
#include "fuzz.h"

#include "base/buf.h"
#include "crypto/pkcs11_uri.h"

static void put(struct buf *b, char separator, const char *name, struct span value) {
    if (!value.n)
        return;
    buf_printf(b, "%c%s=", separator, name);
    for (size_t i = 0; i < value.n; i++)
        buf_printf(b, "%%%02X", value.p[i]);
}

static void must_be_same(const char *a, const char *b) {
    must(!a == !b && (!a || strcmp(a, b) == 0));
}

static void write_again(struct buf *b, const struct pkcs11_uri *u) {
    buf_str(b, "pkcs11:type=private");
    put(b, ';', "token", span_str(u->token));
    put(b, ';', "manufacturer", span_str(u->manufacturer));
    put(b, ';', "serial", span_str(u->serial));
    put(b, ';', "model", span_str(u->model));
    put(b, ';', "object", span_str(u->object));
    put(b, ';', "id", u->id);
    put(b, '?', "module-path", span_str(u->module_path));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    BUF_AUTO(b);
    struct pkcs11_uri u, again;
    char *text = arena_printf(&a, "pkcs11:%s", arena_str(&a, span_of(data, size)));
    must(pkcs11_is_uri(text));
    if (pkcs11_uri_parse(&a, text, &u) != OK)
        return 0;
    must(u.object || u.id.n);
    write_again(&b, &u);
    must(pkcs11_uri_parse(&a, buf_cstr(&b), &again) == OK);
    must_be_same(u.token, again.token);
    must_be_same(u.manufacturer, again.manufacturer);
    must_be_same(u.serial, again.serial);
    must_be_same(u.model, again.model);
    must_be_same(u.object, again.object);
    must_be_same(u.module_path, again.module_path);
    must(span_eq(u.id, again.id));
    return 0;
}
