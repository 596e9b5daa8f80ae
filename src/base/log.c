/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

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

static size_t put_escaped(char *out, uint8_t c) {
    if (c == '"' || c == '\\') {
        out[0] = '\\';
        out[1] = (char)c;
        return 2;
    }
    if (c < ' ' || c == 0x7f)
        return (size_t)snprintf(out, 5, "\\x%02x", c);
    out[0] = (char)c;
    return 1;
}

const char *log_q(struct span s) {
    static _Thread_local char slots[SLOTS][SLOT_SIZE];
    static _Thread_local unsigned turn;
    char *out = slots[turn++ % SLOTS];
    size_t n = 0;
    bool plain = is_plain(s), cut = s.n > VALUE_MAX;
    if (!plain)
        out[n++] = '"';
    for (size_t i = 0; i < (cut ? VALUE_MAX : s.n); i++)
        n += put_escaped(out + n, s.p[i]);
    if (cut)
        n += (size_t)snprintf(out + n, 4, "...");
    if (!plain)
        out[n++] = '"';
    out[n] = 0;
    return out;
}
