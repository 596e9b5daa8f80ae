/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"

enum { SLOTS = 8, SLOT_SIZE = 1024, VALUE_MAX = 200 };

static _Atomic int max_level = LOG_INFO;

void log_set_level(enum log_level level) {
    atomic_store(&max_level, (int)level);
}

void log_write(enum log_level level, const char *topic, const char *fmt, ...) {
    static const char *const names[] = {"error", "warn", "info", "debug"};
    if ((int)level > atomic_load(&max_level))
        return;
    char line[4096], at[CLOCK_ISO_SIZE];
    int n =
        snprintf(line, sizeof line, "%s %s %s ", clock_iso(clock_ms(), at), names[level], topic);
    va_list ap;
    va_start(ap, fmt);
    int more = vsnprintf(line + n, sizeof line - (size_t)n, fmt, ap);
    va_end(ap);
    n = more < 0 ? n : n + more;
    if ((size_t)n > sizeof line - 2)
        n = (int)sizeof line - 2;
    line[n] = '\n';
    ssize_t ignored = write(STDERR_FILENO, line, (size_t)n + 1); /* one write: lines never mix */
    (void)ignored;
}

static bool is_plain(struct span s) {
    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '"' || s.p[i] == '=' || s.p[i] == '\\')
            return false;
    return true;
}

/* One character of the value, or one byte that is none; gives its length. */
static size_t put_escaped(struct buf *b, struct span rest) {
    uint32_t character;
    size_t n = utf8_character(rest, &character);
    if (*rest.p == '"' || *rest.p == '\\')
        buf_char(b, '\\');
    text_printable(b, span_of(rest.p, n ? n : 1));
    return n ? n : 1;
}

const char *log_q(struct span s) {
    static _Thread_local char slots[SLOTS][SLOT_SIZE];
    static _Thread_local unsigned turn;
    char *out = slots[turn++ % SLOTS];
    BUF_AUTO(b);
    bool plain = is_plain(s);
    if (plain && s.n <= VALUE_MAX) {
        memcpy(out, s.p, s.n);
        out[s.n] = 0;
        return out;
    }
    if (!plain)
        buf_char(&b, '"');
    for (size_t i = 0; i < s.n && i < VALUE_MAX;)
        i += put_escaped(&b, span_from(s, i));
    if (s.n > VALUE_MAX)
        buf_str(&b, "...");
    if (!plain)
        buf_char(&b, '"');
    snprintf(out, SLOT_SIZE, "%s", buf_cstr(&b));
    return out;
}
