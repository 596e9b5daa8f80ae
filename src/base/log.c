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

/* The line with its end; gives its length. What does not fit is cut. */
static size_t make_line(char line[LOG_BLOCK], enum log_level level, const char *topic,
                        const char *fmt, va_list ap) {
    static const char *const names[] = {"error", "warn", "info", "debug"};
    char at[CLOCK_ISO_SIZE];
    int n = snprintf(line, LOG_BLOCK, "%s %s %s ", clock_iso(clock_ms(), at), names[level], topic);
    int more = vsnprintf(line + n, LOG_BLOCK - (size_t)n, fmt, ap);
    n = more < 0 ? n : n + more;
    if (n > LOG_BLOCK - 2)
        n = LOG_BLOCK - 2;
    line[n] = '\n';
    return (size_t)n + 1;
}

static void put_out(const char *lines, size_t n) {
    ssize_t ignored = write(STDERR_FILENO, lines, n); /* one write: lines never mix */
    (void)ignored;
}

void log_write(enum log_level level, const char *topic, const char *fmt, ...) {
    char line[LOG_BLOCK];
    va_list ap;
    if ((int)level > atomic_load(&max_level))
        return;
    va_start(ap, fmt);
    put_out(line, make_line(line, level, topic, fmt, ap));
    va_end(ap);
}

static void add_line(struct log_block *b, enum log_level level, const char *topic, const char *fmt,
                     ...) {
    char line[LOG_BLOCK];
    va_list ap;
    va_start(ap, fmt);
    size_t n = make_line(line, level, topic, fmt, ap);
    va_end(ap);
    if (n > LOG_BLOCK - b->n)
        log_flush(b);
    memcpy(b->text + b->n, line, n);
    b->n += n;
}

void log_add(struct log_block *b, enum log_level level, const char *topic, const char *text) {
    if ((int)level <= atomic_load(&max_level))
        add_line(b, level, topic, "%s", text);
}

void log_flush(struct log_block *b) {
    if (b->n)
        put_out(b->text, b->n);
    b->n = 0;
}

static bool is_plain(struct span s) {
    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '"' || s.p[i] == '=' || s.p[i] == '\\')
            return false;
    return true;
}

/* How much of the value stands between quotes as it is. */
static size_t quotable_run(struct span s) {
    size_t n = 0;
    while (n < s.n && s.p[n] >= ' ' && s.p[n] < 0x7f && s.p[n] != '"' && s.p[n] != '\\')
        n++;
    return n;
}

/* A piece of the value; gives its length. Only its last character may end behind VALUE_MAX. */
static size_t put_escaped(struct buf *b, struct span rest, size_t max) {
    uint32_t character;
    size_t n = quotable_run(span_of(rest.p, rest.n < max ? rest.n : max));
    if (n) {
        buf_add(b, rest.p, n);
        return n;
    }
    n = utf8_character(rest, &character);
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
        i += put_escaped(&b, span_from(s, i), VALUE_MAX - i);
    if (s.n > VALUE_MAX)
        buf_str(&b, "...");
    if (!plain)
        buf_char(&b, '"');
    snprintf(out, SLOT_SIZE, "%s", buf_cstr(&b));
    return out;
}
