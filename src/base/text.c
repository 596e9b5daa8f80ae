/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

static void hex(struct span in, char *out, const char *digits) {
    for (size_t i = 0; i < in.n; i++) {
        *out++ = digits[in.p[i] >> 4];
        *out++ = digits[in.p[i] & 15];
    }
    *out = 0;
}

void hex_lower(struct span in, char *out) {
    hex(in, out, "0123456789abcdef");
}

void hex_upper(struct span in, char *out) {
    hex(in, out, "0123456789ABCDEF");
}

static int hex_value(uint8_t c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum err hex_decode(struct arena *a, struct span text, struct span *out) {
    if (text.n % 2)
        return err_set(ERR_PARSE, "hex text of odd length %zu", text.n);
    uint8_t *p = arena_alloc(a, text.n / 2 + 1);
    for (size_t i = 0; i < text.n; i += 2) {
        int high = hex_value(text.p[i]), low = hex_value(text.p[i + 1]);
        if (high < 0 || low < 0)
            return err_set(ERR_PARSE, "not a hex digit at offset %zu", i);
        p[i / 2] = (uint8_t)(high << 4 | low);
    }
    *out = span_of(p, text.n / 2);
    return OK;
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct buf *b, struct span in) {
    for (size_t i = 0; i < in.n; i += 3) {
        size_t left = in.n - i;
        uint32_t v = (uint32_t)in.p[i] << 16;
        v |= left > 1 ? (uint32_t)in.p[i + 1] << 8 : 0;
        v |= left > 2 ? in.p[i + 2] : 0;
        char four[4] = {alphabet[v >> 18], alphabet[v >> 12 & 63],
                        left > 1 ? alphabet[v >> 6 & 63] : '=', left > 2 ? alphabet[v & 63] : '='};
        buf_add(b, four, 4);
    }
}

static int base64_value(uint8_t c) {
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

enum err base64_decode(struct arena *a, struct span text, struct span *out) {
    uint8_t *p = arena_alloc(a, text.n / 4 * 3 + 4);
    size_t n = 0;
    uint32_t bits = 0;
    unsigned digits = 0, padding = 0;
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
            continue;
        int v = base64_value(c);
        if (c == '=')
            padding++;
        else if (v < 0 || padding)
            return err_set(ERR_PARSE, "not base64 at offset %zu", i);
        bits = bits << 6 | (uint32_t)(v < 0 ? 0 : v);
        if (++digits % 4 == 0) {
            p[n++] = (uint8_t)(bits >> 16);
            p[n++] = (uint8_t)(bits >> 8);
            p[n++] = (uint8_t)bits;
        }
    }
    if (digits % 4 || padding > 2)
        return err_set(ERR_PARSE, "base64 that is cut short or wrongly padded");
    if (padding && (bits & (padding == 1 ? 0xff : 0xffff)))
        return err_set(ERR_PARSE, "base64 with bits after its end");
    *out = span_of(p, n - padding);
    return OK;
}
