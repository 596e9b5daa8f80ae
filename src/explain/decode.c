/* SPDX-License-Identifier: Apache-2.0 */
/* The Event Viewer and the Registry Editor write UTF-16LE with a BOM; PowerShell's > does, too. */
#include "explain/find.h"

#include "base/buf.h"

static uint32_t unit(struct span s, size_t i, bool big) {
    return big ? (uint32_t)s.p[i] << 8 | s.p[i + 1] : (uint32_t)s.p[i + 1] << 8 | s.p[i];
}

static void put_utf8(struct buf *b, uint32_t c) {
    if (c < 0x80) {
        buf_char(b, (char)c);
    } else if (c < 0x800) {
        buf_char(b, (char)(0xc0 | c >> 6));
        buf_char(b, (char)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        buf_char(b, (char)(0xe0 | c >> 12));
        buf_char(b, (char)(0x80 | (c >> 6 & 0x3f)));
        buf_char(b, (char)(0x80 | (c & 0x3f)));
    } else {
        buf_char(b, (char)(0xf0 | c >> 18));
        buf_char(b, (char)(0x80 | (c >> 12 & 0x3f)));
        buf_char(b, (char)(0x80 | (c >> 6 & 0x3f)));
        buf_char(b, (char)(0x80 | (c & 0x3f)));
    }
}

/* A lone half of a pair becomes U+FFFD; an odd byte at the end is dropped. */
static struct span from_utf16(struct arena *a, struct span s, bool big) {
    BUF_AUTO(out);
    for (size_t i = 0; i + 1 < s.n; i += 2) {
        uint32_t c = unit(s, i, big);
        if (c >= 0xd800 && c < 0xdc00 && i + 3 < s.n) {
            uint32_t low = unit(s, i + 2, big);
            bool pair = low >= 0xdc00 && low < 0xe000;
            c = pair ? 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
            i += pair ? 2 : 0;
        } else if (c >= 0xd800 && c < 0xe000) {
            c = 0xfffd;
        }
        put_utf8(&out, c);
    }
    return arena_copy(a, buf_view(&out));
}

/* Text in Latin letters has a NUL at each other place. */
static bool looks_utf16(struct span s, size_t nul_at) {
    size_t nuls = 0, pairs = 0;
    for (size_t i = 0; i + 1 < s.n && pairs < 64; i += 2, pairs++)
        nuls += s.p[i + nul_at] == 0 && s.p[i + 1 - nul_at] != 0;
    return pairs >= 2 && nuls * 4 >= pairs * 3;
}

struct span explain_decode(struct arena *a, struct span s) {
    if (span_starts(s, "\xff\xfe"))
        return from_utf16(a, span_from(s, 2), false);
    if (span_starts(s, "\xfe\xff"))
        return from_utf16(a, span_from(s, 2), true);
    if (span_starts(s, "\xef\xbb\xbf"))
        return span_from(s, 3);
    if (looks_utf16(s, 1))
        return from_utf16(a, s, false);
    return looks_utf16(s, 0) ? from_utf16(a, s, true) : s;
}
