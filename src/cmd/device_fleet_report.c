/* SPDX-License-Identifier: Apache-2.0 */
/* What a fleet tells while it runs and at its end. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cores.h"
#include "base/mem.h"
#include "cmd/cli.h"
#include "cmd/device_fleet.h"
#include "device/builds.h"
#include "explain/hresult.h"

enum { QUIET_SECONDS = 10, WIDTH = 100, INDENT = 4 };

static const struct {
    const char *key, *meaning;
} states[FLEET_STATES] = {
    [FLEET_WAITS] = {"waiting", "have not begun to enroll"},
    [FLEET_ENROLLED] = {"enrolled", "no SCEP profile has come"},
    [FLEET_PROFILE] = {"profile", "the profile has come, no certificate yet"},
    [FLEET_CERTIFIED] = {"certified", "have a certificate, the server is not told yet"},
    [FLEET_SETTLED] = {"settled", "have a certificate, and the server is told"},
    [FLEET_FAILED] = {"failed", "see below"},
};

static const char *const trouble_names[] = {[TROUBLE_ENROLLMENT] = "enrollment",
                                            [TROUBLE_PROFILE] = "profile",
                                            [TROUBLE_SESSION] = "session",
                                            [TROUBLE_CERTIFICATE] = "certificate"};

/* ---- progress ---- */

void fleet_print_progress(const struct fleet_counts *c, const struct fleet_settings *s,
                          double seconds) {
    static double last;
    bool terminal = isatty(STDERR_FILENO);
    if (!c->over && !terminal && seconds - last < QUIET_SECONDS)
        return;
    last = seconds;
    BUF_AUTO(line);
    buf_printf(&line, "%d:%02d  %lld of %lld settled", (int)seconds / 60, (int)seconds % 60,
               (long long)c->states[FLEET_SETTLED], (long long)s->hosts);
    for (int i = 0; i < FLEET_STATES; i++)
        if (i != FLEET_SETTLED && c->states[i])
            buf_printf(&line, "  %s %lld", states[i].key, (long long)c->states[i]);
    fprintf(stderr, terminal ? "\r\033[K%s%s" : "%s%s", buf_cstr(&line),
            terminal && !c->over ? "" : "\n");
}

/* ---- figures ---- */

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* From the begin of the enrollment to the certificate, of those who have one. */
static json_t *times(const struct fleet_member *m, int64_t hosts) {
    int64_t *ms = mem_alloc((size_t)hosts * sizeof *ms), n = 0;
    for (int64_t i = 0; i < hosts; i++)
        if (m[i].began_ms && m[i].certified_ms)
            ms[n++] = m[i].certified_ms - m[i].began_ms;
    qsort(ms, (size_t)n, sizeof *ms, compare);
    json_t *out = n ? json_pack("{s:I, s:I, s:I}", "hosts", (json_int_t)n, "p50_ms",
                                (json_int_t)ms[n / 2], "p99_ms", (json_int_t)ms[n * 99 / 100])
                    : json_null();
    free(ms);
    return out;
}

/* Of all, or of those of one build. */
static json_t *state_counts(const struct fleet_member *m, int64_t hosts,
                            const struct device_build *build) {
    json_t *out = json_object();
    int64_t count[FLEET_STATES] = {0};
    for (int64_t i = 0; i < hosts; i++)
        count[m[i].state] += !build || host_build(m[i].host) == build;
    for (int i = 0; i < FLEET_STATES; i++)
        json_object_set_new(out, states[i].key, json_integer(count[i]));
    return out;
}

static json_t *builds(const struct fleet *f, const struct fleet_settings *s) {
    json_t *out = json_object();
    for (size_t i = 0; i < s->build_count; i++)
        json_object_set_new(out, s->builds[i]->name,
                            state_counts(fleet_members(f), s->hosts, s->builds[i]));
    return out;
}

/* What of a server's settings stands in the way of many hosts at one address, with one account. */
static const char *hint(const struct fleet_trouble *t) {
    if (t->hresult == 0x80180013)
        return "The account may have no more hosts: signet user set NAME hosts=0, or hosts-per-user "
               "in [mdm] of signet.conf.";
    if (t->kind == TROUBLE_ENROLLMENT && t->hresult == 0x80180002)
        return "The password is wrong, or the code has served for as many hosts as it was made for: "
               "signet user code NAME --hosts N.";
    if (t->kind == TROUBLE_PROFILE)
        return "The host is enrolled, and waits for a profile: signet profile assign NAME DEVICE.";
    if (t->kind == TROUBLE_SESSION && strstr(t->text, "HTTP 429"))
        return "The server takes so many messages of a host in a minute: messages-per-minute in "
               "[mdm] of signet.conf; or lower --time-scale.";
    if (t->hresult == 0x801901AD)
        return "All hosts of the fleet have one address: requests-per-minute of the endpoint in "
               "signet.conf must be 0 for the trial.";
    return NULL;
}

