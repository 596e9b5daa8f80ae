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

char *hex_text(struct arena *a, struct span in) {
    char *out = arena_alloc(a, 2 * in.n + 1);
    hex_lower(in, out);
    return out;
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
    uint8_t *out = buf_more(b, (in.n + 2) / 3 * 4);
    for (size_t i = 0; i < in.n; i += 3, out += 4) {
        size_t left = in.n - i;
        uint32_t v = (uint32_t)in.p[i] << 16;
        v |= left > 1 ? (uint32_t)in.p[i + 1] << 8 : 0;
        v |= left > 2 ? in.p[i + 2] : 0;
        out[0] = (uint8_t)alphabet[v >> 18];
        out[1] = (uint8_t)alphabet[v >> 12 & 63];
        out[2] = left > 1 ? (uint8_t)alphabet[v >> 6 & 63] : '=';
        out[3] = left > 2 ? (uint8_t)alphabet[v & 63] : '=';
    }
}

/* One more than the digit's value; 0: no digit. */
/* clang-format off */
static const uint8_t digit_of[256] = {
    ['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
    ['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52,
    ['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, ['+'] = 63, ['/'] = 64,
};
/* clang-format on */

static void put_three(uint8_t *out, uint32_t bits) {
    out[0] = (uint8_t)(bits >> 16);
    out[1] = (uint8_t)(bits >> 8);
    out[2] = (uint8_t)bits;
}

/* As many groups of four digits as there are without anything between them; most texts are that,
 * but for their end. Gives how many. */
static size_t decode_groups(struct span text, uint8_t *out) {
    size_t n = 0;
    for (const uint8_t *p = text.p; text.n - 4 * n >= 4; p += 4, n++) {
        uint8_t a = digit_of[p[0]], b = digit_of[p[1]], c = digit_of[p[2]], d = digit_of[p[3]];
        if (!a || !b || !c || !d)
            break;
        put_three(out + 3 * n, (uint32_t)(a - 1) << 18 | (uint32_t)(b - 1) << 12 |
                                   (uint32_t)(c - 1) << 6 | (uint32_t)(d - 1));
    }
    return n;
}

enum err base64_decode(struct arena *a, struct span text, struct span *out) {
    uint8_t *p = arena_alloc(a, text.n / 4 * 3 + 4);
    size_t groups = decode_groups(text, p), n = 3 * groups;
    uint32_t bits = 0;
    unsigned digits = 0, padding = 0;
    for (size_t i = 4 * groups; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
            continue;
        uint8_t digit = digit_of[c];
        if (c == '=')
            padding++;
        else if (!digit || padding)
            return err_set(ERR_PARSE, "not base64 at offset %zu", i);
        bits = bits << 6 | (uint32_t)(digit ? digit - 1 : 0);
        if (++digits % 4 == 0) {
            put_three(p + n, bits);
            n += 3;
        }
    }
    if (digits % 4 || padding > 2)
        return err_set(ERR_PARSE, "base64 that is cut short or wrongly padded");
    if (padding && (bits & (padding == 1 ? 0xff : 0xffff)))
        return err_set(ERR_PARSE, "base64 with bits after its end");
    *out = span_of(p, n - padding);
    return OK;
}

size_t utf8_character(struct span s, uint32_t *character) {
    static const struct {
        uint8_t mask, lead;
        uint32_t least;
    } forms[] = {{0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    if (s.n && s.p[0] < 0x80) { /* most are */
        *character = s.p[0];
        return 1;
    }
    for (size_t n = 2; n <= 4 && n <= s.n; n++) {
        if ((s.p[0] & forms[n - 2].mask) != forms[n - 2].lead)
            continue;
        uint32_t c = s.p[0] & (uint8_t)~forms[n - 2].mask;
        for (size_t i = 1; i < n; i++) {
            if ((s.p[i] & 0xc0) != 0x80)
                return 0;
            c = c << 6 | (s.p[i] & 0x3f);
        }
        *character = c;
        bool surrogate = c >= 0xd800 && c <= 0xdfff;
        return c >= forms[n - 2].least && c <= 0x10ffff && !surrogate ? n : 0;
    }
    return 0;
}

static bool is_control(uint32_t c) {
    return c < ' ' || (c >= 0x7f && c < 0xa0);
}

/* Marks that turn the direction of text, and separators that some terminals break lines at. */
static bool is_deceptive(uint32_t c) {
    return c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* One character, or a byte that is none; gives its length. */
static size_t print_character(struct buf *b, struct span s) {
    uint32_t c = 0;
    size_t n = utf8_character(s, &c);
    if (n == 0)
        buf_printf(b, "\\x%02x", s.p[0]);
    else if (is_control(c) || is_deceptive(c))
        buf_printf(b, c < 0x80 ? "\\x%02x" : "\\u{%04x}", (unsigned)c);
    else
        buf_add(b, s.p, n);
    return n ? n : 1;
}

/* How many bytes at the start are characters that are printed as they are; most are. */
static size_t plain_run(struct span s) {
    size_t n = 0;
    while (n < s.n && s.p[n] >= ' ' && s.p[n] < 0x7f)
        n++;
    return n;
}

void text_printable(struct buf *b, struct span s) {
    while (s.n) {
        size_t n = plain_run(s);
        if (n)
            buf_add(b, s.p, n);
        else
            n = print_character(b, s);
        s = span_from(s, n);
    }
}

char *text_claim(struct arena *a, struct span s, size_t max) {
    if (s.n <= max && plain_run(s) == s.n)
        return arena_str(a, s);
    BUF_AUTO(b);
    text_printable(&b, span_of(s.p, s.n < max ? s.n : max));
    if (s.n > max)
        buf_str(&b, "...");
    return arena_str(a, buf_view(&b));
}

void text_quote_json(struct buf *b, const char *s) {
    buf_char(b, '"');
    for (const char *plain = s;; s++) {
        if ((uint8_t)*s >= ' ' && *s != '"' && *s != '\\')
            continue;
        buf_add(b, plain, (size_t)(s - plain));
        plain = s + 1;
        if (!*s)
            break;
        if ((uint8_t)*s < ' ')
            buf_printf(b, "\\u%04x", (unsigned)*s);
        else
            buf_add(b, (const char[]){'\\', *s}, 2);
    }
    buf_char(b, '"');
}

bool text_same(const char *a, const char *b) {
    return strcmp(a ? a : "", b ? b : "") == 0;
}
