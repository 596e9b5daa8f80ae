/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/timeline.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cli.h"

/* How many columns UTF-8 text takes: continuation bytes take none. */
static size_t columns_of(struct span s) {
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += (s.p[i] & 0xc0) != 0x80;
    return n;
}

static void pad(struct buf *out, size_t n) {
    while (n--)
        buf_char(out, ' ');
}

/* "label" in a column of its own, then the text, wrapped beside it. */
static void put_wrapped(struct buf *out, const char *label, size_t indent, const char *text,
                        size_t width) {
    buf_str(out, label);
    pad(out, indent > strlen(label) ? indent - strlen(label) : 1);
    cli_wrap(out, text, indent, indent, width);
}

/* In a narrow column the text stands below, so that it is not torn into single words. */
static void put_event(struct buf *out, const json_t *event, size_t width) {
    enum { NARROW = 80, INDENT = 4 };
    const char *at = cli_text(event, "at"), *kind = cli_text(event, "kind");
    char label[64];
    at = strlen(at) > 11 ? at + 11 : at;
    if (width >= NARROW) {
        int n = snprintf(label, sizeof label, "  %.12s  %-11s", at, kind);
        put_wrapped(out, label, (size_t)n + 1, cli_text(event, "text"), width);
        return;
    }
    buf_printf(out, "  %.12s  %s\n", at, kind);
    put_wrapped(out, "", INDENT, cli_text(event, "text"), width);
}

/* A certificate lives for a year: where the date changes, it is said. */
static void put_day(struct buf *out, const json_t *event, const char **day) {
    const char *at = cli_text(event, "at");
    if (strncmp(at, *day, 10) != 0)
        buf_printf(out, "  %.10s\n", at);
    *day = at;
}

/* Nobody has it any more: when it ends is no news. */
static bool is_over(const json_t *enrollment) {
    const char *state = cli_text(enrollment, "state");
    return strcmp(state, "removed") == 0 || strcmp(state, "revoked") == 0 ||
           strcmp(state, "rejected") == 0;
}

static void put_future(struct buf *out, const json_t *enrollment, size_t width) {
    const char *ends = cli_text(enrollment, "not_after"), *due = cli_text(enrollment, "renew_at");
    char line[64];
    if (!json_object_get(enrollment, "not_after") || is_over(enrollment))
        return;
    int n = snprintf(line, sizeof line, "%.10s", ends);
    if (strcmp(cli_text(enrollment, "kind"), "pfx") == 0)
        snprintf(line + n, sizeof line - (size_t)n, ", and is not renewed");
    else if (json_object_get(enrollment, "renew_at") &&
             strcmp(cli_text(enrollment, "state"), "confirmed") == 0)
        snprintf(line + n, sizeof line - (size_t)n, ", to be renewed on %.10s", due);
    put_wrapped(out, "  ends", 13, line, width);
}

static const char *state_in_capitals(const json_t *enrollment, char out[32]) {
    const char *state = cli_text(enrollment, "state");
    size_t i = 0;
    for (; i < 31 && state[i]; i++)
        out[i] = (char)toupper((unsigned char)state[i]);
    out[i] = 0;
    return out;
}

static void put_outcome(struct buf *out, const json_t *enrollment, size_t width) {
    static const struct {
        const char *label, *key;
    } rows[] = {
        {"  name", "name"}, {"  meaning", "meaning"}, {"  cause", "cause"}, {"  cure", "cure"}};
    const json_t *error = json_object_get(enrollment, "error");
    const json_t *host = json_object_get(enrollment, "host");
    char state[32];
    buf_char(out, '\n');
    buf_printf(out, "  => %s", state_in_capitals(enrollment, state));
    if (error)
        buf_printf(out, " %s", cli_text(error, "code"));
    buf_char(out, '\n');
    if (json_object_get(enrollment, "replaced_by"))
        put_wrapped(out, "  successor", 13, cli_text(enrollment, "replaced_by"), width);
    if (strcmp(state, "CONFIRMED") == 0 || strcmp(state, "REPORTED") == 0)
        put_wrapped(out, "  thumbprint", 13, cli_text(host, "thumbprint"), width);
    if (!error)
        return;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (json_object_get(error, rows[i].key))
            put_wrapped(out, rows[i].label, 11, cli_text(error, rows[i].key), width);
}

void timeline_print(struct buf *out, const json_t *enrollment, size_t width) {
    const json_t *device = json_object_get(enrollment, "device");
    const json_t *events = json_object_get(enrollment, "events"), *event;
    char line[512];
    size_t i;
    buf_printf(out, "enrollment %s\n", cli_text(enrollment, "id"));
    snprintf(line, sizeof line, "%s (%s)", cli_text(device, "name"), cli_text(device, "device_id"));
    put_wrapped(out, "  host", 11, line, width);
    put_wrapped(out, "  profile", 11, cli_text(enrollment, "profile"), width);
    if (strcmp(cli_text(enrollment, "kind"), "pfx") == 0)
        put_wrapped(out, "  subject", 11, cli_text(enrollment, "subject"), width);
    const char *endpoint = cli_text(enrollment, "endpoint");
    if (strcmp(endpoint, "default") != 0 && strcmp(endpoint, "-") != 0)
        put_wrapped(out, "  endpoint", 11, endpoint, width);
    if (json_object_get(enrollment, "replaces"))
        put_wrapped(out, "  replaces", 11, cli_text(enrollment, "replaces"), width);
    event = json_array_get(events, 0);
    snprintf(line, sizeof line, "%.10s, times in UTC", cli_text(event, "at"));
    put_wrapped(out, "  date", 11, line, width);
    buf_char(out, '\n');
    const char *day = cli_text(event, "at");
    json_array_foreach(events, i, event) {
        put_day(out, event, &day);
        put_event(out, event, width);
    }
    put_outcome(out, enrollment, width);
    put_future(out, enrollment, width);
}

static struct span take_line(struct span *rest) {
    ptrdiff_t at = span_find(*rest, '\n');
    struct span line = at < 0 ? *rest : span_of(rest->p, (size_t)at);
    *rest = at < 0 ? SPAN_NONE : span_from(*rest, (size_t)at + 1);
    return line;
}

void timeline_columns(struct buf *out, struct buf *const *texts, size_t count, size_t width) {
    enum { MAX_COLUMNS = 8 };
    struct span rest[MAX_COLUMNS];
    count = count < MAX_COLUMNS ? count : MAX_COLUMNS;
    for (size_t i = 0; i < count; i++)
        rest[i] = buf_view(texts[i]);
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < count; i++) {
            struct span line = take_line(&rest[i]);
            size_t columns = columns_of(line);
            buf_span(out, line);
            if (i + 1 < count) {
                pad(out, width > columns ? width - columns : 0);
                buf_str(out, " | ");
            }
            more = more || rest[i].n;
        }
        buf_char(out, '\n');
    }
}
