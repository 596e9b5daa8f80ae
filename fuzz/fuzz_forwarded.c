/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header with a certificate that a proxy forwards, and the names by which a port tells hosts
 * apart. Oracles: a certificate that was read, written in either form, is read again as the same; a
 * name that was taken from a ClientHello is taken again as it was kept, and fits a Host of its own.
 */
#include "fuzz.h"

#include "base/text.h"
#include "http/names.h"
#include "server/forwarded.h"
#include "x509/pem.h"

static void must_read(struct arena *a, struct buf *value, struct span der) {
    struct span again;
    must(forwarded_read(a, buf_cstr(value), &again) == OK && span_eq(again, der));
}

static void put_escaped(struct buf *b, struct span text) {
    for (size_t i = 0; i < text.n; i++)
        buf_printf(b, "%%%02x", text.p[i]);
}

static void check_header(struct arena *a, const char *text) {
    BUF_AUTO(sequence);
    BUF_AUTO(pem);
    BUF_AUTO(escaped);
    struct span der;
    if (forwarded_read(a, text, &der) != OK) {
        must(der.n == 0);
        return;
    }
    must(der.n < strlen(text) || strlen(text) <= 2);
    buf_char(&sequence, ':');
    base64_encode(&sequence, der);
    buf_char(&sequence, ':');
    must_read(a, &sequence, der);
    if (der.n == 0 || der.n > FORWARDED_MAX / 8) /* escaped, it would be above the limit */
        return;
    pem_put(&pem, PEM_CERTIFICATE, der);
    put_escaped(&escaped, buf_view(&pem));
    must_read(a, &escaped, der);
}

static void check_names(struct span extension) {
    BUF_AUTO(again);
    static const struct http_name names[] = {{.host = "asking.example", .ask_client_cert = true}};
    static const struct http_listener listener = {.names = names, .name_count = 1};
    struct http_names_choice c = {.listener = &listener}, d = c;
    if (!http_names_choose(&c, extension) || !*c.sni)
        return;
    size_t n = strlen(c.sni);
    must(n + 5 <= extension.n && !strpbrk(c.sni, "ABCDEFGHIJKLMNOPQRSTUVWXYZ \r\n"));
    buf_add(
        &again,
        (uint8_t[]){(uint8_t)((n + 3) >> 8), (uint8_t)(n + 3), 0, (uint8_t)(n >> 8), (uint8_t)n},
        5);
    buf_str(&again, c.sni);
    if (c.sni[n - 1] != '.') { /* of "a.." one dot stays, and would go now */
        must(http_names_choose(&d, buf_view(&again)));
        must(d.name == c.name && strcmp(d.sni, c.sni) == 0);
    }
    must((c.name != NULL) == (strcmp(c.sni, names[0].host) == 0));
    BUF_AUTO(host);
    buf_printf(&host, "%s.:443", c.sni);
    must(http_names_fit(&c, buf_cstr(&host)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    check_header(&a, arena_str(&a, span_of(data, size)));
    check_names(span_of(data, size));
    return 0;
}
