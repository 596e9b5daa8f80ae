/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cmd/cli.h"
#include "cmd/demo.h"
#include "cmd/timeline.h"
#include "server/admin.h"

enum { COLUMN = 54, ACROSS = 3 };

enum err demo_fetch_outcomes(struct demo *d) {
    for (size_t i = 0; i < d->story->count; i++) {
        json_t *reply;
        TRY(admin_call(d->data,
                       json_pack("{s:s, s:s}", "command", "enrollment.show", "id", d->ids[i]),
                       &reply));
        d->enrollments[i] = json_incref(json_object_get(reply, "enrollment"));
        json_decref(reply);
    }
    return OK;
}

/* ---- as it must be ---- */

static bool tells(const json_t *enrollment, const char *what) {
    const json_t *event;
    size_t i;
    json_array_foreach(json_object_get(enrollment, "events"), i,
                       event) if (strstr(cli_text(event, "text"), what)) return true;
    return false;
}

static bool is_as_expected(const struct demo *d, size_t i) {
    const struct demo_host *host = &d->story->hosts[i];
    const json_t *error = json_object_get(d->enrollments[i], "error");
    if (strcmp(cli_text(d->enrollments[i], "state"), host->state) != 0)
        return false;
    if (host->told && !tells(d->enrollments[i], host->told))
        return false;
    return host->error ? strcmp(cli_text(error, "code"), host->error) == 0 : !error;
}

/* ---- in words ---- */

/* Side by side; one below the other where that is too wide. */
static void print_row(const struct demo *d, size_t from, size_t count) {
    struct buf columns[ACROSS] = {{0}}, *pointers[ACROSS];
    BUF_AUTO(text);
    for (size_t i = 0; i < count; i++) {
        pointers[i] = &columns[i];
        buf_printf(&columns[i], "%s\n\n", d->story->hosts[from + i].title);
        timeline_print(&columns[i], d->enrollments[from + i], COLUMN);
    }
    size_t width = count * (COLUMN + 3);
    if (cli_width(width) >= width)
        timeline_columns(&text, pointers, count, COLUMN);
    for (size_t i = 0; i < count && !text.n; i++)
        printf("\n%s", buf_cstr(&columns[i]));
    printf("\n%s\n", buf_cstr(&text));
    for (size_t i = 0; i < count; i++)
        buf_free(&columns[i]);
}

static void print_verdict(const struct demo *d, size_t i) {
    const struct demo_host *host = &d->story->hosts[i];
    const json_t *error = json_object_get(d->enrollments[i], "error");
    printf("%s  %-14s %s%s%s\n", is_as_expected(d, i) ? "ok  " : "NOT ", host->name,
           cli_text(d->enrollments[i], "state"), error ? " " : "",
           error ? cli_text(error, "code") : "");
}

static void print_words(const struct demo *d, bool all, double seconds) {
    size_t n = d->story->count;
    for (size_t i = 0; i < n; i += ACROSS)
        print_row(d, i, n - i < ACROSS ? n - i : ACROSS);
    for (size_t i = 0; i < n; i++)
        print_verdict(d, i);
    printf("\n%s %s (%.1f s)\n", d->story->answers,
           all ? d->story->lesson : "The demo did not end as it should.", seconds);
}

static void print_json(const struct demo *d, bool all) {
    json_t *list = json_array();
    for (size_t i = 0; i < d->story->count; i++)
        json_array_append(list, d->enrollments[i]);
    cli_print_json(json_pack("{s:b, s:s*, s:o}", "as_expected", all, "foretold", d->foretold,
                             "enrollments", list));
}

bool demo_report(struct demo *d, bool json, double seconds) {
    bool all = true;
    for (size_t i = 0; i < d->story->count; i++)
        all = is_as_expected(d, i) && all;
    if (json)
        print_json(d, all);
    else
        print_words(d, all, seconds);
    return all;
}
