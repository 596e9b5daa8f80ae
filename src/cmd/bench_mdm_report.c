/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of `signet bench mdm`, as JSON and in words. */
#include <stdio.h>
#include <stdlib.h>

#include "base/cores.h"
#include "cmd/bench_mdm.h"
#include "cmd/cli.h"

/* What is asked of a session, on a machine that makes so many RSA-2048 signatures a second. */
static const double MOST_CPU_MS = 0.25, SIGNS = 4400, MOST_RSS_MB = 100, MOST_LINK_KB = 32;

enum { ENOUGH_SESSIONS = 500, THREE = 3 };

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile_ms(struct mdm_phase *p, double part) {
    int64_t i = (int64_t)(part * (double)p->timed);
    if (!p->timed)
        return 0;
    qsort(p->times, (size_t)p->timed, sizeof *p->times, compare);
    return p->times[i < p->timed ? i : p->timed - 1] * 1000;
}

static json_t *phase(struct mdm_phase *p) {
    double n = p->count ? (double)p->count : 1;
    return json_pack("{s:I, s:f, s:f, s:f, s:f}", "count", (json_int_t)p->count, "per_second",
                     p->seconds > 0 ? (double)p->count / p->seconds : 0.0, "cpu_ms",
                     p->cpu * 1000 / n, "p50_ms", percentile_ms(p, 0.5), "p99_ms",
                     percentile_ms(p, 0.99));
}

static json_t *idle(const struct mdm_bench *m) {
    double kb = (m->with_idle.rss_mb - m->before_idle.rss_mb) * 1024;
    if (!m->options->idle)
        return json_null();
    return json_pack("{s:I, s:I, s:f, s:f}", "opened", (json_int_t)m->options->idle, "held",
                     (json_int_t)m->held, "kb_each", kb / (double)m->options->idle, "most_kb_each",
                     MOST_LINK_KB);
}

static json_t *figures(struct mdm_bench *m) {
    double signs = THREE * m->rsa.times / m->rsa.cpu;
    const struct bench_mdm_options *o = m->options;
    json_t *machine =
        json_pack("{s:s, s:i, s:f, s:f}", "cpu", bench_cpu_model(&m->arena), "cores", (int)cores(),
                  "fdatasync_us", m->sync_us, "rsa2048_signs_per_second", signs);
    return json_pack(
        "{s:s, s:I, s:o, s:o, s:{s:o, s:o}, s:{s:f, s:b}, s:{s:I, s:f, s:f, s:f}, s:o, s:o}",
        "version", SIGNET_VERSION, "connections", (json_int_t)o->connections, "sessions",
        phase(&m->sessions), "handshakes", phase(&m->handshakes), "enrollments", "by_code",
        phase(&m->by_code), "by_password", phase(&m->by_password), "target", "session_cpu_ms",
        MOST_CPU_MS * SIGNS / signs, "judged", o->sessions >= ENOUGH_SESSIONS, "store", "devices",
        (json_int_t)(o->devices + o->sessions), "rss_mb", m->after_sessions.rss_mb, "peak_rss_mb",
        m->after_sessions.peak_mb, "most_rss_mb", MOST_RSS_MB, "idle", idle(m), "machine", machine);
}

/* ---- in words ---- */

static double number(const json_t *f, const char *group, const char *key) {
    return json_number_value(json_object_get(json_object_get(f, group), key));
}

static void print_phase(const char *name, const json_t *p) {
    printf("%-12s %8.0f a second   CPU %7.3f ms each   p50 %7.1f ms   p99 %7.1f ms   (%.0f)\n",
           name, json_number_value(json_object_get(p, "per_second")),
           json_number_value(json_object_get(p, "cpu_ms")),
           json_number_value(json_object_get(p, "p50_ms")),
           json_number_value(json_object_get(p, "p99_ms")),
           json_number_value(json_object_get(p, "count")));
}

static const char *met(double value, double most) {
    return value <= most ? "met" : "NOT met";
}

static void print_idle(const json_t *f) {
    double each = number(f, "idle", "kb_each");
    if (json_is_null(json_object_get(f, "idle")))
        return;
    printf("idle         %8.0f of %.0f TLS connections held, %.1f KB each; at most %g KB: %s\n",
           number(f, "idle", "held"), number(f, "idle", "opened"), each, MOST_LINK_KB,
           met(each, MOST_LINK_KB));
}

static void print_figures(const json_t *f) {
    const json_t *enrollments = json_object_get(f, "enrollments");
    double cpu = number(f, "sessions", "cpu_ms"), most = number(f, "target", "session_cpu_ms");
    double rss = number(f, "store", "rss_mb");
    bool judged = json_is_true(json_object_get(json_object_get(f, "target"), "judged"));
    print_phase("sessions", json_object_get(f, "sessions"));
    print_phase("handshakes", json_object_get(f, "handshakes"));
    print_phase("by code", json_object_get(enrollments, "by_code"));
    print_phase("by password", json_object_get(enrollments, "by_password"));
    printf("target       a session takes at most %.3f CPU-ms here: %s\n", most,
           judged ? met(cpu, most) : "too few sessions to judge");
    printf("memory       RSS %.1f MB (at most %.1f) with %.0f hosts in the store; below %g: %s\n",
           rss, number(f, "store", "peak_rss_mb"), number(f, "store", "devices"), MOST_RSS_MB,
           met(rss, MOST_RSS_MB));
    print_idle(f);
    printf("machine      %s, %.0f cores, fdatasync %.0f us, RSA-2048 %.0f signatures a second\n",
           cli_text(json_object_get(f, "machine"), "cpu"), number(f, "machine", "cores"),
           number(f, "machine", "fdatasync_us"), number(f, "machine", "rsa2048_signs_per_second"));
}

void bench_mdm_report(struct mdm_bench *m, bool json) {
    json_t *f = figures(m);
    if (json) {
        cli_print_json(f);
        return;
    }
    print_figures(f);
    json_decref(f);
}
