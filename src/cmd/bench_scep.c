/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `signet bench scep`: how fast certificates are issued on this machine, beside what its RSA
 * allows. Nothing is left out of what is measured: one-time challenges, the default policy, all
 * events, and a commit to disk before each reply.
 */
#include <stdio.h>

#include "cmd/bench.h"
#include "cmd/cli.h"

enum { SLICE = 64 }; /* requests of each connection */
static const double BOUND_SECONDS = 0.4;

struct scep_bench {
    struct bench *bench;
    double seconds, cpu_ms, sync_us;
    struct bench_usage usage;    /* in the end */
    struct bench_bound one, all; /* RSA in one thread, and on all cores */
    int64_t verified;
};

/* ---- the steps ---- */

/*
 * The run goes in slices with the bound measured around each: a machine that others share changes
 * its speed within seconds.
 */
static enum err measure_slice(struct scep_bench *m, const struct key *key, int64_t from,
                              int64_t to) {
    struct bench_usage before, after;
    double seconds;
    TRY(bench_host_usage(&m->bench->host, &before));
    TRY(bench_load(&m->bench->host, m->bench->options.connections, m->bench->requests, from, to,
                   &m->bench->arena, &seconds));
    TRY(bench_host_usage(&m->bench->host, &after));
    m->cpu_ms += after.cpu_ms - before.cpu_ms;
    m->seconds += seconds;
    m->usage = after;
    bench_progress("issued", to, m->bench->options.requests);
    return bench_measure_rsa(key, m->bench->cores, BOUND_SECONDS, &m->all);
}

static enum err measure_all(struct scep_bench *m, const struct key *key) {
    int64_t n = m->bench->options.requests, slice = SLICE * m->bench->options.connections;
    TRY(bench_measure_rsa(key, 1, BOUND_SECONDS, &m->one));
    TRY(bench_measure_rsa(key, m->bench->cores, BOUND_SECONDS, &m->all));
    for (int64_t from = 0; from < n; from += slice)
        TRY(measure_slice(m, key, from, from + slice < n ? from + slice : n));
    TRY(bench_measure_rsa(key, 1, BOUND_SECONDS, &m->one));
    return bench_measure_sync(m->bench->host.folder, &m->sync_us);
}

static enum err measure(struct scep_bench *m) {
    struct key *key;
    TRY(key_generate("rsa2048", &key));
    enum err e = measure_all(m, key);
    key_free(key);
    return e;
}

static enum err verify_sample(struct scep_bench *m) {
    for (int64_t i = 0; i < m->bench->options.requests; i++)
        if (bench_is_sample(i)) {
            TRY(bench_check(&m->bench->host, &m->bench->requests[i]));
            m->verified++;
        }
    return OK;
}

static enum err run(struct scep_bench *m) {
    TRY(bench_set_up(m->bench));
    TRY(bench_host_start(&m->bench->host));
    TRY(measure(m));
    return verify_sample(m);
}

/* ---- the figures ---- */

static double per_second(const struct bench_bound *bound) {
    return bound->times / bound->seconds;
}

static double cpu_ms(const struct bench_bound *bound) {
    return bound->cpu * 1000 / bound->times;
}

static json_t *bound_json(const struct bench_bound *bound) {
    return json_pack("{s:f, s:f}", "per_second", per_second(bound), "cpu_ms", cpu_ms(bound));
}

static json_t *figures(struct scep_bench *m) {
    double n = (double)m->bench->options.requests, cpu = m->cpu_ms / n;
    double rate = n / m->seconds;
    double p50 = bench_percentile_ms(m->bench->requests, m->bench->options.requests, 0.5);
    double p99 = bench_percentile_ms(m->bench->requests, m->bench->options.requests, 0.99);
    json_t *run = json_pack("{s:I, s:I, s:I, s:s, s:I, s:f}", "requests",
                            (json_int_t)m->bench->options.requests, "connections",
                            (json_int_t)m->bench->options.connections, "certificates_before",
                            (json_int_t)m->bench->there, "transport",
                            m->bench->options.transport == TRANSPORT_OAEP ? "oaep" : "pkcs1",
                            "verified", (json_int_t)m->verified, "seconds", m->seconds);
    json_t *machine = json_pack("{s:s, s:b, s:i, s:f}", "cpu", bench_cpu_model(&m->bench->arena),
                                "ifma", bench_cpu_has("avx512ifma"), "cores", (int)m->bench->cores,
                                "fdatasync_us", m->sync_us);
    return json_pack(
        "{s:s, s:o, s:f, s:{s:f, s:f}, s:{s:f, s:f, s:f}, s:{s:o, s:o}, s:f, s:f, s:o}", "version",
        SIGNET_VERSION, "run", run, "issuances_per_second", rate, "latency_ms", "p50", p50, "p99",
        p99, "server", "cpu_ms", cpu, "rss_mb", m->usage.rss_mb, "peak_rss_mb", m->usage.peak_mb,
        "rsa_bound", "one_thread", bound_json(&m->one), "all_cores", bound_json(&m->all),
        "cpu_to_bound", cpu / cpu_ms(&m->all), "throughput_to_bound", rate / per_second(&m->all),
        "machine", machine);
}

static double number(const json_t *object, const char *key, const char *inner) {
    const json_t *value = json_object_get(object, key);
    return json_number_value(inner ? json_object_get(value, inner) : value);
}

static void print_figures(const struct scep_bench *m, const json_t *f) {
    const json_t *machine = json_object_get(f, "machine");
    printf("issuances            %9.0f a second      p50 %.1f ms, p99 %.1f ms\n"
           "server's CPU         %9.3f ms each       RSS %.1f MB (at most %.1f)\n",
           number(f, "issuances_per_second", NULL), number(f, "latency_ms", "p50"),
           number(f, "latency_ms", "p99"), number(f, "server", "cpu_ms"),
           number(f, "server", "rss_mb"), number(f, "server", "peak_rss_mb"));
    printf("bound, %2u cores      %9.0f a second      %.3f ms of CPU: three private RSA-2048\n"
           "bound, one thread    %9.0f a second      %.3f ms\n",
           m->bench->cores, per_second(&m->all), cpu_ms(&m->all), per_second(&m->one),
           cpu_ms(&m->one));
    printf("CPU to bound         %9.2f times\n"
           "throughput to bound  %9.0f %%             the load generator shares the cores\n",
           number(f, "cpu_to_bound", NULL), number(f, "throughput_to_bound", NULL) * 100);
    printf("machine              %s, IFMA: %s, fdatasync %.0f us\n", cli_text(machine, "cpu"),
           json_is_true(json_object_get(machine, "ifma")) ? "yes" : "no", m->sync_us);
    printf("checked              %lld replies SUCCESS, %lld of them decrypted and verified\n",
           (long long)m->bench->options.requests, (long long)m->verified);
    printf("database             %lld certificates before\n", (long long)m->bench->there);
}

static void report(struct scep_bench *m, bool json) {
    json_t *f = figures(m);
    if (json) {
        cli_print_json(f);
        return;
    }
    print_figures(m, f);
    json_decref(f);
}

enum err bench_scep(struct bench *b, bool json) {
    struct scep_bench m = {.bench = b};
    TRY(run(&m));
    report(&m, json);
    return OK;
}
