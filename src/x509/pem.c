/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/pem.h"

#include "base/text.h"

enum { LINE = 64 };

void pem_put(struct buf *b, const char *label, struct span der) {
    BUF_AUTO(text);
    base64_encode(&text, der);
    buf_printf(b, "-----BEGIN %s-----\n", label);
    for (size_t at = 0; at < text.n; at += LINE)
        buf_printf(b, "%.*s\n", LINE, buf_cstr(&text) + at);
    buf_printf(b, "-----END %s-----\n", label);
}

/* Moves `*rest` behind the text's first occurrence; what was before it is `*before`. */
static bool cut(struct span *rest, const char *text, struct span *before) {
    const uint8_t *hit = rest->n ? memmem(rest->p, rest->n, text, strlen(text)) : NULL;
    if (!hit)
        return false;
    *before = span_of(rest->p, (size_t)(hit - rest->p));
    *rest = span_from(*rest, before->n + strlen(text));
    return true;
}

enum err pem_next(struct arena *a, struct span *rest, const char *label, struct span *der) {
    struct span skipped, body;
    if (!cut(rest, arena_printf(a, "-----BEGIN %s-----", label), &skipped))
        return err_set(ERR_NOT_FOUND, "no %s in PEM", label);
    if (!cut(rest, arena_printf(a, "-----END %s-----", label), &body))
        return err_set(ERR_PARSE, "a %s in PEM without its end", label);
    return base64_decode(a, body, der);
}