static json_t *trouble(const struct fleet_trouble *t) {
    char code[16] = "";
    if (t->hresult)
        snprintf(code, sizeof code, "0x%08x", t->hresult);
    return json_pack("{s:s, s:I, s:s?, s:s?, s:s, s:s?}", "where", trouble_names[t->kind], "count",
                     (json_int_t)t->count, "hresult", t->hresult ? code : NULL, "name",
                     t->hresult ? hresult_find(t->hresult)->name : NULL, "text", t->text, "hint",
                     hint(t));
}

static json_t *troubles(const struct fleet *f) {
    size_t n;
    const struct fleet_trouble *t = fleet_troubles(f, &n);
    json_t *out = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(out, trouble(&t[i]));
    return out;
}

static json_t *figures(const struct fleet *f, const struct fleet_report *r) {
    const struct fleet_settings *s = r->settings;
    const struct fleet_member *m = fleet_members(f);
    struct rusage usage;
    json_int_t messages = 0;
    getrusage(RUSAGE_SELF, &usage);
    for (int64_t i = 0; i < s->hosts; i++)
        messages += m[i].host->requests;
    return json_pack("{s:I, s:I, s:f, s:i, s:i, s:b, s:o, s:o, s:O?, s:o, s:I, s:o, s:f}", "hosts",
                     (json_int_t)s->hosts, "shared_keys", (json_int_t)s->shared_keys, "seconds",
                     r->seconds, "cores", (int)cores(), "threads", (int)s->threads, "interrupted",
                     (int)r->interrupted, "states", state_counts(m, s->hosts, NULL), "builds",
                     builds(f, s), "server", r->server, "time_to_certificate", times(m, s->hosts),
                     "messages", messages, "troubles", troubles(f), "peak_rss_mb",
                     (double)usage.ru_maxrss / 1024);
}

/* ---- in words ---- */

static long long number(const json_t *o, const char *key) {
    return json_integer_value(json_object_get(o, key));
}

static void print_builds(const json_t *all) {
    const char *build;
    json_t *counts;
    json_object_foreach((json_t *)(uintptr_t)all, build, counts) {
        printf("%s:", build);
        for (int i = 0; i < FLEET_STATES; i++)
            if (number(counts, states[i].key))
                printf("  %lld %s", number(counts, states[i].key), states[i].key);
        putchar('\n');
    }
}

static void print_server(const json_t *confirms) {
    const char *state;
    json_t *n;
    if (!json_is_object(confirms))
        return;
    printf("the server says:");
    json_object_foreach((json_t *)(uintptr_t)confirms, state, n) {
        printf("  %lld %s", (long long)json_integer_value(n), state);
    }
    printf("%s\n", json_object_size(confirms) ? "" : "  no enrollment of theirs");
}

static void print_trouble(const json_t *t) {
    BUF_AUTO(out);
    const char *name = json_string_value(json_object_get(t, "name")),
               *hint = json_string_value(json_object_get(t, "hint"));
    const char *code = name ? cli_text(t, "hresult") : "";
    buf_printf(&out, "  %lld x %s%s%s%s%s\n", number(t, "count"), cli_text(t, "where"),
               name ? "  " : "", code, name ? " " : "", name ? name : "");
    buf_str(&out, "    ");
    cli_wrap(&out, cli_text(t, "text"), INDENT, INDENT, WIDTH);
    if (hint) {
        buf_str(&out, "    ");
        cli_wrap(&out, hint, INDENT, INDENT, WIDTH);
    }
    fputs(buf_cstr(&out), stdout);
}

static void print_words(const json_t *f) {
    const json_t *time = json_object_get(f, "time_to_certificate"),
                 *list = json_object_get(f, "troubles"), *t;
    double seconds = json_number_value(json_object_get(f, "seconds"));
    size_t i;
    printf("%lld hosts, %d:%02d, %lld threads on %lld cores%s\n\n", number(f, "hosts"),
           (int)seconds / 60, (int)seconds % 60, number(f, "threads"), number(f, "cores"),
           json_is_true(json_object_get(f, "interrupted")) ? " (ended early)" : "");
    for (i = 0; i < FLEET_STATES; i++)
        printf("  %6lld  %-10s %s\n", number(json_object_get(f, "states"), states[i].key),
               states[i].key, states[i].meaning);
    putchar('\n');
    if (number(f, "shared_keys"))
        printf("identities and throw-away signers had %lld keys in common\n",
               number(f, "shared_keys"));
    print_builds(json_object_get(f, "builds"));
    print_server(json_object_get(f, "server"));
    if (json_is_object(time))
        printf("time to the certificate: p50 %.1f s, p99 %.1f s\n",
               (double)number(time, "p50_ms") / 1000, (double)number(time, "p99_ms") / 1000);
    printf("messages: %lld, %.0f a second\n", number(f, "messages"),
           seconds > 0 ? (double)number(f, "messages") / seconds : 0.0);
    printf("memory: %.0f MB at most\n", json_number_value(json_object_get(f, "peak_rss_mb")));
    if (json_array_size(list))
        printf("\nTrouble (a session is tried again):\n");
    json_array_foreach(list, i, t) print_trouble(t);
}

void fleet_print_report(const struct fleet *f, const struct fleet_report *r, bool json) {
    json_t *all = figures(f, r);
    if (json)
        cli_print_json(json_incref(all));
    else
        print_words(all);
    json_decref(all);
}
