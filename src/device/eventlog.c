/* SPDX-License-Identifier: Apache-2.0 */
#include "device/eventlog.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

enum { LOG_MAX = 16 * 1024 * 1024, KEEP = 2000 };

#define ADMIN "Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider"

static bool is_certenroll(int id) {
    return id == EVENT_CERTENROLL_INIT || id == EVENT_CERTENROLL_FAILED;
}

const char *event_source(int id) {
    if (id == EVENT_COMMAND)
        return "signet";
    return is_certenroll(id) ? "Microsoft-Windows-CertificateServicesClient-CertEnroll" : ADMIN;
}

const char *event_log(int id) {
    if (id == EVENT_COMMAND)
        return "signet";
    return is_certenroll(id) ? "Application" : ADMIN "/Admin";
}

static void append(struct eventlog *l, struct event e) {
    l->events = mem_realloc(l->events, (l->count + 1) * sizeof e);
    l->events[l->count++] = e;
}

static void add_utf8(struct buf *b, struct span s) {
    while (s.n) {
        uint32_t ignored;
        size_t n = utf8_character(s, &ignored);
        if (n)
            buf_add(b, s.p, n);
        else
            buf_str(b, "\xef\xbf\xbd"); /* U+FFFD */
        s = span_from(s, n ? n : 1);
    }
}

void eventlog_add(struct eventlog *l, struct arena *a, enum event_id id, bool error,
                  const char *fmt, ...) {
    BUF_AUTO(text);
    char *line = NULL;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&line, fmt, ap);
    va_end(ap);
    if (n >= 0)
        add_utf8(&text, span_of(line, (size_t)n));
    free(line);
    append(l, (struct event){clock_ms() + l->clock_offset_ms, (int)id, error,
                             arena_str(a, buf_view(&text))});
}

static enum err load_line(struct eventlog *l, struct arena *a, struct span line) {
    json_error_t why;
    json_t *j = json_loadb((const char *)line.p, line.n, 0, &why);
    json_int_t at = 0;
    const char *text = NULL;
    struct event e = {0};
    int error = 0;
    if (!j || json_unpack_ex(j, &why, 0, "{s:I, s:i, s:b, s:s}", "at", &at, "id", &e.id, "error",
                             &error, "text", &text) != 0) {
        json_decref(j);
        return err_set(ERR_PARSE, "the event log holds a line that is no event: %s", why.text);
    }
    e.at_ms = at;
    e.error = error != 0;
    e.text = arena_str(a, span_str(text));
    append(l, e);
    json_decref(j);
    return OK;
}

enum err eventlog_load(struct eventlog *l, struct arena *a, const char *path) {
    BUF_AUTO(text);
    enum err e = file_read(path, LOG_MAX, &text);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    struct span left = buf_view(&text);
    while (left.n) {
        ptrdiff_t end = span_find(left, '\n');
        struct span line = end < 0 ? left : span_of(left.p, (size_t)end);
        if (span_trim(line).n)
            TRY(load_line(l, a, line));
        left = span_from(left, line.n + 1);
    }
    return OK;
}

enum err eventlog_save(const struct eventlog *l, const char *path) {
    BUF_AUTO(out);
    for (size_t i = l->count > KEEP ? l->count - KEEP : 0; i < l->count; i++) {
        const struct event *e = &l->events[i];
        json_t *j = json_pack("{s:I, s:i, s:b, s:s}", "at", (json_int_t)e->at_ms, "id", e->id,
                              "error", e->error, "text", e->text);
        char *line = j ? json_dumps(j, JSON_COMPACT) : NULL;
        json_decref(j);
        if (!line)
            return err_set(ERR_INTERNAL, "an event cannot be written as JSON");
        buf_printf(&out, "%s\n", line);
        free(line);
    }
    return file_write(path, buf_view(&out), 0600);
}

void eventlog_free(struct eventlog *l) {
    free(l->events);
    *l = (struct eventlog){0};
}
